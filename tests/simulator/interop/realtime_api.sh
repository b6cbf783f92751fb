#!/bin/sh
# Runs the unmodified npm package @signalwire/realtime-api against the simulator, over TLS.
#
# Usage: tests/simulator/interop/realtime_api.sh
#
# It installs the package into a temporary folder, builds the simulator, and runs each script in realtime_api/ against
# a simulator of its own, in both readings of the protocol. As root on a system with apt-get it installs node and npm
# if they are missing. The exit status is 0 when everything went as it should, and also, with a loud message, when node,
# npm or the package cannot be installed.

set -u
cd "$(dirname "$0")" || exit 1
PACKAGE=@signalwire/realtime-api
VERSION=4.2.1
# The package asks for 14; the scripts use what came with 16.
OLDEST_NODE=16
. ./simulator.sh

have_node() {
    command -v node >/dev/null && command -v npm >/dev/null
}

install_node() {
    command -v apt-get >/dev/null || skip "node or npm is missing, and there is no apt-get to install them"
    [ "$(id -u)" -eq 0 ] || skip "node or npm is missing, and only root can install them with apt-get"
    echo "node or npm is missing: apt-get installs them"
    timeout 120 apt-get update >"$folder/log" 2>&1 || echo "apt-get update failed: $(tail -n 1 "$folder/log")"
    DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install --yes --no-install-recommends nodejs npm \
        >"$folder/log" 2>&1 </dev/null || skip "apt-get cannot install nodejs and npm: $(tail -n 1 "$folder/log")"
    have_node || skip "apt-get installed nodejs and npm, and still there is no node or no npm"
}

have_node || install_node
node -e "process.exit(parseInt(process.versions.node) < $OLDEST_NODE ? 1 : 0)" ||
    skip "node $(node --version) is older than $OLDEST_NODE"
mkdir "$folder/packages"
timeout 300 npm install --prefix "$folder/packages" --no-audit --no-fund --omit=optional --ignore-scripts \
    --fetch-retries=1 "$PACKAGE@$VERSION" >"$folder/log" 2>&1 </dev/null || {
    head -n 5 "$folder/log"
    skip "npm cannot install $PACKAGE $VERSION"
}

build_simulator

client() {
    exec env PACKAGES="$folder/packages" READING="$reading" SIGNALWIRE_SPACE="$host" \
        NODE_EXTRA_CA_CERTS="$folder/ca.pem" timeout 180 node "$1"
}

# scene NAME SPEED REFUSALS: runs a script with the scenario of the same name in the current reading.
scene() {
    {
        echo "reading = \"$reading\""
        cat "realtime_api/$1.toml"
    } >"$folder/$1.toml"
    act "realtime_api/$1.mjs" "$folder/$1.toml" "$2" "$3"
}

for reading in specification sdks; do
    echo "════ reading: $reading"
    scene every_method 5 0
    scene readings 10 0
    scene refusals 5 10
    scene reconnect 10 0
    [ "$(grep -c 'session resumed' "$folder/story")" -eq 1 ] || fail "the session was not resumed once"
done
echo "everything went as it should"
