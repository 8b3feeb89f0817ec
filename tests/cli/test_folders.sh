#!/bin/bash
# The tokenizers of folders that are published in more than one file: tokens added beside the vocabulary,
# which file counts where two say the same, how vocab.json is cut; and the licence on the model card. What
# is compared with comes from the reference data.
. "${top_srcdir:-.}/tests/cli/lib.sh"
shared=${XUXIE_SHARED:-${top_srcdir:-.}/../shared}
if ! command -v python3 >/dev/null || [ ! -d "$shared/fixtures/tokens/qwen2-small" ]; then
    skip "no reference data, or no python3"
    finish
fi
shared=$(cd "$shared" && pwd)
cd "$T" || exit 99
python3 - "$shared/fixtures" <<'PY'
import glob, json, os, shutil, sys
top = sys.argv[1]
def one(pattern):
    return glob.glob(os.path.join(top, pattern))[0]
def put(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text if isinstance(text, str) else json.dumps(text, ensure_ascii=False))
def slow(name, tokenizer):  # vocab.json, merges.txt: what a slow tokenizer saves
    os.mkdir(name)
    m = tokenizer["model"]
    put(f"{name}/vocab.json", m["vocab"])
    put(f"{name}/merges.txt", "#version: 0.2\n" + "\n".join(" ".join(x) if isinstance(x, list) else x for x in m["merges"]) + "\n")
    put(f"{name}/added_tokens.json", {t["content"]: t["id"] for t in tokenizer["added_tokens"] if t["content"] not in m["vocab"]})
    put(f"{name}/tokenizer_config.json", {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "added_tokens_decoder": {
        str(t["id"]): {"content": t["content"], "special": t["special"]} for t in tokenizer["added_tokens"]}})
with open(os.path.join(top, "tokens/qwen2-small/tokenizer.json"), encoding="utf-8") as f:
    qwen = json.load(f)
slow("qwen", qwen)
slow("bare", qwen)  # without a tokenizer_config.json: config.json tells the kind
os.remove("bare/tokenizer_config.json")
put("bare/config.json", {"model_type": "qwen2"})
with open(os.path.join(one("e3_*"), "tokenizer.json"), encoding="utf-8") as f:
    slow("e3", json.load(f))
for name in "config.json", "model.safetensors":
    shutil.copy(os.path.join(one("e3_*"), name), "e3")
e5 = one("e5_*")
for name in "mistral", "both", "card", "bad":
    shutil.copytree(one("e1_*") if name == "both" else e5, name)
    os.system(f"chmod -R u+w {name}")
decoder = {"0": {"content": "<unk>", "special": True}, "1300": {"content": "<|im_start|>", "special": True},
           "1301": {"content": "<|im_end|>", "special": True}}
put("mistral/added_tokens.json", {"<|im_start|>": 1300, "<|im_end|>": 1301, "<tool>": 1303})
put("mistral/tokenizer_config.json", {"eos_token": "<|im_end|>", "added_tokens_decoder": decoder})
put("card/README.md", "---\nlanguage: zh\nlicense: \"apache-2.0\"  # see there\n---\n# A model\nlicense: none\n")
PY

public=$shared/fixtures/tokens/qwen2-small/public.jsonl
python3 - "$public" "$XUXIE" qwen bare "$shared/fixtures/tokens/qwen2-small" <<'PY' >"$T/vectors"
import json, subprocess, sys
lines = [json.loads(l) for l in open(sys.argv[1], encoding="utf-8")]
texts = "".join(json.dumps({"text": l["text"]}, ensure_ascii=False) + "\n" for l in lines)
outs = []
for folder in sys.argv[3:]:
    out = subprocess.run([sys.argv[2], "tokenize", "--tokenizer", folder, "--jsonl"], input=texts, capture_output=True, text=True)
    outs.append(out.stdout)
    print(folder.rsplit("/", 1)[-1], out.returncode, len(out.stdout.splitlines()), out.stdout == outs[-1], out.stderr)
print("same" if outs[0] == outs[1] == outs[2] and outs[0].count("\n") == len(lines) else "different")
PY
check "vocab.json of Qwen: the ids of its tokenizer.json, all of the vectors" grep -qx same "$T/vectors"
run "$XUXIE" tokenize --tokenizer qwen <<<'<|im_start|>a'
check "vocab.json: an added token is one token" test "$(wc -w <"$T/out")" -le 3

run "$XUXIE" model info --json e3
cp "$T/out" slow.json
run "$XUXIE" model info --json "$shared"/fixtures/e3_*
for key in n_tokens chat; do
    check "vocab.json: $key as with tokenizer.json" test "$(grep -o "\"$key\":[^,}]*" slow.json)" = "$(grep -o "\"$key\":[^,}]*" "$T/out")"
done
check "vocab.json: a chat format is known by added tokens" grep -q '"chat":"chatml"' slow.json
run "$XUXIE" model info mistral
check "tokenizer.model: tokens beyond the embedding are passed over" grep -q '1300 tokens (llama)' "$T/out"
rm mistral/config.json # then nobody says how many rows there are
run "$XUXIE" detokenize --special --tokenizer mistral <<<'1300 1301 1303'
check "tokenizer.model: they have their texts" grep -qx '<|im_start|><|im_end|><tool>' "$T/out"
run "$XUXIE" tokenize --tokenizer mistral <<<'<tool>'
check "tokenizer.model: and are found" grep -qw 1303 "$T/out"
run "$XUXIE" model import e3 -o e3.gguf
run "$XUXIE" tokenize -m e3.gguf <<<'雪<|im_start|> and<|im_end|>'
cp "$T/out" gguf.ids
run "$XUXIE" tokenize -m "$shared"/fixtures/e3_* <<<'雪<|im_start|> and<|im_end|>'
check "vocab.json: imported, the ids of tokenizer.json" cmp gguf.ids "$T/out"

# Llama 2 and Mistral come with both files.
python3 - both <<'PY'
import json, sys
data = open(sys.argv[1] + "/tokenizer.model", "rb").read()
def varint(at):
    v = shift = 0
    while True:
        b = data[at]; at += 1; v |= (b & 127) << shift; shift += 7
        if b < 128: return v, at
def fields(begin, end):
    at = begin
    while at < end:
        tag, at = varint(at)
        if tag & 7 == 2:
            n, at = varint(at); yield tag >> 3, (at, at + n); at += n
        elif tag & 7 == 5:
            yield tag >> 3, data[at:at + 4]; at += 4
        elif tag & 7 == 0:
            v, at = varint(at); yield tag >> 3, v
pieces = []
for number, where in fields(0, len(data)):
    if number == 1 and isinstance(where, tuple):
        f = dict(fields(*where)); b, e = f[1]; pieces.append(data[b:e].decode())
vocab = {p: i for i, p in enumerate(pieces)}
merges = [[a[:k], a[k:]] for a in sorted(pieces, key=vocab.get) for k in range(1, len(a)) if a[:k] in vocab and a[k:] in vocab and not a.startswith("<")]
json.dump({"version": "1.0", "added_tokens": [{"id": i, "content": pieces[i], "special": True, "normalized": False, "lstrip": False, "rstrip": False, "single_word": False} for i in range(3)],
  "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
  "pre_tokenizer": None, "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
  "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
  "model": {"type": "BPE", "vocab": vocab, "merges": merges, "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True}}, open(sys.argv[1] + "/tokenizer.json", "w"), ensure_ascii=False)
PY
run "$XUXIE" model info both
check "both files: SentencePiece's counts" grep -q '1300 tokens (llama)' "$T/out"
run "$XUXIE" model import both -o both.gguf
run "$XUXIE" model info both.gguf
check "both files: other programs can run the import" sh -c "! grep -q 'other programs' '$T/out'"
python3 - both/tokenizer.json <<'PY'
import json, sys
t = json.load(open(sys.argv[1]))
t["normalizer"] = t["normalizer"]["normalizers"][1]  # no space in front
json.dump(t, open(sys.argv[1] + ".other", "w"))
PY
cp both/tokenizer.json both/kept
mv both/tokenizer.json.other both/tokenizer.json
run "$XUXIE" model info both
check "both files: tokenizer.json's where they differ" grep -q '1300 tokens (hf)' "$T/out"
mv both/kept both/tokenizer.json
mv both/tokenizer.model both/aside
run "$XUXIE" model info both
check "tokenizer.json alone: itself" grep -q '1300 tokens (hf)' "$T/out"

run "$XUXIE" model info card
check "card: the licence" grep -q '^licence .*apache-2.0$' "$T/out"
for odd in '[mit, apache-2.0]' '"Apache 2.0"' '>-' '' 'null#' ; do
    printf -- '---\nlicense: %s\n---\n' "$odd" >mistral/README.md
    cp "$shared"/fixtures/e5_*/config.json mistral/
    run "$XUXIE" model info --json mistral
    check "card: no licence in \"$odd\"" grep -Eq '"license":"(null)?"' "$T/out"
done
run "$XUXIE" model import card -o card.gguf
run "$XUXIE" model info card.gguf
check "card: the licence is imported" grep -q '^licence .*apache-2.0$' "$T/out"

refuse()
{
    printf '%s' "$2" >"bad/$1"
    run "$XUXIE" tokenize --tokenizer bad <<<x
    refused 1 "$3" "$1: $2"
    rm "bad/$1"
}
rm bad/config.json
refuse added_tokens.json '{"a' 'added_tokens.json: JSON at byte'
refuse added_tokens.json '{"<x>":"1300"}' 'added_tokens.json: token "<x>": its id is not a whole number'
refuse added_tokens.json '{"<x>":-1}' 'added_tokens.json: token "<x>": id -1'
refuse added_tokens.json '{"<x>":9223372036854775807}' 'token "<x>": id 9223372036854775807'
refuse added_tokens.json '{"<x>":4000000}' '1 tokens are added, but their ids reach from 1300 to 4000000'
echo '{"</s>":1300,"[PAD1300]":1301,"<x>":1303}' >bad/added_tokens.json
run "$XUXIE" tokenize --tokenizer bad <<<'a</s><x>'
check "added_tokens.json: a token that is there keeps its number" grep -qw 1303 "$T/out"
check "added_tokens.json: ..." sh -c "! grep -qw 1300 '$T/out'"
rm bad/added_tokens.json
refuse tokenizer_config.json '{"added_tokens_decoder":{"13a":{"content":"x"}}}' 'added_tokens_decoder: "13a" is no number'
refuse tokenizer_config.json '{"added_tokens_decoder":{"1300":7}}' 'the added token 1300 has no text'
finish
