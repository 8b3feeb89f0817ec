#!/bin/bash
# import_big.sh XUXIE FOLDER [TYPE [DIRECTORY]] - imports a checkpoint that is larger than the memory
# (make_megatron.py) and tells what it took: time, memory of its own (everything but the mapped files), and
# whether ^C in the middle leaves something behind. Private memory is held to 4 GiB by the kernel
# (RLIMIT_DATA): beyond it the import would fail. Then the result writes a few words and is deleted.
set -u
xuxie=$1 folder=$2 type=${3:-q4_K}
place=$(mktemp -d "${4:-${TMPDIR:-/tmp}}/import.XXXXXX") || exit
out=$place/out.gguf
before=$(ls -A "$place")

# The most of a field of /proc/PID/status, in kB, while the process lives.
most()
{
    local most=0 now
    while now=$(sed -n "s/^$2:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$1/status" 2>/dev/null) && [ -n "$now" ]; do
        [ "$now" -le "$most" ] || most=$now
        sleep 0.05
    done
    echo "$most"
}

env --default-signal "$xuxie" model import "$folder" -o "$out" --type "$type" >/dev/null 2>&1 &
pid=$!
sleep 8
kill -INT $pid
wait $pid
echo "interrupted after 8 s: status $? (130 is right), left behind: $(diff <(echo "$before") <(ls -A "$place") | grep '^>' || echo nothing)"

begin=$(date +%s.%N)
prlimit --data=$((4 << 30)) "$xuxie" model import "$folder" -o "$out" --type "$type" >/dev/null &
pid=$!
most $pid RssAnon >"$out.anon" &
most $pid VmRSS >"$out.rss"
wait $pid
status=$?
wait
echo "imported: status $status, $(echo "$(date +%s.%N) - $begin" | bc) s, $(stat -c %s "$out") bytes from $(du -sbL "$folder" | cut -f1)"
echo "memory of its own: at most $(($(cat "$out.anon") / 1024)) MiB; with the mapped files $(($(cat "$out.rss") / 1024)) MiB"
printf '雪' | "$xuxie" continue --no-store --ignore-eos -n 16 --model "$out" && echo
rm -rf "$place"
exit $status
