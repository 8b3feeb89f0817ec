/* cmd_tokenize.c - `xuxie tokenize` and `xuxie detokenize`: text to token ids and back, as one text
 * or line by line in JSON. Exact in both directions: nothing is trimmed, added or normalised. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/weights.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/cli.h"
#include "src/interrupt.h"
#include "src/linefile.h"
#include "src/models.h"
#include "src/output.h"
#include "src/textfile.h"

/* A tokenizer and the model file it may live in. */
struct source {
    struct weights *weights;
    struct tokenizer *tokenizer;
};

static int source_open(const struct cli *cli, struct source *s, struct err *err)
{
    struct str path = STR_INIT;
    memset(s, 0, sizeof *s);
    if (cli->flags.tokenizer)
        return tokenizer_open(cli->flags.tokenizer, &s->tokenizer, err);
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

/* The bytes of a token, appended. `where` names it in messages. */
static int decode(const struct cli *cli, const struct source *s, long long id, const char *where,
                  struct str *out, struct err *err)
{
    size_t n;
    if (id < 0 || id >= tokenizer_count(s->tokenizer))
        return err_set(err, E_INPUT, _("%s: %lld is not a token; they go from 0 to %d"), where, id,
                       (int)tokenizer_count(s->tokenizer) - 1);
    const char *piece = tokenizer_piece(s->tokenizer, (int32_t)id, cli->flags.special, &n);
    str_append(out, piece, n);
    return 0;
}

/* ---- one text -------------------------------------------------------------------------------- */

static int tokenize_text(const struct cli *cli, const struct source *s, const char *path,
                         struct err *err)
{
    struct str text = STR_INIT;
    int32_t *ids = NULL;
    size_t n = 0;
    int rc = textfile_read(path, 0, LIMIT_STORY_FILE_BYTES, &text, err);
    if (!rc)
        rc = encode(cli, s, str_cstr(&text), text.len, &ids, &n, err);
    for (size_t i = 0; !rc && i < n; i++)
        output_printf("%s%d", i ? " " : "", (int)ids[i]);
    if (!rc)
        output_puts("\n");
    free(ids);
    str_free(&text);
    return rc;
}

/* Prints the whole characters of `text` and keeps the rest, all of it at the end. */
static void print_whole(const struct cli *cli, struct str *text, bool end)
{
    size_t n = text->len - (end ? 0 : utf8_incomplete_tail(text->data, text->len));
    output_text(text->data, n, cli->flags.raw);
    str_remove(text, 0, n);
}

static int detokenize_text(const struct cli *cli, const struct source *s, const char *path,
                           struct err *err)
{
    struct str in = STR_INIT, out = STR_INIT;
    char last = '\n';
    int rc = textfile_read(path, 0, LIMIT_STORY_FILE_BYTES, &in, err);
    const char *p = str_cstr(&in), *begin = p;
    while (!rc && output_ok() && *(p += strspn(p, " \t\r\n,"))) {
        char where[360], *end;
        errno = 0;
        long long id = strtoll(p, &end, 10);
        size_t n = strcspn(p, " \t\r\n,");
        if (end != p + n || errno)
            rc = err_set(err, E_INPUT, _("%s: byte %zu: \"%s\" is not a token id"),
                         textfile_name(path), (size_t)(p - begin),
                         err_quote(where, sizeof where, p, n));
        else {
            snprintf(where, sizeof where, _("%s: byte %zu"), textfile_name(path),
                     (size_t)(p - begin));
            rc = decode(cli, s, id, where, &out, err);
        }
        p += n;
        if (out.len > 4096) {
            last = out.data[out.len - 1];
            print_whole(cli, &out, false);
        }
    }
    if (!rc && (size_t)(p - begin) < in.len && output_ok())
        rc = err_set(err, E_INPUT, _("%s: byte %zu: a NUL byte is not a token id"),
                     textfile_name(path), (size_t)(p - begin));
    if (out.len)
        last = out.data[out.len - 1];
    print_whole(cli, &out, true);
    if (output_is_tty() && last != '\n')
        output_puts("\n");
    str_free(&in);
    str_free(&out);
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
    const json_t *ids = json_object_get(line, "ids");
    if (!json_is_array(ids))
        return err_set(err, E_INPUT, _("%s: there is no \"ids\" with a list"), where);
    struct str text = STR_INIT;
    int rc = 0;
    for (size_t i = 0; !rc && i < json_array_size(ids); i++) {
        const json_t *id = json_array_get(ids, i);
        char place[360];
        snprintf(place, sizeof place, _("%s: entry %zu of \"ids\""), where, i + 1);
        if (json_is_integer(id))
            rc = decode(cli, s, json_integer_value(id), place, &text, err);
        else
            rc = err_set(err, E_INPUT, _("%s is not a whole number"), place);
    }
    if (!rc)
        output_json(json_pack("{s:o}", "text", output_json_string(text.data, text.len)));
    str_free(&text);
    return rc;
}

/* Is JSON nested no deeper than the limit? A pre-scan, because jansson recurses. */
static bool depth_is_bounded(const char *p, size_t n)
{
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        if (in_string) {
            if (p[i] == '\\')
                i++;
            else
                in_string = p[i] != '"';
        } else if (p[i] == '"') {
            in_string = true;
        } else if (p[i] == '[' || p[i] == '{') {
            if (++depth > LIMIT_JSON_DEPTH)
                return false;
        } else if ((p[i] == ']' || p[i] == '}') && depth) {
            depth--;
        }
    }
    return true;
}

typedef int line_fn(const struct cli *cli, const struct source *s, const json_t *line,
                    const char *where, struct err *err);

static int each_line(const struct cli *cli, const struct source *s, const char *path, line_fn *fn,
                     struct err *err)
{
    struct linefile file;
    const char *line;
    size_t n;
    int rc = linefile_open(path, LIMIT_INPUT_LINE_BYTES, &file, err);
    if (rc)
        return rc;
    while (output_ok() && (rc = linefile_next(&file, &line, &n, err)) > 0) {
        char where[300];
        json_error_t error;
        snprintf(where, sizeof where, _("%s: line %lu"), textfile_name(path), file.line);
        if (!depth_is_bounded(line, n)) {
            rc = err_set(err, E_INPUT, _("%s: nested deeper than %u"), where, LIMIT_JSON_DEPTH);
            break;
        }
        json_t *value = json_loadb(line, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
        if (json_is_object(value))
            rc = fn(cli, s, value, where, err);
        else if (value)
            rc = err_set(err, E_INPUT, _("%s: not a JSON object"), where);
        else
            rc = err_set(err, E_INPUT, _("%s: not JSON at byte %d: %s"), where, error.position,
                         error.text);
        json_decref(value);
        if (rc)
            break;
        output_flush(); /* who wrote the line may be waiting for its answer */
    }
    linefile_close(&file);
    return rc < 0 ? rc : 0;
}

/* ---- the commands ---------------------------------------------------------------------------- */

typedef int text_fn(const struct cli *cli, const struct source *s, const char *path,
                    struct err *err);

static int run(const struct cli *cli, text_fn *whole, line_fn *by_line)
{
    const char *path = cli->n_args ? cli->args[0] : "-";
    struct err err = ERR_INIT;
    struct source s;
    if (cli->flags.tokenizer && cli->settings.origin[option_find("model")] == ORIGIN_CLI)
        return cli_usage(cli->command, _("give either --model or --tokenizer"));
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
