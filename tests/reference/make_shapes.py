#!/usr/bin/env python3
"""Writes small random models of many shapes as transformers publishes them, and what it computes with them.

    make_shapes.py FOLDER [WORD...]      (only shapes whose names hold one of the words)

FOLDER/NAME/ is a checkpoint (config.json and weights), with expected.json and logits_N.npy as in the
fixtures; check_shapes.py compares xuxie with them. The models differ in what a loader can get wrong: numbers
of heads, lengths of heads, the two spellings of rotary settings, windows, biases, tied heads, element types,
containers. Sizes are odd on purpose. The reference loads the folder that was written, so its rounding is in.

PyTorch and transformers are needed, which is why this is no test of `make check`:

    python3 -m venv /tmp/shapes && /tmp/shapes/bin/pip install torch transformers safetensors
    /tmp/shapes/bin/python tests/reference/make_shapes.py /tmp/shapes/models
    XUXIE=build/xuxie tests/reference/check_shapes.py /tmp/shapes/models
"""
import json
import os
import shutil
import sys

import numpy
import torch
import transformers
from safetensors.torch import save_file

TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
VOCAB, CONTEXT, N_LAYER = 263, 160, 3
LINEAR = {"rope_type": "linear", "factor": 2.5}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
YARN_ALL = {**YARN, "factor": 3.0, "beta_fast": 20.0, "beta_slow": 2.0, "attention_factor": 1.3}

# name: model type, query heads, key heads, head length (None: the width divided by the heads), width, FFN
# width, and: rope, theta, spelling of rotary settings (5: rope_parameters, "type" or "rope_type": transformers
# 4), type, container, further keys of config.json
SHAPES = {
    "llama-mha3": ("llama", 3, 3, None, 48, 83, dict()),
    "llama-gqa5to1-long-heads": ("llama", 5, 1, 16, 40, 61, dict(type="f16")),
    "llama-gqa6to2-short-heads": ("llama", 6, 2, 6, 54, 90, dict(type="bf16", spelling="rope_type")),
    "llama-1-head": ("llama", 1, 1, None, 34, 50, dict(theta=500000.0)),
    "llama-7-heads-of-2": ("llama", 7, 7, 2, 28, 31, dict()),
    "llama-gqa12to4-tied": ("llama", 12, 4, None, 96, 100, dict(tied=True, type="f16")),
    "llama-linear-type": ("llama", 4, 2, None, 40, 64, dict(rope=LINEAR, spelling="type")),
    "llama-linear-rope_type": ("llama", 4, 2, None, 40, 64, dict(rope=LINEAR, spelling="rope_type", tied=True)),
    "llama-linear-v5": ("llama", 6, 3, 10, 48, 70, dict(rope=LINEAR, type="bf16")),
    "llama-llama3-type": ("llama", 6, 3, 12, 48, 70, dict(rope=LLAMA3, spelling="type", theta=5e5)),
    "llama-llama3-rope_type": ("llama", 8, 2, None, 64, 99, dict(rope=LLAMA3, spelling="rope_type", type="bf16")),
    "llama-llama3-v5": ("llama", 6, 2, 16, 48, 70, dict(rope=LLAMA3, theta=5e5, type="f16", tied=True)),
    "llama-yarn-type": ("llama", 3, 1, 16, 45, 70, dict(rope=YARN, spelling="type")),
    "llama-yarn-rope_type": ("llama", 3, 3, 16, 48, 70, dict(rope=YARN_ALL, spelling="rope_type", theta=1e6)),
    "llama-yarn-v5": ("llama", 4, 4, 24, 52, 70, dict(rope=YARN_ALL, type="f16")),
    "llama-attention-bias": ("llama", 5, 5, None, 60, 77, dict(bias=True)),
    "llama-attention-bias-gqa-f16": ("llama", 6, 2, 8, 54, 77, dict(bias=True, type="f16", spelling="rope_type")),
    "llama-mlp-bias": ("llama", 4, 2, None, 48, 77, dict(mlp_bias=True, type="bf16")),
    "llama-all-biases": ("llama", 3, 1, 12, 48, 77, dict(mlp_bias=True, bias=True, tied=True, spelling="type", rope=YARN)),
    "llama-shards": ("llama", 4, 2, None, 72, 111, dict(container="shards", type="bf16")),
    "llama-bin": ("llama", 6, 2, 10, 54, 75, dict(container="bin", type="f16")),
    "llama-bin-shards": ("llama", 3, 3, None, 66, 75, dict(container="bin-shards")),
    "llama-bin-legacy": ("llama", 3, 1, 14, 51, 75, dict(container="legacy", type="bf16", tied=True)),
    "mistral-window": ("mistral", 4, 2, None, 56, 70, dict(sliding_window=8)),
    "mistral-window-long-heads": ("mistral", 6, 3, 16, 40, 70, dict(sliding_window=5, type="bf16", spelling="rope_type")),
    "mistral-no-window": ("mistral", 5, 1, 20, 64, 90, dict(sliding_window=None, theta=1e6, type="f16")),
    "mistral-wide-window": ("mistral", 4, 4, None, 64, 90, dict(sliding_window=4096, container="shards")),
    "qwen2-bias": ("qwen2", 7, 1, None, 56, 81, dict(type="f16")),
    "qwen2-tied-odd": ("qwen2", 6, 2, None, 60, 81, dict(tied=True, theta=1e6, type="bf16", spelling="rope_type")),
    "qwen2-yarn-type": ("qwen2", 6, 2, None, 60, 81, dict(rope=YARN, spelling="type", container="bin")),
    "qwen2-yarn-v5": ("qwen2", 4, 2, None, 56, 81, dict(rope=YARN_ALL, tied=True)),
    "qwen2-linear-rope_type": ("qwen2", 3, 1, None, 42, 81, dict(rope=LINEAR, spelling="rope_type")),
    "qwen2-window-all": ("qwen2", 4, 2, None, 56, 81, dict(use_sliding_window=True, sliding_window=7, max_window_layers=0)),
    "qwen2-window-last": ("qwen2", 4, 2, None, 56, 81, dict(use_sliding_window=True, sliding_window=7, max_window_layers=2)),
    "qwen2-window-last-v4": ("qwen2", 4, 4, None, 48, 81, dict(use_sliding_window=True, sliding_window=6, max_window_layers=1,
                                                            spelling="rope_type", type="f16")),
    "qwen2-window-none": ("qwen2", 4, 2, None, 56, 81, dict(use_sliding_window=True, sliding_window=7, max_window_layers=3)),
    "qwen2-window-unused": ("qwen2", 4, 2, None, 56, 81, dict(use_sliding_window=False, sliding_window=7, max_window_layers=1,
                                                             spelling="rope_type")),
    "qwen3-long-heads": ("qwen3", 5, 1, 24, 40, 65, dict()),
    "qwen3-short-heads-tied": ("qwen3", 6, 3, 6, 70, 65, dict(tied=True, type="bf16", theta=1e6)),
    "qwen3-yarn-rope_type": ("qwen3", 4, 2, 16, 48, 65, dict(rope=YARN, spelling="rope_type", theta=1e6, type="f16")),
    "qwen3-yarn-v5-shards": ("qwen3", 4, 4, 16, 48, 65, dict(rope=YARN_ALL, container="shards")),
    "qwen3-attention-bias": ("qwen3", 3, 3, 10, 48, 65, dict(bias=True, type="bf16")),
    "gpt2-gelu_new": ("gpt2", 3, 3, None, 48, 83, dict(tied=True)),
    "gpt2-gelu": ("gpt2", 4, 4, None, 52, None, dict(tied=True, activation_function="gelu", type="f16")),
    "gpt2-relu": ("gpt2", 5, 5, None, 45, 77, dict(tied=True, activation_function="relu", type="bf16")),
    "gpt2-silu": ("gpt2", 2, 2, None, 38, 77, dict(tied=True, activation_function="silu", container="bin")),
    "gpt2-swish-shards": ("gpt2", 6, 6, None, 42, 91, dict(tied=True, activation_function="swish", container="shards")),
    "qwen3-window-last": ("qwen3", 4, 2, 12, 48, 65, dict(use_sliding_window=True, sliding_window=9, max_window_layers=1)),
}


def make_config(kind, n_head, n_head_kv, head_dim, width, ff, more):
    more = dict(more)
    for key in ("spelling", "type", "container"):
        more.pop(key, None)
    if kind == "gpt2":
        return {"model_type": kind, "vocab_size": VOCAB, "n_embd": width, "n_inner": ff, "n_layer": N_LAYER, "n_head": n_head,
                "n_positions": CONTEXT, "tie_word_embeddings": more.pop("tied", True), "bos_token_id": 1,
                "eos_token_id": 2, **more}
    rope = {"rope_theta": more.pop("theta", 10000.0), **more.pop("rope", {"rope_type": "default"})}
    config = {"model_type": kind, "vocab_size": VOCAB, "hidden_size": width, "intermediate_size": ff,
              "num_hidden_layers": N_LAYER, "num_attention_heads": n_head, "num_key_value_heads": n_head_kv,
              "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5, "hidden_act": "silu",
              "tie_word_embeddings": more.pop("tied", False), "bos_token_id": 1, "eos_token_id": 2,
              "rope_parameters": rope}
    if head_dim:
        config["head_dim"] = head_dim
    if more.pop("bias", False):
        config["attention_bias"] = True
    return {**config, **more}


def respell(config, spelling, dtype):
    """config.json as transformers 4 wrote it: rope_theta and rope_scaling, torch_dtype."""
    config["torch_dtype"] = config.pop("dtype", dtype)
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    kind = rope.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {spelling: kind, **rope}
    config.pop("layer_types", None)
    config["transformers_version"] = "4.45.0"
    return config


def randomise(model, seed):
    """Weights large enough that every part of a block is felt in the logits."""
    generator = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        with torch.no_grad():
            noise = torch.empty(p.shape).normal_(generator=generator)
            if "norm" in name or (".ln_" in name and name.endswith("weight")):
                p.copy_(1 + 0.2 * noise)
            elif name.endswith("bias"):
                p.copy_(0.3 * noise)
            else:
                p.copy_(noise / p.shape[-1] ** 0.5 if "embed" not in name else noise)


def save(state, folder, container):
    """The state dict in one of the containers transformers reads."""
    bins = container in ("bin", "bin-shards", "legacy")
    stem = "pytorch_model" if bins else "model"
    suffix = "bin" if bins else "safetensors"

    def write(part, name):
        if bins:
            torch.save(part, os.path.join(folder, name), _use_new_zipfile_serialization=container != "legacy")
        else:
            save_file({k: v.contiguous() for k, v in part.items()}, os.path.join(folder, name),
                      metadata={"format": "pt"})
    if not container.endswith("shards"):
        return write(state, f"{stem}.{suffix}")
    names, weight_map = sorted(state), {}
    for i in range(3):
        shard = f"{stem}-{i + 1:05d}-of-00003.{suffix}"
        write({n: state[n] for n in names[i::3]}, shard)
        weight_map.update({n: shard for n in names[i::3]})
    size = sum(t.numel() * t.element_size() for t in state.values())
    with open(os.path.join(folder, f"{stem}.{suffix}.index.json"), "w", encoding="utf-8") as f:
        json.dump({"metadata": {"total_size": size}, "weight_map": weight_map}, f)


def expect(model, folder, seed):
    """Logits of two texts, one of a single token and one longer than windows and original contexts, and
    greedy continuations computed without a cache."""
    rng = numpy.random.default_rng(seed)
    cases = []
    for i, (n, n_greedy) in enumerate(((1, 24), (5, 24), (90, 16))):
        ids = [int(x) for x in rng.integers(3, VOCAB, n)]
        out, margin = list(ids), float("inf")
        with torch.no_grad():
            logits = model(torch.tensor([ids]), use_cache=False).logits[0]
            for _ in range(n_greedy):
                best = torch.topk(model(torch.tensor([out]), use_cache=False).logits[0, -1], 2)
                margin = min(margin, float(best.values[0] - best.values[1]))
                out.append(int(best.indices[0]))
        numpy.save(os.path.join(folder, f"logits_{i}.npy"), logits.numpy().astype("<f4"))
        cases.append({"input_ids": ids, "logits_file": f"logits_{i}.npy", "greedy_nostop": out[n:],
                      "min_top1_top2_margin": margin, "largest_logit": float(logits.abs().max())})
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as f:
        json.dump({"reference": f"transformers {transformers.__version__}, torch {torch.__version__}, "
                                "float32, eager attention", "cases": cases}, f)


def write_tokenizer(folder):
    """Bytes are tokens, as in GPT-2's alphabet; a file that is imported has to have some tokenizer."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    spelt = {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(others)}}
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2, **{spelt[b]: 3 + b for b in range(256)}}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    added = [{"id": i, "content": c, "special": True, "normalized": False, "lstrip": False, "rstrip": False,
              "single_word": False} for i, c in enumerate(("<unk>", "<s>", "</s>"))]
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as f:
        json.dump({"version": "1.0", "added_tokens": added, "normalizer": None, "pre_tokenizer": level,
                   "post_processor": None, "decoder": level,
                   "model": {"type": "BPE", "vocab": vocab, "merges": []}}, f)


def make(name, folder, seed):
    kind, n_head, n_head_kv, head_dim, width, ff, more = SHAPES[name]
    kind_of = transformers.AutoConfig.for_model(kind)
    config = type(kind_of)(**make_config(kind, n_head, n_head_kv, head_dim, width, ff, more))
    model = transformers.AutoModelForCausalLM.from_config(config).float()
    randomise(model, seed)
    dtype = TYPES[more.get("type", "f32")]
    state = {k: v.detach().to(dtype).clone() for k, v in model.state_dict().items()
             if not (config.tie_word_embeddings and k == "lm_head.weight")}
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    save(state, folder, more.get("container", "safetensors"))
    written = json.loads(config.to_json_string(use_diff=False))
    written = {k: v for k, v in written.items() if k in (
        "activation_function", "layer_norm_epsilon", "n_embd", "n_head", "n_inner", "n_layer", "n_positions",
        "architectures", "attention_bias", "bos_token_id", "dtype", "eos_token_id", "head_dim", "hidden_act",
        "hidden_size", "initializer_range", "intermediate_size", "layer_types", "max_position_embeddings",
        "max_window_layers", "mlp_bias", "model_type", "num_attention_heads", "num_hidden_layers",
        "num_key_value_heads", "pretraining_tp", "rms_norm_eps", "rope_parameters", "sliding_window",
        "tie_word_embeddings", "transformers_version", "use_cache", "use_sliding_window", "vocab_size")}
    if not head_dim and kind != "qwen3":
        written.pop("head_dim", None)
    written["dtype"] = str(dtype).removeprefix("torch.")
    write_tokenizer(folder)
    if "spelling" in more:
        written = respell(written, more["spelling"], written["dtype"])
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
        json.dump(written, f, indent=1)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32,
                                                               attn_implementation="eager").eval()
    expect(loaded, folder, seed)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for seed, name in enumerate(SHAPES):
        if not sys.argv[2:] or any(word in name for word in sys.argv[2:]):
            make(name, os.path.join(sys.argv[1], name), seed)
            print(name, flush=True)


if __name__ == "__main__":
    main()
