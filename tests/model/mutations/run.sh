#!/usr/bin/env bash
# Breaks the core on purpose, once for each patch beside this file, in a copy of the working tree, and sees whether
# the model finds it. Prints in which random history it was found, of sessions and of applications, and what was found.
#
#   tests/model/mutations/run.sh                      all of them
#   tests/model/mutations/run.sh 3-a-state-goes-backwards
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
    cargo test --quiet --release --locked -p signalwire-relay-model --test model "$1::" -- --nocapture >"$copy/$1" 2>&1
}

# Where it was found in the output of a run that failed.
history() {
    # A mutation may be found by either test: by chance, or by comparing two runs of one history.
    sed -n 's/^found with .* in history \([0-9]*\):$/\1/p' "$copy/$1" | grep -m 1 . || echo twice
}

for kind in session application; do
    model "$kind" || { cat "$copy/$kind"; echo 'the model finds something without any mutation'; exit 1; }
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
        finding=${finding:-the same history is told in other words}
    done
    [ "$finding" != 'NOT FOUND' ] || missed=1
    printf '%-42s %9s %13s  %s\n' "$name" "${found[session]}" "${found[application]}" "${finding:0:100}"
    patch --quiet --strip=1 --reverse <"$patch"
done
exit "$missed"
