#!/usr/bin/env python3
"""How the sizes of DAMO's GPT-3 run on a machine: one command, one table.

    make xuxie tests/bench/make_model && ../tests/bench/sizes.py [-r TIMES] [-w FOLDER] [SIZE:TYPE...]

(in the build folder; base:q4_0 to 30B:q4_0 by default). For each size a file of random weights is made
(make_model.c; a model's speed does not depend on what its weights are), run and deleted: it takes as much disk
as its own size. Told are, as medians of TIMES runs (3; of 1 from 10 GB on):

  file      its size
  anon      memory of xuxie's own at the most (keys and values among it)
  RSS       that and the pages of the mapped file in use
  first     from the start of the program to the first token after a prompt of 6 tokens, the file in the
            page cache as far as it fits; `cold`: once, with the file dropped from it
  read      tokens of a prompt (128) a second
  write     tokens (32) a second after it
"""
import getopt
import json
import os
import statistics
import subprocess
import sys
import threading
import time

SIZES = ["base:q4_0", "base:q8_0", "large:q4_0", "large:q8_0", "1.3B:q4_0", "1.3B:q8_0", "2.7B:q4_0",
         "2.7B:q8_0", "13B:q4_0", "30B:q4_0"]
LARGE = 10 << 30


def drop_from_cache(path):
    """Asks the kernel to forget the file; it does so for clean pages that nobody maps."""
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


class Memory(threading.Thread):
    """The most of a process's memory while it lives, in bytes."""

    def __init__(self, pid):
        super().__init__()
        self.pid, self.most = pid, {"RssAnon": 0, "VmRSS": 0}

    def run(self):
        while True:
            try:
                with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
                    now = dict(line.split(":", 1) for line in f)
            except (OSError, ValueError):
                return
            if "VmRSS" not in now:
                return
            for key in self.most:
                self.most[key] = max(self.most[key], int(now[key].split()[0]) * 1024)
            time.sleep(0.02)


def run(path, n_prompt, n_tokens):
    """Seconds to the first text, the events at the end, and memory."""
    prompt = ("The snow falls on the hill and the lamp burns low. " * 20)[:n_prompt]
    begin = time.monotonic()
    p = subprocess.Popen(["./xuxie", "continue", "--no-store", "--json", "--ignore-eos", "--seed", "1",
                          "--temp", "0", "-n", str(n_tokens), "--model", path],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    memory = Memory(p.pid)
    memory.start()
    p.stdin.write(prompt.encode())
    p.stdin.close()
    first, done = None, None
    for line in p.stdout:
        event = json.loads(line)
        if event["event"] == "text" and first is None:
            first = time.monotonic() - begin
        if event["event"] == "done":
            done = event
    if p.wait() != 0 or not done:
        sys.exit(f"sizes: {path}: status {p.returncode}")
    memory.join()
    return first, done, memory.most


def measure(size, kind, folder, times):
    path = os.path.join(folder, f"sizes-{size}-{kind}.gguf")
    try:
        subprocess.run(["tests/bench/make_model", size, kind, path], check=True)
        n_bytes = os.path.getsize(path)
        times = 1 if n_bytes > LARGE else times
        drop_from_cache(path)
        cold = run(path, 6, 1)[0]
        first = statistics.median(run(path, 6, 1)[0] for _ in range(times))
        runs = [run(path, 128, 32) for _ in range(times)]
    finally:
        if os.path.exists(path):
            os.unlink(path)
    read = statistics.median(1000 * r[1]["prompt_tokens"] / r[1]["prefill_ms"] for r in runs)
    write = statistics.median(1000 * r[1]["tokens"] / r[1]["decode_ms"] for r in runs)
    anon = max(r[2]["RssAnon"] for r in runs)
    rss = max(r[2]["VmRSS"] for r in runs)
    print(f"{size:>6} {kind:5} {n_bytes / 1e9:6.2f} GB {anon / 1e6:7.0f} MB {rss / 1e9:6.2f} GB "
          f"{first:7.2f} s {cold:7.2f} s {read:8.1f} {write:8.2f}", flush=True)


def main():
    options, rows = getopt.getopt(sys.argv[1:], "r:w:")
    options = dict(options)
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    print(f"{model}, {os.cpu_count()} processors, {memory:.0f} GB; load {os.getloadavg()[0]:.1f}; "
          f"{time.strftime('%F')}")
    print(f"{'size':>6} {'type':5} {'file':>9} {'anon':>10} {'RSS':>9} {'first':>9} {'cold':>9} {'read/s':>8} "
          f"{'write/s':>8}")
    for row in rows or SIZES:
        size, kind = row.split(":")
        measure(size, kind, options.get("-w", "."), int(options.get("-r", "3")))


if __name__ == "__main__":
    main()
