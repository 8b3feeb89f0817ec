/* cmd_model.c - `xuxie model list`, `xuxie model info` and `xuxie model check`: what lies here,
 * what a file holds, and whether all of it is good. The first two read headers only. */
#include "config.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/weights.h"
#include "engine/model.h"
#include "engine/plan.h"
#include "engine/tokenizers/tokenizer.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/uwidth.h"
#include "src/chat.h"
#include "src/cli.h"
#include "src/interrupt.h"
#include "src/models.h"
#include "src/output.h"

/* An opened file and what is told of it. */
struct facts {
    struct model *model;
    struct tokenizer *tokenizer;
    struct plan plan;
    struct str name, license; /* not sanitised: output_text and JSON do that */
};

static void meta_string(const struct weights *w, const char *key, struct str *out)
{
    struct meta_string s = {NULL, 0};
    if (weights_meta_string(w, key, &s, NULL) == 0)
        str_append(out, s.s, s.n);
}

static void facts_free(struct facts *f)
{
    tokenizer_free(f->tokenizer);
    model_free(f->model);
    str_free(&f->name);
    str_free(&f->license);
}

/* Reads headers only. A model that does not fit this machine is told like any other. */
static int facts_open(const char *path, const struct settings *settings, struct facts *f,
                      struct err *err)
{
    struct memory_room room;
    struct engine_options options = {
        .n_threads = (int)settings->threads, .n_ctx = (int)settings->n_ctx, .kv = settings->kv};
    struct weights *weights = NULL;
    memset(f, 0, sizeof *f);
    int rc = weights_open(path, &weights, err);
    if (!rc)
        rc = model_open(weights, &f->model, err); /* takes the weights */
    if (!rc)
        rc = model_open_tokenizer(f->model, &f->tokenizer, err);
    memory_room(&room);
    if (!rc)
        rc = plan_figure(f->model, &options, &room, &f->plan, err);
    if (rc) {
        facts_free(f);
        return rc;
    }
    meta_string(f->model->weights, "general.name", &f->name);
    meta_string(f->model->weights, "general.license", &f->license);
    return 0;
}

/* The chat format the model was made for, NULL: none that is known. */
static const char *chat_format(const struct facts *f)
{
    const struct chat_template *row;
    return chat_find("on", f->tokenizer, &row, NULL) == 0 ? chat_name(row) : NULL;
}

/* Words for programs and for people. */
static const struct {
    const char *word, *shown;
} fits[] = {
    [ENGINE_FITS] = {"fits", N_("fits")},
    [ENGINE_TIGHT] = {"tight", N_("tight")},
    [ENGINE_TOO_LARGE] = {"too large", N_("does not fit")},
};

static void put_memory(json_t *o, const struct facts *f)
{
    const struct engine_memory *m = &f->plan.memory;
    json_object_set_new(
        o, "memory",
        json_pack("{s:s, s:I, s:I, s:I, s:o}", "fit", fits[m->fit].word, "session_bytes",
                  (json_int_t)m->session_bytes, "made_bytes", (json_int_t)m->made_bytes,
                  "mapped_bytes", (json_int_t)m->mapped_bytes, "free_bytes",
                  m->free_bytes == SIZE_MAX ? json_null()
                                            : json_integer((json_int_t)m->free_bytes)));
}

/* Text and blanks up to `columns` columns, one blank at least. */
static void cell(const char *text, int columns)
{
    size_t n = strlen(text);
    int width = (int)uwidth_str(text, n);
    output_text(text, n, false);
    output_printf("%*s", width < columns ? columns - width : 1, "");
}

/* ---- list ------------------------------------------------------------------------------------ */

struct listing {
    const struct cli *cli;
    json_t *array; /* with --json */
    size_t n;
};

static void list_one(void *ctx, const struct model_entry *m)
{
    struct listing *l = ctx;
    struct facts f;
    struct err err = ERR_INIT;
    int rc = facts_open(m->path, &l->cli->settings, &f, &err);
    l->n++;
    if (l->array) {
        json_t *o = json_pack(
            "{s:o, s:o, s:b}", "name", output_json_string(m->name, strlen(m->name)), "path",
            output_json_string(m->path, strlen(m->path)), "bundled", (int)m->bundled);
        if (rc) {
            json_object_set_new(o, "error", output_json_string(err.msg, strlen(err.msg)));
        } else {
            json_object_set_new(o, "arch", json_string(f.model->arch->name));
            json_object_set_new(o, "type", json_string(model_type_name(f.model)));
            json_object_set_new(o, "n_params", json_integer(model_n_params(f.model)));
            json_object_set_new(o, "file_bytes",
                                json_integer(weights_file_bytes(f.model->weights)));
            json_object_set_new(o, "license", output_json_string(f.license.data, f.license.len));
            put_memory(o, &f);
        }
        json_array_append_new(l->array, o);
    } else {
        struct str what = STR_INIT;
        if (!rc)
            str_printf(&what, _("%s %s, %.1f M parameters, %.1f MB"), f.model->arch->name,
                       model_type_name(f.model), (double)model_n_params(f.model) / 1e6,
                       (double)weights_file_bytes(f.model->weights) / 1e6);
        cell(m->name, 24);
        cell(!rc                ? str_cstr(&what)
             : rc == E_RESOURCE ? _("does not fit:")
                                : _("cannot be used:"),
             40);
        if (!rc) {
            cell(_(fits[f.plan.memory.fit].shown), 14);
            cell(f.license.len ? f.license.data : "-", 18);
        }
        output_text(rc ? err.msg : m->path, strlen(rc ? err.msg : m->path), false);
        output_puts("\n");
        str_free(&what);
    }
    if (!rc)
        facts_free(&f);
}

static int run_list(struct cli *cli)
{
    struct listing l = {.cli = cli, .array = cli->flags.json ? json_array() : NULL};
    models_each(list_one, &l);
    if (l.array)
        output_json(l.array);
    else if (l.n == 0)
        output_note("%s", _("There is no model: the bundled one is missing, and there are none in "
                            "$XDG_DATA_HOME/xuxie/models."));
    return 0;
}

const struct subcommand command_model_list = {
    .name = "model list",
    .arguments = "",
    .help = N_("Tell the models that can be used by name"),
    .about =
        N_("These are the bundled one, and the GGUF files and folders of published checkpoints in "
           "$XDG_DATA_HOME/xuxie/models (~/.local/share/xuxie/models). `fits`: into the memory "
           "that is free now, weights and all; `tight`: it works, but slowly, because its "
           "weights are read from the disk again and again; `does not fit`: it would be "
           "refused."),
    .bit = CMD_MODEL_LIST,
    .run = run_list,
};

/* ---- info ------------------------------------------------------------------------------------ */

/* How many tensors there are of each type, as text or into a JSON object. */
static void count_types(const struct weights *w, struct str *text, json_t *json)
{
    size_t counts[32] = {0};
    for (size_t i = 0; i < weights_count(w); i++)
        if ((size_t)weights_at(w, i)->type < ARRAY_LEN(counts))
            counts[weights_at(w, i)->type]++;
    for (size_t t = 0; t < ARRAY_LEN(counts); t++) {
        if (!counts[t])
            continue;
        str_printf(text, "%s%zu %s", text->len ? ", " : "", counts[t], quant_name((uint32_t)t));
        json_object_set_new(json, quant_name((uint32_t)t), json_integer((json_int_t)counts[t]));
    }
}

/* The values a model file recommends, by the names of the options. */
static void list_hint(const struct sample_hint *hint, struct str *text, json_t *json)
{
    const struct {
        const char *name;
        double value;
    } values[] = {
        {"temp", (double)hint->temp},
        {"top_k", hint->top_k < 0 ? (double)NAN : hint->top_k},
        {"top_p", (double)hint->top_p},
        {"min_p", (double)hint->min_p},
        {"dry_multiplier", (double)hint->dry_multiplier},
        {"dry_base", (double)hint->dry_base},
        {"dry_allowed_length",
         hint->dry_allowed_length < 0 ? (double)NAN : hint->dry_allowed_length},
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        if (isnan(values[i].value))
            continue;
        str_printf(text, "%s%s %.6g", text->len ? ", " : "", values[i].name, values[i].value);
        /* as the file means it: 0.9, not 0.89999998 */
        char digits[32];
        snprintf(digits, sizeof digits, "%.6g", values[i].value);
        json_object_set_new(json, values[i].name, json_real(strtod(digits, NULL)));
    }
}

static void info_json(const struct facts *f)
{
    const struct hparams *hp = &f->model->hp;
    const struct weights *w = f->model->weights;
    struct str ignored = STR_INIT;
    json_t *types = json_object(), *hint = json_object(), *o = json_object();
    char identity[33], tokenizer[33];
    weights_identity(w, identity);
    tokenizer_identity(f->tokenizer, tokenizer);
    count_types(w, &ignored, types);
    list_hint(&f->model->hint, &ignored, hint);
    str_free(&ignored);
    const char *path = weights_path(w);
    json_object_set_new(o, "path", output_json_string(path, strlen(path)));
    json_object_set_new(o, "format", json_string(weights_format(w)));
    json_object_set_new(o, "name", output_json_string(f->name.data, f->name.len));
    json_object_set_new(o, "license", output_json_string(f->license.data, f->license.len));
    json_object_set_new(o, "arch", json_string(f->model->arch->name));
    json_object_set_new(o, "type", json_string(model_type_name(f->model)));
    json_object_set_new(o, "n_params", json_integer(model_n_params(f->model)));
    json_object_set_new(o, "file_bytes", json_integer(weights_file_bytes(w)));
    json_object_set_new(o, "n_layer", json_integer(hp->n_layer));
    json_object_set_new(o, "n_embd", json_integer(hp->n_embd));
    json_object_set_new(o, "n_head", json_integer(hp->n_head));
    json_object_set_new(o, "n_head_kv", json_integer(hp->n_head_kv));
    json_object_set_new(o, "n_ff", json_integer(hp->n_ff));
    json_object_set_new(o, "n_vocab", json_integer(hp->n_vocab));
    json_object_set_new(o, "n_ctx_train", json_integer(hp->n_ctx_train));
    json_object_set_new(o, "n_ctx", json_integer(f->plan.n_ctx));
    json_object_set_new(o, "tensors", types);
    json_object_set_new(o, "tokenizer", json_string(tokenizer_kind(f->tokenizer)));
    json_object_set_new(o, "n_tokens", json_integer(tokenizer_count(f->tokenizer)));
    json_object_set_new(o, "identity", json_string(identity));
    json_object_set_new(o, "tokenizer_identity", json_string(tokenizer));
    json_object_set_new(o, "chat", chat_format(f) ? json_string(chat_format(f)) : json_null());
    json_object_set_new(o, "sampling", hint);
    json_object_set_new(o, "session_bytes", json_integer((json_int_t)f->plan.total_bytes));
    json_object_set_new(o, "kv_bytes", json_integer((json_int_t)f->plan.kv_bytes));
    put_memory(o, f);
    output_json(o);
}

static void line(const char *label, const char *value, size_t n)
{
    cell(label, 16);
    output_text(value, n, false);
    output_puts("\n");
}

__attribute__((format(printf, 2, 3))) static void linef(const char *label, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_vprintf(&s, fmt, ap);
    va_end(ap);
    line(label, s.data, s.len);
    str_free(&s);
}

/* Does the model need what GGUF has no word for? Other programs then compute something else, or cut
 * texts otherwise. */
static bool is_ours_alone(const struct weights *w)
{
    struct meta_string kind = {"", 0};
    weights_meta_string(w, "tokenizer.ggml.model", &kind, NULL);
    return weights_meta(w, "llama.attention.sliding_window") || /* the peers' graph has none */
           weights_meta(w, "xuxie.activation") || weights_meta(w, "xuxie.sliding_window_from") ||
           (kind.n == 4 && memcmp(kind.s, "bert", 4) == 0) ||
           (kind.n == 2 && memcmp(kind.s, "hf", 2) == 0);
}

/* What it needs, what there is, and what follows. */
static void info_memory(const struct facts *f)
{
    const struct engine_memory *m = &f->plan.memory;
    struct err err = ERR_INIT;
    char warning[400];
    linef(_("memory"), _("%.1f MB for one session, %.1f MB of it keys and values (%s)"),
          (double)m->session_bytes / 1e6, (double)f->plan.kv_bytes / 1e6,
          f->plan.kv == ENGINE_KV_F16 ? "f16" : "f32");
    if (m->made_bytes)
        linef("", _("%.1f MB of matrices that are put together when it is loaded"),
              (double)m->made_bytes / 1e6);
    linef("", _("%.1f MB of weights that are read from the file as they are"),
          (double)m->mapped_bytes / 1e6);
    if (m->free_bytes == SIZE_MAX)
        linef(_("free memory"), "%s", _("not known"));
    else
        linef(_("free memory"), _("%.1f MB: %s"), (double)m->free_bytes / 1e6,
              _(fits[m->fit].shown));
    if (plan_check(&f->plan, &err) != 0)
        line("", err.msg, strlen(err.msg));
    else if (plan_warning(&f->plan, warning, sizeof warning))
        line("", warning, strlen(warning));
}

static void info_text(const struct facts *f)
{
    const struct hparams *hp = &f->model->hp;
    const struct weights *w = f->model->weights;
    struct str types = STR_INIT, hint = STR_INIT;
    char identity[33];
    json_t *ignored = json_object();
    weights_identity(w, identity);
    count_types(w, &types, ignored);
    list_hint(&f->model->hint, &hint, ignored);
    json_decref(ignored);
    linef(_("file"), "%s", weights_path(w));
    linef(_("format"), "%s", weights_format(w));
    line(_("name"), str_cstr(&f->name), f->name.len);
    if (f->license.len)
        line(_("licence"), f->license.data, f->license.len);
    else
        linef(_("licence"), "%s", _("the file does not say"));
    linef(_("architecture"), "%s (%s)", f->model->arch->name, f->model->arch->description);
    linef(_("parameters"), "%.2f M", (double)model_n_params(f->model) / 1e6);
    linef(_("size"), "%.1f MB", (double)weights_file_bytes(w) / 1e6);
    linef(_("tensors"), "%s", str_cstr(&types));
    linef(_("layers"), "%d", hp->n_layer);
    linef(_("width"), "%d", hp->n_embd);
    linef(_("heads"), _("%d (%d for keys and values)"), hp->n_head, hp->n_head_kv);
    linef(_("feed-forward"), "%d", hp->n_ff);
    linef(_("vocabulary"), _("%d tokens (%s)"), (int)tokenizer_count(f->tokenizer),
          tokenizer_kind(f->tokenizer));
    linef(_("context"), _("%d tokens; %d in use by default"), hp->n_ctx_train, f->plan.n_ctx);
    linef(_("chat"), "%s",
          chat_format(f) ? chat_format(f) : _("no chat format; it continues texts"));
    linef(_("sampling"), "%s", hint.len ? hint.data : _("the file recommends nothing"));
    info_memory(f);
    linef(_("identity"), "%s", identity);
    if (is_ours_alone(w))
        linef(_("other programs"), "%s",
              _("will not run it rightly: GGUF has no word for its activation or tokenizer"));
    str_free(&types);
    str_free(&hint);
}

static int run_info(struct cli *cli)
{
    struct str path = STR_INIT;
    struct facts f;
    struct err err = ERR_INIT;
    const char *model = cli->n_args ? cli->args[0] : cli->settings.model;
    if (cli->n_args && cli->settings.origin[option_find("model")] == ORIGIN_CLI)
        return cli_usage(cli->command, _("give the model once"));
    int rc = models_resolve(model, &path, &err);
    if (!rc)
        rc = facts_open(str_cstr(&path), &cli->settings, &f, &err);
    str_free(&path);
    if (rc)
        return output_error(&err);
    if (cli->flags.json)
        info_json(&f);
    else
        info_text(&f);
    facts_free(&f);
    return 0;
}

const struct subcommand command_model_info = {
    .name = "model info",
    .arguments = N_("[MODEL]"),
    .help = N_("Tell what a model file holds and how much memory it takes"),
    .bit = CMD_MODEL_INFO,
    .max_args = 1,
    .run = run_info,
};

/* ---- check ----------------------------------------------------------------------------------- */

enum { CHECK_ELEMENTS = 1 << 20 };

/* Are all values of a tensor numbers? */
static int check_tensor(const struct weights *w, const struct tensor *t, struct err *err)
{
    const int64_t width = t->dim[0], n_rows = t->dim[1] * t->dim[2] * t->dim[3];
    const int64_t step = CHECK_ELEMENTS / width + 1;
    float *rows = x_malloc((size_t)(step * width) * sizeof rows[0]);
    int rc = 0;
    for (int64_t row = 0; !rc && row < n_rows; row += step) {
        const int64_t n = n_rows - row < step ? n_rows - row : step;
        rc = interrupt_signal() ? E_CANCELLED : weights_read_rows(w, t, row, n, rows, err);
        for (int64_t i = 0; !rc && i < n * width; i++)
            if (!isfinite(rows[i]))
                rc = err_set(
                    err, E_INPUT,
                    _("%s: tensor %s: the value in row %lld, column %lld is no number; the "
                      "file is damaged, download it again"),
                    weights_path(w), t->name, (long long)(row + i / width), (long long)(i % width));
    }
    free(rows);
    return rc;
}

static int check_values(const struct weights *w, struct err *err)
{
    int rc = weights_check(w, err);
    output_progress_begin();
    for (size_t i = 0; !rc && i < weights_count(w); i++) {
        output_progress(_("checking: %zu of %zu tensors"), i, weights_count(w));
        rc = check_tensor(w, weights_at(w, i), err);
    }
    output_progress_end();
    return rc;
}

static int run_check(struct cli *cli)
{
    struct str path = STR_INIT;
    struct facts f;
    struct err err = ERR_INIT;
    int rc = models_resolve(cli->args[0], &path, &err);
    if (!rc)
        rc = facts_open(str_cstr(&path), &cli->settings, &f, &err);
    str_free(&path);
    if (rc)
        return output_error(&err);
    rc = check_values(f.model->weights, &err);
    if (!rc) {
        output_text(weights_path(f.model->weights), strlen(weights_path(f.model->weights)), false);
        output_printf(_(": good; %zu tensors, %d tokens\n"), weights_count(f.model->weights),
                      (int)tokenizer_count(f.tokenizer));
    }
    facts_free(&f);
    if (rc == E_CANCELLED)
        return interrupt_status();
    return rc ? output_error(&err) : 0;
}

const struct subcommand command_model_check = {
    .name = "model check",
    .arguments = N_("MODEL"),
    .help = N_("Read all of a model and tell whether it is good"),
    .about =
        N_("Checks the tensors' names and shapes, the checksums where the format has some, that "
           "every value is a number, and the tokenizer."),
    .bit = CMD_MODEL_CHECK,
    .min_args = 1,
    .max_args = 1,
    .run = run_check,
};
