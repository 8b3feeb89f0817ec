#!/usr/bin/env python3
"""Writes a checkpoint of DAMO's shape and size, cut into Megatron's shards, with random weights.

    make_megatron.py FOLDER TOKENIZER_JSON [SIZE [RANKS]]        SIZE: 1.3B, 2.7B, 13B (default), 30B

FOLDER/config.json and FOLDER/model/mp_rank_0N_model_states.pt (8 of them), torch zip archives of fp16 as
torch.save writes them (data at multiples of 64 bytes): 13B are 26 GB. The weights are normal numbers of deviation 0.02 from a block of four
million, which is written again and again, each tensor beginning elsewhere in it; norms are ones, their biases
zeros. Only Python's standard library is used. For `xuxie model import`, its time and its memory:

    make_megatron.py /tmp/big ../shared/fixtures/b1_megatron_tp1_fp16/tokenizer.json
    import_big.sh build/xuxie /tmp/big
"""
import json
import os
import random
import shutil
import struct
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hostile"))
from gen_torch import EMPTY_DICT, PROTO, STOP, pair, storage, tensor  # noqa: E402

SIZES = {"tiny": (2, 4, 64), "1.3B": (24, 32, 2048), "2.7B": (32, 32, 2560), "13B": (40, 40, 5120),
         "30B": (48, 56, 7168)}
V, P = 25600, 2048
BLOCK = 1 << 22


def block():
    """Four million normal numbers as fp16, twice, so that a tensor can begin anywhere."""
    rng = random.Random(5)
    once = struct.pack(f"<{BLOCK}e", *(rng.gauss(0, 0.02) for _ in range(BLOCK)))
    return memoryview(once + once)


def tensors(n_layer, width, ranks):
    """Name and shape of every tensor of one shard."""
    stem = "language_model."
    yield stem + "embedding.word_embeddings.weight", (V // ranks, width)
    yield stem + "embedding.position_embeddings.weight", (P, width)
    for i in range(n_layer):
        layer = f"{stem}encoder.layers.{i}."
        for name, rows, columns in (("self_attention.query_key_value", 3 * width // ranks, width),
                                    ("self_attention.dense", width, width // ranks),
                                    ("mlp.dense_h_to_4h", 4 * width // ranks, width),
                                    ("mlp.dense_4h_to_h", width, 4 * width // ranks)):
            yield layer + name + ".weight", (rows, columns)
            yield layer + name + ".bias", (rows,)
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield layer + name + ".weight", (width,)
            yield layer + name + ".bias", (width,)
    yield stem + "encoder.final_layernorm.weight", (width,)
    yield stem + "encoder.final_layernorm.bias", (width,)


def write_storage(out, name, n, numbers, at):
    if "layernorm" in name or name.endswith("bias"):
        out.write(struct.pack("<e", 1.0 if name.endswith("norm.weight") else 0.0) * n)
        return
    at %= BLOCK
    while n > 0:
        some = min(n, BLOCK)
        out.write(numbers[2 * at:2 * (at + some)])
        n -= some


def write_shard(path, rank, n_layer, width, ranks, numbers):
    all_tensors = list(tensors(n_layer, width, ranks))
    state = EMPTY_DICT
    for i, (name, shape) in enumerate(all_tensors):
        stride = (shape[1], 1) if len(shape) == 2 else (1,)
        n = shape[0] * (shape[1] if len(shape) == 2 else 1)
        state += pair(name, tensor(storage(str(i), "HalfStorage", n), 0, shape, stride))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as z:
        z.writestr("archive/data.pkl", PROTO + EMPTY_DICT + pair("module", state) + STOP)
        for i, (name, shape) in enumerate(all_tensors):
            info = zipfile.ZipInfo(f"archive/data/{i}")
            begin = z.fp.tell() + 30 + len(info.filename) + 20 + 4  # what comes before the padding
            info.extra = struct.pack("<HH", 0x4246, -begin % 64) + b"Z" * (-begin % 64)
            with z.open(info, "w", force_zip64=True) as out:
                write_storage(out, name, shape[0] * (shape[1] if len(shape) == 2 else 1), numbers,
                              7919 * (rank * len(all_tensors) + i))
        z.writestr("archive/version", "3\n")


def main():
    if not 3 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    folder, tokenizer = sys.argv[1:3]
    n_layer, n_head, width = SIZES[sys.argv[3] if len(sys.argv) > 3 else "13B"]
    ranks = int(sys.argv[4]) if len(sys.argv) > 4 else 8
    os.makedirs(os.path.join(folder, "model"), exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
        json.dump({"vocab_size": V, "hidden_size": width, "num_hidden_layers": n_layer,
                   "num_attention_heads": n_head, "max_position_embeddings": P, "fp16": True,
                   "layernorm_epsilon": 1e-5, "bias_gelu_fusion": True, "eod_id": 1}, f, indent=1)
    shutil.copy(tokenizer, os.path.join(folder, "tokenizer.json"))
    numbers = block()
    for rank in range(ranks):
        path = os.path.join(folder, "model", f"mp_rank_{rank:02d}_model_states.pt")
        write_shard(path, rank, n_layer, width, ranks, numbers)
        print(f"{path}: {os.path.getsize(path)} bytes", flush=True)


if __name__ == "__main__":
    main()
