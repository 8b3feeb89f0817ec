#!/usr/bin/env python3
"""Compares what `xuxie continue` does with a text with what the reference programs do with it (TAP):
DAMO's GPT-3 as ModelScope's pipelines run them, GPT-2 with BERT's vocabulary and its own as transformers
does.

For every text of the fixtures' expected.json: the number of tokens the prompt becomes, and the tokens
greedy decoding writes, id by id, from the folder and from the GGUF file imported from it. Two things
are different, on purpose:
  - a row of the embedding that stands for no token is never drawn. The reference draws it, and shows
    "[UNK]" or nothing. From there on the two go different ways, and are not compared.
  - special tokens that stand in a text are text, without --parse-special, which such texts get.

  XUXIE=./xuxie XUXIE_SHARED=../shared tests/reference/check_texts.py
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

XUXIE = os.environ.get("XUXIE", "./xuxie")
FIXTURES = os.path.join(os.environ.get("XUXIE_SHARED", "../shared"), "fixtures")

SPECIAL = r"\[(MASK|SEP|CLS)\]"

n_tests = 0
n_failed = 0


def ok(good, what, why=""):
    global n_tests, n_failed
    n_tests += 1
    n_failed += not good
    print(f"{'ok' if good else 'not ok'} {n_tests} - {what}", flush=True)
    if not good:
        for line in str(why).splitlines():
            print("# " + line)


def xuxie(*args, text=""):
    r = subprocess.run([XUXIE, *args], input=text, capture_output=True, text=True)
    if r.returncode:
        raise RuntimeError(f"xuxie {' '.join(args)}: status {r.returncode}: {r.stderr}")
    return r.stdout


def write_on(model, text, *args):
    """The events of one generation: start, done, the ids written, the text."""
    if re.search(SPECIAL, text):
        args = *args, "--parse-special"
    out = xuxie("continue", "-m", model, "--json", "--logprobs", "--no-store", "--kv", "f32",
                "--preset", "greedy", *args, text=text)
    start = done = None
    ids, words = [], ""
    for line in out.splitlines():
        event = json.loads(line)
        if event["event"] == "start":
            start = event
        elif event["event"] == "text":
            ids += [t["id"] for t in event["tokens"]]
            words += event["text"]
        elif event["event"] == "done":
            done = event
    return start, done, ids, words


def n_tokens(model):
    return json.loads(xuxie("model", "info", "--json", model))["n_tokens"]


def texts(expected):
    """(text, tokens of the prompt, ids written after it, max_length, whole text) of each text."""
    for case in expected.get("text_cases", []):
        if "output_ids" in case:
            n = case["prompt_length"]
            if n < case["preprocessor_max_length"] - 1:  # else its end was cut off
                yield case["text"], n, case["output_ids"][n:], case["max_length"], \
                    case["pipeline_text"]
        else:
            n = len(case["input_ids"])
            yield case["text"], n, case["greedy"], n + len(case["greedy"]), None
    for case in expected["cases"]:
        if "text" in case:
            yield case["text"], len(case["input_ids"]), case["greedy"], case["max_length"], None


def compare(model, name, expected, count):
    """count: the tokens there are; rows from there on are padding."""
    eod = expected.get("eod_id")
    for k, (text, n, want, max_length, whole) in enumerate(texts(expected)):
        _, done, ids, _ = write_on(model, text, "--max-tokens", "0", "--max-length", str(max_length))
        ok(done["prompt_tokens"] == n, f"{name}: text {k}: {n} tokens of prompt", done)
        padding = next((i for i, id in enumerate(want) if id >= count), None)
        if padding is None:
            ok(ids == want, f"{name}: text {k}: the same tokens", f"{ids}\n{want}")
            reason = "eos" if want and want[-1] == eod else "length"
            ok(done["reason"] == reason, f"{name}: text {k}: ends with {reason}", done)
        else:
            ok(ids[:padding] == want[:padding], f"{name}: text {k}: the same tokens to padding",
               f"{ids}\n{want}")
            ok(max(ids) < count, f"{name}: text {k}: padding is not drawn", ids)
        if whole is not None and padding is None:
            all_ids = xuxie("tokenize", "-m", model, text=text).split() + [str(i) for i in ids]
            shown = xuxie("detokenize", "-m", model, "--rule", "modelscope", text=" ".join(all_ids))
            ok(shown == whole, f"{name}: text {k}: shown as the pipeline does", f"{shown}\n{whole}")


def compare_both(fixture, name, work):
    with open(os.path.join(fixture, "expected.json"), encoding="utf-8") as f:
        expected = json.load(f)
    count = n_tokens(fixture)
    compare(fixture, name, expected, count)
    out = os.path.join(work, "imported.gguf")
    xuxie("model", "import", fixture, "-o", out)
    compare(out, name + ", imported", expected, count)
    return out


def check_base(fixture, imported):
    """DAMO base and large: [CLS] before, nothing after; [SEP] ends nothing."""
    with open(os.path.join(fixture, "vocab.txt"), encoding="utf-8") as f:
        words = [line.rstrip("\n") for line in f]
    sep, cls = words.index("[SEP]"), words.index("[CLS]")
    name = os.path.basename(fixture)
    for model in fixture, imported:
        _, done, ids, shown = write_on(model, "天空", "--logit-bias", f"{sep}=100", "-n", "3")
        ok(done["reason"] == "length" and ids == [sep] * 3 and shown == "",
           f"{name}: [SEP] does not end a text", (done, ids, shown))
        _, done, _, _ = write_on(model, "", "-n", "1")
        ok(done["prompt_tokens"] == 1, f"{name}: no text is [CLS] alone", done)
        special = xuxie("tokenize", "-m", model, "--special", text="天空").split()
        ok(special[0] == str(cls) and special[-1] == str(sep),
           f"{name}: tokenize --special puts both", special)
    r = subprocess.run([XUXIE, "continue", "-m", fixture, "--no-store", "--max-length", "3"],
                       input="深蓝的天空", capture_output=True, text=True)
    ok(r.returncode == 2 and "the prompt alone has 6 tokens" in r.stderr,
       f"{name}: max_length counts [CLS] and the prompt", r.stderr)
    start, *_ = write_on(fixture, "天", "--preset", "damo", "-n", "1")
    s = start["settings"]
    ok((s["temp"], s["top_p"], s["top_k"], s["min_p"], s["repeat_penalty"]) == (1, 0.9, 0, 0, 1) and
       s["samplers"].index("temp") < s["samplers"].index("top_p"),
       f"{name}: the preset damo", s)


def check_chinese(fixture, imported):
    """GPT2-Chinese: [CLS] ends an article; without --parse-special what is written out is text."""
    with open(os.path.join(fixture, "vocab.txt"), encoding="utf-8") as f:
        cls = f.read().split("\n").index("[CLS]")
    name = os.path.basename(fixture)
    for model in fixture, imported:
        _, done, ids, shown = write_on(model, "天空", "--logit-bias", f"{cls}=100", "-n", "3")
        ok(done["reason"] == "eos" and ids == [cls] and shown == "", f"{name}: [CLS] ends a text",
           (done, ids, shown))
        plain = json.loads(xuxie("continue", "-m", model, "--json", "--no-store", "-n", "1", "--preset", "greedy",
                                 text="[MASK]天").splitlines()[-1])
        _, done, _, _ = write_on(model, "[MASK]天", "-n", "1")
        ok(done["prompt_tokens"] == 2 < plain["prompt_tokens"], f"{name}: [MASK] is a token on request", (done, plain))


def check_megatron(fixture, imported):
    """DAMO from 1.3B on: <sep> is no token of a text, and ends what is written."""
    name = os.path.basename(fixture)
    with open(os.path.join(fixture, "tokenizer.json"), encoding="utf-8") as f:
        added = {t["content"]: t["id"] for t in json.load(f)["added_tokens"]}
    sep, other = added["<sep>"], added["</s>"]
    for model in fixture, imported:
        ids = xuxie("tokenize", "-m", model, text="问题<sep>答案").split()
        ok(str(sep) not in ids, f"{name}: <sep> in a text is text", ids)
        _, done, ids, shown = write_on(model, "问题", "--logit-bias", f"{sep}=100", "-n", "9")
        ok(done["reason"] == "eos" and ids == [sep] and shown == "", f"{name}: <sep> ends a text",
           (done, ids, shown))
        _, done, ids, _ = write_on(model, "问题", "--logit-bias", f"{other}=100", "-n", "9")
        ok(done["reason"] == "length", f"{name}: </s> does not", (done, ids))
        _, done, _, _ = write_on(model, "好的\n", "-n", "1")
        n = len(xuxie("tokenize", "-m", model, text="好的\n").split())
        ok(done["prompt_tokens"] == n, f"{name}: nothing is put before or after a text", done)


def main():
    if not os.path.isdir(FIXTURES):
        print(f"1..0 # SKIP no fixtures at {FIXTURES}")
        return 0
    for name in sorted(n for n in os.listdir(FIXTURES) if n[0] in "abcd" and n[1:2].isdigit()):
        fixture = os.path.join(FIXTURES, name)
        work = tempfile.mkdtemp(prefix="xuxie-texts.")
        try:
            imported = compare_both(fixture, name, work)
            if name[0] == "a":
                check_base(fixture, imported)
            elif name[0] == "b":
                check_megatron(fixture, imported)
            elif name[0] == "c":
                check_chinese(fixture, imported)
        except (RuntimeError, OSError, ValueError, KeyError) as e:
            ok(False, f"{name}: runs", repr(e))
        finally:
            shutil.rmtree(work)
    print(f"1..{n_tests}")
    return n_failed != 0


if __name__ == "__main__":
    sys.exit(main())
