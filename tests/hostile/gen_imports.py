#!/usr/bin/env python3
"""gen_imports.py DIR - bad files of examples and templates, one flaw each, and EXPECT.tsv: name, status,
a piece of the message, columns that name the form."""
import os
import sys

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
expect = []


def put(name, data, status, word):
    if isinstance(data, str):
        data = data.encode()
    with open(os.path.join(out, name), "wb") as f:
        f.write(data)
    expect.append(f"{name}\t{status}\t{word}\n")


GOOD = '{"题目": "雪", "output": "白"}\n'
HEAD = "题目,output\n"
T = "xuxie template 1\nname: hostile\n"

# ---- JSON lines ----
put("cut.jsonl", GOOD + '{"题目": "雪", "outp', 1, "line 2: not JSON")
put("array.jsonl", GOOD + '["雪", "白"]\n', 1, "line 2: not a JSON object")
put("no-answer.jsonl", GOOD + '{"题目": "雪"}\n', 1, 'line 2: there is no "output"')
put("no-field.jsonl", GOOD + '{"output": "白"}\n', 1, "line 2: the field 题目 is missing")
put("twice.jsonl", GOOD + '{"题目": "a", "题目": "b", "output": "c"}\n', 1, "line 2: not JSON")
put("two-answers.jsonl", '{"题目": "a", "output": "b", "输出": "c"}\n', 1, "line 1: two columns give")
put("bad-utf8.jsonl", GOOD.encode() + b'{"\xe9\xa2\x98\xe7\x9b\xae": "\xff", "output": "x"}\n', 1, "line 2: not JSON")
put("overlong.jsonl", b'{"a": "\xc0\x80", "output": "x"}\n', 1, "line 1: not JSON")
put("surrogate.jsonl", '{"题目": "\\ud800", "output": "x"}\n', 1, "line 1: not JSON")
put("nul.jsonl", GOOD.encode() + b'{"a": "\0"}\n', 1, "line 2: not JSON")
put("nul-escape.jsonl", '{"题目": "\\u0000", "output": "x"}\n', 1, 'line 1: "题目" holds a NUL')
put("long-value.jsonl", '{"题目": "a", "output": "' + "长" * 3_500_000 + '"}\n', 1, "line 1: a text of an example is longer")
put("long-line.jsonl", '{"题目": "' + "x" * (17 << 20) + '"}\n', 1, "line 1: longer than 16777216 bytes")
put("deep.jsonl", GOOD + '{"题目": ' + "[" * 100_000 + "]" * 100_000 + "}\n", 1, "line 2: nested deeper than 64")
put("deep-objects.jsonl", '{"a":' * 100_000 + "1" + "}" * 100_000, 1, "line 1: nested deeper than 64")
put("number.jsonl", '{"题目": ' + "9" * 100_000 + ', "output": "x"}\n', 1, "line 1: not JSON")
put("real.jsonl", '{"题目": 1e999, "output": "x"}\n', 1, "line 1: not JSON")
put("fields.jsonl", "{" + ", ".join(f'"f{i}": "x"' for i in range(300_000)) + "}\n", 1, "line 1: more than 256 fields")
put("tags.jsonl", '{"题目": "a", "output": "b", "tags": [' + ", ".join('"t"' for _ in range(1000)) + "]}\n", 1, '"tags" has too many')
put("long-tag.jsonl", '{"题目": "a", "output": "b", "tags": ["' + "t" * 1000 + '"]}\n', 1, "line 1: a tag has 1 to 200 bytes")
put("name.jsonl", '{"题目": "a", "output": "b", "{{x}}": "c"}\n', 1, "cannot name a variable")
put("control-name.jsonl", '{"题目": "a", "output": "b", "\\u001b[31m": "c"}\n', 1, "cannot name a variable")
put("utf16.jsonl", GOOD.encode("utf-16"), 1, "line 1: this is UTF-16")
put("gbk.jsonl", GOOD.encode("gbk"), 1, "line 1: not JSON")
put("empty.jsonl", "", 0, "0 examples are new")
put("blank.jsonl", "\n \n\r\n", 0, "0 examples are new")
put("bom.jsonl", "\ufeff" + '{"题目": "bom", "output": "白"}\n', 0, "1 example is new")
put("crlf.jsonl", '{"题目": "crlf", "output": "白"}\r\n', 0, "1 example is new")

# ---- tables ----
put("open-quote.csv", HEAD + '雪,"白\n' + "x,y\n" * 1000, 1, "line 2: a quote is opened here and never closed")
put("after-quote.csv", HEAD + '雪,"白"x\n', 1, "line 2: text behind a closing quote")
put("inner-quote.csv", HEAD + '雪,白"x\n', 1, "line 2: a quote in the middle")
put("ragged.csv", HEAD + "雪,白\n月\n", 1, "line 3: 1 cells, but the header has 2")
put("wide-row.csv", HEAD + "x," * 300_000 + "\n", 1, "line 2: 300001 cells")
put("wide-header.csv", ",".join(f"c{i}" for i in range(300_000)) + "\n", 1, "line 1: more than 256 columns")
put("no-column.csv", "题目,x\n雪,白\n", 1, 'line 1: there is no column "output"')
put("no-field.csv", "x,output\n雪,白\n", 1, 'line 1: there is no column "题目"')
put("two-columns.csv", "题目,output,output\n", 1, "line 1: two columns are called")
put("semicolon.csv", "题目;output\n雪;白\n", 1, "line 1: there is no column")
put("bad-utf8.csv", HEAD.encode() + b"a,b\n\xff,c\n", 1, "line 3: byte 0xFF is not valid UTF-8")
put("nul.csv", HEAD.encode() + b"a,b\0\n", 1, "line 2: a NUL byte")
put("utf16.csv", (HEAD + "雪,白\n").encode("utf-16"), 1, "line 1: this is UTF-16")
put("gbk.csv", (HEAD + "雪,白\n").encode("gbk"), 1, "line 1: byte 0x")
put("cr.csv", "题目,output\r雪,白\r", 1, "line 1: a carriage return without a line feed")
put("long-cell.csv", HEAD + "雪," + "x" * 10_000_000 + "\n", 1, "line 2: a text of an example is longer")
put("long-quoted.csv", HEAD + '雪,"' + "x\n" * 5_000_000 + '"\n', 1, "line 2: a text of an example is longer")
put("empty.csv", "", 1, "line 1: a header")
put("huge.csv", HEAD + "a,b\n" * (17 << 20), 1, "longer than 67108864 bytes")
put("many.csv", HEAD + "".join(f"{i},b\n" for i in range(140_000)), 1, "more than 131072 examples")
put("bom-crlf.csv", "\ufeff题目,output\r\nbom csv,白\r\n", 0, "1 example is new")
put("header-only.csv", HEAD, 0, "0 examples are new")

# ---- templates ----
put("empty.txt", "", 1, "line 1: not a template")
put("binary.txt", bytes(range(256)) * 100, 1, "line 1: ")
put("crlf.txt", (T + "== query format\nx\n").replace("\n", "\r\n"), 1, "line 1: lines end in CR LF")
put("utf16.txt", (T + "== query format\nx\n").encode("utf-16"), 1, "line 1: this is UTF-16")
put("gbk.txt", (T + "about: 中文\n== query format\nx\n").encode("gbk"), 1, "line 3: byte 0x")
put("nul.txt", T + "about: a\0b\n", 1, "line 3: a NUL byte")
put("escape.txt", T + "about: \x1b]0;x\x07\n", 1, "line 3: a control character")
put("no-end.txt", T + "== query format\n{{" + "x" * 1_000_000, 1, "line 3: ")
put("braces.txt", T + "== query format\n" + "{{" * 400_000, 1, "line 3: ")
put("vars.txt", T + "== query format\n" + "".join("{{v%d}}" % i for i in range(80_000)), 1, "line 3: has 256 variables")
put("long-format.txt", T + "== query format\n" + "x" * (2 << 20), 1, "line 3: longer than 1048576 bytes")
put("instruction.txt", T + "== instruction\n" + "{{" * 500_000 + "\n== query format\nx\n", 0, "hostile: version")
put("examples.txt", T + "== example format\n{{output}}\n" + "== example\n-- output\n" * 140_000, 1, "more than 131072 examples")
put("fields.txt", T + "== example format\n{{output}}\n== example\n" + "".join(f"-- f{i}\n" for i in range(300_000)), 1, "more than 256 fields")
put("tags.txt", T + "== example format\n{{output}}\n== example" + " #t" * 300_000 + "\n-- output\n", 1, "line 5: a tag has")
put("json.txt", T + 'separator: "' + "[" * 100_000 + "\n", 1, "line 3: what begins with a quote")
put("deep-json.txt", T + 'separator: "x" ' + "[" * 100_000 + "\n", 1, "line 3: what begins with a quote")
put("stops.txt", T + 'stop: "x"\n' * 100_000, 1, "line 19: stop: more than 16")
put("sets.txt", T + "set: temp = 1\n" * 100_000, 1, "line 4: set: temp is set twice")
put("declared.txt", T + "".join(f"var: v{i}\n" for i in range(100_000)), 1, "more than 256 variables are declared")
put("bom.txt", "\ufeff" + T + "== query format\nx\n", 0, "hostile: version")

with open(os.path.join(out, "EXPECT.tsv"), "w", encoding="utf-8") as f:
    f.writelines(expect)
print(f"{len(expect)} files")
