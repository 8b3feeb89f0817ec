#!/usr/bin/env python3
"""recompute_eval.py DUMP [REPORT] - the results of `xuxie eval --dump=DUMP`, found again.

Reads nothing but the outputs, the right answers and the log-probabilities of the dump; verdicts, F1,
choices and intervals are worked out here, independently of the program. Prints one JSON object for
each number of examples. With REPORT, what `xuxie eval --json` printed, compares the two; the exit
status is 1 when they differ. Python's standard library only.
"""

import json
import math
import re
import sys
import unicodedata
from collections import Counter

NORMS = ("per_token", "normalised", "sum", "per_character")
Z = 1.959963984540054


def words(text):
    """SQuAD's normalisation; each Chinese character is a word."""
    out = []
    for c in text:
        if unicodedata.category(c).startswith("P") or c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~":
            continue
        out.append(" %s " % c if "\u4e00" <= c <= "\u9fff" else c.lower())
    return [w for w in "".join(out).split() if w not in ("a", "an", "the")]


def f1(answer, output):
    a, b = Counter(words(answer)), Counter(words(output))
    if not a or not b:
        return float(a == b)
    common = sum((a & b).values())
    if common == 0:
        return 0.0
    precision, recall = common / sum(b.values()), common / sum(a.values())
    return 2 * precision * recall / (precision + recall)


def choice_values(c):
    """The four values of a choice, from its sum, its counts and its sum by itself."""
    return {
        "per_token": c["sum"] / c["tokens"],
        "normalised": None if c["alone"] is None else c["sum"] - c["alone"],
        "sum": c["sum"],
        "per_character": c["sum"] / len(re.sub(r"^\s+", "", c["text"])),
    }


def best(values):
    """The place of the first greatest value."""
    return max(range(len(values)), key=lambda i: (values[i], -i))


def judge(head, item):
    """What is right about one item: name -> 0..1."""
    if "choices" in item:
        values = [choice_values(c) for c in item["choices"]]
        return {n: float(best([v[n] for v in values]) == item["correct"])
                for n in NORMS if values[0][n] is not None}
    answers, output = item["answers"], item["output"]
    if head["by_likelihood"]:  # judged token by token; the dump tells the verdict only
        return {"exact": item["exact"]}
    return {"exact": float(any(a.strip() == output.strip() for a in answers)),
            "f1": max(f1(a, output) for a in answers)}


def wilson(p, n):
    """Roots of (p - q)^2 = z^2 q (1 - q) / n."""
    a, b, c = 1 + Z * Z / n, -(2 * p + Z * Z / n), p * p
    d = math.sqrt(max(0.0, b * b - 4 * a * c))
    return [max(0.0, (-b - d) / (2 * a)), min(1.0, (-b + d) / (2 * a))]


def mean(values):
    return sum(values) / len(values)


def result(head, k, items):
    verdicts = [judge(head, i) for i in items]
    main = head["choice_by"] if head["metric"] == "choice" else head["metric"]
    by_item, by_draw = {}, {}
    for i, v in zip(items, verdicts):
        by_item.setdefault(i["item"], []).append(v[main])
        by_draw.setdefault(i["draw"], []).append(v[main])
    means = [mean(v) for v in by_item.values()]
    n, value = len(means), mean(means)
    if head["metric"] == "f1":
        if n < 2:
            interval = [0.0, 1.0]
        else:
            half = Z * math.sqrt(sum((m - value) ** 2 for m in means) / (n - 1) / n)
            interval = [max(0.0, value - half), min(1.0, value + half)]
    else:
        interval = wilson(value, n)
    draws = [mean(v) for v in by_draw.values()]
    out = {"k_asked": k, "k_used": [min(i["k_used"] for i in items), max(i["k_used"] for i in items)],
           "items": n, "draws": len(draws), "value": value, "interval": interval,
           "draw_range": [min(draws), max(draws)]}
    for name in verdicts[0]:
        out[name] = mean([v[name] for v in verdicts])
    return out


def results(lines):
    head = lines[0]
    assert head["eval"] == "head"
    by_k = {}
    for item in lines[1:]:
        by_k.setdefault(item["shot"], []).append(item)
    return [result(head, items[0]["k_asked"], items) for _, items in sorted(by_k.items())]


def differences(mine, theirs, where=""):
    if isinstance(mine, (int, float)) and isinstance(theirs, (int, float)):
        return [] if abs(mine - theirs) <= 1e-6 else ["%s: %r here, %r there" % (where, mine, theirs)]
    if isinstance(mine, list):
        return [d for i, m in enumerate(mine)
                for d in differences(m, theirs[i], "%s[%d]" % (where, i))]
    if isinstance(mine, dict):
        return [d for k, m in mine.items()
                for d in differences(m, theirs.get(k), "%s %s" % (where, k))]
    return [] if mine == theirs else ["%s: %r here, %r there" % (where, mine, theirs)]


def read(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def main(argv):
    mine = results(read(argv[1]))
    for r in mine:
        print(json.dumps(r))
    if len(argv) < 3:
        return 0
    theirs = [e for e in read(argv[2]) if e["event"] == "result"]
    bad = [] if len(mine) == len(theirs) else ["%d results here, %d there" % (len(mine), len(theirs))]
    for i, (m, t) in enumerate(zip(mine, theirs)):
        bad += differences(m, t, "result %d" % i)
    for line in bad:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
