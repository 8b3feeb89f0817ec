#!/usr/bin/env python3
"""Cuts a GGUF file into pieces, as llama.cpp's gguf-split does.

    split_gguf.py IN NAME N [--no-tensor-first] [KEY=VALUE...]

Writes NAME-00001-of-0000N.gguf and so on. KEY=VALUE makes bad ones: no.I=V and count.I=V (what piece I
says split.no and split.count are), total=V (split.tensors.count), again=I (piece I has the first tensor
of all once more). Only Python's standard library; none of xuxie's code.
"""
import struct
import sys

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
ALIGNMENT = 32


def skip_value(data, at, kind):
    if kind == 8:
        return at + 8 + struct.unpack_from("<Q", data, at)[0]
    if kind == 9:
        element, n = struct.unpack_from("<IQ", data, at)
        at += 12
        if element != 8:
            return at + n * SIZES[element]
        for _ in range(n):
            at = skip_value(data, at, 8)
        return at
    return at + SIZES[kind]


def read(path):
    """Metadata as bytes, and tensors as (table entry without its offset, data)."""
    with open(path, "rb") as f:
        data = f.read()
    magic, version, n_tensors, n_meta = struct.unpack_from("<4sIQQ", data)
    assert magic == b"GGUF" and version == 3
    at, meta, places = 24, [], []
    for _ in range(n_meta):
        begin = at
        at = skip_value(data, at, 8)
        kind, = struct.unpack_from("<I", data, at)
        at = skip_value(data, at + 4, kind)
        meta.append(data[begin:at])
    for _ in range(n_tensors):
        begin = at
        at = skip_value(data, at, 8)
        n_dims, = struct.unpack_from("<I", data, at)
        at += 4 + 8 * n_dims + 4
        places.append((data[begin:at], struct.unpack_from("<Q", data, at)[0]))
        at += 8
    base = (at + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
    order = sorted(p for _, p in places) + [len(data) - base]
    return meta, [(entry, data[base + p:base + order[order.index(p) + 1]]) for entry, p in places]


def number(key, kind, value):
    return struct.pack("<Q", len(key)) + key.encode() + struct.pack("<I", {"H": 2, "i": 5}[kind]) + \
        struct.pack("<" + kind, value)


def padded(data):
    return data + b"\0" * (-len(data) % ALIGNMENT)


def write(path, meta, tensors):
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(meta)) + b"".join(meta)
    offset = 0
    for entry, data in tensors:
        head += entry + struct.pack("<Q", offset)
        offset += len(padded(data))
    with open(path, "wb") as f:
        f.write(padded(head))
        for _, data in tensors:
            f.write(padded(data))


def main():
    args = [a for a in sys.argv[1:] if "=" not in a and not a.startswith("--")]
    bad = dict(a.split("=") for a in sys.argv[1:] if "=" in a)
    source, name, n = args[0], args[1], int(args[2])
    meta, tensors = read(source)
    first_empty = "--no-tensor-first" in sys.argv
    n_full = n - first_empty
    parts = ([[]] if first_empty else []) + [tensors[i * len(tensors) // n_full:(i + 1) * len(tensors) // n_full]
                                             for i in range(n_full)]
    for i, part in enumerate(parts, 1):
        said = [number("split.no", "H", int(bad.get(f"no.{i}", i - 1))),
                number("split.count", "H", int(bad.get(f"count.{i}", n))),
                number("split.tensors.count", "i", int(bad.get("total", len(tensors))))]
        if bad.get("again") == str(i):
            part = part + tensors[:1]
        write(f"{name}-{i:05d}-of-{n:05d}.gguf", (meta if i == 1 else []) + said, part)


main()
