# Shared by the runners: builds the simulator, and runs each script of a client against a simulator of its own.
#
# A runner sources this file from its own folder. It defines `client SCRIPT`, which executes the script with exec, and
# then calls `act` for each script. $host is the simulator's address, $folder a temporary folder, and $folder/ca.pem
# the certificate to trust.

folder=$(mktemp -d) || exit 1
simulator=
script=

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

build_simulator() {
    cargo build --locked -p signalwire-relay-simulator || fail "the simulator does not build"
    target=$(cargo metadata --locked --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
    program="$target/debug/signalwire-relay-simulator"
    [ -x "$program" ] || fail "there is no $program"
}

# act SCRIPT SCENARIO SPEED REFUSALS: runs a script; so many of its requests have to be refused.
act() {
    echo "══ $1"
    story="$folder/story"
    # Those of the script before must not be taken for the new ones.
    rm -f "$story" "$folder/ca.pem"
    "$program" --listen localhost:0 --ca-out "$folder/ca.pem" --scenario "$2" --speed "$3" >"$story" 2>&1 &
    simulator=$!
    tries=0
    until grep -q '^listening on ' "$story" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] && kill -0 "$simulator" 2>/dev/null || fail "the simulator does not start: $(cat "$story")"
        sleep 0.1
    done
    host=$(sed -n 's|^listening on wss://||p' "$story" | head -n 1)
    # In the background, so that a signal ends the runner and its processes at once.
    client "$1" &
    script=$!
    wait "$script"
    status=$?
    script=
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
