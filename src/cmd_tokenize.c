/* cmd_tokenize.c - `xuxie tokenize` and `xuxie detokenize`: text to token ids and back, as one text
 * or line by line in JSON. Exact in both directions: nothing is trimmed, added or normalised. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/weights.h"
#include "engine/tokenizers/jieba.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/cli.h"
#include "src/interrupt.h"
#include "src/jsonline.h"
#include "src/models.h"
#include "src/output.h"
#include "src/textfile.h"

/* A tokenizer and the model file it may live in; or jieba, for --words. */
struct source {
    struct weights *weights;
    struct tokenizer *tokenizer;
    struct jieba *jieba;
};

static int source_open(const struct cli *cli, struct source *s, struct err *err)
{
    struct str path = STR_INIT;
    memset(s, 0, sizeof *s);
    const struct tokenizer_options options = {.no_lower_case = cli->flags.no_lower_case,
                                              .no_jieba = cli->flags.no_jieba};
    if (cli->flags.words)
        return jieba_open(&s->jieba, err);
    if (cli->flags.tokenizer)
        return tokenizer_open_with(cli->flags.tokenizer, &options, &s->tokenizer, err);
    int rc = models_resolve(cli->settings.model, &path, err);
    if (!rc)
        rc = weights_open(str_cstr(&path), &s->weights, err);
    if (!rc)
        rc = tokenizer_from_weights(s->weights, &s->tokenizer, err);
    str_free(&path);
    return rc;
}

static void source_close(struct source *s)
{
    tokenizer_free(s->tokenizer);
    weights_close(s->weights);
    jieba_close(s->jieba);
}

/* The ids of a text, malloc'ed. */
static int encode(const struct cli *cli, const struct source *s, const char *text, size_t n,
                  int32_t **out, size_t *n_ids, struct err *err)
{
    int flags = cli->flags.special ? TOKENIZE_SPECIAL : 0;
    size_t capacity = n + 2; /* enough for byte-level kinds; else asked for below */
    int32_t *ids = x_malloc(capacity * sizeof ids[0]);
    int rc = tokenizer_encode(s->tokenizer, text, n, flags, ids, capacity, n_ids, err);
    if (!rc && *n_ids > capacity) {
        ids = x_realloc(ids, *n_ids * sizeof ids[0]);
        rc = tokenizer_encode(s->tokenizer, text, n, flags, ids, *n_ids, n_ids, err);
    }
    if (rc)
        free(ids);
    else
        *out = ids;
    return rc;
}

/* A list of token ids. */
struct ids {
    int32_t *id;
    size_t n, capacity;
};

/* Appends a token. `where` names it in messages. BERT's rules show what is no token as [UNK]. */
static int add_id(const struct cli *cli, const struct source *s, long long id, const char *where,
                  struct ids *ids, struct err *err)
{
    long long end = cli->flags.rule == RULE_PLAIN ? tokenizer_count(s->tokenizer) : INT32_MAX;
    if (id < 0 || id >= end)
        return err_set(err, E_INPUT, _("%s: %lld is not a token; they go from 0 to %d"), where, id,
                       (int)tokenizer_count(s->tokenizer) - 1);
    if (ids->n == ids->capacity) {
        ids->capacity = 2 * ids->capacity + 64;
        ids->id = x_realloc(ids->id, ids->capacity * sizeof ids->id[0]);
    }
    ids->id[ids->n++] = (int32_t)id;
    return 0;
}

/* The text of the tokens, malloc'ed. */
static int decode(const struct cli *cli, const struct source *s, const struct ids *ids, char **text,
                  size_t *n, struct err *err)
{
    return tokenizer_decode(s->tokenizer, ids->id, ids->n, cli->flags.special, cli->flags.rule,
                            text, n, err);
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool print_word(void *context, const char *word, size_t n)
{
    bool *first = context;
    if (!*first)
        output_puts(" / ");
    *first = false;
    output_text(word, n, false);
    return output_ok();
}

static bool add_word(void *list, const char *word, size_t n)
{
    return json_array_append_new(list, output_json_string(word, n)) == 0;
}

static int no_memory_for_words(struct err *err)
{
    return err_set(err, E_RESOURCE, _("There is not enough memory to cut this text into words."));
}

/* ---- one text -------------------------------------------------------------------------------- */

static int tokenize_text(const struct cli *cli, const struct source *s, const char *path,
                         struct err *err)
{
    struct str text = STR_INIT;
    int32_t *ids = NULL;
    size_t n = 0;
    int rc = textfile_read(path, 0, LIMIT_STORY_FILE_BYTES, &text, err);
    if (!rc && s->jieba) {
        bool first = true;
        if (!jieba_cut(s->jieba, str_cstr(&text), text.len, !cli->flags.no_hmm, print_word,
                       &first) &&
            output_ok())
            rc = no_memory_for_words(err);
    } else if (!rc)
        rc = encode(cli, s, str_cstr(&text), text.len, &ids, &n, err);
    for (size_t i = 0; !rc && i < n; i++)
        output_printf("%s%d", i ? " " : "", (int)ids[i]);
    if (!rc)
        output_puts("\n");
    free(ids);
    str_free(&text);
    return rc;
}

/* Reads ids separated by blanks, commas and line ends. */
static int read_ids(const struct cli *cli, const struct source *s, const char *path,
                    const struct str *in, struct ids *ids, struct err *err)
{
    const char *p = str_cstr(in), *begin = p;
    int rc = 0;
    while (!rc && *(p += strspn(p, " \t\r\n,"))) {
        char where[360], *end;
        errno = 0;
        long long id = strtoll(p, &end, 10);
        size_t n = strcspn(p, " \t\r\n,");
        if (end != p + n || errno)
            return err_set(err, E_INPUT, _("%s: byte %zu: \"%s\" is not a token id"),
                           textfile_name(path), (size_t)(p - begin),
                           err_quote(where, sizeof where, p, n));
        snprintf(where, sizeof where, _("%s: byte %zu"), textfile_name(path), (size_t)(p - begin));
        rc = add_id(cli, s, id, where, ids, err);
        p += n;
    }
    if (!rc && (size_t)(p - begin) < in->len)
        rc = err_set(err, E_INPUT, _("%s: byte %zu: a NUL byte is not a token id"),
                     textfile_name(path), (size_t)(p - begin));
    return rc;
}

static int detokenize_text(const struct cli *cli, const struct source *s, const char *path,
                           struct err *err)
{
    struct str in = STR_INIT;
    struct ids ids = {0};
    struct err in_ids = ERR_INIT;
    char *text;
    size_t n;
    int rc = textfile_read(path, 0, LIMIT_STORY_FILE_BYTES, &in, err);
    if (!rc) {
        int rc_ids = read_ids(cli, s, path, &in, &ids, &in_ids);
        rc = decode(cli, s, &ids, &text, &n, err);
        if (!rc) {
            output_text(text, n, cli->flags.raw);
            if (output_is_tty() && (n == 0 || text[n - 1] != '\n'))
                output_puts("\n");
            free(text);
        }
        if (!rc && rc_ids) {
            *err = in_ids;
            rc = rc_ids;
        }
    }
    free(ids.id);
    str_free(&in);
    return rc;
}

/* ---- JSON lines ------------------------------------------------------------------------------ */

static int tokenize_line(const struct cli *cli, const struct source *s, const json_t *line,
                         const char *where, struct err *err)
{
    const json_t *text = json_object_get(line, "text");
    int32_t *ids;
    size_t n;
    if (!json_is_string(text))
        return err_set(err, E_INPUT, _("%s: there is no \"text\" with a string"), where);
    if (s->jieba) {
        json_t *words = json_array();
        if (!jieba_cut(s->jieba, json_string_value(text), json_string_length(text),
                       !cli->flags.no_hmm, add_word, words)) {
            json_decref(words);
            return no_memory_for_words(err);
        }
        output_json(json_pack("{s:o}", "words", words));
        return 0;
    }
    int rc = encode(cli, s, json_string_value(text), json_string_length(text), &ids, &n, err);
    if (rc)
        return rc;
    output_puts("{\"ids\":[");
    for (size_t i = 0; i < n; i++)
        output_printf("%s%d", i ? "," : "", (int)ids[i]);
    output_puts("]}\n");
    free(ids);
    return 0;
}

static int detokenize_line(const struct cli *cli, const struct source *s, const json_t *line,
                           const char *where, struct err *err)
{
    const json_t *list = json_object_get(line, "ids");
    if (!json_is_array(list))
        return err_set(err, E_INPUT, _("%s: there is no \"ids\" with a list"), where);
    struct ids ids = {0};
    char *text;
    size_t n;
    int rc = 0;
    for (size_t i = 0; !rc && i < json_array_size(list); i++) {
        const json_t *id = json_array_get(list, i);
        char place[360];
        snprintf(place, sizeof place, _("%s: entry %zu of \"ids\""), where, i + 1);
        if (json_is_integer(id))
            rc = add_id(cli, s, json_integer_value(id), place, &ids, err);
        else
            rc = err_set(err, E_INPUT, _("%s is not a whole number"), place);
    }
    if (!rc)
        rc = decode(cli, s, &ids, &text, &n, err);
    free(ids.id);
    if (rc)
        return rc;
    output_json(json_pack("{s:o}", "text", output_json_string(text, n)));
    free(text);
    return 0;
}

typedef int line_fn(const struct cli *cli, const struct source *s, const json_t *line,
                    const char *where, struct err *err);

struct line_reader {
    const struct cli *cli;
    const struct source *source;
    line_fn *fn;
};

static int on_line(void *arg, const struct jsonline *line, struct err *err)
{
    const struct line_reader *r = arg;
    int rc = r->fn(r->cli, r->source, line->object, line->where, err);
    output_flush(); /* who wrote the line may be waiting for its answer */
    return rc ? rc : !output_ok();
}

static int each_line(const struct cli *cli, const struct source *s, const char *path, line_fn *fn,
                     struct err *err)
{
    struct line_reader r = {cli, s, fn};
    int rc = jsonline_each(path, on_line, &r, err);
    return rc < 0 ? rc : 0;
}

/* ---- the commands ---------------------------------------------------------------------------- */

/* Options that mean something only with another one: what is wrong, NULL when nothing is. */
static const char *check_flags(const struct cli *cli)
{
    const struct flags *f = &cli->flags;
    if (f->tokenizer && cli->settings.origin[option_find("model")] == ORIGIN_CLI)
        return _("give either --model or --tokenizer");
    if (f->words && f->tokenizer)
        return _("give either --words or --tokenizer");
    if (f->no_hmm && !f->words)
        return _("--no-hmm needs --words");
    if ((f->no_jieba || f->no_lower_case) && !f->tokenizer)
        return f->no_jieba ? _("--no-jieba needs --tokenizer")
                           : _("--no-lower-case needs --tokenizer");
    return NULL;
}

typedef int text_fn(const struct cli *cli, const struct source *s, const char *path,
                    struct err *err);

static int run(const struct cli *cli, text_fn *whole, line_fn *by_line)
{
    const char *path = cli->n_args ? cli->args[0] : "-";
    struct err err = ERR_INIT;
    struct source s;
    const char *wrong = check_flags(cli);
    if (wrong)
        return cli_usage(cli->command, "%s", wrong);
    int rc = source_open(cli, &s, &err);
    if (!rc)
        rc =
            cli->flags.jsonl ? each_line(cli, &s, path, by_line, &err) : whole(cli, &s, path, &err);
    source_close(&s);
    output_flush(); /* what was right comes before the message */
    if (rc == E_CANCELLED)
        return interrupt_status();
    return rc ? output_error(&err) : 0;
}

static int run_tokenize(struct cli *cli)
{
    return run(cli, tokenize_text, tokenize_line);
}

static int run_detokenize(struct cli *cli)
{
    return run(cli, detokenize_text, detokenize_line);
}

const struct subcommand command_tokenize = {
    .name = "tokenize",
    .arguments = N_("[FILE|-]"),
    .help = N_("Print the token ids of a text"),
    .about =
        N_("The whole of FILE, or standard input, is one text; the ids come out on one line. With "
           "--jsonl every line is a text of its own."),
    .bit = CMD_TOKENIZE,
    .max_args = 1,
    .run = run_tokenize,
};

const struct subcommand command_detokenize = {
    .name = "detokenize",
    .arguments = N_("[FILE|-]"),
    .help = N_("Print the text of token ids"),
    .about =
        N_("Reads ids separated by blanks, commas or line ends from FILE or standard input. With "
           "--jsonl every line is a list of its own."),
    .bit = CMD_DETOKENIZE,
    .max_args = 1,
    .run = run_detokenize,
};
