#!/bin/bash
# xuxie model tensors: lists what a file holds, whatever its kind, or refuses it with one sentence.
. "${top_srcdir:-.}/tests/cli/lib.sh"

# safetensors HEADER DATA >FILE
safetensors()
{
    printf "\\$(printf %o ${#1})\0\0\0\0\0\0\0%s%s" "$1" "$2"
}

safetensors '{"w":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},"s":{"dtype":"I8","shape":[],"data_offsets":[12,13]}}' \
    'abcdefghijklm' >"$T/a.safetensors"
run "$XUXIE" model tensors "$T/a.safetensors"
check "safetensors" test "$status" = 0
check "safetensors: list" grep -qx 'w  F16   \[2, 3\]' "$T/out"
check "safetensors: a scalar" grep -qx 's  I8    \[\]' "$T/out"
check "safetensors: how many" grep -qx 'safetensors: 2 tensors' "$T/err"
run "$XUXIE" model tensors --json "$T/a.safetensors"
check "--json" grep -qF '{"name":"w","type":"F16","shape":[2,3]}' "$T/out"
check "--json: format" grep -qF '"format":"safetensors"' "$T/out"

run "$XUXIE" model info --json
model=$(sed -n 's/.*"path":"\([^"]*\)".*/\1/p' "$T/out")
run "$XUXIE" model tensors "$model"
check "GGUF: rows before columns" grep -Eq '^token_embd.weight +[^ ]+ +\[8192, [0-9]+\]$' "$T/out"
check "GGUF: version" grep -q '^GGUF v3: ' "$T/err"
mkdir -p "$XDG_DATA_HOME/xuxie/models"
ln -s "$model" "$XDG_DATA_HOME/xuxie/models/mine.gguf"
run "$XUXIE" model tensors mine
check "by name" test "$status" = 0

# names from a file are foreign text
safetensors '{"\u001b[2J":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}' x >"$T/esc.safetensors"
run "$XUXIE" model tensors "$T/esc.safetensors"
check "escape sequence in a name" test "$status" = 0
check "... is not printed" is_plain "$T/out"
run "$XUXIE" model tensors --json "$T/esc.safetensors"
check "... nor in JSON" is_plain "$T/out"

head -c 40 "$T/a.safetensors" >"$T/cut.safetensors"
run "$XUXIE" model tensors "$T/cut.safetensors"
refused 1 'cut.safetensors: .*truncated' "cut file"
printf 'PK\003\004junk' >"$T/x.bin"
run "$XUXIE" model tensors "$T/x.bin"
refused 1 'x.bin: zip archive' "cut archive"
printf '\200\002cos\nsystem\n(X\003\000\000\000touR.' >"$T/bare.bin"
run "$XUXIE" model tensors "$T/bare.bin"
refused 1 'bare.bin: .*pickle' "a bare pickle"
printf 'version https://git-lfs.github.com/spec/v1\n' >"$T/lfs.bin"
run "$XUXIE" model tensors "$T/lfs.bin"
refused 1 'git-lfs' "a git-lfs pointer"
: >"$T/empty.bin"
run "$XUXIE" model tensors "$T/empty.bin"
refused 1 'empty' "an empty file"
run "$XUXIE" model tensors "$T"
refused 1 . "a folder"
mkfifo "$T/fifo"
run timeout 5 "$XUXIE" model tensors "$T/fifo"
refused 1 'fifo' "a pipe"
run "$XUXIE" model tensors "$T/none.bin"
refused 1 'none.bin' "a missing file"
run "$XUXIE" model tensors
refused 2 'missing' "no file"
run "$XUXIE" model tensors a b
refused 2 'too many' "two files"

# the verdicts of the reference files
shared=${XUXIE_SHARED:-${top_srcdir:-.}/../shared}/fixtures
for set in pickle safetensors; do
    if ! [ -f "$shared/$set/expected.json" ] || ! command -v python3 >/dev/null; then
        skip "no reference files of $set"
        continue
    fi
    python3 -c 'import json, sys
for c in json.load(open(sys.argv[1])): print(c["file"], c["expect"])' "$shared/$set/expected.json" >"$T/verdicts"
    while read -r file expect; do
        run "$XUXIE" model tensors "$shared/$set/$file"
        case $expect in
            refuse) refused 1 "$file: " "$set/$file" ;;
            *) check "$set/$file: taken" test "$status" = 0 ;;
        esac
    done <"$T/verdicts"
done
finish
