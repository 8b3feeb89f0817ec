#!/usr/bin/env python3
"""Writes malformed GGUF files, one flaw each, and what xuxie must say of them.

    gen_gguf.py DIR

DIR/NAME.gguf     the files
DIR/EXPECT.tsv    name, "ok" or "refuse", a word the message must hold ("-": any), and the level that
                  refuses at the latest: "weights" (the container), "tokenizer", "model" (shapes and
                  hyperparameters), "run" (while text is generated); "-" for ok.

Only Python's standard library is used, and none of xuxie's code: every file is put together here,
byte by byte, from a small but complete GPT-2 (1 layer, width 8, 260 tokens).
"""
import os
import random
import struct
import sys

U8, I8, U16, I16, U32, I32, F32, BOOL, STR, ARR, U64, I64, F64 = range(13)
PACK = {U8: "<B", I8: "<b", U16: "<H", I16: "<h", U32: "<I", I32: "<i", F32: "<f", BOOL: "<B",
        U64: "<Q", I64: "<q", F64: "<d"}
TYPE_F32, TYPE_F16, TYPE_Q8_0 = 0, 1, 8
N_EMBD, N_HEAD, N_FF, N_CTX, N_VOCAB = 8, 2, 16, 16, 260
MAX32, MAX64 = 2**32 - 1, 2**64 - 1


def u32(v):
    return struct.pack("<I", v & MAX32)


def u64(v):
    return struct.pack("<Q", v & MAX64)


def string(s):
    s = s.encode() if isinstance(s, str) else s
    return u64(len(s)) + s


def value(kind, v):
    """The bytes of a value, without its type. Arrays are (element type, list)."""
    if kind == STR:
        return string(v)
    if kind == ARR:
        element, items = v
        return u32(element) + u64(len(items)) + b"".join(value(element, i) for i in items)
    return struct.pack(PACK[kind], v)


class Raw(bytes):
    """Bytes that stand in a file as they are."""


def byte_alphabet():
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    table = {b: chr(b) for b in plain}
    table.update({b: chr(256 + i) for i, b in enumerate(others)})
    return [table[b] for b in range(256)]


class Model:
    """A good model; a case changes parts of it before bytes() puts the file together."""

    def __init__(self):
        rng = random.Random(1)
        self.magic = b"GGUF"
        self.version = u32(3)
        self.n_tensors = None    # counts as written; None: the true ones
        self.n_meta = None
        self.alignment = 32
        self.meta = []           # [key, type, value] or Raw
        self.tensors = []        # dicts: name, dims, type, data; n_dims, offset when not the true ones
        self.after = b""
        for key, kind, v in [
            ("general.architecture", STR, "gpt2"),
            ("general.name", STR, "hostile"),
            ("gpt2.context_length", U32, N_CTX),
            ("gpt2.embedding_length", U32, N_EMBD),
            ("gpt2.feed_forward_length", U32, N_FF),
            ("gpt2.block_count", U32, 1),
            ("gpt2.attention.head_count", U32, N_HEAD),
            ("gpt2.attention.layer_norm_epsilon", F32, 1e-5),
            ("tokenizer.ggml.model", STR, "gpt2"),
            ("tokenizer.ggml.pre", STR, "gpt-2"),
            ("tokenizer.ggml.tokens", ARR,
             (STR, byte_alphabet() + ["th", "the", "<|endoftext|>", "in"])),
            ("tokenizer.ggml.token_type", ARR, (I32, [1] * 258 + [3, 1])),
            ("tokenizer.ggml.merges", ARR, (STR, ["t h", "th e", "i n"])),
            ("tokenizer.ggml.bos_token_id", U32, 258),
            ("tokenizer.ggml.eos_token_id", U32, 258),
            ("tokenizer.ggml.add_bos_token", BOOL, 0),
        ]:
            self.meta.append([key, kind, v])

        def tensor(name, *dims, ones=False):
            n = 1
            for d in dims:
                n *= d
            data = b"".join(struct.pack("<f", 1.0 if ones else rng.uniform(-0.5, 0.5))
                            for _ in range(n))
            self.tensors.append({"name": name, "dims": list(dims), "type": TYPE_F32, "data": data})

        tensor("token_embd.weight", N_EMBD, N_VOCAB)
        tensor("position_embd.weight", N_EMBD, N_CTX)
        tensor("blk.0.attn_norm.weight", N_EMBD, ones=True)
        tensor("blk.0.attn_norm.bias", N_EMBD)
        tensor("blk.0.attn_qkv.weight", N_EMBD, 3 * N_EMBD)
        tensor("blk.0.attn_qkv.bias", 3 * N_EMBD)
        tensor("blk.0.attn_output.weight", N_EMBD, N_EMBD)
        tensor("blk.0.attn_output.bias", N_EMBD)
        tensor("blk.0.ffn_norm.weight", N_EMBD, ones=True)
        tensor("blk.0.ffn_norm.bias", N_EMBD)
        tensor("blk.0.ffn_up.weight", N_EMBD, N_FF)
        tensor("blk.0.ffn_up.bias", N_FF)
        tensor("blk.0.ffn_down.weight", N_FF, N_EMBD)
        tensor("blk.0.ffn_down.bias", N_EMBD)
        tensor("output_norm.weight", N_EMBD, ones=True)
        tensor("output_norm.bias", N_EMBD)

    def entry(self, key):
        return next(m for m in self.meta if not isinstance(m, Raw) and m[0] == key)

    def set(self, key, kind, v):
        """Replaces or adds metadata."""
        for m in self.meta:
            if not isinstance(m, Raw) and m[0] == key:
                m[1], m[2] = kind, v
                return
        self.meta.append([key, kind, v])

    def drop(self, key):
        self.meta = [m for m in self.meta if isinstance(m, Raw) or m[0] != key]

    def tensor(self, name):
        return next(t for t in self.tensors if t["name"] == name)

    def parts(self):
        """The file in structural pieces, so that it can be cut between and inside them."""
        def pad(n):
            return -n % self.alignment if self.alignment else 0
        yield "magic", self.magic
        yield "version", self.version
        yield "tensor_count", u64(len(self.tensors) if self.n_tensors is None else self.n_tensors)
        yield "meta_count", u64(len(self.meta) if self.n_meta is None else self.n_meta)
        size = 24
        for i, m in enumerate(self.meta):
            pieces = [("raw", m)] if isinstance(m, Raw) else [
                ("key", string(m[0])), ("type", u32(m[1])), ("value", value(m[1], m[2]))]
            for name, p in pieces:
                size += len(p)
                yield f"meta{i}_{name}", p
        offset = 0
        for i, t in enumerate(self.tensors):
            dims = b"".join(u64(d) for d in t["dims"])
            pieces = [("name", string(t["name"])), ("n_dims", u32(t.get("n_dims", len(t["dims"])))),
                      ("dims", dims), ("type", u32(t["type"])),
                      ("offset", u64(t.get("offset", offset)))]
            offset += len(t["data"]) + pad(len(t["data"]))
            for name, p in pieces:
                size += len(p)
                yield f"tensor{i}_{name}", p
        yield "padding", b"\0" * pad(size)
        for i, t in enumerate(self.tensors):
            yield f"data{i}", t["data"] + b"\0" * pad(len(t["data"]))
        if self.after:
            yield "after", self.after

    def bytes(self):
        return b"".join(p for _, p in self.parts())


CASES = []  # (name, function, expectation, word, level)


def add(name, make, expect="refuse", word="-", level="weights"):
    CASES.append((name, make, expect, word, "-" if expect == "ok" else level))


def changed(*changes):
    """A file made by applying each change to a good model."""
    def make():
        m = Model()
        for change in changes:
            change(m)
        return m.bytes()
    return make


def attr(name, v):
    return lambda m: setattr(m, name, v)


def meta(key, kind, v):
    return lambda m: m.set(key, kind, v)


def no_meta(key):
    return lambda m: m.drop(key)


def raw_meta(data):
    return lambda m: m.meta.append(Raw(data))


def tensor(which, **fields):
    return lambda m: m.tensor(which).update(fields)


def add_file_cases():
    add("ok-plain", lambda: Model().bytes(), "ok")
    add("ok-version-2", changed(attr("version", u32(2))), "ok")
    add("ok-trailing-bytes", changed(attr("after", b"more" * 100)), "ok")
    add("ok-alignment-8", changed(meta("general.alignment", U32, 8), attr("alignment", 8)), "ok")
    add("ok-alignment-1m", changed(meta("general.alignment", U32, 1 << 20),
                                   attr("alignment", 1 << 20)), "ok")
    add("file-empty", lambda: b"", word="empty")
    add("file-1-byte", lambda: b"G", word="truncated")
    add("file-3-bytes", lambda: b"GGU", word="truncated")
    add("file-magic-only", lambda: b"GGUF", word="truncated")
    add("file-zeros", lambda: bytes(4096), word="magic")
    add("file-random", lambda: random.Random(2).randbytes(4096), word="magic")
    add("file-text", lambda: b"Call me Ishmael.\n", word="magic")
    for magic, word in [(b"lmgg", "GGML"), (b"fmgg", "GGML"), (b"tjgg", "GGML"), (b"algg", "GGLA"),
                        (b"ggml", "GGML"), (b"GGJT", "GGML"), (b"FUGG", "big-endian")]:
        name = magic.decode()
        name = name.lower() if name.islower() else name.lower() + "-capitals"
        add(f"magic-{name}", changed(attr("magic", magic)), word=word)
    add("looks-safetensors", lambda: u64(40) + b'{"a":{"dtype":"F32","shape":[0]}}       ',
        word="safetensors")
    add("looks-zip", lambda: b"PK\3\4" + bytes(60), word="zip")
    add("looks-pickle", lambda: b"\x80\2}q\0." + bytes(60), word="pickle")
    add("looks-html", lambda: b"<!doctype html>\n<html><body>404</body></html>\n", word="HTML")
    add("looks-html-late", lambda: b"\n\n  <HTML>\n", word="HTML")
    add("looks-lfs", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        word="git-lfs")
    add("looks-json", lambda: b'{"architectures": ["GPT2LMHeadModel"]}\n', word="JSON")
    add("looks-gzip", lambda: b"\x1f\x8b\x08\0" + bytes(60), word="compressed")
    for v in [0, 1, 4, 256, MAX32]:
        add(f"version-{v}", changed(attr("version", u32(v))), word="version")
    for v in [2, 3]:
        add(f"version-{v}-swapped", changed(attr("version", struct.pack(">I", v))),
            word="big-endian")


def add_count_cases():
    for name, n in [("max", MAX64), ("2-63", 2**63), ("2-60", 2**60), ("2-32", 2**32),
                    ("wrapping", MAX64 // 64 + 2), ("limit", 65537)]:
        add(f"tensor-count-{name}", changed(attr("n_tensors", n)), word="tensor count")
        add(f"meta-count-{name}", changed(attr("n_meta", n)), word="metadata count")
    add("tensor-count-one-more", changed(attr("n_tensors", 17)))
    add("tensor-count-65536", changed(attr("n_tensors", 65536)), word="truncated")
    add("tensor-count-0", changed(attr("n_tensors", 0)), level="model")
    add("tensors-none", changed(attr("tensors", [])), level="model")
    add("meta-count-one-more", changed(attr("n_meta", 17)))
    add("meta-count-one-less", changed(attr("n_meta", 15)))
    add("meta-count-0", changed(attr("n_meta", 0)))
    add("meta-none", changed(attr("meta", [])), level="tokenizer")

    def many_keys():
        m = Model()
        m.meta += [[f"extra.key.{i}", U32, i] for i in range(30000)]
        return m.bytes()
    add("ok-30000-keys", many_keys, "ok")

    def many_tensors():
        m = Model()
        m.tensors += [{"name": f"extra.{i}", "dims": [1], "type": TYPE_F32, "data": bytes(4)}
                      for i in range(30000)]
        return m.bytes()
    add("tensors-30000-extra", many_tensors, level="model")


def add_truncation_cases():
    parts = list(Model().parts())
    starts = {}
    size = 0
    for name, p in parts:
        starts[name] = (size, size + len(p))
        size += len(p)
    whole = b"".join(p for _, p in parts)
    wanted = ["version", "tensor_count", "meta_count", "meta0_key", "meta0_type", "meta0_value",
              "meta10_value", "meta12_value", "meta15_value", "tensor0_name", "tensor0_n_dims",
              "tensor0_dims", "tensor0_type", "tensor0_offset", "padding", "data0", "data15"]
    for name in wanted:
        begin, end = starts[name]
        for where, at in (("in", (begin + end) // 2), ("after", end - 1)):
            add(f"cut-{where}-{name.replace('_', '-')}", lambda at=at: whole[:at],
                word="truncated")


def add_string_cases():
    for name, n in [("max", MAX64), ("2-63", 2**63), ("2-40", 2**40), ("16m", (16 << 20) + 1),
                    ("2-32-and-2", 2**32 + 2), ("past-end", 100000)]:
        add(f"key-length-{name}", changed(raw_meta(u64(n) + b"key" + u32(U32) + u32(1))))
        add(f"string-length-{name}", changed(raw_meta(string("key") + u32(STR) + u64(n) + b"x")))
        add(f"token-length-{name}", changed(
            no_meta("tokenizer.ggml.tokens"),
            raw_meta(string("tokenizer.ggml.tokens") + u32(ARR) + u32(STR) + u64(3) +
                     string("a") + u64(n) + b"b" + string("c"))))
    add("key-empty", changed(meta("", U32, 1)), word="empty")
    add("key-nul", changed(meta("a\0b", U32, 1)), word="NUL")
    add("key-escape", changed(raw_meta(string("a\x1b[2J") + u32(99))), word="\\u{1B}")
    add("key-70000", changed(meta("k" * 70000, U32, 1)), word="65535")
    add("key-twice", changed(raw_meta(string("general.name") + u32(STR) + string("x"))),
        word="twice")
    add("tensor-name-empty", changed(tensor("output_norm.bias", name="")), word="empty")
    add("tensor-name-nul", changed(tensor("output_norm.bias", name="a\0b")), word="NUL")
    add("tensor-name-long", changed(tensor("output_norm.bias", name="n" * 5000)), word="4096")
    add("tensor-twice", changed(tensor("output_norm.bias", name="output_norm.weight")),
        word="twice")


def add_value_cases():
    for kind in [13, 14, 255, MAX32, 2**31]:
        add(f"value-type-{kind}", changed(raw_meta(string("key") + u32(kind) + u64(0))),
            word="value type")
        add(f"element-type-{kind}",
            changed(raw_meta(string("key") + u32(ARR) + u32(kind) + u64(1) + u64(0))),
            word="value type")
    add("bool-2", changed(meta("key", BOOL, 2)), word="yes-or-no")
    add("array-of-arrays", changed(raw_meta(string("key") + u32(ARR) + (u32(ARR) + u64(1)) * 2 +
                                            u32(U8) + u64(1) + b"\1")), word="array of arrays")
    add("array-nested-40000", changed(raw_meta(string("key") + u32(ARR) +
                                               (u32(ARR) + u64(1)) * 40000)),
        word="array of arrays")
    for name, n in [("max", MAX64), ("2-61", 2**61), ("2-62", 2**62), ("2-32", 2**32),
                    ("past-end", 100000)]:
        add(f"array-count-u64-{name}",
            changed(raw_meta(string("key") + u32(ARR) + u32(U64) + u64(n) + bytes(8))))
        add(f"array-count-string-{name}",
            changed(raw_meta(string("key") + u32(ARR) + u32(STR) + u64(n) + bytes(8))))
    add("ok-array-empty", changed(meta("key", ARR, (STR, []))), "ok")
    add("ok-array-bool", changed(meta("key", ARR, (BOOL, [0, 1, 1]))), "ok")
    for v in [0, 13, 1, 2**20 + 1, 2**21, 2**31, MAX32]:
        add(f"alignment-{v}", changed(meta("general.alignment", U32, v)), word="general.alignment")
    for name, kind, v in [("string", STR, "32"), ("i32", I32, 32), ("u64", U64, 32),
                          ("float", F32, 32.0), ("array", ARR, (U32, [32]))]:
        add(f"alignment-{name}", changed(meta("general.alignment", kind, v)),
            word="general.alignment")


def add_tensor_cases():
    name = "output_norm.bias"
    add("dims-0", changed(tensor(name, dims=[])), word="dimensions")
    add("dims-5", changed(tensor(name, dims=[8, 1, 1, 1, 1])), word="5 dimensions")
    add("dims-max", changed(tensor(name, n_dims=MAX32)), word="dimensions")
    add("dim-0", changed(tensor(name, dims=[0])), word="dimension 0")
    add("dim-0-second", changed(tensor(name, dims=[8, 0])), word="dimension 1")
    add("dim-negative", changed(tensor(name, dims=[-8])), word="dimension 0")
    add("dim-2-63", changed(tensor(name, dims=[2**63])), word="dimension 0")
    for label, dims in [("2x32", [2**32, 2**32]), ("4x16", [2**16] * 4), ("to-8", [8, 2**61 + 1]),
                        ("bytes", [2**31, 2**31]), ("bytes-62", [2**62])]:
        add(f"dims-wrapping-{label}", changed(tensor(name, dims=dims)), word=name)
    add("dims-huge", changed(tensor(name, dims=[2**40])), word=name)
    for label, kind in [("100", 100), ("max", MAX32), ("2-31", 2**31)]:
        add(f"type-{label}", changed(tensor(name, type=kind)), word="type")
    for label, kind in [("q4-2-removed", 4), ("q8-1", 9), ("q2-k", 10), ("q3-k", 11),
                        ("iq2-xxs", 16), ("i8", 24), ("f64", 28)]:
        add(f"type-{label}", changed(tensor(name, type=kind)), word="type")
    add("block-partial", changed(tensor(name, type=TYPE_Q8_0)), word="blocks of 32")
    for label, at in [("odd", 1), ("4", 4), ("beyond", 1 << 20), ("2-40", 2**40),
                      ("wrapping", MAX64 - 31), ("wrapping-end", 2**64 - 4096), ("2-63", 2**63)]:
        add(f"offset-{label}", changed(tensor(name, offset=at)), word=name)
    add("offset-overlapping", changed(tensor(name, offset=32)), word="overlap")
    add("offset-same", changed(tensor(name, offset=0)), word="overlap")


def add_tokenizer_cases():
    def case(label, *changes, word="-", expect="refuse"):
        add(f"tokenizer-{label}" if expect == "refuse" else f"ok-tokenizer-{label}",
            changed(*changes), expect, word, "tokenizer")

    def key(name):
        return "tokenizer.ggml." + name

    tokens = Model().entry(key("tokens"))[2][1]
    case("kind-missing", no_meta(key("model")), word="tokenizer.ggml.model")
    case("kind-unknown", meta(key("model"), STR, "replit"), word="replit")
    case("kind-number", meta(key("model"), U32, 7), word="tokenizer.ggml.model")
    case("pre-unknown", meta(key("pre"), STR, "qwen9"), word="qwen9")
    case("pre-300k", meta(key("pre"), STR, "\x1b[31m" * 60000), word="tokenizer.ggml.pre")
    case("pre-missing", no_meta(key("pre")), expect="ok")
    case("tokens-missing", no_meta(key("tokens")), word="tokenizer.ggml.tokens")
    case("tokens-i32", meta(key("tokens"), ARR, (I32, list(range(N_VOCAB)))),
         word="tokenizer.ggml.tokens")
    case("tokens-string", meta(key("tokens"), STR, "abc"), word="tokenizer.ggml.tokens")
    case("tokens-none", meta(key("tokens"), ARR, (STR, [])), word="tokenizer.ggml.tokens")
    case("tokens-all-equal", meta(key("tokens"), ARR, (STR, ["a"] * N_VOCAB)), word="token 0")
    case("tokens-twice", meta(key("tokens"), ARR, (STR, tokens[:-1] + ["a"])), word="[259]")
    case("token-70000", meta(key("tokens"), ARR, (STR, tokens[:-1] + ["x" * 70000])),
         word="70000")
    case("tokens-all-empty", meta(key("tokens"), ARR, (STR, [""] * N_VOCAB)),
         word="not in the vocabulary")
    case("empty-token", meta(key("tokens"), ARR, (STR, tokens[:-1] + [""])),
         meta(key("merges"), ARR, (STR, ["t h", "th e"])), expect="ok")
    case("types-missing", no_meta(key("token_type")), expect="ok")
    case("types-u8", meta(key("token_type"), ARR, (U8, [1] * N_VOCAB)), word="token_type")
    case("types-f32", meta(key("token_type"), ARR, (F32, [1.0] * N_VOCAB)), word="token_type")
    case("types-i64", meta(key("token_type"), ARR, (I64, [1] * N_VOCAB)), word="token_type")
    case("types-short", meta(key("token_type"), ARR, (I32, [1] * 3)), word="token_type")
    case("types-long", meta(key("token_type"), ARR, (I32, [1] * 1000)), word="token_type")
    case("types-wild", meta(key("token_type"), ARR, (I32, [1] * 259 + [99])), word="token_type")
    case("types-negative", meta(key("token_type"), ARR, (I32, [1] * 259 + [-1])),
         word="token_type")
    case("type-byte-of-text", meta(key("token_type"), ARR, (I32, [1] * 259 + [6])), word="byte token")
    for text in ["<0x-1>", "<0xGG>", "<0x100>", "<0x1>"]:
        case(f"byte-token-{text[3:-1].lower()}",
             meta(key("tokens"), ARR, (STR, tokens[:-1] + [text])),
             meta(key("token_type"), ARR, (I32, [1] * 259 + [6])),
             meta(key("merges"), ARR, (STR, ["t h", "th e"])), word="byte token")
    case("scores-short", meta(key("scores"), ARR, (F32, [0.0])), word="scores")
    case("scores-i32", meta(key("scores"), ARR, (I32, [0] * N_VOCAB)), word="scores")
    case("merges-missing", no_meta(key("merges")), word="tokenizer.ggml.merges")
    case("merges-i32", meta(key("merges"), ARR, (I32, [1, 2])), word="tokenizer.ggml.merges")
    for label, merge in [("no-space", "th"), ("three", "t h e"), ("empty", ""), ("space", " "),
                         ("left-only", "t "), ("right-only", " h"), ("unknown", "zz zz"),
                         ("to-unknown", "z z"), ("nul", "\0 \0"), ("long", "x" * 200000 + " y")]:
        case(f"merge-{label}", meta(key("merges"), ARR, (STR, ["t h", merge])), word="merges[1]")
    case("merges-5000-equal", meta(key("merges"), ARR, (STR, ["t h"] * 5000)), word="merges[1]")
    for which in ["bos", "eos", "eot"]:
        for label, kind, v in [("260", U32, N_VOCAB), ("max", U32, MAX32), ("2-63", U64, 2**63),
                               ("negative", I32, -1), ("float", F32, 1.0), ("string", STR, "1")]:
            case(f"{which}-{label}", meta(key(f"{which}_token_id"), kind, v),
                 word=f"{which}_token_id")
    case("unknown-id-max", meta(key("unknown_token_id"), U32, MAX32), expect="ok")
    case("add-bos-number", meta(key("add_bos_token"), U32, 1), word="add_bos_token")
    for label, text in [("loop", "{% for i in range(10**12) %}x{% endfor %}"),
                        ("broken", "{% if %}{{"), ("nested", "{{" * 50000),
                        ("code", "{{ ''.__class__.__mro__[1].__subclasses__() }}")]:
        case(f"template-{label}", meta("tokenizer.chat_template", STR, text), expect="ok")


def add_model_cases():
    def case(label, *changes, word="-", level="model"):
        add(f"model-{label}", changed(*changes), "refuse", word, level)

    case("arch-missing", no_meta("general.architecture"), word="general.architecture")
    case("arch-unknown", meta("general.architecture", STR, "mamba"), word="mamba")
    case("arch-number", meta("general.architecture", U32, 1), word="general.architecture")
    case("arch-300k", meta("general.architecture", STR, "x" * 300000), word="general.architecture")
    case("arch-escape", meta("general.architecture", STR, "\x1b]0;x\x07gpt2"), word="\\u{1B}")
    sizes = ["context_length", "embedding_length", "feed_forward_length", "block_count",
             "attention.head_count"]
    for size in sizes:
        key = "gpt2." + size
        for label, kind, v in [("0", U32, 0), ("max", U32, MAX32), ("2-63", U64, 2**63),
                               ("negative", I32, -1), ("nan", F32, float("nan")),
                               ("string", STR, "8")]:
            case(f"{size.replace('_', '-').replace('.', '-')}-{label}", meta(key, kind, v),
                 word=key)
        case(f"{size.replace('_', '-').replace('.', '-')}-missing", no_meta(key))
    case("blocks-2", meta("gpt2.block_count", U32, 2))
    case("blocks-513", meta("gpt2.block_count", U32, 513))
    case("heads-3", meta("gpt2.attention.head_count", U32, 3))
    case("embedding-16", meta("gpt2.embedding_length", U32, 16))
    case("context-1000000", meta("gpt2.context_length", U32, 1000000))
    key = "gpt2.attention.layer_norm_epsilon"
    for label, v in [("nan", float("nan")), ("inf", float("inf")), ("negative", -1.0)]:
        case(f"epsilon-{label}", meta(key, F32, v), word=key)
    case("epsilon-string", meta(key, STR, "1e-5"), word=key)

    def without(name):
        return lambda m: setattr(m, "tensors", [t for t in m.tensors if t["name"] != name])
    for name in ["token_embd.weight", "position_embd.weight", "blk.0.attn_qkv.weight",
                 "output_norm.weight"]:
        case("without-" + name.replace(".", "-").replace("_", "-"), without(name), word=name)
    name = "blk.0.attn_qkv.weight"
    case("qkv-transposed", tensor(name, dims=[3 * N_EMBD, N_EMBD]), word=name)
    case("qkv-rank-1", tensor(name, dims=[3 * N_EMBD * N_EMBD]), word=name)
    case("qkv-rank-3", tensor(name, dims=[N_EMBD, 3, N_EMBD]), word=name)
    name = "blk.0.ffn_up.bias"
    case("bias-short", tensor(name, dims=[N_FF - 1]), word=name)
    name = "position_embd.weight"
    case("positions-2", tensor(name, dims=[N_EMBD, 2], data=bytes(64)), word=name)
    name = "token_embd.weight"
    case("rows-fewer", tensor(name, dims=[N_EMBD, N_VOCAB - 1]), word=name)
    # more rows than tokens is a padded vocabulary, as many published models have it
    add("ok-model-rows-more",
        changed(tensor(name, dims=[N_EMBD, N_VOCAB + 40], data=bytes(4 * N_EMBD * 300))), "ok")
    for label, number in [("nan", float("nan")), ("inf", float("inf"))]:
        data = struct.pack("<f", number) * (N_EMBD * N_VOCAB)
        case(f"weights-{label}", tensor(name, data=data), word="finite", level="run")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    add_file_cases()
    add_count_cases()
    add_truncation_cases()
    add_string_cases()
    add_value_cases()
    add_tensor_cases()
    add_tokenizer_cases()
    add_model_cases()
    # The name of a file is foreign text, too.
    add("escape-\x1b[31m-in-name", lambda: b"GGUF", word="\\u{1B}")
    names = [c[0] for c in CASES]
    assert len(set(names)) == len(names), "two cases have one name"
    with open(os.path.join(folder, "EXPECT.tsv"), "w", encoding="utf-8") as out:
        for name, make, expect, word, level in CASES:
            with open(os.path.join(folder, name + ".gguf"), "wb") as f:
                f.write(make())
            out.write(f"{name}\t{expect}\t{word}\t{level}\n")
    print(f"{len(CASES)} files in {folder}")


if __name__ == "__main__":
    main()
