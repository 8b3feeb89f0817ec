#!/bin/bash
# run.sh [-s SECONDS] [-n RUNS] [-w] [TARGET...] - fuzzes the parsers with libFuzzer (clang): every target
# until SECONDS (60) or RUNS (0: no bound) are spent, whichever comes first. Builds an instrumented tree in
# build-fuzz/, where each target keeps its corpus, begun with what seeds.py makes. With -w a line for each
# run is added to LEDGER. A finding ends the campaign with status 1; its input lies in build-fuzz/.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD seconds=60 runs=0 ledger=
while getopts s:n:w option; do
    case $option in
    s) seconds=$OPTARG ;;
    n) runs=$OPTARG ;;
    w) ledger=$top/tests/fuzz/LEDGER ;;
    *) sed -n '2,5s/^# //p' "$top/tests/fuzz/run.sh" >&2 && exit 2 ;;
    esac
done
shift $((OPTIND - 1))
command -v clang >/dev/null || { echo 'fuzz: clang is needed (Debian: apt install clang libclang-rt-dev)' >&2; exit 1; }
flags='-g -O2 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
mkdir -p build-fuzz
scratch=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=4
cd build-fuzz
[ -f config.status ] || "$top/configure" -q CC=clang CFLAGS="$flags"
make -s libhouse.a libui.a libengine.a libk_avx2.a libk_avx512.a libbase.a
if [ $# = 0 ]; then
    for target in "$top"/tests/fuzz/fuzz_*.c; do
        target=${target##*/fuzz_}
        set -- "$@" "${target%.c}"
    done
fi

# What libFuzzer's log says of a run, as LEDGER has it: executions, executions a second, edges, features,
# and how far the run was, in percent, when the last new edge was found.
figures()
{
    awk '/ cov: / {
             sub("#", "", $1)
             for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1) }
             if ($2 == "INITED" || cov + 0 > edges + 0) { if ($2 != "INITED") at = $1; edges = cov }
         }
         /stat::number_of_executed_units/ { n = $2 }
         /stat::average_exec_per_sec/ { speed = $2 }
         END { printf "%d\t%d\t%d\t%d\t%d", n, speed, edges, ft, n ? 100 * at / n : 0 }' "$1"
}

# The longest input of a target: what its formats need, for short ones are many more a second.
longest()
{
    case $1 in
    gguf | model) echo 16384 ;;
    gguf_pieces) echo 20480 ;;
    checkpoint | tokenizer_model) echo 8192 ;;
    csv | input | jsonl | template | text_safe | vocab_txt | wrap) echo 1024 ;;
    *) echo 4096 ;;
    esac
}

for target in "$@"; do
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer -std=c17 -I. -I"$top" "$top/tests/fuzz/fuzz_$target.c" -o "fuzz_$target" \
        libhouse.a libui.a libengine.a libk_avx2.a libk_avx512.a libengine.a libbase.a \
        -lncursesw -ltinfo -lreadline -lutf8proc -lunistring -ljansson -lxxhash -lopenblas -lz -lm -lpthread
    mkdir -p "corpus/$target" "seeds/$target"
    python3 "$top/tests/fuzz/seeds.py" "$target" "seeds/$target" || true # works without, slower
    options="-max_len=$(longest "$target") -max_total_time=$seconds -timeout=5 -rss_limit_mb=512 -malloc_limit_mb=64 -print_final_stats=1"
    [ "$runs" = 0 ] || options="$options -runs=$runs"
    [ ! -f "$top/tests/fuzz/$target.dict" ] || options="$options -dict=$top/tests/fuzz/$target.dict"
    echo "fuzz_$target: at most $seconds s"
    begin=$(date +%s) result=clean
    # shellcheck disable=SC2086
    "./fuzz_$target" $options "corpus/$target" "seeds/$target" 2>"$target.log" || result=finding
    line=$(printf '%s\t%s\t%s\t%s\t%s\t%s' "$(git -C "$top" rev-parse --short HEAD 2>/dev/null || echo -)" "$target" \
        "$(date -u +%F)" "$(figures "$target.log")" "$(($(date +%s) - begin))" "$result")
    echo "$line"
    [ -z "$ledger" ] || echo "$line" >>"$ledger"
    [ "$result" = clean ] || { tail -30 "$target.log"; exit 1; }
done
