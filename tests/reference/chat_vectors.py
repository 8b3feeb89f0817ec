#!/usr/bin/env python3
"""Writes tests/unit/chat_vectors.h: conversations and the tokens they become.

ChatML and Llama 3 are laid out by transformers (apply_chat_template) with the templates their models
were published with; Llama 2 as its publisher's own program does it, turn by turn with SentencePiece.
The tokenizers are the small ones of the reference data.

  pip install transformers jinja2 sentencepiece
  XUXIE_SHARED=../shared tests/reference/chat_vectors.py >tests/unit/chat_vectors.h
"""
import json
import os
import sys

import sentencepiece
from transformers import PreTrainedTokenizerFast

TOKENS = os.path.join(os.environ.get("XUXIE_SHARED", "../shared"), "fixtures", "tokens")

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = (
    "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
    "{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)

# system ("" for none) and turns; the user's and the assistant's alternate
TALKS = [
    ("", ["hello"]),
    ("", ["给我写一首关于雪的诗。"]),
    ("You are a helpful assistant.", ["What is 2 + 2?"]),
    ("你是一位小说家。\n只用中文。", ["那一夜，雪下得很大。\n\n接着写。"]),
    ("", ["Hi!", "Hello. What can I do for you?", "Write a poem"]),
    ("Be brief.", ["一", "二", "three", "  four  ", "5 5555"]),
    ("", ["  two blanks before, and behind  "]),
    ("　", ["　　段首空两格。　"]),
    ("", ["[INST] <<SYS>> user\nassistant\n[/INST]"]),
    ("", [""]),
]


def messages(system, turns):
    out = [{"role": "system", "content": system}] if system else []
    for i, text in enumerate(turns):
        out.append({"role": "assistant" if i % 2 else "user", "content": text})
    return out


def by_template(folder, template, bos):
    t = PreTrainedTokenizerFast(tokenizer_file=os.path.join(TOKENS, folder, "tokenizer.json"),
                                bos_token=bos)
    for system, turns in TALKS:
        ids = t.apply_chat_template(messages(system, turns), chat_template=template,
                                    add_generation_prompt=True, tokenize=True, return_dict=False)
        yield system, turns, ids


def llama2():
    sp = sentencepiece.SentencePieceProcessor(
        model_file=os.path.join(TOKENS, "spm-small", "tokenizer.model"))
    for system, turns in TALKS:
        turns = list(turns)
        if system:
            turns[0] = "<<SYS>>\n" + system + "\n<</SYS>>\n\n" + turns[0]
        ids = []
        for i in range(0, len(turns) - 1, 2):
            text = f"[INST] {turns[i].strip()} [/INST] {turns[i + 1].strip()} "
            ids += [sp.bos_id()] + sp.encode(text) + [sp.eos_id()]
        ids += [sp.bos_id()] + sp.encode(f"[INST] {turns[-1].strip()} [/INST]")
        yield system, turns if not system else [turns[0].split("\n<</SYS>>\n\n", 1)[1]] + turns[1:], ids


def c_string(s):
    return json.dumps(s, ensure_ascii=False)


def main():
    print("/* chat_vectors.h - made by tests/reference/chat_vectors.py: conversations and the tokens that\n"
          " * the reference programs make of them. */\n"
          "/* clang-format off */\n"
          "static const struct chat_vector {\n"
          "    const char *folder, *format, *system;\n"
          "    const char *turns[6]; /* ended by NULL */\n"
          "    int n;\n"
          "    int32_t ids[128];\n"
          "} chat_vectors[] = {")
    for folder, name, made in [
        ("qwen2-small", "chatml", by_template("qwen2-small", CHATML, None)),
        ("llama3-small", "llama3", by_template("llama3-small", LLAMA3, "<|begin_of_text|>")),
        ("spm-small", "llama2", llama2()),
    ]:
        for system, turns, ids in made:
            assert len(ids) <= 128 and len(turns) < 6, len(ids)
            print(f"    {{{c_string(folder)}, {c_string(name)}, {c_string(system)},\n"
                  f"     {{{', '.join(map(c_string, turns))}}}, {len(ids)},")
            text = "     {"
            for i, id in enumerate(ids):
                piece = f"{id}{',' if i + 1 < len(ids) else ''}"
                if len(text) + len(piece) > 98:
                    print(text.rstrip())
                    text = "      "
                text += piece + " "
            print(text.rstrip() + "}},")
    print("};\n/* clang-format on */")


if __name__ == "__main__":
    sys.exit(main())
