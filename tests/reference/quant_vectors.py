#!/usr/bin/env python3
"""Writes tests/unit/quant_vectors.h: random blocks of every tensor type with the values that the
`gguf` package (the Python side of ggml) unpacks from them, random rows with the blocks it packs,
and the errors of ggml's own quantisers for the types that package does not pack.

    pip install gguf numpy
    tests/reference/quant_vectors.py LIBGGML > tests/unit/quant_vectors.h

LIBGGML is the path of libggml-base.so, from a build of llama.cpp or from pip's llama-cpp-python.
"""
import ctypes
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as T
from gguf.quants import dequantize, quantize

rng = np.random.default_rng(20261123)

# where the halves d, m or dmin lie in a block
HALVES = {
    T.F16: [], T.BF16: [], T.Q8_0: [0], T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2],
    T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208], T.Q2_K: [80, 82], T.Q3_K: [108], T.IQ4_NL: [0],
    T.IQ4_XS: [0],
}


def blocks(kind):
    elems, size = GGML_QUANT_SIZES[kind]
    count = {1: 64, 32: 4, 256: 2}[elems]
    data = rng.integers(0, 256, (count, size), dtype=np.uint8)
    if elems == 1:  # no NaN: its payload is nobody's business
        exponent = 0x7c if kind == T.F16 else 0x7f
        data[:, 1] = np.where(data[:, 1] & exponent == exponent, 0x3c, data[:, 1])
    for offset in HALVES[kind]:
        halves = rng.normal(0, 0.05, count).astype(np.float16)
        halves[0] = np.float16(6e-6)  # a subnormal one
        data[:, offset:offset + 2] = halves.view(np.uint8).reshape(count, 2)
    return data


def emit_hex(name, ctype, values, width, per_line):
    print(f"static const {ctype} {name}[] = {{")
    values = list(values)
    for i in range(0, len(values), per_line):
        print("    " + ", ".join(f"0x{int(v):0{width}x}" for v in values[i:i + per_line]) + ",")
    print("};\n")


print("/* quant_vectors.h - written by tests/reference/quant_vectors.py, do not edit: packed blocks with the")
print(" * values the gguf Python package unpacks from them (as bits of f32), and rows with what it packs. */")
print("/* clang-format off */")
print("#ifndef XUXIE_TESTS_QUANT_VECTORS_H\n#define XUXIE_TESTS_QUANT_VECTORS_H\n\n#include <stdint.h>\n")
for kind in HALVES:
    data = blocks(kind)
    name = kind.name.lower().replace("_k", "_K")
    emit_hex(f"packed_{name}", "uint8_t", data.ravel(), 2, 16)
    values = dequantize(data, kind).astype(np.float32).ravel()
    emit_hex(f"unpacked_{name}", "uint32_t", values.view(np.uint32), 8, 8)

row = rng.normal(0, 1, 192).astype(np.float32)
row[32:64] *= np.float32(1e-3)
row[64:96] = 0
row[96:128] *= np.float32(300)
row[128:160] = np.round(row[128:160] * 4) / 4  # many ties
emit_hex("row", "uint32_t", row.view(np.uint32), 8, 8)
for kind in (T.F16, T.BF16, T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1):
    packed = row.astype(np.float16) if kind == T.F16 else quantize(row, kind)
    emit_hex(f"row_as_{kind.name.lower()}", "uint8_t", packed.view(np.uint8).ravel(), 2, 16)

ggml = ctypes.CDLL(sys.argv[1])
K_TYPES = (T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K)


def pointer(a):
    return a.ctypes.data_as(ctypes.c_void_p)


def squared_error(values, kind):
    """What ggml loses on these values: the sum of squares."""
    elems, size = GGML_QUANT_SIZES[kind]
    packed = np.zeros((values.size // elems, size), np.uint8)
    pack = getattr(ggml, f"quantize_row_q{kind.name[1:]}_ref")
    pack(pointer(values), pointer(packed), ctypes.c_int64(values.size))
    return np.sum((dequantize(packed, kind).ravel() - values).astype(np.float64) ** 2)


def k_rows():
    """The rows of test_quant.c's fill_k_row: sums of twelve 16-bit numbers, nearly normal, as they
    are and times their size, which makes heavy tails."""
    state, sums = 1, []
    for _ in range(2 * 32 * 256):
        total = -6 * 65536
        for _ in range(12):
            state = (state * 1664525 + 1013904223) % 2 ** 32
            total += state >> 16
        sums.append(total)
    values = np.array(sums, np.float32) * np.float32(2.0 ** -21)
    even, uneven = values[:32 * 256], values[32 * 256:]
    return even, uneven * np.abs(uneven)


print("/* the sums of squares that ggml loses on the two rows of fill_k_row() */")
for kind in K_TYPES:
    name = kind.name.lower().replace("_k", "_K")
    errors = ", ".join(f"{squared_error(row, kind):.6g}" for row in k_rows())
    print(f"static const double ggml_error_{name}[] = {{{errors}}};")
print("\n#endif")
