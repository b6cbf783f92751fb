#!/usr/bin/env bash
# Breaks the core on purpose, once for each patch beside this file, in a copy of the working tree, and sees whether
# the model finds it. Prints in which random history it was found, and what was found.
#
#   tests/harness/mutations/run.sh                      all of them
#   tests/harness/mutations/run.sh 3-a-state-goes-backwards
#
# RELAY_MODEL_SEED and RELAY_MODEL_CASES are those of the model; the defaults are 1 and 20000.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
export RELAY_MODEL_SEED=${RELAY_MODEL_SEED:-1} RELAY_MODEL_CASES=${RELAY_MODEL_CASES:-20000} RUST_BACKTRACE=0
# Beside the copy's sources, so that nothing that was built of the real ones is mistaken for them.
export CARGO_TARGET_DIR="$copy/target"

mkdir "$copy/tree"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy/tree")
cd "$copy/tree"

model() {
    cargo test --quiet --locked -p signalwire-relay-harness --test model -- --nocapture >"$copy/out" 2>&1
}

model || { cat "$copy/out"; echo 'the model finds something without any mutation'; exit 1; }
printf '%-42s %9s  %s\n' mutation histories finding
missed=0
for patch in "$here"/*.patch; do
    name=$(basename "$patch" .patch)
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    patch --quiet --strip=1 <"$patch"
    if model; then
        printf '%-42s %9s  NOT FOUND\n' "$name" -
        missed=1
    elif grep -q '^error' "$copy/out" && ! grep -q 'panicked at' "$copy/out"; then
        cat "$copy/out"
        exit 1
    else
        # A mutation may be found by either test: by chance, or by comparing two runs of one history.
        history=$(sed -n 's/^found with .* in history \([0-9]*\):$/\1/p' "$copy/out" | head -n 1)
        finding=$(sed -n '/^found with /{n;p;}' "$copy/out" | head -n 1)
        [ -n "$history" ] || { history=1; finding='the same history is told in other words'; }
        printf '%-42s %9s  %s\n' "$name" "$history" "${finding:0:100}"
    fi
    patch --quiet --strip=1 --reverse <"$patch"
done
exit "$missed"
