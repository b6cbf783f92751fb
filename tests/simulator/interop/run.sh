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
. ./simulator.sh

command -v python3 >/dev/null || skip "there is no python3"
python3 -m venv "$folder/venv" >"$folder/log" 2>&1 || skip "python3 cannot make a virtual environment"
"$folder/venv/bin/pip" install --quiet "signalwire-sdk==$VERSION" >"$folder/log" 2>&1 ||
    skip "signalwire-sdk $VERSION cannot be installed"

build_simulator

client() {
    exec env PYTHONDONTWRITEBYTECODE=1 SIGNALWIRE_SPACE="$host" SIGNALWIRE_RELAY_CA_FILE="$folder/ca.pem" \
        timeout 180 "$folder/venv/bin/python" "$1"
}

echo "══ surface.py"
PYTHONDONTWRITEBYTECODE=1 "$folder/venv/bin/python" surface.py || fail "the comparison with the client is not complete"
act every_method.py interop.toml 5 0
act refusals.py interop.toml 5 7
act reconnect.py reconnect.toml 5 0
grep -q 'session resumed' "$folder/story" || fail "the session was not resumed"
echo "everything went as it should"
