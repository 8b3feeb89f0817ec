#!/bin/bash
# run_unit.sh PROGRAM - runs a cmocka program; older cmocka says "not ok N # SKIP" of a skipped test,
# which TAP counts as a failure.
set -o pipefail
"$@" | sed 's/^not ok \([0-9]* # SKIP\)/ok \1/'
