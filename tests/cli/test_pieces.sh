#!/bin/bash
# A model in several GGUF files, as llama.cpp's gguf-split cuts it: opened by any piece, listed once, joined
# by import, removed whole; and what is said of pieces that do not belong together.
. "${top_srcdir:-.}/tests/cli/lib.sh"
split=$(cd "${top_srcdir:-.}" && pwd)/tests/cli/split_gguf.py
bundled=$(cd "${top_srcdir:-.}" && pwd)/data/preview-q8_0.gguf
[ -e "$bundled" ] || bundled=$(cd "${top_builddir:-.}" && pwd)/data/preview-q8_0.gguf
if ! command -v python3 >/dev/null; then
    skip "python3 is not installed"
    finish
fi
models=$XDG_DATA_HOME/xuxie/models
mkdir -p "$models" "$T/w"
cd "$T/w" || exit 99

# ---- the same model ----
"$split" "$bundled" whole 3
"$split" "$bundled" 雪 2 --no-tensor-first
"$XUXIE" model logits --ids 1,2,3 --npy one.npy
for piece in whole-00001-of-00003.gguf whole-00003-of-00003.gguf 雪-00002-of-00002.gguf; do
    run "$XUXIE" model logits -m "$piece" --ids 1,2,3 --npy pieces.npy
    check "$piece: opens" test "$status" = 0
    check "$piece: the same logits" cmp one.npy pieces.npy
done
run "$XUXIE" model info whole-00002-of-00003.gguf
check "info: how many pieces" grep -q '^format .*GGUF v3, 3 pieces' "$T/out"
check "info: the path is the first one's" grep -q '^file .*whole-00001-of-00003.gguf' "$T/out"
check "info: all parameters" grep -q '^parameters .*8.68 M' "$T/out"
run "$XUXIE" model check whole-00001-of-00003.gguf
check "check" test "$status" = 0
printf '那一夜' | run "$XUXIE" continue --no-store --preset greedy -n 16
cp "$T/out" one.txt
printf '那一夜' | run "$XUXIE" continue --no-store --preset greedy -n 16 -m 雪-00001-of-00002.gguf
check "continue: the same words" cmp one.txt "$T/out"

# ---- one file of it ----
run "$XUXIE" model import whole-00002-of-00003.gguf -o joined.gguf
check "import: joins" test "$status" = 0
run "$XUXIE" model logits -m joined.gguf --ids 1,2,3 --npy joined.npy
check "import: the same logits" cmp one.npy joined.npy
check "import: nothing is left of the pieces" sh -c '! grep -aq "split\.count" joined.gguf'
run "$XUXIE" model quantize whole-00001-of-00003.gguf small.gguf q4_0
check "quantize" test "$status" = 0 -a "$(wc -c <small.gguf)" -lt 8000000

# ---- by name ----
cp whole-* "$models"
cp 雪-* "$models"
run "$XUXIE" model list
check "list: once" test "$(grep -c '^whole ' "$T/out")" = 1 -a "$(wc -l <"$T/out")" = 3
check "list: the size of all" grep -q '^whole .*10.4 MB' "$T/out"
run "$XUXIE" model info --json 雪
check "info: by name" grep -q "\"path\":\"$models/雪-00001-of-00002.gguf\"" "$T/out"
cp "$bundled" "$models/whole.gguf"
cp whole-00001-of-00003.gguf "$models/odd-00000-of-00003.gguf"
run "$XUXIE" model list
check "list: a file comes before pieces of its name" grep -q "^whole .*whole.gguf$" "$T/out"
check "list: ... and they are told as a path" grep -q "^$models/whole-00001-of-00003.gguf " "$T/out"
check "list: a number that cannot be is part of a name" grep -q '^odd-00000-of-00003 ' "$T/out"
rm "$models/whole.gguf" "$models/odd-00000-of-00003.gguf"
ln -s "$T/w/whole-00002-of-00003.gguf" "$models/link.gguf"
run "$XUXIE" model info --json link
check "info: a link to a piece" grep -q '"n_params":8677' "$T/out"
rm "$models/link.gguf"
mkdir "$T/alone"
ln -s "$T/w/whole-00001-of-00003.gguf" "$T/alone"
run "$XUXIE" model info "$T/alone/whole-00001-of-00003.gguf"
check "info: a link to one piece only" test "$status" = 0
run "$XUXIE" model use whole
check "use: by name" test "$status" = 0
rm "$models/雪-00001-of-00002.gguf"
run "$XUXIE" model list
check "list: a piece without its first" grep -q '^雪 .*cannot be used: .*雪-00001-of-00002.gguf: there is no such file' "$T/out"
run "$XUXIE" model remove --yes whole
check "remove: by name, all pieces" test "$status" = 0 -a "$(ls "$models")" = 雪-00002-of-00002.gguf
run "$XUXIE" model remove --yes 雪
check "remove: what is left of one" test "$status" = 0 -a -z "$(ls "$models")"

# ---- bad ones ----
bad()
{
    local what=$1 file=$2 pattern=$3
    run "$XUXIE" model info "$file"
    refused 1 "$pattern" "$what"
}
mkdir b
cp whole-* b
rm b/whole-00002-of-00003.gguf
bad "a piece is missing" b/whole-00003-of-00003.gguf 'whole-00002-of-00003.gguf: there is no such file; all 3 pieces'
mkdir b/whole-00002-of-00003.gguf
bad "a folder for a piece" b/whole-00001-of-00003.gguf 'whole-00002-of-00003.gguf: this is a folder'
rmdir b/whole-00002-of-00003.gguf
: >b/whole-00002-of-00003.gguf
bad "an empty piece" b/whole-00001-of-00003.gguf 'whole-00002-of-00003.gguf: '
head -c 100000 whole-00002-of-00003.gguf >b/whole-00002-of-00003.gguf
bad "a piece that is cut short" b/whole-00001-of-00003.gguf 'whole-00002-of-00003.gguf: .*truncated at byte 100000'
cp whole-00003-of-00003.gguf b/whole-00002-of-00003.gguf
bad "pieces changed over" b/whole-00001-of-00003.gguf 'whole-00002-of-00003.gguf: by its metadata this is piece 3 of 3, not 2 of 3'
cp "$bundled" b/whole-00002-of-00003.gguf
bad "another model for a piece" b/whole-00001-of-00003.gguf 'whole-00002-of-00003.gguf: by its metadata this is piece 1 of 1, not 2 of 3'
cp whole-00001-of-00003.gguf b/renamed.gguf
bad "a piece without its name" b/renamed.gguf 'renamed.gguf: this is a piece of a model in 3 files'
cp whole-00001-of-00003.gguf b/whole-00001-of-00004.gguf
bad "a name that counts otherwise" b/whole-00001-of-00004.gguf 'this is a piece of a model in 3 files'
cp whole-00001-of-00003.gguf b/-00001-of-00003.gguf
bad "a name that is nothing else" ./b/-00001-of-00003.gguf 'this is a piece of a model in 3 files'
cp "$bundled" b/x-00001-of-00002.gguf
run "$XUXIE" model info b/x-00001-of-00002.gguf
check "a whole model of a piece's name opens" test "$status" = 0
"$split" "$bundled" b/again 2 again=2 total=101
bad "a tensor twice" b/again-00001-of-00002.gguf 'again-00002-of-00002.gguf: tensor token_embd.weight is in piece 1 already'
"$split" "$bundled" b/total 2 total=99
bad "tensors missing" b/total-00001-of-00002.gguf 'split.tensors.count says that there are 99 tensors, the pieces have 100'
"$split" "$bundled" b/minus 2 total=-1
bad "a negative number" b/minus-00001-of-00002.gguf 'split.tensors.count at byte [0-9]*: a whole number from 0'
"$split" "$bundled" b/many 2 count.1=65535
bad "65,535 pieces" b/many-00001-of-00002.gguf 'split.count at byte [0-9]*: a whole number from 0 to 1024'
"$split" "$bundled" b/no 2 no.1=1
bad "the first one calls itself the second" b/no-00001-of-00002.gguf 'this is piece 2 of 2, not 1 of 2'
ln -s loop-00002-of-00002.gguf b/loop-00002-of-00002.gguf
cp 雪-00001-of-00002.gguf b/loop-00001-of-00002.gguf
bad "a link to itself" b/loop-00001-of-00002.gguf 'loop-00002-of-00002.gguf: '
finish
