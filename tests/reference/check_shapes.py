#!/usr/bin/env python3
"""Compares xuxie with transformers on the models of make_shapes.py, and prints a table.

    XUXIE=build/xuxie check_shapes.py FOLDER [WORD...]

Logits of every position within 2e-4, greedy continuations identical, from the folder itself and, bit for
bit, from a GGUF file imported from it. Status 1 when anything differs.
"""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from check_fixtures import check_import_bits, compare  # noqa: E402

TOLERANCE = 2e-4


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    top, words = sys.argv[1], sys.argv[2:]
    bad = 0
    print(f"{'shape':32} {'largest |logit|':>15} {'difference':>11} {'greedy':>9} {'margin':>8}  imported")
    for name in sorted(os.listdir(top)):
        if words and not any(w in name for w in words):
            continue
        folder = os.path.join(top, name)
        with open(os.path.join(folder, "expected.json"), encoding="utf-8") as f:
            cases = json.load(f)["cases"]
        try:
            with tempfile.TemporaryDirectory(prefix="xuxie-shapes.") as work:
                worst, wrong, last = compare(folder, folder, cases, work)
                same = check_import_bits(folder, work, last, cases[-1])
        except RuntimeError as e:
            print(f"{name:32} {e}")
            bad += 1
            continue
        n = sum(len(c["greedy_nostop"]) for c in cases)
        good = worst <= TOLERANCE and not wrong and same
        bad += not good
        print(f"{name:32} {max(c['largest_logit'] for c in cases):15.2f} {worst:11.1e} {n - len(wrong):4}/{n:4} "
              f"{min(c['min_top1_top2_margin'] for c in cases):8.4f}  {'same bits' if same else 'DIFFERENT'}"
              f"{'' if good else '  FAILED'}", flush=True)
    print(f"{bad} failed")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
