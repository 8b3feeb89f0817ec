#!/usr/bin/env python3
"""Writes large models that take no room on the disk.

    gen_large.py DIR WIDTH LAYERS

DIR/mapped.gguf  GPT-2 whose matrices are used from the file as they are
DIR/made/        the same as a published checkpoint: its Conv1D matrices must be transposed

LAYERS is a number, or "1.2x": as many as make 1.2 times as many bytes as this machine has memory. All
weights are zero: the files are headers with a hole behind them. Only Python's standard library is used.
"""
import json
import os
import struct
import sys

C = int(sys.argv[2])
F, P, HEADS = 4 * C, 16, C // 128
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a"]


def byte_alphabet():
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + i) for i in range(len(others))]


def memory():
    with open("/proc/meminfo", encoding="ascii") as f:
        for line in f:
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * 1024
    sys.exit("no MemTotal")


def n_layers(wanted):
    if not wanted.endswith("x"):
        return int(wanted)
    layer = 4 * (4 * C * C + 2 * C * F)
    return int(memory() * float(wanted[:-1]) / layer) + 1


def text(s):
    return struct.pack("<Q", len(s.encode())) + s.encode()


def write_gguf(path, layers):
    tokens = byte_alphabet() + ["<|endoftext|>"]
    meta, infos, n_meta, n_tensors, at = b"", b"", 0, 0, 0

    def put(key, kind, value):
        nonlocal meta, n_meta
        meta += text(key) + struct.pack("<I", kind) + value
        n_meta += 1

    def tensor(name, *dims):
        nonlocal infos, n_tensors, at
        n = 4
        for d in dims:
            n *= d
        infos += text(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims)
        infos += struct.pack("<IQ", 0, at)
        n_tensors += 1
        at += n + -n % 32

    def u32(key, v):
        put(key, 4, struct.pack("<I", v))

    def texts(key, all):
        put(key, 9, struct.pack("<IQ", 8, len(all)) + b"".join(map(text, all)))

    put("general.architecture", 8, text("gpt2"))
    put("general.license", 8, text("mit"))
    u32("gpt2.context_length", P)
    u32("gpt2.embedding_length", C)
    u32("gpt2.feed_forward_length", F)
    u32("gpt2.block_count", layers)
    u32("gpt2.attention.head_count", HEADS)
    put("gpt2.attention.layer_norm_epsilon", 6, struct.pack("<f", 1e-5))
    put("tokenizer.ggml.model", 8, text("gpt2"))
    put("tokenizer.ggml.pre", 8, text("gpt-2"))
    texts("tokenizer.ggml.tokens", tokens)
    types = [1] * 256 + [3]
    put("tokenizer.ggml.token_type", 9, struct.pack(f"<IQ{len(types)}i", 5, len(types), *types))
    texts("tokenizer.ggml.merges", [tokens[0] + " " + tokens[1]][:0])
    u32("tokenizer.ggml.eos_token_id", 256)

    tensor("token_embd.weight", C, len(tokens))
    tensor("position_embd.weight", C, P)
    tensor("output_norm.weight", C)
    tensor("output_norm.bias", C)
    for i in range(layers):
        b = f"blk.{i}."
        for norm in "attn_norm", "ffn_norm":
            tensor(b + norm + ".weight", C)
            tensor(b + norm + ".bias", C)
        for name, rows, columns in [("attn_qkv", 3 * C, C), ("attn_output", C, C),
                                    ("ffn_up", F, C), ("ffn_down", C, F)]:
            tensor(b + name + ".weight", columns, rows)
            tensor(b + name + ".bias", rows)
    head = b"GGUF" + struct.pack("<IQQ", 3, n_tensors, n_meta) + meta + infos
    head += b"\0" * (-len(head) % 32)
    with open(path, "wb") as f:
        f.write(head)
        f.truncate(len(head) + at)


def write_folder(path, layers):
    os.mkdir(path)
    with open(os.path.join(path, "vocab.txt"), "w", encoding="utf-8") as f:
        f.write("".join(w + "\n" for w in WORDS))
    config = {"model_type": "gpt2", "n_embd": C, "n_layer": layers, "n_head": HEADS, "n_inner": F,
              "n_positions": P, "vocab_size": len(WORDS)}
    with open(os.path.join(path, "config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f)
    header, at = {}, 0

    def tensor(name, *shape):
        nonlocal at
        n = 4
        for d in shape:
            n *= d
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + n]}
        at += n

    tensor("transformer.wte.weight", len(WORDS), C)
    tensor("transformer.wpe.weight", P, C)
    for i in range(layers):
        h = f"transformer.h.{i}."
        for norm in "ln_1", "ln_2":
            tensor(h + norm + ".weight", C)
            tensor(h + norm + ".bias", C)
        for name, rows, columns in [("attn.c_attn", C, 3 * C), ("attn.c_proj", C, C),
                                    ("mlp.c_fc", C, F), ("mlp.c_proj", F, C)]:
            tensor(h + name + ".weight", rows, columns)
            tensor(h + name + ".bias", columns)
    tensor("transformer.ln_f.weight", C)
    tensor("transformer.ln_f.bias", C)
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    with open(os.path.join(path, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(raw)) + raw)
        f.truncate(8 + len(raw) + at)


def main():
    folder, layers = sys.argv[1], n_layers(sys.argv[3])
    write_gguf(os.path.join(folder, "mapped.gguf"), layers)
    write_folder(os.path.join(folder, "made"), layers)


main()
