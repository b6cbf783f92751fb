#!/bin/sh
# Runs the unmodified Python reference client against the simulator, over TLS.
#
# Usage: tests/simulator/interop/run.sh
#
# It makes a virtual environment in a temporary folder, checks that core/docs/parity.md leaves out nothing
# that the client has, builds the simulator, and runs each script against a simulator of its own. The
# exit status is 0 when everything went as it should, and also, with a loud word, when there is no Python
# or the client cannot be installed.

set -u
cd "$(dirname "$0")" || exit 1
VERSION=3.7.5
folder=$(mktemp -d) || exit 1
simulator=

cleanup() {
    [ -n "$simulator" ] && kill "$simulator" 2>/dev/null
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

skip() {
    echo "SKIPPED: $1"
    exit 0
}

fail() {
    echo "FAILED: $1"
    exit 1
}

command -v python3 >/dev/null || skip "there is no python3"
python3 -m venv "$folder/venv" >"$folder/log" 2>&1 || skip "python3 cannot make a virtual environment"
"$folder/venv/bin/pip" install --quiet "signalwire-sdk==$VERSION" >"$folder/log" 2>&1 ||
    skip "signalwire-sdk $VERSION cannot be installed"

cargo build --locked -p signalwire-relay-simulator || fail "the simulator does not build"
target=$(cargo metadata --locked --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])') || fail "no target directory"
program="$target/debug/signalwire-relay-simulator"

# act SCRIPT SCENARIO SPEED REFUSALS: runs a script; so many of its requests have to be refused.
act() {
    echo "══ $1"
    story="$folder/story"
    "$program" --listen localhost:0 --ca-out "$folder/ca.pem" --scenario "$2" --speed "$3" >"$story" 2>&1 &
    simulator=$!
    tries=0
    until grep -q '^listening on ' "$story"; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] && kill -0 "$simulator" 2>/dev/null || fail "the simulator does not start: $(cat "$story")"
        sleep 0.1
    done
    host=$(sed -n 's|^listening on wss://||p' "$story" | head -n 1)
    PYTHONDONTWRITEBYTECODE=1 SIGNALWIRE_SPACE="$host" SIGNALWIRE_RELAY_CA_FILE="$folder/ca.pem" \
        timeout 180 "$folder/venv/bin/python" "$1"
    status=$?
    sleep 0.3
    kill "$simulator"
    wait "$simulator" 2>/dev/null
    simulator=
    wrong=$(grep -c -e '^violation' -e ' refused with ' "$story")
    if [ "$status" -ne 0 ] || [ "$wrong" -ne "$4" ]; then
        tail -n 60 "$story"
        grep -e '^violation' -e ' refused with ' "$story"
        fail "$1 ended with $status, $wrong requests were objected to ($4 expected)"
    fi
}

echo "══ surface.py"
PYTHONDONTWRITEBYTECODE=1 "$folder/venv/bin/python" surface.py || fail "the comparison with the client is not complete"
act every_method.py interop.toml 5 0
act refusals.py interop.toml 5 7
act reconnect.py reconnect.toml 5 0
grep -q 'session resumed' "$folder/story" || fail "the session was not resumed"
echo "everything went as it should"
