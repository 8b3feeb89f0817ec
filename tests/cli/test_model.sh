#!/bin/bash
# xuxie model, perplexity, bench; and model files that are missing or damaged.
. "${top_srcdir:-.}/tests/cli/lib.sh"

run "$XUXIE" model list
check "list: the bundled one" grep -q '^preview-q8_0 ' "$T/out"
run "$XUXIE" model info
check "info" grep -q '^architecture *gpt2' "$T/out"
check "info: licence" grep -q '^licence *GPL-3.0-or-later' "$T/out"
check "info: recommended sampling" grep -q 'temp 0.9' "$T/out"
check "info: no chat" grep -q '^chat  *no chat format' "$T/out"
run "$XUXIE" model info --json
check "info --json" grep -q '"n_vocab":8192' "$T/out"
model=$(sed -n 's/.*"path":"\([^"]*\)".*/\1/p' "$T/out")
mkdir -p "$XDG_DATA_HOME/xuxie/models"
ln -s "$model" "$XDG_DATA_HOME/xuxie/models/mine.gguf"
printf junk >"$XDG_DATA_HOME/xuxie/models/broken.gguf"
run "$XUXIE" model list
check "list: one's own" grep -q '^mine ' "$T/out"
check "list: a broken one is told" grep -q '^broken  *cannot be used' "$T/out"
run "$XUXIE" model list --json
check "list --json" grep -q '"name":"mine".*"bundled":false' "$T/out"
run "$XUXIE" model info mine
check "info by name" test "$status" = 0
run "$XUXIE" model info mine.gguf
check "info by name with .gguf" test "$status" = 0
run "$XUXIE" model info nothing-like-it
refused 1 'nothing-like-it: no such model' "unknown name"

run "$XUXIE" model logits --ids 1,2,3 --npy "$T/a.npy"
check "logits" test "$status" = 0
check "logits: shape" grep -aq "'shape': (3, 8192)" "$T/a.npy"
check "logits: size" test "$(stat -c %s "$T/a.npy")" = $((128 + 3 * 8192 * 4))
run "$XUXIE" model logits --ids 1,2,3 --npy "$T/b.npy" --threads 1
check "logits: the same at one thread" cmp -s "$T/a.npy" "$T/b.npy"
run "$XUXIE" model logits --ids 1,2 --npy "$T/none/x.npy"
refused 4 'x.npy: cannot write' "logits: no folder"
run "$XUXIE" model logits --ids 1,9999 --npy "$T/c.npy"
refused 1 'entry 2' "logits: id out of range"
check "... leaves no file" test ! -e "$T/c.npy"
run "$XUXIE" model logits --ids "" --npy "$T/c.npy"
refused 2 'ids' "logits: no ids"
run "$XUXIE" model logits --ids "$(seq -s , 1 1025)" --npy "$T/c.npy"
refused 1 '1025 tokens' "logits: more ids than context"
run "$XUXIE" model logits --npy "$T/c.npy"
refused 2 '--ids is missing' "logits: --ids missing"
shared=${XUXIE_SHARED:-${top_srcdir:-.}/../shared}/model
if [ -f "$shared/expected.json" ] && python3 -c 'import numpy' 2>/dev/null; then
    run python3 - "$XUXIE" "$shared" "$T" <<'PY'
import json, subprocess, sys
import numpy as np
xuxie, shared, tmp = sys.argv[1:]
for c in json.load(open(shared + "/expected.json"))["cases"]:
    if not c["input_ids"]:
        continue
    ids = ",".join(map(str, c["input_ids"]))
    subprocess.run([xuxie, "model", "logits", "--model", shared + "/preview.gguf", "--ids", ids,
                    "--npy", tmp + "/l.npy"], check=True)
    got, want = np.load(tmp + "/l.npy"), np.load(shared + "/" + c["logits_file"])
    got = got[-1:] if c["rows"] == "last" else got
    difference = np.abs(got - want.reshape(got.shape)).max()
    print(c["logits_file"], difference)
    assert difference <= 2e-3
PY
    check "logits: as the reference has them" test "$status" = 0
    sed 's/^/# /' "$T/out"
else
    skip "no reference logits, or no numpy"
fi

for i in $(seq 12); do printf '老人推开门，只见阶前立着一个孩子，%s。\n' "$i"; done >"$T/text"
run "$XUXIE" perplexity -c 64 "$T/text"
check "perplexity" grep -Eq '^perplexity [0-9.]+ \+/- [0-9.]+ on [0-9]+ tokens$' "$T/out"
run "$XUXIE" perplexity -c 64 --json "$T/text"
check "perplexity --json" grep -q '"event":"done".*"perplexity":[0-9]' "$T/out"
run "$XUXIE" perplexity "$T/text"
refused 1 'less than one window' "perplexity: text too short"
run "$XUXIE" perplexity -c 9999 "$T/text"
refused 2 '9999' "perplexity: more context than the model has"

run "$XUXIE" bench -p 16 -n 4 -r 2 --json
check "bench --json" grep -q '"n_prompt":16,"n_gen":0.*"samples_ts":\[.*"n_prompt":0,"n_gen":4' "$T/out"
run "$XUXIE" bench -p 16 -n 0 -r 1
check "bench: a table" grep -Eq 'pp16 +[0-9]' "$T/out"
run "$XUXIE" bench -p 5000
refused 2 'context takes 1024' "bench: prompt too long"

# damaged files: one sentence, status 1, and nothing else
size=$(stat -L -c %s "$model")
for part in $(seq 0 19); do
    head -c $((size * part / 20)) "$model" >"$T/cut.gguf"
    for command in "model info" "continue --no-store"; do
        run "$XUXIE" $command --model "$T/cut.gguf" </dev/null
        refused 1 'cut.gguf' "model cut at $part/20: $command"
    done
done
head -c $((size - 1)) "$model" >"$T/cut.gguf"
run "$XUXIE" model info "$T/cut.gguf"
refused 1 'cut.gguf' "model cut by a byte"
run "$XUXIE" model info "$T/none.gguf"
refused 1 'none.gguf' "model missing"
run "$XUXIE" continue --no-store --model "$T/none.gguf" /dev/null
refused 1 'none.gguf' "model missing: continue"
run "$XUXIE" model info "$T"
refused 1 . "model is a directory"
mkfifo "$T/fifo.gguf"
run timeout 5 "$XUXIE" model info "$T/fifo.gguf"
refused 1 'fifo.gguf' "model is a pipe"
run "$XUXIE" model info /dev/zero
refused 1 '/dev/zero' "model is a device"
printf '<!DOCTYPE html><html>' >"$T/page.gguf"
run "$XUXIE" model info "$T/page.gguf"
refused 1 'page.gguf' "model is a web page"
head -c 4096 /dev/urandom >"$T/$(printf 'esc\033]0;x\007.gguf')"
run "$XUXIE" model info "$T/$(printf 'esc\033]0;x\007.gguf')"
refused 1 'esc' "name with an escape sequence"
finish
