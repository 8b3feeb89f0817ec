#!/bin/bash
# Models that do not fit: told by `model list` and `model info`, and before anything is loaded. The models
# are larger than this machine's memory, but holes for the most part.
. "${top_srcdir:-.}/tests/cli/lib.sh"
models=$XDG_DATA_HOME/xuxie/models
mkdir -p "$models"
if ! command -v python3 >/dev/null ||
    ! python3 "${top_srcdir:-.}/tests/cli/gen_large.py" "$models" 16384 1.2x 2>"$T/err" ||
    test "$(du -sk "$models" | cut -f 1)" -gt 1024; then
    rm -rf "$models"
    echo "1..0 # SKIP no python3, or no room for files with holes"
    exit 0
fi

run "$XUXIE" model list
check "list: what fits" grep -Eq '^preview-q8_0 .* fits +GPL-3.0-or-later ' "$T/out"
check "list: a file larger than the memory" grep -Eq '^mapped .* tight +mit ' "$T/out"
check "list: matrices that do not fit" grep -Eq '^made .* does not fit +- ' "$T/out"
run "$XUXIE" model list --json
check "list --json: fits" grep -q '"name":"preview-q8_0".*"license":"GPL-3.0-or-later".*"fit":"fits"' "$T/out"
check "list --json: the others" grep -q '"name":"made".*"fit":"too large".*"name":"mapped".*"fit":"tight"' "$T/out"
run "$XUXIE" model info mapped
check "info: weights in the file" grep -q 'MB of weights that are read from the file as they are' "$T/out"
check "info: what is free" grep -Eq '^free memory +[0-9.]+ MB: tight' "$T/out"
check "info: what follows" grep -q 'larger than the memory that is free' "$T/out"
run "$XUXIE" model info
check "info: a model that fits" grep -Eq '^free memory +[0-9.]+ MB: fits' "$T/out"

run timeout 10 "$XUXIE" continue --no-store -m made -n 1 <<<text
refused 4 'model needs [0-9]+ MiB of memory .* put together.* [0-9]+ MiB are free.*model import' "continue: does not fit"
run timeout 10 "$XUXIE" model logits -m made --ids 1 --npy "$T/x.npy"
refused 4 'put together' "logits: does not fit"
# the warning comes before the weights are read, which would take long
"$XUXIE" continue --no-store -m mapped -n 1 <<<text >"$T/out" 2>"$T/err" &
pid=$!
check "continue: tight is told at once" wait_for 20 grep -q 'warning: This model is larger' "$T/err"
kill -KILL "$pid"
wait "$pid" 2>/dev/null

# the room, which says so too, and stays
cat >"$T/room.py" <<'PY'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], [sys.argv[1], "--model", "mapped"])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 240, 0, 0))
seen = b""

def wait(words, seconds):
    """Until the words were written, with whatever moves the cursor between them."""
    global seen
    pattern = re.compile(rb"[^a-z]{0,40}".join(w.encode() for w in words.split()), re.S)
    until = time.monotonic() + seconds
    while not pattern.search(seen) and time.monotonic() < until:
        if select.select([fd], [], [], 0.2)[0]:
            seen += os.read(fd, 65536)
    found = pattern.search(seen) is not None
    seen = b""
    return found

try:
    good = wait("model is larger than the memory that is free", 60)
    os.write(fd, b"/model made\r")
    good = wait("MiB of its matrices must be put together", 60) and good
finally:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
sys.exit(not good)
PY
run python3 "$T/room.py" "$XUXIE"
check "the room: told before it is loaded" test "$status" = 0

# the limit of the address space; sanitizers take more than any limit for themselves
if (ulimit -v 4000000 && "$XUXIE" --version >/dev/null 2>&1); then
    run bash -c "ulimit -v 4000000; exec '$XUXIE' continue --no-store -m mapped -n 1 <<<text"
    refused 4 'mapped.gguf: the file.s [0-9]+ MiB cannot be mapped: .* leaves [0-9]+ MiB' "a limit smaller than the file"
    run bash -c "ulimit -v 4000000; exec '$XUXIE' model list"
    check "list: with a limit" grep -Eq '^mapped .* does not fit: ' "$T/out"
    run bash -c "ulimit -v 4000000; exec '$XUXIE' model info -c 1000000 2>&1"
    check "info: more context than the model has" grep -q 'learned positions' "$T/out"
else
    skip "no limit of the address space here"
fi

# one that fits, but not into what a limit of written memory leaves
rm -rf "$models"
mkdir "$models"
python3 "${top_srcdir:-.}/tests/cli/gen_large.py" "$models" 2048 2
if (ulimit -d 300000 && "$XUXIE" --version >/dev/null 2>&1); then
    run bash -c "ulimit -d 300000; exec '$XUXIE' continue --no-store -m made -n 1 <<<text"
    refused 4 'model needs 3[0-9][0-9] MiB of memory .* put together' "a limit of written memory"
    run bash -c "ulimit -d 300000; exec '$XUXIE' model list"
    check "list: a limit of written memory" grep -Eq '^made .* does not fit +- ' "$T/out"
    run bash -c "ulimit -d 300000; exec '$XUXIE' model import made --type q4_0 -o '$T/small.gguf'"
    check "import needs some rows only" test "$status" = 0
    run bash -c "ulimit -d 300000; exec '$XUXIE' continue --no-store -m '$T/small.gguf' -n 1 <<<text"
    check "and what is imported fits" test "$status" = 0
else
    skip "no limit of written memory here"
fi
finish
