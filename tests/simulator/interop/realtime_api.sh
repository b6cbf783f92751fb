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

have_node || {
    packages "node or npm" nodejs npm
    have_node || skip "apt-get installed nodejs and npm, and still there is no node or no npm"
}
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

scripts=realtime_api
suffix=mjs
for reading in specification sdks; do
    echo "════ reading: $reading"
    scene every_method 5 0
    scene readings 10 0
    scene refusals 5 10
    scene reconnect 10 0
    resumed
done
echo "everything went as it should"
