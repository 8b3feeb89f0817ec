#!/bin/sh
# run.sh [SECONDS [TARGET...]] - fuzzes the parsers with libFuzzer (clang). Builds an instrumented tree in
# build-fuzz/, keeps the corpus of each target in build-fuzz/corpus/TARGET, and prints what LEDGER records.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD seconds=${1:-60}
[ $# -gt 0 ] && shift
command -v clang >/dev/null || { echo 'fuzz: clang is needed (Debian: apt install clang libclang-rt-dev)' >&2; exit 1; }
flags='-g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
mkdir -p build-fuzz/corpus
cd build-fuzz
[ -f config.status ] || "$top/configure" -q CC=clang CFLAGS="$flags"
make -s libhouse.a libui.a libengine.a libk_avx2.a libk_avx512.a libbase.a
[ $# -gt 0 ] || set -- $(cd "$top/tests/fuzz" && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
for target in "$@"; do
  # shellcheck disable=SC2086
  clang $flags -fsanitize=fuzzer -std=c17 -I. -I"$top" "$top/tests/fuzz/fuzz_$target.c" -o "fuzz_$target" \
    libui.a libengine.a libk_avx2.a libk_avx512.a libengine.a libbase.a \
    -lncursesw -ltinfo -lreadline -lutf8proc -lunistring -ljansson -lxxhash -lopenblas -lz -lm -lpthread
  mkdir -p "corpus/$target"
  echo "fuzz_$target: $seconds s"
  "./fuzz_$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 -print_final_stats=1 \
    "corpus/$target" 2>"$target.log" || { tail -30 "$target.log"; exit 1; }
  grep -E 'DONE|number_of_executed_units' "$target.log" | tail -2
done
