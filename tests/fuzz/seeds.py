#!/usr/bin/env python3
"""Writes the inputs a fuzz target begins with: small ones that get past the first checks.

    seeds.py TARGET FOLDER

They come from the generators of tests/hostile, which know every field of their formats, and where
$XUXIE_SHARED (or ../shared) is there, from its checkpoints, pickles and vocabularies. Nothing is written
for a target without a row here. run.sh cuts off what is too long for the target.
"""
import glob
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.environ.get("XUXIE_SHARED") or os.path.join(HERE, "..", "..", "..", "shared")
MOST = 1 << 20  # the bombs among them are for tests/hostile
PART_END = b"\0|\0"  # mutate.h


def read(path):
    with open(path, "rb") as f:
        return f.read()


def generated(kind):
    """What tests/hostile/gen_KIND.py writes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.join(HERE, "..", "hostile", f"gen_{kind}.py"), folder],
                       check=True, stdout=subprocess.DEVNULL)
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".tsv"):
                yield read(os.path.join(folder, name))


def fixtures(*patterns):
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(SHARED, "fixtures", pattern))):
            yield read(path)


def containers():
    yield from generated("torch")
    yield from fixtures("pickle/*.bin")


def pickles():
    """Pickles out of archives and old files (which begin with three others)."""
    for data in containers():
        if data[:2] == b"\x80\x02":
            yield data
            for at in range(2, min(len(data), 300)):
                if data[at:at + 2] == b"\x80\x02":
                    yield data[at:]
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as z:
                for name in z.namelist():
                    if name.endswith("data.pkl"):
                        yield z.read(name)
        except Exception:  # most of these archives are malformed
            pass


def safetensors():
    """The target puts the length of the header itself; its first byte says how many bytes are data."""
    for data in [*generated("safetensors"), *fixtures("safetensors/*")]:
        n_header = int.from_bytes(data[:8], "little")
        n_data = len(data) - 8 - n_header
        if 0 <= n_data < 256:
            yield bytes([n_data]) + data[8:]


def zips():
    for data in containers():
        if b"PK\1\2" in data:
            yield data
    for n in (0, 1, 3):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            for i in range(n):
                with z.open(f"member{i}", "w", force_zip64=i == 1) as f:
                    f.write(b"text " * 20 * (i + 1))
        yield out.getvalue()


TEXTS = ("雪落在山上。 the end<s>", "ﬁ½①ｶﾞ İ\u0301 a\u200db\t\n 12,345.6", "<|endoftext|><sep>##x")


def with_texts(files):
    for data in files:
        for text in TEXTS[:1] if len(data) > 2000 else TEXTS:
            yield data + PART_END + text.encode()


def vocab_txt():
    return with_texts([b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nend\n\xe9\x9b\xaa\n",
                       b"[UNK]\r\na\r\nA\r\n", *(f[:900] for f in fixtures("a2*/vocab.txt"))])


def field(number, wire, value):
    if wire == 0:
        return bytes([number << 3]) + varint(value)
    if wire == 5:
        return bytes([number << 3 | 5]) + value
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def jieba_tables():
    """Small dictionaries in the form of engine/tokenizers/jieba.h, and damaged ones."""
    words = {"雪": 9, "雪落": 2, "山": 5, "山上": 70, "山上人": 3, "上": 4, "落在": 8, "在山": 1, "the": 2, "12": 1}
    trie = {}
    for word, freq in words.items():
        at = trie
        for c in word:
            at = at.setdefault(c, {})
        at[""] = freq
    row, level = [(0, trie)], [trie]
    while level:
        level = [child for at in level for child in [(ord(c), at[c]) for c in sorted(at) if c]]
        row += level
        level = [at for _, at in level]
    nodes, first = b"", 1
    for c, at in row:
        nodes += struct.pack("<3I", c, first, at.get("", 0))
        first += len([k for k in at if k])
    nodes += struct.pack("<3I", 0, first, 0)
    emissions = b"".join(struct.pack("<2I4d", ord(c), states, -1.5, -2.5, -3.5 - i, -4.5)
                         for i, (c, states) in enumerate(zip("上在山落雪", (15, 7, 8, 0, 9))))
    head = b"xuxiejb1" + struct.pack("<2IQ", len(row), 5, sum(words.values()))
    whole = head + nodes + emissions
    for text in (*TEXTS, "雪落在山上人在山上", "\xe9\x9b\xff 3.14%abc"):
        text = text.encode("utf-8", "surrogateescape")
        yield b"1" + nodes + PART_END + emissions + PART_END + text
        yield b"7" + nodes + PART_END + PART_END + text
        yield b"r" + whole + PART_END + text
    yield b"r" + whole[:-1] + PART_END
    yield b"r" + head + PART_END


def tokenizer_models():
    """SentencePiece's ModelProto, put together here: pieces, trainer_spec, normalizer_spec."""
    def piece(text, score, kind):
        return field(1, 2, field(1, 2, text.encode()) + field(2, 5, struct.pack("<f", score)) +
                     (field(3, 0, kind) if kind else b""))
    pieces = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3)
    bytes_too = b"".join(piece(f"<0x{b:02X}>", 0, 6) for b in range(256))
    pieces += b"".join(piece(t, -i, 0) for i, t in enumerate("▁ ▁t th ▁th e ▁the 雪 a b".split()))
    for model_type in (1, 2, 3, 4):
        trainer = field(2, 2, field(3, 0, model_type))
        for prefix in (0, 1):
            normalizer = field(1, 2, b"identity") + field(3, 0, prefix) + field(4, 0, 0)
            yield pieces + trainer + field(3, 2, normalizer)
    yield pieces + bytes_too + field(2, 2, field(3, 0, 2)) + field(3, 2, normalizer)
    yield from fixtures("e1*/tokenizer.model", "tokens/spm-small/tokenizer.model")


def tokenizer_jsons():
    bpe = {"type": "BPE", "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "▁": 4, "▁a": 5, "e": 6, "Ġ": 7,
                                    "Ġe": 8, "<0x41>": 9, "c##": 10},
           "merges": ["a b", ["▁", "a"], "Ġ e"], "unk_token": "<unk>", "fuse_unk": True,
           "byte_fallback": True, "ignore_merges": False, "continuing_subword_prefix": None,
           "end_of_word_suffix": None, "dropout": None}
    models = [bpe,
              {"type": "WordPiece", "vocab": {"[UNK]": 0, "a": 1, "##b": 2}, "unk_token": "[UNK]",
               "continuing_subword_prefix": "##", "max_input_chars_per_word": 100},
              {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 1}, "unk_token": "[UNK]"},
              {"type": "Unigram", "vocab": [["<unk>", 0], ["▁a", -1.5], ["b", -2]], "unk_id": 0,
               "byte_fallback": False}]
    normalizers = [None, *({"type": t} for t in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase",
                                                 "StripAccents", "Nmt")),
                   {"type": "Strip", "strip_left": True, "strip_right": False},
                   {"type": "Prepend", "prepend": "▁"},
                   {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
                   {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
                   {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                    "strip_accents": None, "lowercase": True},
                   {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]},
                   {"type": "Precompiled", "precompiled_charsmap": "AAAA"}]
    splits = [None, {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
              {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True},
              {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
              *({"type": t} for t in ("Whitespace", "WhitespaceSplit", "BertPreTokenizer")),
              {"type": "Punctuation", "behavior": "Isolated"},
              {"type": "Digits", "individual_digits": True},
              {"type": "CharDelimiterSplit", "delimiter": "-"},
              {"type": "Split", "pattern": {"String": "a"}, "behavior": "MergedWithNext", "invert": False},
              {"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?"
                                            "\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
                                            "|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": False},
              {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": False},
                                                     {"type": "Punctuation"}]}]
    decoders = [None, {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
                *({"type": t} for t in ("ByteLevel", "Fuse", "ByteFallback")),
                {"type": "BPEDecoder", "suffix": "</w>"},
                {"type": "WordPiece", "prefix": "##", "cleanup": True},
                {"type": "CTC", "pad_token": "<pad>"},
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
                {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]}]
    posts = [None, {"type": "ByteLevel", "trim_offsets": False},
             {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                                                       {"Sequence": {"id": "A", "type_id": 0}}],
              "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [11], "tokens": ["<s>"]}}},
             {"type": "BertProcessing", "sep": ["<s>", 11], "cls": ["<s>", 11]}]
    added = [{"id": 11, "content": "<s>", "special": True, "normalized": False, "lstrip": False,
              "rstrip": True, "single_word": False},
             {"id": 0, "content": "<unk>", "special": True}]

    def one(model=bpe, normalizer=None, split=None, decoder=None, post=None):
        return json.dumps({"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
                           "normalizer": normalizer, "pre_tokenizer": split, "post_processor": post,
                           "decoder": decoder, "model": model}, ensure_ascii=False).encode()
    for m in models:
        yield one(model=m)
    for n in normalizers:
        yield one(normalizer=n)
    for s in splits:
        yield one(split=s)
    for d in decoders:
        yield one(decoder=d)
    for p in posts:
        yield one(post=p)
    yield from fixtures("b3*/tokenizer.json", "b1*/tokenizer.json", "tokens/qwen2-small/tokenizer.json")


def tokenizer_folders():
    """Each kind of file with a tokenizer_config.json that says something about it, and without."""
    config = {"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": False}, "add_bos_token": True,
              "add_eos_token": False, "do_lower_case": True, "strip_accents": False,
              "tokenize_chinese_chars": True, "tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder": {
                  "0": {"content": "<unk>", "special": True}, "300": {"content": "<|im_end|>", "special": True},
                  "97": {"content": "<x>", "special": False}}, "chat_template": "{% for m in messages %}<|im_start|>{% endfor %}"}
    lists = {"eos_token": "[SEP]", "do_lower_case": False,
             "chat_template": [{"name": "tool_use", "template": "a"}, {"name": "default", "template": "b"}]}
    vocab = {chr(c): c - 33 for c in range(33, 127)} | {"ab": 94, "<s>": 95, "</s>": 96}
    files = {b"j": list(tokenizer_jsons())[:5], b"m": [f for f in tokenizer_models() if len(f) < 9000][:2],
             b"t": [b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n\xe9\x9b\xaa\n"],
             b"v": [json.dumps(vocab).encode() + PART_END + b"#version: 0.2\na b\n"]}
    for letter, some in files.items():
        for i, data in enumerate(some):
            for c in (config, lists, None):
                said = json.dumps(c).encode() if c else b""
                yield letter + b"%d" % (i % 4) + said + PART_END + data + PART_END + TEXTS[0].encode()
                yield letter + b"0" + said + PART_END + data + PART_END + b"a<tool>b" + PART_END + b'{"<tool>":98,"<y>":301}'


def gguf_vocabularies():
    """GGUF files of no tensors with the other kinds of vocabulary: SentencePiece's, and our own keys."""
    sys.path.insert(0, os.path.join(HERE, "..", "hostile"))
    from gen_gguf import ARR, BOOL, F32, I32, STR, U32, Model
    texts = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), "▁", "t", "h", "th", "▁th", "雪"]
    llama = [("tokenizer.ggml.model", STR, "llama"), ("tokenizer.ggml.tokens", ARR, (STR, texts)),
             ("tokenizer.ggml.scores", ARR, (F32, [-float(i) for i in range(len(texts))])),
             ("tokenizer.ggml.token_type", ARR, (I32, [2, 3, 3] + [6] * 256 + [1] * 6)),
             ("tokenizer.ggml.bos_token_id", U32, 1), ("tokenizer.ggml.eos_token_id", U32, 2),
             ("tokenizer.ggml.add_bos_token", BOOL, 1), ("tokenizer.ggml.add_space_prefix", BOOL, 1)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "雪", "1"]
    wordpiece = [("xuxie.tokenizer", STR, "wordpiece"), ("tokenizer.ggml.tokens", ARR, (STR, words)),
                 ("tokenizer.ggml.token_type", ARR, (I32, [3] * 5 + [1] * 4)),
                 ("xuxie.tokenizer.lower_case", BOOL, 1), ("xuxie.tokenizer.strip_accents", BOOL, 0),
                 ("xuxie.tokenizer.split_digits", BOOL, 1), ("tokenizer.ggml.eos_token_id", U32, 3)]
    files = [llama, wordpiece]
    for kind, file in zip(("huggingface", "huggingface", "jieba+bpe"), tokenizer_jsons()):
        files.append([("xuxie.tokenizer", STR, kind), ("tokenizer.huggingface.json", STR, file),
                      ("tokenizer.ggml.bos_token_id", U32, 0), ("tokenizer.ggml.add_bos_token", BOOL, 1)])
    for meta in files:
        m = Model()
        m.tensors, m.meta = [], [list(entry) for entry in meta]
        yield m.bytes()


def gguf():
    yield from generated("gguf")
    yield from gguf_vocabularies()
    yield from fixtures("gguf/*")


# ---- folders: config.json, an index, and the headers of safetensors files ----------------------------

H, A, KV, F, V, P, D = 8, 2, 1, 16, 12, 10, 4


def damo(names, layer):
    yield names + "word_embeddings.weight", (V, H)
    yield names + "position_embeddings.weight", (P, H)
    stem, attention = layer
    for norm in ("final_layernorm",):
        yield stem + norm + ".weight", (H,)
        yield stem + norm + ".bias", (H,)
    for part, shape in (("input_layernorm", (H,)), (attention + ".query_key_value", (3 * H, H)),
                        (attention + ".dense", (H, H)), ("post_attention_layernorm", (H,)),
                        ("mlp.dense_h_to_4h", (4 * H, H)), ("mlp.dense_4h_to_h", (H, 4 * H))):
        yield f"{stem}layers.0.{part}.weight", shape
        yield f"{stem}layers.0.{part}.bias", shape[:1]


def gpt2():
    yield from (("wte.weight", (V, H)), ("wpe.weight", (P, H)), ("ln_f.weight", (H,)), ("ln_f.bias", (H,)))
    for part, shape in (("ln_1", (H,)), ("attn.c_attn", (H, 3 * H)), ("attn.c_proj", (H, H)),
                        ("ln_2", (H,)), ("mlp.c_fc", (H, F)), ("mlp.c_proj", (F, H))):
        yield f"transformer.h.0.{part}.weight", shape
        yield f"transformer.h.0.{part}.bias", shape[-1:]
    yield "transformer.h.0.attn.bias", (1, 1, P, P)


def llama(kind):
    yield from (("model.embed_tokens.weight", (V, H)), ("model.norm.weight", (H,)), ("lm_head.weight", (V, H)))
    for part, rows, columns in (("q", A * D, H), ("k", KV * D, H), ("v", KV * D, H), ("o", H, A * D)):
        yield f"model.layers.0.self_attn.{part}_proj.weight", (rows, columns)
        if kind == "qwen2" and part != "o":
            yield f"model.layers.0.self_attn.{part}_proj.bias", (rows,)
    if kind == "qwen3":
        yield "model.layers.0.self_attn.q_norm.weight", (D,)
        yield "model.layers.0.self_attn.k_norm.weight", (D,)
    for part, shape in (("gate", (F, H)), ("up", (F, H)), ("down", (H, F))):
        yield f"model.layers.0.mlp.{part}_proj.weight", shape
    for norm in ("input", "post_attention"):
        yield f"model.layers.0.{norm}_layernorm.weight", (H,)


def header(tensors, dtype):
    size = {"F32": 4, "F16": 2, "BF16": 2}[dtype]
    out, at = {}, 0
    for name, shape in tensors:
        n = size
        for s in shape:
            n *= s
        out[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + n]}
        at += n
    return f"{at:06x}".encode() + json.dumps(out, separators=(",", ":")).encode()


def config_of(kind):
    damo_config = {"vocab_size": V, "hidden_size": H, "num_hidden_layers": 1, "num_attention_heads": A,
                   "max_position_embeddings": P, "layernorm_epsilon": 1e-12, "intermediate_size": F,
                   "ffn_hidden_size": None, "bias_gelu_fusion": True, "eod_id": 1, "fp16": False,
                   "apply_residual_connection_post_layernorm": False, "kv_channels": None, "top_p": 0.9}
    if kind in ("damo", "megatron"):
        return damo_config
    if kind == "gpt2":
        return {"model_type": "gpt2", "vocab_size": V, "n_embd": H, "n_layer": 1, "n_head": A,
                "n_positions": P, "n_ctx": P, "n_inner": F, "activation_function": "gelu_new",
                "layer_norm_epsilon": 1e-5, "bos_token_id": 1, "eos_token_id": [1, 2],
                "tie_word_embeddings": True, "scale_attn_weights": True}
    return {"model_type": kind, "hidden_size": H, "intermediate_size": F, "num_hidden_layers": 1,
            "num_attention_heads": A, "num_key_value_heads": KV, "head_dim": D, "vocab_size": V,
            "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "tie_word_embeddings": False,
            "hidden_act": "silu", "attention_bias": False, "rope_theta": 10000.0, "rope_scaling": None,
            "sliding_window": None, "bos_token_id": 1, "eos_token_id": 2}


ROPES = [
    {"rope_scaling": {"type": "linear", "factor": 2.0}},
    {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 8}},
    {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16,
                      "beta_fast": 32, "beta_slow": 1, "attention_factor": 1.2}},
    {"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}},
    {"rope_parameters": {"rope_theta": 5e5, "rope_type": "yarn", "factor": 2.0, "truncate": True}},
    {"sliding_window": 4, "use_sliding_window": True, "max_window_layers": 0},
    {"layer_types": ["sliding_attention"], "sliding_window": 4},
]


def checkpoints():
    """A letter for the folder's shape, then config.json, an index and up to two safetensors files, each
    as the size of its data in hexadecimal and its header."""
    kinds = {"damo": lambda: damo("language_model.", ("language_model.transformer.", "attention")),
             "megatron": lambda: damo("language_model.embedding.",
                                      ("language_model.encoder.", "self_attention")),
             "gpt2": gpt2,
             **{k: (lambda k=k: llama(k)) for k in ("llama", "mistral", "qwen2", "qwen3")}}
    for kind, tensors in kinds.items():
        tensors, config = list(tensors()), config_of(kind)
        halves = tensors[::2], tensors[1::2]
        index = {"metadata": {"total_size": 1}, "weight_map": {
            name: "ab"[i] + ".safetensors" for i, half in enumerate(halves) for name, _ in half}}
        parts = [json.dumps(config), json.dumps(index)]
        for dtype in ("F32", "BF16"):
            yield join(b"w", *parts[:1], "", header(tensors, dtype))
        yield join(b"i", *parts, *(header(h, "F16") for h in halves))
        yield join(b"r", *parts[:1], "", header(tensors, "F16"))
        for rope in ROPES if "n_embd" not in config and "head_dim" in config else ():
            yield join(b"w", json.dumps({**config, **rope}), "", header(tensors, "F32"))
    cut = [(n, (s[0] // 2, *s[1:]) if "h_to_4h" in n or "query_key" in n or "word_emb" in n else
            (s[0], s[1] // 2) if "dense" in n and n.endswith("weight") else s)
           for n, s in kinds["megatron"]()]
    yield join(b"r", json.dumps(config_of("megatron")), "", header(cut, "F16"), header(cut, "F16"))


def gguf_pieces():
    """Two files, cut by split_gguf.py from small whole ones."""
    small = sorted((d for d in gguf() if d[:4] == b"GGUF" and 4000 < len(d) < 20000), key=len)
    with tempfile.TemporaryDirectory() as folder:
        for i, data in enumerate(small[:60:6]):
            source, name = os.path.join(folder, "whole"), os.path.join(folder, f"p{i}")
            with open(source, "wb") as f:
                f.write(data)
            made = subprocess.run([sys.executable, os.path.join(HERE, "..", "cli", "split_gguf.py"), source, name,
                                   "2", *(["--no-tensor-first"] if i % 2 else [])], stderr=subprocess.DEVNULL)
            if made.returncode == 0:
                yield PART_END.join(read(f"{name}-0000{k}-of-00002.gguf") for k in (1, 2))


def imports(suffix):
    """Files of examples and templates, with the field that the targets' template has."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.join(HERE, "..", "hostile", "gen_imports.py"), folder],
                       check=True, stdout=subprocess.DEVNULL)
        paths = sorted(glob.glob(os.path.join(folder, "*" + suffix)))
        paths = [p for p in paths if os.path.getsize(p) <= 4096]
        if suffix == ".txt":
            paths += sorted(glob.glob(os.path.join(HERE, "..", "..", "data", "templates", "*.txt")))
        for path in paths:
            yield read(path).replace("题目".encode(), b"a")[:4096]


def join(letter, *parts):
    return letter + PART_END.join(p.encode() if isinstance(p, str) else p for p in parts)


TARGETS = {
    "checkpoint": checkpoints,
    "csv": lambda: imports(".csv"),
    "gguf": gguf,
    "gguf_pieces": gguf_pieces,
    "jieba": jieba_tables,
    "jsonl": lambda: imports(".jsonl"),
    "model": gguf,
    "pickle": pickles,
    "safetensors": safetensors,
    "template": lambda: imports(".txt"),
    "torch": containers,
    "tokenizer_folder": tokenizer_folders,
    "tokenizer_json": lambda: with_texts(tokenizer_jsons()),
    "tokenizer_model": lambda: with_texts(tokenizer_models()),
    "vocab_txt": vocab_txt,
    "zip": zips,
}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    target, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    for data in TARGETS[target]() if target in TARGETS else ():
        if len(data) > MOST:
            continue
        with open(os.path.join(folder, hashlib.sha1(data).hexdigest()), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
