# Shared by the runners: installs what is missing, builds the simulator, and runs each script of a client against a
# simulator of its own.
#
# A runner sources this file from its own folder. It defines `client SCRIPT`, which executes the script with exec, and
# sets $scripts and $suffix. Then it sets $reading and $switches and calls `scene` for each script. $host is the
# simulator's address, $folder a temporary folder, and $folder/ca.pem the certificate to trust.

folder=$(mktemp -d) || exit 1
simulator=
script=
# Further lines for the scenarios, of the current reading.
switches=

cleanup() {
    for process in $script $simulator; do
        kill "$process" 2>/dev/null
    done
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

# packages TOOLS PACKAGE...: installs Debian packages for tools that are missing, or skips the run with the reason.
packages() {
    missing=$1
    shift
    command -v apt-get >/dev/null || skip "$missing is missing, and there is no apt-get to install it"
    [ "$(id -u)" -eq 0 ] || skip "$missing is missing, and only root can install it with apt-get"
    echo "$missing is missing: apt-get installs $*"
    timeout 120 apt-get update >"$folder/log" 2>&1 || echo "apt-get update failed: $(tail -n 1 "$folder/log")"
    DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install --yes --no-install-recommends "$@" \
        >"$folder/log" 2>&1 </dev/null || skip "apt-get cannot install $*: $(tail -n 1 "$folder/log")"
}

build_simulator() {
    cargo build --locked -p signalwire-relay-simulator || fail "the simulator does not build"
    target=$(cargo metadata --locked --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
    program="$target/debug/signalwire-relay-simulator"
    [ -x "$program" ] || fail "there is no $program"
}

# scene NAME SPEED REFUSALS: runs a script with the scenario of the same name in the current reading. So many of its
# requests have to be refused.
scene() {
    echo "══ $1"
    {
        echo "reading = \"$reading\""
        echo "$switches"
        cat "$scripts/$1.toml"
    } >"$folder/$1.toml"
    story="$folder/story"
    # Those of the script before must not be taken for the new ones.
    rm -f "$story" "$folder/ca.pem"
    "$program" --listen localhost:0 --ca-out "$folder/ca.pem" --scenario "$folder/$1.toml" --speed "$2" \
        >"$story" 2>&1 &
    simulator=$!
    tries=0
    until grep -q '^listening on ' "$story" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] && kill -0 "$simulator" 2>/dev/null || fail "the simulator does not start: $(cat "$story")"
        sleep 0.1
    done
    host=$(sed -n 's|^listening on wss://||p' "$story" | head -n 1)
    # In the background, so that a signal ends the runner and its processes at once.
    client "$scripts/$1.$suffix" &
    script=$!
    wait "$script"
    status=$?
    script=
    sleep 0.3
    kill "$simulator"
    wait "$simulator" 2>/dev/null
    simulator=
    wrong=$(grep -c -e '^violation' -e ' refused with ' "$story")
    if [ "$status" -ne 0 ] || [ "$wrong" -ne "$3" ]; then
        tail -n 60 "$story"
        grep -e '^violation' -e ' refused with ' "$story"
        fail "$1 ended with $status, $wrong requests were objected to ($3 expected)"
    fi
}

# The session of the last script was resumed exactly once.
resumed() {
    [ "$(grep -c 'session resumed' "$folder/story")" -eq 1 ] || fail "the session was not resumed once"
}
