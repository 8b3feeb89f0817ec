#!/usr/bin/env python3
"""Compares xuxie with the reference implementations on their own checkpoints (TAP).

Every fixture folder holds a small checkpoint as its family publishes it and, in expected.json and
logits_N.npy, what the reference program computed with it in f32. For each case:
  - the logits of the input ids, within the tolerance of the family;
  - the greedy continuation, id by id, from the logits of the whole sequence.
Then: the folder's GGUF twin where there is one; a GGUF file imported from the folder gives the same
bits as the folder; shards give the same bits as one file.

  XUXIE=./xuxie XUXIE_SHARED=../shared tests/reference/check_fixtures.py [FIXTURE...]
"""
import array
import ast
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

XUXIE = os.environ.get("XUXIE", "./xuxie")
FIXTURES = os.path.join(os.environ.get("XUXIE_SHARED", "../shared"), "fixtures")
TOLERANCE = {"a": 5e-5, "b": 5e-5, "c": 5e-5, "d": 5e-5, "e": 2e-4}

n_tests = 0
n_failed = 0


def ok(good, what, why=""):
    global n_tests, n_failed
    n_tests += 1
    n_failed += not good
    print(f"{'ok' if good else 'not ok'} {n_tests} - {what}", flush=True)
    if not good:
        for line in str(why).splitlines():
            print("# " + line)


def read_npy(path):
    """(rows, columns, values) of a NumPy file, version 1, float32, C order."""
    with open(path, "rb") as f:
        data = f.read()
    assert data[:8] == b"\x93NUMPY\x01\x00", path
    n = struct.unpack("<H", data[8:10])[0]
    head = ast.literal_eval(data[10 : 10 + n].decode())
    assert head["descr"] == "<f4" and not head["fortran_order"], path
    values = array.array("f")
    values.frombytes(data[10 + n :])
    if sys.byteorder == "big":
        values.byteswap()
    rows, columns = head["shape"]
    assert len(values) == rows * columns
    return rows, columns, values


def xuxie(*args):
    r = subprocess.run([XUXIE, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if r.returncode:
        raise RuntimeError(f"xuxie {' '.join(args)}: status {r.returncode}: {r.stderr}")


def logits(model, ids, work):
    out = os.path.join(work, "logits.npy")
    xuxie("model", "logits", "--model", model, "--ids", ",".join(map(str, ids)), "--npy", out)
    return read_npy(out)


def compare(model, fixture, cases, work):
    """The largest difference of a logit, the greedy tokens that differ, and the last case's logits."""
    worst, last, wrong = 0.0, None, []
    for i, case in enumerate(cases):
        ids = case["input_ids"]
        greedy = case.get("greedy_nostop") or []
        got = logits(model, (ids + greedy)[: max(len(ids), len(ids) + len(greedy) - 1)], work)
        _, columns, values = got
        want = read_npy(os.path.join(fixture, f"logits_{i}.npy"))
        if want[1] != columns:
            raise RuntimeError(f"{columns} logits instead of {want[1]}")
        worst = max(worst, max(abs(a - b) for a, b in zip(values, want[2])))
        for k, id in enumerate(greedy):
            at = (len(ids) + k - 1) * columns
            row = values[at : at + columns]
            if max(range(columns), key=row.__getitem__) != id:
                wrong.append(f"case {i}: token {k} should be {id}")
        last = got
    return worst, wrong, last


def check_model(model, fixture, name, work):
    """All cases of the fixture's expected.json with this model; returns the last case's logits."""
    with open(os.path.join(fixture, "expected.json"), encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    tolerance = TOLERANCE[os.path.basename(fixture)[0]]
    worst, wrong, last = compare(model, fixture, cases, work)
    ok(worst <= tolerance, f"{name}: logits within {tolerance:g}", f"largest difference {worst:g}")
    ok(not wrong, f"{name}: greedy tokens", "\n".join(wrong))
    return last, cases[-1]


def check_import_bits(fixture, work, direct, case):
    """Does a GGUF file imported from the folder give the same bits?"""
    out = os.path.join(work, "imported.gguf")
    xuxie("model", "import", fixture, "-o", out)
    ids = case["input_ids"] + (case.get("greedy_nostop") or [])
    return logits(out, ids[: direct[0]], work)[2] == direct[2]


def check_import(fixture, name, work, direct, case):
    ok(check_import_bits(fixture, work, direct, case), f"{name}: imported, the same bits")


def check_joined(fixture, name, work, direct, case):
    """The shards of safetensors put into one file."""
    index = os.path.join(fixture, "model.safetensors.index.json")
    if not os.path.exists(index):
        return
    folder = os.path.join(work, "joined")
    os.mkdir(folder)
    with open(index, encoding="utf-8") as f:
        shards = sorted(set(json.load(f)["weight_map"].values()))
    header, data = {}, b""
    for shard in shards:
        with open(os.path.join(fixture, shard), "rb") as f:
            raw = f.read()
        n = struct.unpack("<Q", raw[:8])[0]
        for key, info in json.loads(raw[8 : 8 + n]).items():
            if key != "__metadata__":
                info["data_offsets"] = [o + len(data) for o in info["data_offsets"]]
                header[key] = info
        data += raw[8 + n :]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)
    for other in os.listdir(fixture):
        if other == "config.json" or other.startswith("tokenizer"):
            shutil.copy(os.path.join(fixture, other), folder)
    ids = case["input_ids"] + (case.get("greedy_nostop") or [])
    same = logits(folder, ids[: direct[0]], work)[2] == direct[2]
    ok(same, f"{name}: sharded = one file, the same bits")


def main():
    if not os.path.isdir(FIXTURES):
        print(f"1..0 # SKIP no fixtures at {FIXTURES}")
        return 0
    names = sys.argv[1:] or sorted(n for n in os.listdir(FIXTURES) if n[1:2].isdigit())
    for name in names:
        fixture = os.path.join(FIXTURES, name)
        twin = os.path.join(FIXTURES, "gguf", name + ".gguf")
        work = tempfile.mkdtemp(prefix="xuxie-fixtures.")
        try:
            direct, case = check_model(fixture, fixture, name, work)
            check_import(fixture, name, work, direct, case)
            check_joined(fixture, name, work, direct, case)
            if os.path.exists(twin):
                check_model(twin, fixture, name + ".gguf", work)
        except (RuntimeError, OSError, AssertionError) as e:
            ok(False, f"{name}: runs", e)
        finally:
            shutil.rmtree(work)
    print(f"1..{n_tests}")
    return n_failed != 0


if __name__ == "__main__":
    sys.exit(main())
