#!/usr/bin/env bash
# Breaks the core on purpose, with each patch beside this file in turn, in a copy of the working tree, and checks that
# the model finds the defect. Prints the number of the random history that found it, for sessions and for applications,
# and the finding.
#
#   tests/model/mutations/run.sh                      all patches
#   tests/model/mutations/run.sh 3-a-state-goes-backwards
#
# RELAY_MODEL_SEED and RELAY_MODEL_CASES are those of the model. The defaults are 1 and 20000.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
export RELAY_MODEL_SEED=${RELAY_MODEL_SEED:-1} RELAY_MODEL_CASES=${RELAY_MODEL_CASES:-20000} RUST_BACKTRACE=0
# A target folder of its own, so that nothing built from the real sources is used.
export CARGO_TARGET_DIR="$copy/target"

mkdir "$copy/tree"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy/tree")
cd "$copy/tree"

model() {
    cargo test --quiet --release --locked -p signalwire-relay-model --test model "$1::" -- --nocapture >"$copy/$1" 2>&1
}

# The number of the history that found the defect, from the output of a run that failed. Without one, the defect was
# found by playing a history twice.
history() {
    sed -n 's/^found with .* in history \([0-9]*\):$/\1/p' "$copy/$1" | grep -m 1 . || echo twice
}

for kind in session application; do
    model "$kind" || { cat "$copy/$kind"; echo 'the model has a finding without any mutation'; exit 1; }
done
printf '%-42s %9s %13s  %s\n' mutation 'sessions' 'applications' finding
missed=0
for patch in "$here"/*.patch; do
    name=$(basename "$patch" .patch)
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    patch --quiet --strip=1 <"$patch"
    declare -A found=([session]=- [application]=-)
    finding='NOT FOUND'
    for kind in application session; do
        model "$kind" && continue
        if grep -q '^error' "$copy/$kind" && ! grep -q 'panicked at\|FAILED' "$copy/$kind"; then
            cat "$copy/$kind"
            exit 1
        fi
        found[$kind]=$(history "$kind")
        finding=$(sed -n '/^found with /{n;p;q;}' "$copy/$kind")
        finding=${finding:-the same history gives other outputs}
    done
    [ "$finding" != 'NOT FOUND' ] || missed=1
    printf '%-42s %9s %13s  %s\n' "$name" "${found[session]}" "${found[application]}" "${finding:0:100}"
    patch --quiet --strip=1 --reverse <"$patch"
done
exit "$missed"
