#!/usr/bin/env python3
"""Writes published checkpoints, folders, with one flaw each beside their weights: in config.json, in the
index of shards, in the tokenizer's files; and what xuxie must say of them.

    gen_folders.py DIR

DIR/NAME/         the folders
DIR/EXPECT.tsv    name, "ok", "refuse" or "any" (either, but in order), a word the message must hold ("-": any)

Only Python's standard library is used, and none of xuxie's code. The models are small and whole: one layer,
width 8, 300 tokens; a GPT-2 with vocab.json and merges.txt, and a Llama.
"""
import json
import os
import struct
import sys

CASES = []  # (name, function of a folder, expectation, word)
H, A, F, V, P = 8, 2, 16, 300, 32


def add(name, make, expect="refuse", word="-"):
    CASES.append((name, make, expect, word))


# ---- whole models ------------------------------------------------------------------------------------


def write(folder, name, data):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)


def safetensors(shapes):
    header, at = {}, 0
    for name, shape in shapes.items():
        n = 4
        for s in shape:
            n *= s
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + n]}
        at += n
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + struct.pack("<f", 0.25) * (at // 4)


def gpt2_shapes():
    out = {"wte.weight": (V, H), "wpe.weight": (P, H), "ln_f.weight": (H,), "ln_f.bias": (H,)}
    for part, shape in (("ln_1", (H,)), ("attn.c_attn", (H, 3 * H)), ("attn.c_proj", (H, H)),
                        ("ln_2", (H,)), ("mlp.c_fc", (H, F)), ("mlp.c_proj", (F, H))):
        out[f"h.0.{part}.weight"] = shape
        out[f"h.0.{part}.bias"] = shape[-1:]
    return out


def llama_shapes():
    out = {"model.embed_tokens.weight": (V, H), "model.norm.weight": (H,), "lm_head.weight": (V, H)}
    stem = "model.layers.0."
    for part, rows in (("q", H), ("k", H // 2), ("v", H // 2), ("o", H)):
        out[f"{stem}self_attn.{part}_proj.weight"] = (rows, H)
    for part, shape in (("gate", (F, H)), ("up", (F, H)), ("down", (H, F))):
        out[f"{stem}mlp.{part}_proj.weight"] = shape
    for norm in ("input", "post_attention"):
        out[f"{stem}{norm}_layernorm.weight"] = (H,)
    return out


GPT2 = {"model_type": "gpt2", "n_embd": H, "n_head": A, "n_layer": 1, "n_positions": P, "n_inner": F,
        "vocab_size": V}
LLAMA = {"model_type": "llama", "hidden_size": H, "intermediate_size": F, "num_hidden_layers": 1,
         "num_attention_heads": A, "num_key_value_heads": 1, "max_position_embeddings": P, "vocab_size": V}


def alphabet():
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    table = {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(others)}}
    return [table[b] for b in range(256)]


VOCAB = {c: i for i, c in enumerate(alphabet())} | {"ab": 256, "<|endoftext|>": 257}
MERGES = "#version: 0.2\na b\n"
BPE = {"type": "BPE", "vocab": VOCAB, "merges": ["a b"]}
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
TOKENIZER = {"version": "1.0", "added_tokens": [{"id": 257, "content": "<|endoftext|>", "special": True}],
             "normalizer": None, "pre_tokenizer": BYTES, "post_processor": None, "decoder": BYTES,
             "model": BPE}


def gpt2(folder, config=None, vocab=None, merges=MERGES):
    write(folder, "model.safetensors", safetensors(gpt2_shapes()))
    write(folder, "config.json", json.dumps(GPT2) if config is None else config)
    if vocab is not False:
        write(folder, "vocab.json", json.dumps(VOCAB) if vocab is None else vocab)
    if merges is not False:
        write(folder, "merges.txt", merges)


def llama(folder, config=None, tokenizer=None):
    write(folder, "model.safetensors", safetensors(llama_shapes()))
    write(folder, "config.json", json.dumps(LLAMA) if config is None else config)
    write(folder, "tokenizer.json", json.dumps(TOKENIZER) if tokenizer is None else tokenizer)


# ---- config.json -------------------------------------------------------------------------------------

NUMBERS = [("zero", 0), ("negative", -1), ("fraction", 1.5), ("text", "8"), ("2-62", 2**62), ("2-31", 2**31),
           ("list", [8]), ("object", {}), ("true", True), ("huge", 10**30), ("null", None)]


def add_config_cases():
    add("ok-gpt2", gpt2, "ok")
    add("ok-llama", llama, "ok")
    for key in ("n_embd", "n_head", "n_layer", "n_positions", "n_inner", "vocab_size"):
        for name, v in NUMBERS:
            text = json.dumps({**GPT2, key: v})
            # null is the default of GPT-2, which these weights do not have (12 heads do not divide 8)
            add(f"gpt2-{key}-{name}", lambda f, t=text: gpt2(f, t), word="JSON" if name == "huge" else "-")
    for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                "num_key_value_heads", "max_position_embeddings", "vocab_size", "head_dim"):
        for name, v in NUMBERS:
            text = json.dumps({**LLAMA, key: v})
            optional = name == "null" and key == "head_dim"
            add(f"llama-{key}-{name}", lambda f, t=text: llama(f, t), "ok" if optional else "refuse",
                "-" if optional or name in ("null", "huge") else key)
    for key, values in {"rope_theta": [0, -1, "x", 1e300], "rms_norm_eps": [-1, 2, "x"],
                        "rope_scaling": [1, [], {"type": "linear"}, {"type": "x", "factor": 2},
                                         {"type": "linear", "factor": 0}, {"rope_type": 1},
                                         {"type": "yarn", "factor": 1e30},
                                         {"rope_type": "llama3", "factor": 2, "high_freq_factor": 0}],
                        "hidden_act": ["gelu", 1, "\x1b[2J"], "eos_token_id": ["x", 1.5, {}],
                        "model_type": ["bert", None, 5, "\x1b]0;x\x07"],
                        "tie_word_embeddings": [1, "yes"]}.items():
        for i, v in enumerate(values):
            add(f"llama-{key}-{i}", lambda f, t=json.dumps({**LLAMA, key: v}): llama(f, t))
    for name, v in [("eos-beyond", 300), ("eos-negative", -1), ("eos-2-62", 2**62)]:
        add("llama-" + name, lambda f, t=json.dumps({**LLAMA, "eos_token_id": v}): llama(f, t), "any")
    good = json.dumps(GPT2)
    for name, text, word in [("empty", "", "config.json"), ("cut", good[:-5], "JSON"), ("list", "[]", "object"),
                             ("utf-16", good.encode("utf-16"), "JSON"), ("nul", good.encode() + b"\0", "JSON"),
                             ("twice", good[:-1] + ', "n_embd": 8}', "JSON"),
                             ("bad-utf-8", good.encode()[:-1] + b', "\xff": 1}', "JSON"),
                             ("deep", '{"a":' + "[" * 100000 + "]" * 100000 + "}", "64"),
                             ("5-mb", " " * (5 << 20) + good, "bytes"), ("nan", good[:-1] + ', "x": NaN}', "JSON"),
                             ("lfs", "version https://git-lfs.github.com/spec/v1\n", "config.json")]:
        add("config-" + name, lambda f, t=text: gpt2(f, t), word=word)
    add("config-missing", lambda f: (gpt2(f), os.unlink(os.path.join(f, "config.json"))), word="config.json")
    add("config-fifo", lambda f: (gpt2(f), os.unlink(os.path.join(f, "config.json")),
                                  os.mkfifo(os.path.join(f, "config.json"))), word="pipe")


# ---- the index of shards -----------------------------------------------------------------------------


def indexed(weight_map, files=("a.safetensors",), whole=None):
    def make(folder):
        gpt2(folder)
        os.rename(os.path.join(folder, "model.safetensors"), os.path.join(folder, "a.safetensors"))
        for name in files:
            if name != "a.safetensors":
                write(folder, name, safetensors({"h.0.ln_1.weight": (H,)}))
        text = json.dumps({"weight_map": weight_map}) if whole is None else whole
        write(folder, "model.safetensors.index.json", text)
    return make


def add_index_cases():
    good = {n: "a.safetensors" for n in gpt2_shapes()}
    add("ok-index", indexed(good), "ok")
    add("ok-index-ghost", indexed({**good, "ghost": "a.safetensors"}), "any")
    for name, file in [("parent", "../a.safetensors"), ("absolute", "/etc/passwd"), ("hidden", ".a"),
                       ("inner", "model/../a.safetensors"), ("empty", ""), ("long", "n" * 300), ("number", 5),
                       ("null", None), ("list", []), ("dot-dot", ".."), ("escape", "\x1b[2J/x")]:
        add("index-name-" + name, indexed({**good, "x": file}))
    add("index-missing-shard", indexed({**good, "x": "b.safetensors"}), word="b.safetensors")
    add("index-twice-in-shards", indexed({**good, "x": "b.safetensors"}, ["b.safetensors"]), word="twice")
    add("index-2000-files", indexed({f"t{i}": f"{i}.safetensors" for i in range(2000)}), word="1024")
    for name, text in [("empty", ""), ("list", "[]"), ("no-map", "{}"), ("map-list", '{"weight_map":[]}'),
                       ("map-empty", '{"weight_map":{}}'), ("cut", '{"weight_map":{"a":'),
                       ("deep", '{"weight_map":' + '{"a":' * 100000 + "}" * 100001)]:
        add("index-" + name, indexed({}, whole=text))
    add("shard-is-folder", lambda f: (indexed({**good, "x": "d"})(f), os.mkdir(os.path.join(f, "d"))),
        word="folder")
    add("shard-is-fifo", lambda f: (indexed({**good, "x": "p"})(f), os.mkfifo(os.path.join(f, "p"))),
        word="pipe")
    add("no-weights", lambda f: (gpt2(f), os.unlink(os.path.join(f, "model.safetensors"))), word="weights")
    add("ranks-gap", lambda f: (gpt2(f), write(f, "model/mp_rank_00_model_states.pt", b"PK"),
                                write(f, "model/mp_rank_02_model_states.pt", b"PK")), word="mp_rank_01")


# ---- tokenizer.json ----------------------------------------------------------------------------------


def changed(**model):
    return json.dumps({**TOKENIZER, "model": {**BPE, **model}})


def top(**parts):
    return json.dumps({**TOKENIZER, **parts})


def add_tokenizer_cases():
    good = json.dumps(TOKENIZER)

    def case(name, text, expect="refuse", word="-"):
        add("tokenizer-" + name, lambda f: llama(f, None, text), expect, word)
    for name, text in [("empty", ""), ("cut", good[:len(good) // 2]), ("utf-16", good.encode("utf-16")),
                       ("list", "[1]"), ("deep", '{"a":' * 100000 + "1" + "}" * 100000), ("nul", good + "\0"),
                       ("twice", good[:-1] + ',"model":{}}'), ("bad-utf-8", b'{"\xff":1}'), ("no-model", "{}")]:
        case(name, text)
    for name, id in [("negative", -1), ("2-31", 2**31), ("10-9", 10**9), ("2-64", 2**64), ("fraction", 1.5),
                     ("text", "5"), ("null", None), ("twice", 3), ("beyond-the-rows", 4000)]:
        case("id-" + name, changed(vocab={**VOCAB, "zz": id}))
        case("added-id-" + name, top(added_tokens=[{"id": id, "content": "zz", "special": True}]),
             "any" if name == "twice" else "refuse")
    for name, m in [("no-space", ["ab"]), ("three", ["a b c"]), ("numbers", [5]), ("array-of-one", [["a"]]),
                    ("array-of-numbers", [[1, 2]]), ("unknown", ["a zz"]), ("result-unknown", ["a c"]),
                    ("object", {}), ("text", "a b"), ("empty-halves", [" "])]:
        case("merges-" + name, changed(merges=m))
    case("merges-30000-equal", changed(merges=["a b"] * 30000), "any")
    case("vocab-list", changed(vocab=[]))
    case("vocab-empty", changed(vocab={}))
    case("vocab-empty-text", changed(vocab={**VOCAB, "": 258}), "any")
    case("vocab-long-text", changed(vocab={**VOCAB, "n" * 70000: 258}))
    case("added-empty", top(added_tokens=[{"id": 257, "content": "", "special": True}]), "any")
    case("added-number", top(added_tokens=[5]))
    case("added-no-content", top(added_tokens=[{"id": 257}]))
    case("added-object", top(added_tokens={}))
    regex = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
    for part, kinds in {"normalizer": ["Precompiled", "Unknown", "\x1b[2J", 5, None],
                        "pre_tokenizer": ["Unknown", "UnicodeScripts", 5], "decoder": ["Unknown", "CTC", 5],
                        "post_processor": ["Unknown", 5]}.items():
        for i, kind in enumerate(kinds):
            expect = "any" if part == "post_processor" else "refuse"
            case(f"{part}-{i}", top(**{part: {"type": kind}}), expect)
    case("regex-catastrophic", top(pre_tokenizer=regex), word="(a+)+$")
    case("regex-replace", top(normalizer={"type": "Replace", "pattern": {"Regex": "(a*)*b"}, "content": ""}))
    case("replace-empty", top(normalizer={"type": "Replace", "pattern": {"String": ""}, "content": "x"}), "any")
    case("replace-grows", top(normalizer={"type": "Sequence", "normalizers": [
        {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 100}] * 8}), "any")
    case("decoder-grows", top(decoder={"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 100}] * 8}), "any")
    case("prepend-huge", top(normalizer={"type": "Prepend", "prepend": "a" * 100000}), "any")
    case("sequence-wide", top(normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 20000}), "any")
    sequence = {"type": "NFC"}
    for _ in range(30):
        sequence = {"type": "Sequence", "normalizers": [sequence]}
    case("sequence-deep", top(normalizer=sequence), "any")
    for kind in ("Unigram", "WordPiece", "WordLevel", "Unknown", "", 7, None):
        case(f"model-{kind}", changed(type=kind), "any" if kind is None else "refuse")
    case("unk-not-there", changed(unk_token="<unk>"), "any")
    case("prefix-number", changed(continuing_subword_prefix=5))
    case("dropout", changed(dropout=0.5), "any")


# ---- vocab.txt, vocab.json, merges.txt, tokenizer.model ----------------------------------------------


def lines(text):
    def make(folder):
        gpt2(folder, vocab=False, merges=False)
        write(folder, "vocab.txt", text)
    return make


def spm(data):
    def make(folder):
        llama(folder)
        os.unlink(os.path.join(folder, "tokenizer.json"))
        write(folder, "tokenizer.model", data)
    return make


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, data):
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def piece(text, score=0.0, kind=1):
    return field(1, field(1, text) + b"\x15" + struct.pack("<f", score) + b"\x18" + varint(kind))


def add_vocabulary_cases():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "雪"]
    good = "".join(w + "\n" for w in words)
    add("ok-lines", lines(good), "ok")
    for name, text, expect in [("no-unk", good.replace("[UNK]", "x"), "refuse"), ("empty", "", "refuse"),
                               ("twice", good + "a\n", "refuse"), ("blank", good + "\nc\n", "any"),
                               ("nul", good.encode() + b"a\0b\n", "any"), ("gbk", good.encode("gbk"), "any"),
                               ("too-many", good + "".join(f"w{i}\n" for i in range(500)), "refuse"),
                               ("long", good + "n" * 70000 + "\n", "refuse"), ("crlf", good.replace("\n", "\r\n"), "any"),
                               ("no-newline", good[:-1], "ok"), ("binary", bytes(range(256)) * 9, "refuse")]:
        add("lines-" + name, lines(text), expect)
    vocab = json.dumps(VOCAB)
    for name, text in [("cut", vocab[:900]), ("list", "[]"), ("empty", ""), ("binary", bytes(range(256))),
                       ("id-negative", vocab[:-1] + ', "zz": -1}'), ("id-fraction", vocab[:-1] + ', "zz": 1.5}'),
                       ("id-2-62", vocab[:-1] + f', "zz": {2**62}}}'), ("id-text", vocab[:-1] + ', "zz": "9"}'),
                       ("id-twice", vocab[:-1] + ', "zz": 5}'), ("nothing", "{}")]:
        add("vocab-json-" + name, lambda f, t=text: gpt2(f, vocab=t))
    add("vocab-json-missing", lambda f: gpt2(f, vocab=False), word="vocab")
    add("merges-missing", lambda f: gpt2(f, merges=False), word="merges.txt")
    for name, text, expect in [("no-space", "ab\n", "refuse"), ("three", "a b c\n", "refuse"),
                               ("unknown", "a zz\n", "refuse"), ("equal", "a b\n" * 30000, "any"),
                               ("binary", bytes(range(256)), "refuse"), ("nul", b"a b\n\0\n", "refuse"),
                               ("empty", "", "any"), ("cut", "#version: 0.2\na", "refuse")]:
        add("merges-" + name, lambda f, t=text: gpt2(f, merges=t), expect)

    pieces = piece(b"<unk>", 0, 2) + piece(b"<s>", 0, 3) + piece(b"</s>", 0, 3)
    pieces += b"".join(piece(f"<0x{b:02X}>".encode(), 0, 6) for b in range(256))
    pieces += piece("▁".encode(), -1.0) + piece(b"a", -2.0)
    bpe = field(2, b"\x18\x02") + field(3, field(1, b"identity") + b"\x18\x01\x20\x00")
    add("ok-spm", spm(pieces + bpe), "ok")
    for name, data, expect in [
            ("empty", b"", "refuse"), ("cut", (pieces + bpe)[:1000], "refuse"), ("text", b"hello", "refuse"),
            ("length-beyond", pieces + b"\x0a\xff\x7f", "refuse"), ("no-unk", pieces[12:] + bpe, "any"),
            ("length-2-63", pieces + b"\x0a" + varint(2**63), "refuse"),
            ("varint-endless", pieces + b"\x80" * 20, "refuse"), ("unigram", pieces + field(2, b"\x18\x01"), "refuse"),
            ("wire-type-7", pieces + b"\x0f", "refuse"), ("group", pieces + b"\x0b", "refuse"),
            ("byte--1", pieces + piece(b"<0x-1>", 0, 6) + bpe, "any"), ("byte-100", pieces + piece(b"<0x100>", 0, 6) + bpe, "any"),
            ("byte-twice", pieces + piece(b"<0x41>", 0, 6) + bpe, "refuse"),
            ("score-nan", pieces + piece(b"b", float("nan")) + bpe, "any"),
            ("score-inf", pieces + piece(b"b", float("inf")) + bpe, "any"), ("piece-empty", pieces + piece(b"") + bpe, "any"),
            ("piece-bad-utf-8", pieces + piece(b"\xff\xfe") + bpe, "any"), ("type-99", pieces + piece(b"b", 0, 99) + bpe, "any"),
            ("too-many", pieces + b"".join(piece(b"w%d" % i) for i in range(100)) + bpe, "refuse")]:
        add("spm-" + name, spm(data), expect)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    add_config_cases()
    add_index_cases()
    add_tokenizer_cases()
    add_vocabulary_cases()
    names = [c[0] for c in CASES]
    assert len(set(names)) == len(names), "two cases have one name"
    os.makedirs(sys.argv[1], exist_ok=True)
    with open(os.path.join(sys.argv[1], "EXPECT.tsv"), "w", encoding="utf-8") as out:
        for name, make, expect, word in CASES:
            make(os.path.join(sys.argv[1], name))
            out.write(f"{name}\t{expect}\t{word}\n")
    print(f"{len(CASES)} folders in {sys.argv[1]}")


if __name__ == "__main__":
    main()
