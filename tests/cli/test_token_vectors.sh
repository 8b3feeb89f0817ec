#!/bin/bash
# Every public token vector of the reference data, both ways, through the program.
. "${top_srcdir:-.}/tests/cli/lib.sh"

shared=${XUXIE_SHARED:-${top_srcdir:-.}/../shared}/fixtures/tokens
if [ ! -d "$shared" ] || ! command -v python3 >/dev/null; then
    echo '1..0 # SKIP no reference vectors, or no python3'
    exit 0
fi

# Writes $T/in of the vectors of SET that have both keys, and what must come of it to $T/want.
select_keys() # SET FROM AS TO AS
{
    python3 - "$shared/$1/public.jsonl" "$T" "$2" "$3" "$4" "$5" <<'PY'
import json, sys
path, out, source, source_as, wanted, wanted_as = sys.argv[1:]
with open(out + "/in", "w") as given, open(out + "/want", "w") as want:
    for line in open(path):
        case = json.loads(line)
        given.write(json.dumps({source_as: case[source]}) + "\n")
        want.write(json.dumps({wanted_as: case[wanted]}, sort_keys=True) + "\n")
PY
}

# The lines of $T/out that are as wanted, of how many.
compare()
{
    python3 - "$T" <<'PY'
import json, sys
out = [json.loads(line) for line in open(sys.argv[1] + "/out")]
want = [json.loads(line) for line in open(sys.argv[1] + "/want")]
same = sum(a == b for a, b in zip(out, want))
print(f"{same}/{len(want)}")
sys.exit(same != len(want) or len(out) != len(want))
PY
}

encodes() # WHAT SET KEY ARGUMENTS...
{
    local what=$1 set=$2 key=$3
    shift 3
    select_keys "$set" text text "$key" "${as:-ids}"
    run "$XUXIE" tokenize --jsonl "$@" "$T/in"
    check "$set: $what ($(compare))" compare
}

decodes() # WHAT SET IDS KEY ARGUMENTS...
{
    local what=$1 set=$2 ids=$3 key=$4
    shift 4
    select_keys "$set" "$ids" ids "$key" text
    run "$XUXIE" detokenize --jsonl "$@" "$T/in"
    check "$set: $what ($(compare))" compare
}

bert=$shared/bert-base-chinese
encodes "ids" bert-base-chinese ids --tokenizer "$bert"
encodes "ids with --special" bert-base-chinese ids_special --tokenizer "$bert" --special
decodes "BERT's text" bert-base-chinese ids decoded --tokenizer "$bert" --rule bert
decodes "ModelScope's text" bert-base-chinese ids_special decoded_skip_special_modelscope \
    --tokenizer "$bert" --rule modelscope
encodes "ids" bert-base-chinese-nolower ids --tokenizer "$bert" --no-lower-case
decodes "BERT's text" bert-base-chinese-nolower ids decoded --tokenizer "$bert" --rule bert
encodes "ids" gpt2-chinese-small ids --tokenizer "$shared/gpt2-chinese-small"
decodes "text" gpt2-chinese-small ids decoded --tokenizer "$shared/gpt2-chinese-small" \
    --rule gpt2-chinese
for set in gpt2 llama3-small qwen2-small spm-small; do
    encodes "ids" "$set" ids --tokenizer "$shared/$set"
    decodes "text" "$set" ids decoded --tokenizer "$shared/$set" --special
done
printf '{"text":"a"}\n' | run "$XUXIE" tokenize --words --jsonl
if [ "$status" = 0 ]; then
    as=words encodes "words" jieba words --words
    as=words encodes "words without the model" jieba words_nohmm --words --no-hmm
    for set in jiebabpe-big jiebabpe-v2 jiebabpe-v3; do
        encodes "ids" "$set" ids --tokenizer "$shared/$set"
        decodes "text" "$set" ids decoded --tokenizer "$shared/$set"
        decodes "text with special tokens" "$set" ids decoded_full --tokenizer "$shared/$set" --special
    done
else
    refused 1 'jieba' "jieba's dictionary is missing"
    skip "xuxie was built without python3-jieba"
fi
for set in jiebabpe-big jiebabpe-v2 jiebabpe-v3; do
    encodes "ids without jieba" "$set" ids_without_jieba --tokenizer "$shared/$set" --no-jieba
done

run "$XUXIE" detokenize --tokenizer "$shared/gpt2" --rule bert "$T/in"
check "a rule of BERT for another kind is refused" test "$status" = 1
run "$XUXIE" detokenize --rule none "$T/in"
check "an unknown rule is refused" test "$status" = 2
finish
