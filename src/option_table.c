/* option_table.c - the master copy of the options, and reading and writing of their plain values.
 *
 * Invariants (tests/unit/test_options.c checks them): names use underscores; names and letters are
 * unique among the rows of a command, and among the rows of struct settings, which stand before
 * flags of the same name; `def` is allowed; `allowed` names the same limits as min and max; a row
 * for /set or the ini file belongs to struct settings.
 */
#include "config.h"

#include "src/option_table.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/chat.h"

/* Numbers of the table that take part in types elsewhere. */
_Static_assert(sizeof(enum engine_kv_type) == sizeof(unsigned), "OPTION_CHOICE stores an unsigned");
_Static_assert(sizeof(enum tokenizer_rule) == sizeof(unsigned), "OPTION_CHOICE stores an unsigned");

enum { EVERYWHERE = SCOPE_CLI | SCOPE_INI | SCOPE_SET };

#define WRITING   (CMD_ROOM | CMD_CONTINUE | CMD_RUN | CMD_EVAL)
#define COMPUTING (WRITING | CMD_PERPLEXITY | CMD_BENCH)
#define READING   (COMPUTING | CMD_MODEL_INFO | CMD_MODEL_LOGITS | CMD_TOKENIZE | CMD_DETOKENIZE)
/* What finds models by name, but does not take --model. */
#define NAMING                                                                                     \
    (CMD_MODEL_LIST | CMD_MODEL_CHECK | CMD_MODEL_IMPORT | CMD_MODEL_QUANTIZE | CMD_MODEL_USE)
/* What assembles a prompt from a template; what works on the library. */
#define SHOTS (CMD_TEMPLATE_PREVIEW | CMD_RUN | CMD_EVAL)
#define LIBRARY                                                                                    \
    (CMD_TEMPLATE_LIST | CMD_TEMPLATE_SHOW | CMD_TEMPLATE_ADD | CMD_TEMPLATE_EDIT |                \
     CMD_TEMPLATE_REMOVE | CMD_TEMPLATE_IMPORT | CMD_TEMPLATE_EXPORT | SHOTS)

/* What chooses generations by what they are. */
#define MANY                                                                                       \
    (CMD_HISTORY_LIST | CMD_HISTORY_SEARCH | CMD_HISTORY_EXPORT | CMD_HISTORY_REPLAY |             \
     CMD_HISTORY_STATS | CMD_HISTORY_DELETE)
#define HISTORY                                                                                    \
    (MANY | CMD_HISTORY_SHOW | CMD_HISTORY_DIFF | CMD_HISTORY_STAR | CMD_HISTORY_TAG |             \
     CMD_HISTORY_NOTE)
#define STORY (CMD_STORY_LIST | CMD_STORY_EXPORT)

static const char *const kv_names[] = {[ENGINE_KV_F16] = "f16", [ENGINE_KV_F32] = "f32", NULL};
/* Every type that is written (test_options compares with quant.h). */
static const char *const type_names[] = {"stored", "f32",  "f16",  "bf16", "q8_0",
                                         "q6_K",   "q5_K", "q5_1", "q5_0", "q4_K",
                                         "q4_1",   "q4_0", "q3_K", "q2_K", NULL};
/* In the order of enum tokenizer_rule. */
static const char *const display_rules[] = {"plain", "bert", "modelscope", "gpt2-chinese", NULL};
static const char *const edit_modes[] = {"auto", "emacs", "vi", NULL};
static const char *const selections[] = {"template", "first", "random", "similar", "tag", NULL};
static const char *const styles[] = {"shared", "paper", "lm-eval", NULL};
static const char *const metrics[] = {"auto", "exact", "f1", "choice", NULL};
static const char *const formats[] = {"auto", "text", "jsonl", "csv", NULL};
static const char *const history_formats[] = {"auto", "jsonl", "md", "txt", "csv", NULL};
static const char *const story_formats[] = {"auto", "txt", "md", "epub", "jsonl", NULL};

const char *const option_group_names[N_GROUPS] = {
    [GROUP_PROMPT] = N_("The prompt and its examples"),
    [GROUP_FILTER] = N_("Which generations"),
    [GROUP_SAMPLING] = N_("How the next token is drawn"),
    [GROUP_LENGTH] = N_("How long, and where to stop"),
    [GROUP_ENGINE] = N_("Model and machine"),
    [GROUP_ROOM] = N_("The writing room"),
    [GROUP_PROGRAM] = N_("Input, output and files"),
};

#define SET(field)    .offset = offsetof(struct settings, field)
#define FLAG(field)   .offset = offsetof(struct flags, field), .is_flag = true
#define FILTER(field) FLAG(field), .group = GROUP_FILTER, .scope = SCOPE_CLI, .commands = MANY
#define SAMPLING                                                                                   \
    .group = GROUP_SAMPLING, .scope = EVERYWHERE, .commands = WRITING, .in_preset = true

/* clang-format off */
const struct option_row option_rows[] = {
    {.name = "shots", .letter = 'k', .type = OPTION_TEXT, FLAG(shots), .group = GROUP_PROMPT,
     .scope = SCOPE_CLI, .commands = SHOTS, .arg = N_("K"),
     .help = N_("Show K examples; without it as many as the template says"),
     .allowed = N_("0 to 131072, or fit (as many as the context holds); eval: several, 0,1,8")},
    {.name = "zero_shot", .type = OPTION_BOOL, FLAG(zero_shot), .group = GROUP_PROMPT,
     .scope = SCOPE_CLI, .commands = SHOTS, .def = "off",
     .help = N_("Show no example: -k 0")},
    {.name = "one_shot", .type = OPTION_BOOL, FLAG(one_shot), .group = GROUP_PROMPT,
     .scope = SCOPE_CLI, .commands = SHOTS, .def = "off",
     .help = N_("Show one example: -k 1")},
    {.name = "few_shot", .type = OPTION_BOOL, FLAG(few_shot), .group = GROUP_PROMPT,
     .scope = SCOPE_CLI, .commands = SHOTS, .def = "off",
     .help = N_("Show the template's number of examples, whatever its mode is")},
    {.name = "select", .type = OPTION_WORD, FLAG(select), .group = GROUP_PROMPT,
     .scope = SCOPE_CLI, .commands = SHOTS, .choices = selections, .def = "template",
     .arg = N_("HOW"),
     .help = N_("Which examples: the first, some drawn by --seed, those most like the query, those with --tag"),
     .allowed = N_("template (as it says), first, random, similar, tag")},
    {.name = "tag", .type = OPTION_LIST, FLAG(tag), .group = GROUP_PROMPT, .scope = SCOPE_CLI,
     .commands = SHOTS | CMD_TEMPLATE_ADD, .arg = N_("TAG"),
     .help = N_("A tag of examples; adding one it may be given several times")},
    {.name = "var", .type = OPTION_LIST, FLAG(var), .group = GROUP_PROMPT, .scope = SCOPE_CLI,
     .commands = SHOTS | CMD_TEMPLATE_ADD, .arg = N_("NAME=VALUE"),
     .help = N_("The value of a variable of the template; may be given several times")},
    {.name = "answer", .type = OPTION_TEXT, FLAG(answer), .group = GROUP_PROMPT,
     .scope = SCOPE_CLI, .commands = CMD_TEMPLATE_ADD, .arg = N_("TEXT"),
     .help = N_("The answer of the example to be added; its inputs are given with --var")},
    {.name = "note", .type = OPTION_TEXT, FLAG(note), .group = GROUP_PROMPT, .scope = SCOPE_CLI,
     .commands = CMD_TEMPLATE_ADD, .arg = N_("TEXT"),
     .help = N_("A note to the example, for people")},
    {.name = "from_generation", .type = OPTION_LIST, FLAG(from_generation), .group = GROUP_PROMPT,
     .scope = SCOPE_CLI, .commands = CMD_TEMPLATE_ADD, .arg = N_("N"),
     .help = N_("Add what the model once wrote as an example; may be given several times")},
    {.name = "budget", .type = OPTION_INT, FLAG(budget), .group = GROUP_PROMPT, .scope = SCOPE_CLI,
     .commands = SHOTS, .min = 0, .max = 16777216, .word = "auto", .def = "auto", .arg = N_("N"),
     .help = N_("Tokens the prompt may have; examples that do not fit are left out whole"),
     .allowed = N_("0 to 16777216 (0 = the context without the room for the answer)")},

    {.name = "preset", .letter = 'p', .type = OPTION_PRESET, SET(preset), .group = GROUP_SAMPLING,
     .scope = EVERYWHERE, .commands = WRITING, .def = "story", .arg = N_("NAME"),
     .help = N_("Set all sampling options that are not set one by one to proven values"),
     .allowed = N_("story, creative, damo, gpt3, qwen, greedy")},
    {.name = "temp", .type = OPTION_FLOAT, SET(temp), SAMPLING, .min = 0, .max = 5, .def = "1",
     .arg = N_("N"), .help = N_("Temperature: higher is bolder, lower is safer"),
     .allowed = N_("0 to 5 (0 = always the likeliest)")},
    {.name = "top_k", .type = OPTION_INT, SET(top_k), SAMPLING, .min = 0, .max = LIMIT_VOCAB,
     .word = "off", .def = "0", .arg = N_("N"), .help = N_("Draw among the N likeliest tokens only"),
     .allowed = N_("0 to 4194304 (0 = off)")},
    {.name = "top_p", .type = OPTION_FLOAT, SET(top_p), SAMPLING, .min = 0, .max = 1, .def = "1",
     .arg = N_("N"),
     .help = N_("Draw among the likeliest tokens whose probabilities add up to N"),
     .allowed = N_("0 to 1 (1 = off)")},
    {.name = "min_p", .type = OPTION_FLOAT, SET(min_p), SAMPLING, .min = 0, .max = 1, .word = "off",
     .def = "0", .arg = N_("N"),
     .help = N_("Leave out tokens less likely than N times the likeliest"),
     .allowed = N_("0 to 1 (0 = off)")},
    {.name = "typical", .type = OPTION_FLOAT, SET(typical), SAMPLING, .min = 0, .max = 1, .def = "1",
     .arg = N_("N"),
     .help = N_("Locally typical sampling: keep the tokens of usual surprise, up to a mass of N"),
     .allowed = N_("0 to 1 (1 = off)")},
    {.name = "repeat_penalty", .type = OPTION_FLOAT, SET(repeat_penalty), SAMPLING, .min = 0.1,
     .max = 10, .def = "1", .arg = N_("N"),
     .help = N_("Make tokens that occurred before less likely (above 1); harms Chinese prose above 1.1"),
     .allowed = N_("0.1 to 10 (1 = off)")},
    {.name = "presence_penalty", .type = OPTION_FLOAT, SET(presence_penalty), SAMPLING, .min = -10,
     .max = 10, .def = "0", .arg = N_("N"),
     .help = N_("Subtract N from the score of every token that occurred before"),
     .allowed = N_("-10 to 10 (0 = off)")},
    {.name = "frequency_penalty", .type = OPTION_FLOAT, SET(frequency_penalty), SAMPLING,
     .min = -10, .max = 10, .def = "0", .arg = N_("N"),
     .help = N_("Subtract N from the score of a token for each time it occurred before"),
     .allowed = N_("-10 to 10 (0 = off)")},
    {.name = "penalty_last_n", .type = OPTION_INT, SET(penalty_last_n), .group = GROUP_SAMPLING,
     .scope = EVERYWHERE, .commands = WRITING, .min = 0, .max = 1048576, .word = "all",
     .def = "256", .arg = N_("N"),
     .help = N_("How many tokens back the penalties look"),
     .allowed = N_("0 to 1048576 (0 = the whole context)")},
    {.name = "dry_multiplier", .type = OPTION_FLOAT, SET(dry_multiplier), SAMPLING, .min = 0,
     .max = 10, .word = "off", .def = "0", .arg = N_("N"),
     .help = N_("DRY, against loops: how strongly repeating a sequence is punished"),
     .allowed = N_("0 to 10 (0 = off)")},
    {.name = "dry_base", .type = OPTION_FLOAT, SET(dry_base), SAMPLING, .min = 1, .max = 8,
     .def = "1.75", .arg = N_("N"),
     .help = N_("DRY: by what factor the penalty grows with each further repeated token"),
     .allowed = N_("1 to 8")},
    {.name = "dry_allowed_length", .type = OPTION_INT, SET(dry_allowed_length), SAMPLING, .min = 1,
     .max = 4096, .def = "4", .arg = N_("N"),
     .help = N_("DRY: repeated sequences shorter than N tokens are not punished"),
     .allowed = N_("1 to 4096")},
    {.name = "xtc_threshold", .type = OPTION_FLOAT, SET(xtc_threshold), SAMPLING, .min = 0, .max = 1,
     .word = "off", .def = "0", .arg = N_("N"),
     .help = N_("XTC, for variety: tokens above this probability may be left out but for the last one"),
     .allowed = N_("0 to 1 (0 = off)")},
    {.name = "xtc_probability", .type = OPTION_FLOAT, SET(xtc_probability), SAMPLING, .min = 0,
     .max = 1, .word = "off", .def = "0", .arg = N_("N"),
     .help = N_("XTC: how often it is applied"), .allowed = N_("0 to 1 (0 = off)")},
    {.name = "samplers", .type = OPTION_SAMPLERS, SET(samplers), SAMPLING,
     .def = "bias;penalties;dry;top_k;typical;top_p;min_p;xtc;temp", .arg = N_("LIST"),
     .help = N_("The stages and their order, separated by semicolons; a stage left out is off"),
     .allowed = N_("some of bias; penalties; dry; top_k; typical; top_p; min_p; xtc; temp")},
    {.name = "logit_bias", .type = OPTION_BIAS, SET(bias), .group = GROUP_SAMPLING,
     .scope = EVERYWHERE, .commands = WRITING, .arg = N_("ID=VALUE"),
     .help = N_("Add VALUE to the score of token ID; may be given several times"),
     .allowed = N_("ID=VALUE, VALUE from -100 to 100, or -inf to forbid the token")},
    {.name = "seed", .letter = 's', .type = OPTION_INT, SET(seed), .group = GROUP_SAMPLING,
     .scope = EVERYWHERE, .commands = WRITING | SHOTS, .min = -1, .max = (double)INT64_MAX,
     .word = "random", .def = "random", .arg = N_("N"),
     .help = N_("Same seed, same model, same settings: same text"),
     .allowed = N_("-1 to 9223372036854775807 (-1 = a fresh one each time)")},

    {.name = "max_tokens", .letter = 'n', .type = OPTION_INT, SET(max_tokens),
     .group = GROUP_LENGTH, .scope = EVERYWHERE, .commands = WRITING, .min = 0, .max = INT_MAX,
     .def = "256", .arg = N_("N"), .help = N_("Write at most N new tokens"),
     .allowed = N_("0 to 2147483647 (0 = until the context is full)")},
    {.name = "max_length", .type = OPTION_INT, SET(max_length), .group = GROUP_LENGTH,
     .scope = EVERYWHERE, .commands = WRITING, .min = 0, .max = INT_MAX, .word = "off", .def = "0",
     .arg = N_("N"), .help = N_("Write until prompt and new text together have N tokens"),
     .allowed = N_("0 to 2147483647 (0 = no such limit)")},
    {.name = "stop", .type = OPTION_STOPS, SET(stops), .group = GROUP_LENGTH, .scope = EVERYWHERE,
     .commands = WRITING, .arg = N_("TEXT"),
     .help = N_("Stop before this text; may be given several times; \\n, \\t, \\\\ and \\xHH are understood"),
     .allowed = N_("up to 16 texts of 1 to 256 bytes")},
    {.name = "ignore_eos", .type = OPTION_BOOL, SET(ignore_eos), .group = GROUP_LENGTH,
     .scope = EVERYWHERE, .commands = WRITING, .def = "off",
     .help = N_("Never let the model end the text itself"), .allowed = N_("on, off")},

    {.name = "chat", .type = OPTION_WORD, SET(chat), .group = GROUP_ENGINE, .scope = EVERYWHERE,
     .commands = WRITING, .choices = chat_names, .bare = true, .def = "off", .arg = N_("FORMAT"),
     .help = N_("Talk to a chat model: what you write is a question to it, and it answers"),
     .allowed = N_("off, on (the format is seen from the model), chatml, llama3, llama2")},
    {.name = "system", .type = OPTION_TEXT, SET(system), .group = GROUP_ENGINE, .scope = EVERYWHERE,
     .commands = WRITING, .arg = N_("TEXT"),
     .help = N_("In a chat: what the model is told before the first question")},
    {.name = "model", .letter = 'm', .type = OPTION_TEXT, SET(model), .group = GROUP_ENGINE,
     .scope = EVERYWHERE, .commands = READING | SHOTS, .arg = N_("MODEL"),
     .help = N_("A model file, or the name of one of `xuxie model list`; the bundled one by default")},
    {.name = "n_ctx", .letter = 'c', .type = OPTION_INT, SET(n_ctx), .group = GROUP_ENGINE,
     .scope = EVERYWHERE, .commands = COMPUTING | SHOTS | CMD_MODEL_INFO | CMD_MODEL_LOGITS,
     .min = 0, .max = 16777216, .word = "auto", .def = "auto", .arg = N_("N"),
     .help = N_("Context: how many tokens the model sees at once"),
     .allowed = N_("0 to 16777216 (0 = the model's own, at most 4096)")},
    {.name = "kv", .type = OPTION_CHOICE, SET(kv), .group = GROUP_ENGINE,
     .scope = EVERYWHERE, .commands = COMPUTING | CMD_MODEL_INFO, .choices = kv_names,
     .def = "f16", .arg = N_("TYPE"), .help = N_("Number type of the key and value cache"),
     .allowed = N_("f16, f32")},
    {.name = "threads", .letter = 't', .type = OPTION_INT, SET(threads), .group = GROUP_ENGINE,
     .scope = EVERYWHERE, .commands = COMPUTING | CMD_MODEL_INFO | CMD_MODEL_LOGITS | CMD_HISTORY_REPLAY,
     .min = 0, .max = 512, .word = "auto", .def = "auto", .arg = N_("N"),
     .help = N_("Threads that compute; the text does not depend on it"),
     .allowed = N_("0 to 512 (0 = one for each physical core)")},

    {.name = "edit_mode", .type = OPTION_WORD, SET(edit_mode), .group = GROUP_ROOM,
     .scope = EVERYWHERE, .commands = CMD_ROOM, .choices = edit_modes, .def = "auto",
     .arg = N_("MODE"), .help = N_("Editing keys of the prompt; auto follows ~/.inputrc"),
     .allowed = N_("auto, emacs, vi")},
    {.name = "mouse", .type = OPTION_BOOL, SET(mouse), .group = GROUP_ROOM, .scope = SCOPE_CLI | SCOPE_INI,
     .commands = CMD_ROOM, .def = "on",
     .help = N_("Wheel and clicks go to xuxie; hold Shift to select text with the terminal"),
     .allowed = N_("on, off")},
    {.name = "ambiguous_width", .type = OPTION_INT, SET(ambiguous_width), .group = GROUP_ROOM,
     .scope = SCOPE_CLI | SCOPE_INI, .commands = CMD_ROOM, .min = 0, .max = 2, .word = "auto", .def = "auto",
     .arg = N_("N"),
     .help = N_("Columns the terminal gives to ambiguous characters such as curly quotes; auto asks it"),
     .allowed = N_("0 to 2 (0 = auto)")},
    {.name = "escape_delay", .type = OPTION_INT, SET(escape_delay), .group = GROUP_ROOM,
     .scope = SCOPE_CLI | SCOPE_INI, .commands = CMD_ROOM, .min = 0, .max = 5000, .word = "auto",
     .def = "auto", .arg = N_("MS"),
     .help = N_("Milliseconds after which ESC is the key and not the beginning of a sequence"),
     .allowed = N_("0 to 5000 (0 = auto)")},

    {.name = "db", .type = OPTION_TEXT, SET(db), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI | SCOPE_INI, .commands = WRITING | LIBRARY | HISTORY | STORY,
     .arg = N_("FILE"),
     .help = N_("The database; xuxie.db in $XDG_DATA_HOME/xuxie by default")},
    {.name = "model_dirs", .type = OPTION_TEXT, SET(model_dirs), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI | SCOPE_INI, .commands = READING | SHOTS | NAMING, .arg = N_("FOLDERS"),
     .help = N_("Folders, with colons between them, in which models are found by name, after $XDG_DATA_HOME/xuxie/models")},
    {.name = "log_text", .type = OPTION_BOOL, SET(log_text), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI | SCOPE_INI, .commands = WRITING, .def = "off",
     .help = N_("Let the log file contain what you and the model write"), .allowed = N_("on, off")},

    {.name = "echo", .type = OPTION_BOOL, FLAG(echo), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_CONTINUE, .def = "off", .help = N_("Print the prompt before the new text")},
    {.name = "json", .type = OPTION_BOOL, FLAG(json), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_CONTINUE | CMD_MODEL_LIST | CMD_MODEL_INFO | CMD_MODEL_TENSORS |
                 CMD_PERPLEXITY | CMD_BENCH | CMD_TEMPLATE_LIST | SHOTS | CMD_HISTORY_LIST |
                 CMD_HISTORY_SEARCH | CMD_HISTORY_SHOW | CMD_HISTORY_DIFF | CMD_HISTORY_TAG |
                 CMD_HISTORY_REPLAY | CMD_HISTORY_STATS | CMD_STORY_LIST,
     .def = "off", .help = N_("Print JSON for programs instead of text for people")},
    {.name = "logprobs", .type = OPTION_BOOL, FLAG(logprobs), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_CONTINUE | CMD_RUN, .def = "off",
     .help = N_("With --json: tell the tokens of each text and their log probabilities")},
    {.name = "raw", .type = OPTION_BOOL, FLAG(raw), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_CONTINUE | CMD_DETOKENIZE | CMD_RUN | CMD_HISTORY_SHOW, .def = "off",
     .help = N_("Do not make control characters visible when printing to a terminal")},
    {.name = "no_store", .type = OPTION_BOOL, FLAG(no_store), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_CONTINUE | CMD_RUN | CMD_EVAL, .def = "off",
     .help = N_("Do not record what is generated in the database")},
    {.name = "tokenizer", .type = OPTION_TEXT, FLAG(tokenizer), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_TOKENIZE | CMD_DETOKENIZE, .arg = N_("PATH"),
     .help = N_("Take the tokenizer of a GGUF file or of a published model's folder")},
    {.name = "no_lower_case", .type = OPTION_BOOL, FLAG(no_lower_case), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_TOKENIZE | CMD_DETOKENIZE, .def = "off",
     .help = N_("With --tokenizer, BERT vocabularies: keep capital letters and accents")},
    {.name = "no_jieba", .type = OPTION_BOOL, FLAG(no_jieba), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_TOKENIZE | CMD_DETOKENIZE, .def = "off",
     .help = N_("With --tokenizer, jieba with BPE: do not cut the text into words first")},
    {.name = "words", .type = OPTION_BOOL, FLAG(words), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_TOKENIZE, .def = "off",
     .help = N_("Print jieba's words instead of token ids; no tokenizer is used")},
    {.name = "no_hmm", .type = OPTION_BOOL, FLAG(no_hmm), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_TOKENIZE, .def = "off",
     .help = N_("With --words: only words of the dictionary")},
    {.name = "rule", .type = OPTION_CHOICE, FLAG(rule), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_DETOKENIZE, .choices = display_rules, .def = "plain", .arg = N_("NAME"),
     .help = N_("BERT vocabularies: show the tokens as another program does"),
     .allowed = N_("plain, bert, modelscope, gpt2-chinese")},
    {.name = "special", .type = OPTION_BOOL, FLAG(special), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_TOKENIZE | CMD_DETOKENIZE, .def = "off",
     .help = N_("Add the tokens the model wants around a text; spell control tokens out")},
    {.name = "parse_special", .type = OPTION_BOOL, FLAG(parse_special), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_CONTINUE, .def = "off",
     .help = N_("Special tokens written out in the text ([MASK], <|im_start|>) are those tokens")},
    {.name = "jsonl", .type = OPTION_BOOL, FLAG(jsonl), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_TOKENIZE | CMD_DETOKENIZE, .def = "off",
     .help = N_("One JSON object a line: {\"text\": ...} on one side, {\"ids\": [...]} on the other")},
    {.name = "ids", .type = OPTION_TEXT, FLAG(ids), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_MODEL_LOGITS, .arg = N_("LIST"),
     .help = N_("The tokens to evaluate, separated by commas")},
    {.name = "npy", .type = OPTION_TEXT, FLAG(npy), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_MODEL_LOGITS, .arg = N_("OUT"),
     .help = N_("The file to write: NumPy, float32, one row of logits for each token")},
    {.name = "output", .letter = 'o', .type = OPTION_TEXT, FLAG(output), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_MODEL_IMPORT | CMD_TEMPLATE_EXPORT | CMD_RUN | CMD_HISTORY_EXPORT |
                                     CMD_STORY_EXPORT,
     .arg = N_("OUT"),
     .help = N_("The file to write")},
    {.name = "type", .type = OPTION_WORD, FLAG(type), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_MODEL_IMPORT, .choices = type_names, .def = "stored", .arg = N_("TYPE"),
     .help = N_("How matrices are stored: fewer bits take less memory and are a little less exact"),
     .allowed = N_("stored (as in the checkpoint), f32, f16, bf16, q8_0, q6_K, q5_K, q5_1, q5_0, q4_K, q4_1, q4_0, q3_K, q2_K")},
    {.name = "input", .type = OPTION_TEXT, FLAG(input), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_RUN, .arg = N_("FILE"),
     .help = N_("Queries, one JSON object a line, the variables as its keys")},
    {.name = "resume", .type = OPTION_BOOL, FLAG(resume), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_RUN, .def = "off",
     .help = N_("Go on with the file of --output; it must be there")},
    {.name = "style", .type = OPTION_WORD, FLAG(style), .group = GROUP_PROMPT, .scope = SCOPE_CLI,
     .commands = CMD_RUN | CMD_EVAL, .choices = styles, .def = "shared", .arg = N_("NAME"),
     .help = N_("Random examples: one draw for all queries, or another for each as in the GPT-3 paper"),
     .allowed = N_("shared, paper, lm-eval (as the lm-evaluation-harness; eval only)")},
    {.name = "list", .type = OPTION_BOOL, FLAG(list), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_EVAL, .def = "off", .help = N_("Name the tasks that come with xuxie")},
    {.name = "test", .type = OPTION_TEXT, FLAG(test), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_EVAL, .arg = N_("FILE"),
     .help = N_("Questions and answers, one JSON object a line")},
    {.name = "train", .type = OPTION_TEXT, FLAG(train), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_EVAL, .arg = N_("FILE"),
     .help = N_("Take the examples from such a file, not from the template")},
    {.name = "word_list", .type = OPTION_TEXT, FLAG(word_list), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_EVAL, .arg = N_("FILE"),
     .help = N_("Words for the letter tasks, one a line; ours by default")},
    {.name = "items", .type = OPTION_INT, FLAG(items), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_EVAL, .min = 0, .max = 100000, .word = "auto", .def = "auto", .arg = N_("N"),
     .help = N_("Ask at most N questions"),
     .allowed = N_("0 to 100000 (0 = 100 of a task, all of a file)")},
    {.name = "seeds", .type = OPTION_INT, FLAG(seeds), .group = GROUP_PROMPT, .scope = SCOPE_CLI,
     .commands = CMD_EVAL, .min = 1, .max = 1000, .def = "3", .arg = N_("N"),
     .help = N_("Draw the examples N times, by seeds that follow each other"),
     .allowed = N_("1 to 1000")},
    {.name = "metric", .type = OPTION_WORD, FLAG(metric), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_EVAL, .choices = metrics, .def = "auto", .arg = N_("NAME"),
     .help = N_("What counts: the exact answer, its words in common, the likeliest choice"),
     .allowed = N_("auto (choice where there are choices, else exact), exact, f1, choice")},
    {.name = "choices", .type = OPTION_INT, FLAG(choices), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_EVAL, .min = 2, .max = 100, .def = "4", .arg = N_("N"),
     .help = N_("With --metric=choice, for questions without choices: N, of other answers"),
     .allowed = N_("2 to 100")},
    {.name = "answer_context", .type = OPTION_TEXT, FLAG(answer_context), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_EVAL, .arg = N_("TEXT"),
     .help = N_("What a choice is likened to by itself; the query's last words by default")},
    {.name = "dump", .type = OPTION_TEXT, FLAG(dump), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_EVAL, .arg = N_("OUT"),
     .help = N_("Write every question with its exact prompt, the answer and the figures")},
    {.name = "leave_one_out", .type = OPTION_BOOL, FLAG(leave_one_out), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_EVAL, .def = "off",
     .help = N_("Find out which examples of the template help and which hurt")},
    {.name = "from", .type = OPTION_TEXT, FLAG(from), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_TEMPLATE_ADD, .arg = N_("FILE"),
     .help = N_("Take the new template from a file in the text form")},
    {.name = "into", .type = OPTION_TEXT, FLAG(into), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_TEMPLATE_IMPORT, .arg = N_("NAME"),
     .help = N_("The template that gets the examples")},
    {.name = "map", .type = OPTION_LIST, FLAG(map), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_TEMPLATE_IMPORT | CMD_RUN | CMD_EVAL, .arg = N_("VARIABLE=COLUMN"),
     .help = N_("What the file calls a variable of the template; may be given several times")},
    {.name = "format", .type = OPTION_WORD, FLAG(format), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_TEMPLATE_IMPORT | CMD_TEMPLATE_EXPORT,
     .choices = formats, .def = "auto", .arg = N_("NAME"), .help = N_("How the file is written"),
     .allowed = N_("auto (by the end of its name, else text), text, jsonl, csv")},
    {.name = "skip_bad", .type = OPTION_BOOL, FLAG(skip_bad), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_TEMPLATE_IMPORT, .def = "off",
     .help = N_("Leave rows out that cannot be used, and tell them, instead of refusing the file")},
    {.name = "version_number", .type = OPTION_INT, FLAG(version_number), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_TEMPLATE_SHOW | CMD_TEMPLATE_EXPORT, .min = 0,
     .max = INT_MAX, .word = "newest", .def = "newest", .arg = N_("N"),
     .help = N_("An older version of the template"),
     .allowed = N_("0 to 2147483647 (0 = the newest)")},
    {.name = "yes", .type = OPTION_BOOL, FLAG(yes), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_TEMPLATE_REMOVE | CMD_MODEL_REMOVE | CMD_HISTORY_DELETE, .def = "off",
     .help = N_("Do not ask")},
    {.name = "force", .type = OPTION_BOOL, FLAG(force), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_TEMPLATE_EXPORT | CMD_HISTORY_EXPORT | CMD_STORY_EXPORT, .def = "off",
     .help = N_("Replace the file when there is one")},
    {.name = "story", .type = OPTION_TEXT, FILTER(story), .arg = N_("STORY"),
     .help = N_("Of this story: its number, its title or a part of that")},
    {.name = "template", .type = OPTION_TEXT, FILTER(template), .arg = N_("NAME"),
     .help = N_("Made with this template; a part of its name will do")},
    {.name = "model", .letter = 'm', .type = OPTION_TEXT, FILTER(by_model), .arg = N_("NAME"),
     .help = N_("Written by this model; a part of its name will do")},
    {.name = "origin", .type = OPTION_TEXT, FILTER(origin), .arg = N_("NAME"),
     .help = N_("Where it was made: room, continue, run or eval")},
    {.name = "tag", .type = OPTION_LIST, FILTER(tag), .arg = N_("TAG"),
     .help = N_("With this tag")},
    {.name = "starred", .type = OPTION_BOOL, FILTER(starred), .def = "off",
     .help = N_("With a star")},
    {.name = "since", .type = OPTION_TEXT, FILTER(since), .arg = N_("DATE"),
     .help = N_("Begun on this date or later: 2026-11-23, \"2026-11-23 14:05\", today, 7d, 2w")},
    {.name = "until", .type = OPTION_TEXT, FILTER(until), .arg = N_("DATE"),
     .help = N_("Begun on this date or earlier")},
    {.name = "min_chars", .type = OPTION_INT, FILTER(min_chars), .min = 0, .max = INT_MAX,
     .def = "0", .arg = N_("N"), .help = N_("Of at least N characters"),
     .allowed = N_("0 to 2147483647 (0 = no such limit)")},
    {.name = "max_chars", .type = OPTION_INT, FILTER(max_chars), .min = 0, .max = INT_MAX,
     .def = "0", .arg = N_("N"), .help = N_("Of at most N characters"),
     .allowed = N_("0 to 2147483647 (0 = no such limit)")},
    {.name = "query", .letter = 'q', .type = OPTION_TEXT, FLAG(query), .group = GROUP_FILTER,
     .scope = SCOPE_CLI,
     .commands = MANY & ~(CMD_HISTORY_SEARCH | CMD_HISTORY_STATS), .arg = N_("QUERY"),
     .help = N_("With these words, as `xuxie history search` understands them")},
    {.name = "ranked", .type = OPTION_BOOL, FLAG(ranked), .group = GROUP_FILTER,
     .scope = SCOPE_CLI, .commands = CMD_HISTORY_LIST | CMD_HISTORY_SEARCH | CMD_HISTORY_EXPORT,
     .def = "off", .help = N_("The best matches first instead of the newest")},
    {.name = "scan", .type = OPTION_BOOL, FLAG(scan), .group = GROUP_FILTER, .scope = SCOPE_CLI,
     .commands = MANY & ~CMD_HISTORY_STATS, .def = "off",
     .help = N_("Look into every text instead of the index: slow, for when that is damaged")},
    {.name = "limit", .letter = 'n', .type = OPTION_INT, FLAG(shown), .group = GROUP_FILTER,
     .scope = SCOPE_CLI, .commands = CMD_HISTORY_LIST | CMD_HISTORY_SEARCH, .min = 0,
     .max = INT_MAX, .word = "all", .def = "20", .arg = N_("N"), .help = N_("At most N of them"),
     .allowed = N_("0 to 2147483647 (0 = all)")},
    {.name = "limit", .letter = 'n', .type = OPTION_INT, FLAG(limit), .group = GROUP_FILTER,
     .scope = SCOPE_CLI, .commands = CMD_HISTORY_EXPORT | CMD_HISTORY_REPLAY | CMD_HISTORY_DELETE,
     .min = 0, .max = INT_MAX, .word = "all", .def = "all", .arg = N_("N"),
     .help = N_("At most N of them"), .allowed = N_("0 to 2147483647 (0 = all)")},
    {.name = "prompt", .type = OPTION_BOOL, FLAG(prompt), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_HISTORY_SHOW | CMD_HISTORY_DIFF, .def = "off",
     .help = N_("The exact prompt instead of what was written")},
    {.name = "text", .type = OPTION_BOOL, FLAG(text), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_HISTORY_SHOW, .def = "off",
     .help = N_("Only what was written, exactly")},
    {.name = "settings", .type = OPTION_BOOL, FLAG(tell_settings), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_HISTORY_SHOW, .def = "off",
     .help = N_("Every setting")},
    {.name = "tokens", .type = OPTION_BOOL, FLAG(tokens), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_HISTORY_SHOW, .def = "off",
     .help = N_("Each token and how likely it was")},
    {.name = "off", .type = OPTION_BOOL, FLAG(off), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_HISTORY_STAR | CMD_HISTORY_TAG, .def = "off",
     .help = N_("Take it away again")},
    {.name = "reindex", .type = OPTION_BOOL, FLAG(reindex), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_HISTORY_STATS, .def = "off",
     .help = N_("Build the index of the search anew first")},
    {.name = "format", .type = OPTION_WORD, FLAG(format), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_HISTORY_EXPORT, .choices = history_formats, .def = "auto",
     .arg = N_("NAME"), .help = N_("How it is written"),
     .allowed = N_("auto (by the end of the file's name, else jsonl), jsonl, md, txt, csv")},
    {.name = "raw", .type = OPTION_BOOL, FLAG(raw), .group = GROUP_PROGRAM, .scope = SCOPE_CLI,
     .commands = CMD_HISTORY_EXPORT | CMD_TEMPLATE_IMPORT | CMD_TEMPLATE_EXPORT, .def = "off",
     .help = N_("csv: leave texts as they are that a spreadsheet would take for a formula")},
    {.name = "format", .type = OPTION_WORD, FLAG(format), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_STORY_EXPORT, .choices = story_formats, .def = "auto",
     .arg = N_("NAME"), .help = N_("How it is written"),
     .allowed = N_("auto (by the end of the file's name, else txt), txt, md, epub, jsonl")},
    {.name = "branch", .type = OPTION_INT, FLAG(branch), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_STORY_EXPORT, .min = 0, .max = (double)INT64_MAX,
     .word = "current", .def = "current", .arg = N_("PASSAGE"),
     .help = N_("The manuscript that ends with this passage instead of the current one; jsonl tells the numbers"),
     .allowed = N_("0 to 9223372036854775807 (0 = the current one)")},
    {.name = "all_branches", .type = OPTION_BOOL, FLAG(all_branches), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_STORY_EXPORT, .def = "off",
     .help = N_("Every ending there is, a file each")},
    {.name = "indent", .type = OPTION_BOOL, FLAG(indent), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_STORY_EXPORT, .def = "off",
     .help = N_("txt: begin paragraphs two full-width blanks in")},
    {.name = "n_prompt", .letter = 'p', .type = OPTION_INT, FLAG(n_prompt), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_BENCH, .min = 0, .max = 1048576, .def = "512",
     .arg = N_("N"), .help = N_("Tokens of the prompt to be read"),
     .allowed = N_("0 to 1048576 (0 = do not measure reading)")},
    {.name = "n_gen", .letter = 'n', .type = OPTION_INT, FLAG(n_gen), .group = GROUP_PROGRAM,
     .scope = SCOPE_CLI, .commands = CMD_BENCH, .min = 0, .max = 1048576, .def = "128",
     .arg = N_("N"), .help = N_("Tokens to be written"),
     .allowed = N_("0 to 1048576 (0 = do not measure writing)")},
    {.name = "repetitions", .letter = 'r', .type = OPTION_INT, FLAG(repetitions),
     .group = GROUP_PROGRAM, .scope = SCOPE_CLI, .commands = CMD_BENCH, .min = 1, .max = 1000,
     .def = "5", .arg = N_("N"), .help = N_("How often each is measured"),
     .allowed = N_("1 to 1000")},
};
/* clang-format on */

const size_t n_option_rows = ARRAY_LEN(option_rows);
_Static_assert(ARRAY_LEN(option_rows) <= sizeof((struct settings *)0)->origin,
               "settings.origin has a place for every row");

static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
            return false;
    return *a == *b;
}

int option_find(const char *name)
{
    for (size_t i = 0; i < n_option_rows; i++)
        if (same_name(option_rows[i].name, name))
            return (int)i;
    return -1;
}

int option_find_for(const char *name, command_set commands)
{
    for (size_t i = 0; i < n_option_rows; i++)
        if ((option_rows[i].commands & commands) && same_name(option_rows[i].name, name))
            return (int)i;
    return -1;
}

const char *option_hyphens(const struct option_row *row, char out[64])
{
    size_t i = 0;
    for (; row->name[i] && i < 63; i++)
        out[i] = row->name[i] == '_' ? '-' : row->name[i];
    out[i] = '\0';
    return out;
}

bool option_is_switch(const struct option_row *row)
{
    return row->type == OPTION_BOOL || row->bare;
}

static int refuse(const struct option_row *row, const char *value, struct err *err)
{
    char quoted[360];
    err_quote(quoted, sizeof quoted, value, strlen(value));
    return err_set(err, E_USAGE, _("%s: \"%s\" is not understood; allowed is %s"), row->name,
                   quoted, row->allowed ? _(row->allowed) : _("on, off"));
}

static int out_of_range(const struct option_row *row, const char *value, struct err *err)
{
    char quoted[360];
    err_quote(quoted, sizeof quoted, value, strlen(value));
    return err_set(err, E_USAGE, _("%s: %s is out of range; allowed is %s"), row->name, quoted,
                   _(row->allowed));
}

/* strtod and strtoll skip blanks before a number; a value begins with it. */
static bool begins_number(const char *value)
{
    return strchr("+-.0123456789", value[0]) && value[0];
}

static int store_float(const struct option_row *row, double *field, const char *value,
                       struct err *err)
{
    double v = row->min;
    if (!row->word || strcmp(value, row->word) != 0) {
        char *end = NULL;
        if (begins_number(value))
            v = strtod(value, &end);
        if (!end || end == value || *end != '\0' || isnan(v))
            return refuse(row, value, err);
        if (v < row->min || v > row->max)
            return out_of_range(row, value, err);
    }
    *field = v;
    return 0;
}

static int store_int(const struct option_row *row, int64_t *field, const char *value,
                     struct err *err)
{
    long long v = (long long)row->min;
    if (!row->word || strcmp(value, row->word) != 0) {
        char *end = NULL;
        errno = 0;
        if (begins_number(value))
            v = strtoll(value, &end, 10);
        if (!end || end == value || *end != '\0')
            return refuse(row, value, err);
        /* max may be 2^63 as a double: every long long is at most that */
        if (errno == ERANGE || (double)v < row->min || (double)v > row->max)
            return out_of_range(row, value, err);
    }
    *field = v;
    return 0;
}

static int store_bool(const struct option_row *row, bool *field, const char *value, struct err *err)
{
    static const char *const yes[] = {"on", "yes", "true", "1"};
    static const char *const no[] = {"off", "no", "false", "0"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
            *field = strcmp(value, yes[i]) == 0;
            return 0;
        }
    }
    return refuse(row, value, err);
}

static void add_text(struct text_list *list, const char *value)
{
    list->items = x_realloc(list->items, (list->n + 1) * sizeof list->items[0]);
    list->items[list->n++] = x_strdup(value);
}

static int choice(const struct option_row *row, const char *value)
{
    for (int i = 0; row->choices[i]; i++)
        if (strcmp(row->choices[i], value) == 0)
            return i;
    return -1;
}

static void replace_text(char **field, const char *value)
{
    free(*field);
    *field = value ? x_strdup(value) : NULL;
}

int option_store(const struct option_row *row, void *base, const char *value, struct err *err)
{
    void *field = (char *)base + row->offset;
    switch (row->type) {
    case OPTION_FLOAT: return store_float(row, field, value, err);
    case OPTION_INT: return store_int(row, field, value, err);
    case OPTION_BOOL: return store_bool(row, field, value, err);
    case OPTION_TEXT: replace_text(field, value[0] ? value : NULL); return 0;
    case OPTION_LIST: add_text(field, value); return 0;
    case OPTION_CHOICE:
    case OPTION_WORD: {
        int i = choice(row, value);
        if (i < 0)
            return refuse(row, value, err);
        if (row->type == OPTION_CHOICE)
            *(unsigned *)field = (unsigned)i;
        else
            replace_text(field, i ? value : NULL);
        return 0;
    }
    default: return refuse(row, value, err);
    }
}

void option_print(const struct option_row *row, const void *base, struct str *out)
{
    const void *field = (const char *)base + row->offset;
    switch (row->type) {
    case OPTION_FLOAT: str_printf(out, "%.10g", *(const double *)field); break;
    case OPTION_INT: {
        int64_t v = *(const int64_t *)field;
        if (row->word && (double)v == row->min)
            str_puts(out, row->word);
        else
            str_printf(out, "%lld", (long long)v);
        break;
    }
    case OPTION_BOOL: str_puts(out, *(const bool *)field ? "on" : "off"); break;
    case OPTION_CHOICE: str_puts(out, row->choices[*(const unsigned *)field]); break;
    case OPTION_WORD:
    case OPTION_TEXT: {
        const char *text = *(char *const *)field;
        str_puts(out, text ? text : row->type == OPTION_WORD ? row->choices[0] : "");
        break;
    }
    default: break;
    }
}

void flags_init(struct flags *f)
{
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < n_option_rows; i++)
        if (option_rows[i].is_flag && option_rows[i].def)
            option_store(&option_rows[i], f, option_rows[i].def, NULL);
}

static void free_list(struct text_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}

void flags_free(struct flags *f)
{
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        void *field = (char *)f + row->offset;
        if (!row->is_flag)
            continue;
        if (row->type == OPTION_TEXT || row->type == OPTION_WORD) {
            free(*(char **)field);
            *(char **)field = NULL; /* another row may name it too */
        } else if (row->type == OPTION_LIST) {
            free_list(field);
        }
    }
    memset(f, 0, sizeof *f);
}
