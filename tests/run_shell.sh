#!/bin/bash
# run_shell.sh SCRIPT - runs a shell test with the usual signal dispositions: a shell in the
# background ignores SIGINT, and a shell cannot take that back for itself.
env --default-signal true 2>/dev/null && exec env --default-signal bash "$@"
exec bash "$@"
