#!/bin/bash
# xuxie model import, quantize, check: what they refuse, and that they leave nothing half done.
. "${top_srcdir:-.}/tests/cli/lib.sh"
shared=$(cd "${XUXIE_SHARED:-${top_srcdir:-.}/../shared}" 2>/dev/null && pwd)
bundled=$(cd "${top_srcdir:-.}" && pwd)/data/preview-q8_0.gguf
mkdir "$T/w"
cd "$T/w" || exit 99

nothing_left() { test -z "$(ls -A "$T/w")"; }

run "$XUXIE" model import "$bundled"
refused 2 'output' "import: without --output"
run "$XUXIE" model import "$T/none" -o x.gguf
refused 1 'no such file' "import: no such folder"
run "$XUXIE" model import "$T/home" -o x.gguf
refused 1 'no weights' "import: an empty folder"
run "$XUXIE" model import "$bundled" -o x.gguf --type q3_X
refused 2 'type: "q3_X"' "import: an unknown type"
run "$XUXIE" model import "$bundled" -o "$T/none/x.gguf" --type f16
check "import: no folder for the target: status 4" test "$status" = 4
run "$XUXIE" model quantize "$bundled" x.gguf q9_X
refused 2 'q9_X' "quantize: a type that is not written"
run "$XUXIE" model check "$T/none"
refused 1 'no such file' "check: no such file"
check "nothing is left of all this" nothing_left

run "$XUXIE" model check "$bundled"
check "check: the bundled model is good" test "$status" = 0
check "check: says so" grep -q 'good' "$T/out"
run "$XUXIE" model quantize "$bundled" small.gguf q4_0
check "quantize: q8_0 to q4_0" test "$status" = 0
check "quantize: warns that it was quantised" grep -q 'quantised already' "$T/err"
run "$XUXIE" model check small.gguf
check "quantize: the result is good" test "$status" = 0
run "$XUXIE" continue --model ./small.gguf --preset greedy -n 4 --no-store <<<"春天"
check "quantize: the result writes" test "$status" = 0
cp small.gguf before.gguf
run "$XUXIE" model quantize small.gguf small.gguf q4_0
check "quantize: onto itself" test "$status" = 0
check "quantize: the same bytes again" cmp small.gguf before.gguf
rm -f small.gguf before.gguf

if [ -r "$shared/model/preview.gguf" ]; then
    run "$XUXIE" model quantize "$shared/model/preview.gguf" q8.gguf q8_0
    check "quantize: the bundled model's recipe, byte for byte" cmp q8.gguf "$bundled"
    rm -f q8.gguf
    before=$(md5sum <"$bundled")
    cp "$bundled" target.gguf
    # SIGINT is ignored in a shell's background jobs: python3 resets it
    if command -v python3 >/dev/null; then
        python3 - "$XUXIE" "$shared/model/preview.gguf" <<'PY' >"$T/out" 2>"$T/err"
import signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[1], "model", "quantize", sys.argv[2], "target.gguf", "q4_K"],
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
time.sleep(0.15)
p.send_signal(signal.SIGINT)
sys.exit(0 if p.wait() in (0, 130, -2) else 1)
PY
        status=$?
        check "quantize: ^C" test "$status" = 0
        check "quantize: ^C leaves the old file or the new one" \
            test "$(ls -A)" = target.gguf
        run "$XUXIE" model check target.gguf
        check "quantize: ^C: what is there is whole" test "$status" = 0
        rm -f target.gguf
        mkdir "$T/large"
        python3 "${top_srcdir:-.}/tests/cli/gen_large.py" "$T/large" 4096 4
        for signal in INT TERM HUP; do
            python3 - "$XUXIE" "$T/large/made" $signal <<'PY' >"$T/out" 2>"$T/err"
import os, signal, subprocess, sys, time
number = getattr(signal, "SIG" + sys.argv[3])
p = subprocess.Popen([sys.argv[1], "model", "import", sys.argv[2], "-o", "out.gguf"],
                     preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
begun = time.monotonic()
while not any(name.startswith(".") or "gguf" in name for name in os.listdir(".")):
    assert p.poll() is None and time.monotonic() - begun < 20
    time.sleep(0.01)
time.sleep(0.1)
p.send_signal(number)
print(p.wait())
PY
            wanted=1
            test $signal = INT && wanted=130
            check "import: SIG$signal" test "$(cat "$T/out")" = $wanted
            check "import: SIG$signal leaves nothing" nothing_left
        done
        rm -rf "$T/large"
    fi
fi
finish
