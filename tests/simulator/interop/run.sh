#!/bin/sh
# Runs the unmodified Python reference client against the simulator, over TLS.
#
# Usage: tests/simulator/interop/run.sh
#
# It installs the client into a virtual environment in a temporary folder, checks that core/docs/parity.md leaves out
# nothing that the client has, builds the simulator, and runs each script in python/ against a simulator of its own, in
# both readings of the protocol. As root on a system with apt-get it installs python3 and python3-venv if they are
# missing. The exit status is 0 when everything went as it should, and also, with a loud message, when Python or the
# client cannot be installed.

set -u
cd "$(dirname "$0")" || exit 1
PACKAGE=signalwire-sdk
VERSION=3.7.5
. ./simulator.sh

# Fails as well when a distribution has split venv or pip from Python.
environment() {
    rm -rf "$folder/venv"
    python3 -m venv "$folder/venv" >"$folder/log" 2>&1 && "$folder/venv/bin/pip" --version >>"$folder/log" 2>&1
}

environment || {
    packages "python3 or its module venv" python3 python3-venv
    environment || skip "$(command -v python3) cannot make a virtual environment: $(tail -n 1 "$folder/log")"
}
timeout 300 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-input --no-compile \
    "$PACKAGE==$VERSION" >"$folder/log" 2>&1 </dev/null ||
    skip "pip cannot install $PACKAGE $VERSION: $(tail -n 1 "$folder/log")"

build_simulator

client() {
    exec env PYTHONDONTWRITEBYTECODE=1 READING="$reading" SIGNALWIRE_SPACE="$host" \
        SIGNALWIRE_RELAY_CA_FILE="$folder/ca.pem" timeout 180 "$folder/venv/bin/python" "$1"
}
scripts=python
suffix=py

echo "══ surface"
PYTHONDONTWRITEBYTECODE=1 "$folder/venv/bin/python" python/surface.py ||
    fail "the comparison with the client is not complete"
for reading in specification sdks; do
    echo "════ reading: $reading"
    switches= refusals=20
    if [ "$reading" = sdks ]; then
        # The client waits for a `state` in the last event of a fax. The newer specification has none.
        switches='state_in_fax_events = true' refusals=7
    fi
    scene every_method 10 0
    scene readings 10 0
    scene refusals 5 "$refusals"
    scene reconnect 10 0
    resumed
done
echo "everything went as it should"
