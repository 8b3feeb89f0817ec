#!/bin/bash
# The command line itself: help, version, mistakes, precedence.
. "${top_srcdir:-.}/tests/cli/lib.sh"

run "$XUXIE" --version
check "version" test "$status" = 0
check "version names the program" grep -q '^xuxie [0-9]' "$T/out"
check "version names the licence" grep -q 'GPL-3.0-or-later' "$T/out"

commands="continue tokenize detokenize perplexity bench"
run "$XUXIE" --help
check "help" test "$status" = 0
for c in $commands "model list" "model info" "model logits"; do
    check "help lists $c" grep -q "xuxie $c" "$T/out"
done
check "help fits 79 columns" test "$(wc -L <"$T/out")" -le 79
for c in $commands "model list" "model info" "model logits"; do
    run "$XUXIE" $c --help
    check "$c --help" grep -q "^Usage: xuxie $c " "$T/out"
    check "$c --help: status" test "$status" = 0
done
run "$XUXIE" continue --help
for o in temp top-k top-p min-p typical repeat-penalty presence-penalty frequency-penalty \
    dry-multiplier dry-base dry-allowed-length xtc-threshold xtc-probability samplers seed stop \
    preset max-tokens max-length n-ctx kv threads model echo json logprobs raw no-store ignore-eos \
    logit-bias; do
    check "continue knows --$o" grep -q -- "--$o" "$T/out"
done
run "$XUXIE" model --help
check "model --help lists its commands" grep -q 'xuxie model logits' "$T/out"
"$XUXIE" --help | head -n 1 >"$T/out"
check "help into a closed pipe" test "${PIPESTATUS[0]}" = 0

run "$XUXIE" continue --tmep 3
refused 2 'did you mean --temp' "mistyped option"
run "$XUXIE" continue --temp
refused 2 'needs a value' "value missing"
run "$XUXIE" continue --temp 9 /dev/null
refused 2 'temp: 9 is out of range; allowed is 0 to 5' "value out of range"
run "$XUXIE" continue --temp "$(printf '1\033[2J')" /dev/null
refused 2 'temp: ' "value with an escape sequence"
run "$XUXIE" continue -Z
refused 2 'no option -Z' "unknown letter"
run "$XUXIE" tokenize --temp 1
refused 2 'does not belong' "option of another command"
run "$XUXIE" --json continue /dev/null
refused 2 'does not belong' "option before a command that does not know it"
run "$XUXIE" continue --preset none /dev/null
refused 2 'allowed is story, creative, damo, gpt3, qwen, greedy' "unknown preset"
run "$XUXIE" model
refused 2 'one word more' "model alone"
run "$XUXIE" model inf
refused 2 'did you mean .xuxie model info' "mistyped word after model"
run "$XUXIE" continune a.txt b.txt
refused 2 'did you mean .xuxie continue' "mistyped command"
run "$XUXIE" perplexity
refused 2 'missing' "argument missing"
run "$XUXIE" continue a b
refused 2 'too many' "argument too many"
run "$XUXIE" continue --logprobs /dev/null
refused 2 'needs --json' "--logprobs alone"

run "$XUXIE" --dump=bash
check "completion is bash" bash -n "$T/out"
complete_word() # words...: what bash would offer for the last one
{
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }
             _xuxie; printf "%s\n" "${COMPREPLY[@]}"' - "$T/out" "$@"
}
check "completes commands" test "$(complete_word xuxie cont)" = continue
check "completes second words" test "$(complete_word xuxie model in)" = info
check "completes options" test "$(complete_word xuxie continue --dry-m)" = --dry-multiplier
check "completes values" test "$(complete_word xuxie continue --kv = f1)" = f16
check "completes presets" test "$(complete_word xuxie --preset cre)" = creative
run "$XUXIE" --dump=ini
mkdir -p "$XDG_CONFIG_HOME/xuxie"
sed 's/^;//' "$T/out" >"$XDG_CONFIG_HOME/xuxie/xuxie.ini"
printf x | run "$XUXIE" continue --no-store -n 1 --seed 1
check "the default ini file is accepted" test "$status" = 0
check "... without a word" test ! -s "$T/err"

cat >"$XDG_CONFIG_HOME/xuxie/xuxie.ini" <<'INI'
preset = damo
temp = 0.5
INI
settings() # OPTIONS...: the settings of a generation
{
    printf x | "$XUXIE" continue --no-store -n 1 --json "$@" | head -n 1
}
check "ini: value over preset" grep -q '"temp":0.5' <(settings)
check "ini: preset" grep -q '"top_p":0.9' <(settings)
check "command line over ini" grep -q '"temp":0.25' <(settings --temp 0.25)
check "preset of the command line over values of the ini" grep -q '"temp":0.7' <(settings --preset qwen)

# options that would change nothing
run "$XUXIE" tokenize --no-hmm <<<text
refused 2 '--no-hmm needs --words' "no-hmm without words"
run "$XUXIE" tokenize --no-jieba <<<text
refused 2 '--no-jieba needs --tokenizer' "no-jieba without tokenizer"
run "$XUXIE" detokenize --no-lower-case <<<1
refused 2 '--no-lower-case needs --tokenizer' "no-lower-case without tokenizer"
run "$XUXIE" model info --json
bundled=$(sed -n 's/.*"path":"\([^"]*\)".*/\1/p' "$T/out")
run "$XUXIE" tokenize --no-jieba --tokenizer "$bundled" <<<text
refused 2 'GGUF file says itself' "no-jieba of a GGUF file"
printf '[UNK]\n[CLS]\n[SEP]\na\n' >"$T/vocab.txt"
run "$XUXIE" tokenize --no-jieba --tokenizer "$T/vocab.txt" <<<a
refused 2 'no_jieba means nothing here' "no-jieba of a vocabulary of BERT's"
run "$XUXIE" tokenize --no-lower-case --tokenizer "$T/vocab.txt" <<<a
check "no-lower-case of one" test "$status" = 0
finish
