#!/bin/bash
# coverage.sh [-w] [TARGET...] - what the corpus that run.sh left in build-fuzz/ reaches: for every target
# the lines and branches of the files it is there to fuzz, in percent. Builds in build-cover/ (clang, llvm-cov).
# With -w the lines are written to COVERAGE; with -m the lines no input reached are shown instead.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD table=/dev/stdout missed=
while getopts wm option; do
    case $option in
    w) table=$top/tests/fuzz/COVERAGE ;;
    m) missed=1 ;;
    *) sed -n '2,4s/^# //p' "$top/tests/fuzz/coverage.sh" >&2 && exit 2 ;;
    esac
done
shift $((OPTIND - 1))
for tool in clang llvm-cov llvm-profdata; do
    command -v $tool >/dev/null || { echo "coverage: $tool is needed (Debian: apt install clang llvm)" >&2; exit 1; }
done
if [ $# = 0 ]; then
    for target in tests/fuzz/fuzz_*.c; do
        target=${target##*/fuzz_}
        set -- "$@" "${target%.c}"
    done
fi

# The files a target is there to fuzz.
files()
{
    f=engine/formats t=engine/tokenizers
    case $1 in
    bigram) echo src/bigram.c ;;
    checkpoint) echo $f/checkpoint.c $f/checkpoint_files.c $f/convert.c $f/family.c $f/jsonfile.c $f/names.c ;;
    csv) echo src/csv_read.c src/example_csv.c src/example_row.c ;;
    gguf) echo $f/gguf.c $f/weights_meta.c $t/vocab_weights.c ;;
    gguf_pieces) echo $f/gguf_pieces.c $f/weights.c ;;
    input) echo ui/input.c ;;
    jieba) echo $t/jieba.c ;;
    jsonl) echo src/example_jsonl.c src/example_row.c ;;
    model) echo engine/model.c engine/model_hparams.c engine/forward.c ;;
    pickle) echo $f/pickle.c $f/pickle_globals.c ;;
    safetensors) echo $f/safetensors.c ;;
    template) echo src/template_text.c ;;
    text_safe) echo src/base/text_safe.c ;;
    tokenizer) echo $t/bpe.c $t/merge.c $t/pretok.c ;;
    tokenizer_folder) echo $t/tokenizer_open.c $t/vocab_folder.c $t/vocab_added.c $t/vocab_chat.c ;;
    tokenizer_json) echo $t/hf.c $t/hf_decode.c $t/hf_file.c $t/hf_normalize.c $t/hf_split.c $t/hf_standard.c $t/hf_steps.c ;;
    tokenizer_model) echo $t/spm.c $t/spm_file.c ;;
    torch) echo $f/torch_common.c $f/torch_legacy.c $f/torch_zip.c $f/pickle.c src/base/zip.c ;;
    vocab_txt) echo $t/vocab_lines.c $t/wordpiece.c ;;
    wrap) echo ui/wrap.c ;;
    zip) echo src/base/zip.c ;;
    *) echo "coverage: no row for $1" >&2 && exit 1 ;;
    esac
}

flags='-g -O1 -fprofile-instr-generate -fcoverage-mapping'
scratch=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch LLVM_PROFILE_FILE=/dev/null
mkdir -p build-cover
cd build-cover
[ -f config.status ] || "$top/configure" -q CC=clang CFLAGS="$flags"
make -s libhouse.a libui.a libengine.a libk_avx2.a libk_avx512.a libbase.a
[ -n "$missed" ] || printf '# What coverage.sh -w writes; lines and branches in percent.\n# commit\ttarget\tinputs\tlines\tbranches\tfiles\n' >"$scratch/table"
for target in "$@"; do
    [ -d "../build-fuzz/corpus/$target" ] || { echo "coverage: $target has no corpus yet (run.sh makes it)" >&2; continue; }
    # shellcheck disable=SC2086
    clang $flags -std=c17 -I. -I"$top" "$top/tests/fuzz/fuzz_$target.c" "$top/tests/fuzz/replay_main.c" -o "fuzz_$target" \
        libhouse.a libui.a libengine.a libk_avx2.a libk_avx512.a libengine.a libbase.a \
        -lncursesw -ltinfo -lreadline -lutf8proc -lunistring -ljansson -lxxhash -lopenblas -lz -lm -lpthread
    find "../build-fuzz/corpus/$target" -type f -print0 |
        LLVM_PROFILE_FILE="$scratch/$target-%m.profraw" xargs -0 -n 1000 "./fuzz_$target" >/dev/null
    llvm-profdata merge "$scratch/$target"-*.profraw -o "$scratch/$target.profdata"
    sources=$(files "$target" | sed "s|[^ ]*|$top/&|g")
    if [ -n "$missed" ]; then
        # shellcheck disable=SC2086
        llvm-cov show "fuzz_$target" -instr-profile="$scratch/$target.profdata" $sources | grep -aE '^/.*:$|^ *[0-9]+\| *0\|'
        continue
    fi
    # shellcheck disable=SC2086
    llvm-cov export -summary-only "fuzz_$target" -instr-profile="$scratch/$target.profdata" $sources |
        python3 -c 'import json, sys
t = json.load(sys.stdin)["data"][0]["totals"]
print("%.1f\t%.1f" % (t["lines"]["percent"], t["branches"]["percent"]))' >"$scratch/percent"
    printf '%s\t%s\t%s\t%s\t%s\n' "$(git -C "$top" rev-parse --short HEAD 2>/dev/null || echo -)" "$target" \
        "$(find "../build-fuzz/corpus/$target" -type f | wc -l)" "$(cat "$scratch/percent")" "$(files "$target")" >>"$scratch/table"
done
[ -n "$missed" ] || cat "$scratch/table" >"$table"
