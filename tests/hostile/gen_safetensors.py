#!/usr/bin/env python3
"""Writes malformed safetensors files, one flaw each, and what xuxie must say of them.

    gen_safetensors.py DIR

DIR/NAME.safetensors  the files
DIR/EXPECT.tsv        name, "ok" or "refuse", a word the message must hold ("-": any), file name

Only Python's standard library is used, and none of xuxie's code.
"""
import json
import os
import struct
import sys

CASES = []  # (name, function, expectation, word, extension)


def add(name, make, expect="refuse", word="-", ext="safetensors"):
    CASES.append((name, make, expect, word, ext))


def file(header, data=b"", length=None):
    """A file of a header (object, text or bytes) and data; length is told in the header's place."""
    if not isinstance(header, (str, bytes)):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def entry(shape=(2,), dtype="F32", offsets=(0, 8)):
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def one(**fields):
    return lambda: file({"w": entry(**fields)}, bytes(8))


def raw(text, data=bytes(8)):
    return lambda: file(text, data)


W = '"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'


def add_good_cases():
    add("ok-plain", one(), "ok")
    add("ok-padded", raw("{" + W + "}      "), "ok")
    add("ok-escaped-name", raw('{"\\u96ea":{"shape":[2],"data_offsets":[0,8],"dtype":"F32"}}'),
        "ok")
    add("ok-metadata", raw('{"__metadata__":{"format":"pt"},' + W + "}"), "ok")
    add("ok-none", lambda: file({}), "ok")
    add("ok-any-order", lambda: file({"b": entry(offsets=(8, 16)), "a": entry()}, bytes(16)), "ok")
    add("ok-5000-empty", lambda: file({f"t{i}": entry([0, 7], offsets=(0, 0))
                                       for i in range(5000)}), "ok")
    add("ok-scalar", one(shape=[], dtype="F64"), "ok")
    add("ok-other-extension", one(), "ok", ext="bin")
    for dtype, size in [("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8), ("I32", 4),
                        ("I16", 2), ("I8", 1), ("U8", 1), ("BOOL", 1)]:
        add("ok-" + dtype.lower(), one(dtype=dtype, shape=[8 // size]), "ok")


def add_length_cases():
    for name, n in [("0", 0), ("1", 1), ("beyond", 1000), ("2-63", 2**63), ("max", 2**64 - 1),
                    ("101m", 101 * 10**6), ("2-32", 2**32), ("one-more", None)]:
        header = "{" + W + "}"
        add("length-" + name, lambda n=n, h=header: file(h, bytes(8),
                                                         len(h) + 9 if n is None else n))
    whole = file("{" + W + "}", bytes(8))
    for at in [0, 1, 7, 8, 9, 20, len(whole) - 9, len(whole) - 1]:
        add(f"cut-{at}", lambda at=at: whole[:at])


def add_header_cases():
    texts = [("not-json", b"hello there"), ("list", b"[1, 2]"), ("text", b'"w"'), ("number", b"42"),
             ("cut", b'{"w":{"dtype":"F32","sh'), ("utf-16", ("{" + W + "}").encode("utf-16-le")),
             ("utf-16-bom", ("{" + W + "}").encode("utf-16")),
             ("bad-utf-8", b'{"\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
             ("overlong-utf-8", b'{"\xc0\xaf":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
             ("nul-padded", ("{" + W + "}\0\0\0\0").encode()),
             ("garbage-behind", ("{" + W + "} x").encode()),
             ("space-before", ("  {" + W + "}").encode()),
             ("lone-surrogate", b'{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
             ("nul-in-name", b'{"a\\u0000b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}')]
    for name, text in texts:
        add("header-" + name, raw(text))
    add("header-deep-65", raw('{"w":' + "[" * 64 + "]" * 64 + "}"), word="64")
    add("header-deep-100000", raw('{"w":' + "[" * 100000 + "]" * 100000 + "}"), word="64")
    add("header-deep-objects", raw('{"a":' * 100000 + "1" + "}" * 100000), word="64")
    add("header-many-values", raw('{"w":[' + "0," * 2200000 + "0]}"), word="commas")
    add("name-twice", raw("{" + W + "," + W + "}"))
    add("name-twice-escaped", raw("{" + W + "," + W.replace("w", "\\u0077") + "}"))
    add("name-empty", raw("{" + W.replace('"w"', '""') + "}"), word="name")
    add("name-300k", raw("{" + W.replace('"w"', '"' + "n" * 300000 + '"') + "}"), word="4096")
    add("name-escape", lambda: file({"\x1b[2J": entry(dtype="X")}, bytes(8)), word="\\u{1B}")
    add("metadata-list", raw('{"__metadata__":[],' + W + "}"), word="__metadata__")
    add("metadata-number", raw('{"__metadata__":{"a":1},' + W + "}"), word="__metadata__")
    add("tensors-70000", lambda: file({f"t{i}": entry([0], offsets=(0, 0))
                                       for i in range(70000)}), word="65536")


def add_tensor_cases():
    for name, v in [("unknown", "Q4_K"), ("lower", "f32"), ("empty", ""), ("number", 1),
                    ("null", None), ("escape", "\x1b]0;x\x07"), ("f8", "F8_E4M3"), ("long", "F" * 9999)]:
        add("dtype-" + name, one(dtype=v), word="dtype")
    for name, v in [("negative", [-2]), ("fraction", [2.5]), ("float", [2.0]), ("text", ["2"]),
                    ("2-63", [2**63]), ("2-64", [2**64]), ("wrapping", [2**32, 2**32]),
                    ("wrapping-bytes", [2**62 + 2]), ("wrapping-to-8", [2**61, 8]), ("null", None),
                    ("number", 2), ("object", {}), ("nested", [[2]]), ("bool", [True]),
                    ("dims-9", [1] * 8 + [2]), ("dims-100000", [1] * 100000), ("short", [1]),
                    ("long", [3]), ("zero", [0]), ("digits", "RAW")]:
        if v == "RAW":
            add("shape-digits", raw("{" + W.replace("[2]", "[" + "1" * 100000 + "]") + "}"))
        else:
            add("shape-" + name, one(shape=v))
    for name, v in [("reversed", [8, 0]), ("negative", [-8, 0]), ("beyond", [0, 16]),
                    ("far-beyond", [2**62, 2**62 + 8]), ("max", [0, 2**63 - 1]), ("2-64", [0, 2**64]),
                    ("one", [0]), ("three", [0, 8, 8]), ("text", ["0", "8"]), ("float", [0.0, 8.0]),
                    ("null", None), ("fraction", [0, 7.5]), ("hole-before", [4, 12])]:
        add("offsets-" + name, one(offsets=v))
    for field in ["dtype", "shape", "data_offsets"]:
        def without(field=field):
            e = entry()
            del e[field]
            return file({"w": e}, bytes(8))
        add("without-" + field.replace("_", "-"), without, word=field.replace("data_", ""))
    for name, v in [("number", 1), ("list", []), ("null", None), ("text", "x"), ("empty", {})]:
        add("entry-" + name, lambda v=v: file({"w": v}, bytes(8)))

    def two(a, b, n):
        return lambda: file({"a": entry(offsets=a), "b": entry(offsets=b)}, bytes(n))
    add("overlapping", two([0, 8], [4, 12], 12), word="overlaps")
    add("same-place", two([0, 8], [0, 8], 8), word="overlaps")
    add("hole", two([0, 8], [12, 20], 20), word="no tensor")
    add("trailing-bytes", lambda: file({"w": entry()}, bytes(9)), word="no tensor")
    add("data-but-no-tensor", lambda: file({}, bytes(8)), word="no tensor")
    add("looks-html", lambda: b"<!DOCTYPE html>\n<html><body>404</body></html>", word="HTML")
    add("looks-lfs", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        word="git-lfs")
    add("looks-gguf", lambda: b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "ok")
    add("escape-\x1b[31m-in-name", lambda: file("[]"), word="\\u{1B}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    add_good_cases()
    add_length_cases()
    add_header_cases()
    add_tensor_cases()
    names = [c[0] for c in CASES]
    assert len(set(names)) == len(names), "two cases have one name"
    with open(os.path.join(folder, "EXPECT.tsv"), "w", encoding="utf-8") as out:
        for name, make, expect, word, ext in CASES:
            with open(os.path.join(folder, f"{name}.{ext}"), "wb") as f:
                f.write(make())
            out.write(f"{name}\t{expect}\t{word}\t{name}.{ext}\n")
    print(f"{len(CASES)} files in {folder}")


if __name__ == "__main__":
    main()
