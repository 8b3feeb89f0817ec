# test_texts.sh - texts continued as the reference programs continue them, with their own checkpoints.
if ! command -v python3 >/dev/null; then
    echo "1..0 # SKIP no python3"
    exit 0
fi
T=$(mktemp -d) || exit 99
trap 'rm -rf "$T"' EXIT
export HOME=$T XDG_CONFIG_HOME=$T/c XDG_DATA_HOME=$T/d XDG_STATE_HOME=$T/s LC_ALL=C.UTF-8
python3 "${top_srcdir:-.}/tests/reference/check_texts.py"
