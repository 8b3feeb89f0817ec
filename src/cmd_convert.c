/* cmd_convert.c - `xuxie model import` makes one GGUF file of a published checkpoint, `xuxie model
 * quantize` another of a GGUF file with its matrices in a smaller type. Both check the whole model
 * before the first byte is written, need little memory whatever its size, and leave nothing behind
 * when they are interrupted. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/formats/convert.h"
#include "engine/kernels/pool.h"
#include "engine/model.h"
#include "engine/tokenizers/vocab_write.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/cli.h"
#include "src/interrupt.h"
#include "src/models.h"
#include "src/output.h"

static bool tell_progress(void *ctx, int percent)
{
    (void)ctx;
    output_progress(_("converting: %d %%"), percent);
    return interrupt_signal() == 0;
}

static int put_tokenizer(void *ctx, struct gguf_writer *out, struct err *err)
{
    return vocab_write(ctx, out, err);
}

/* A type's number by its name, CONVERT_AS_STORED for NULL. */
static int find_type(const char *name, int *out, struct err *err)
{
    char quoted[360];
    *out = CONVERT_AS_STORED;
    if (!name)
        return 0;
    const struct quant *q = quant_by_name(name);
    if (!q || !q->pack)
        return err_set(err, E_USAGE,
                       _("\"%s\" is no type xuxie writes; see `xuxie model import "
                         "--help`"),
                       err_quote(quoted, sizeof quoted, name, strlen(name)));
    *out = (int)q->type;
    return 0;
}

/* Has a GGUF file lost what another quantisation would need? */
static void warn_about_source(const struct weights *w, int type)
{
    if (type == CONVERT_AS_STORED || weights_folder(w))
        return;
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct tensor *t = weights_at(w, i);
        if (quant_of((uint32_t)t->type)->block_elems > 1 && (int)t->type != type) {
            output_warn(
                _("%s is quantised already (%s, %s): the result cannot be better than that; "
                  "convert the original where you can"),
                weights_path(w), t->name, quant_of((uint32_t)t->type)->name);
            return;
        }
    }
}

static int convert(const char *in, const char *out, const char *type_name, bool from_folder,
                   struct err *err)
{
    struct str path = STR_INIT;
    struct weights *weights;
    struct model *model = NULL;
    struct convert_request request = {
        .out_path = out, .n_threads = pool_physical_cores(), .progress = tell_progress};
    int rc = find_type(type_name, &request.type, err);
    if (!rc)
        rc = models_resolve(in, &path, err);
    if (!rc)
        rc = weights_open(str_cstr(&path), &weights, err);
    if (!rc)
        rc = model_open(weights, &model, err); /* takes the weights */
    str_free(&path);
    if (rc)
        return rc;
    request.in = model->weights;
    request.ctx = model->weights;
    if (weights_folder(model->weights))
        request.more = put_tokenizer;
    else if (from_folder && !type_name && weights_n_regions(model->weights) == 1)
        rc =
            err_set(err, E_USAGE, _("this is a GGUF file already; give a --type to convert it to"));
    if (!rc) {
        warn_about_source(model->weights, request.type);
        output_progress_begin();
        rc = convert_run(&request, err);
        output_progress_end();
    }
    if (!rc)
        output_note(_("%s: %.1f MB of tensors"), out,
                    (double)convert_bytes(model->weights, request.type) / 1e6);
    model_free(model);
    return rc;
}

static int finish(int rc, const struct err *err)
{
    if (rc == E_CANCELLED)
        return interrupt_status();
    return rc ? output_error(err) : 0;
}

static int run_import(struct cli *cli)
{
    struct err err = ERR_INIT;
    if (!cli->flags.output)
        return cli_usage(cli->command, _("the option --output is missing"));
    int rc = convert(cli->args[0], cli->flags.output, cli->flags.type, true, &err);
    return finish(rc, &err);
}

static int run_quantize(struct cli *cli)
{
    struct err err = ERR_INIT;
    int rc = convert(cli->args[0], cli->args[1], cli->args[2], false, &err);
    return finish(rc, &err);
}

const struct subcommand command_model_import = {
    .name = "model import",
    .arguments = N_("FOLDER|FILE"),
    .help = N_("Make one GGUF file of a published checkpoint"),
    .about =
        N_("FOLDER holds config.json, weights (safetensors, pytorch_model.bin or Megatron's "
           "pieces, one file or many) and a tokenizer, as downloaded. FILE is its one file, or "
           "any piece of a model in several GGUF files (NAME-00001-of-00003.gguf), which "
           "become one. The file is there only when all of it is."),
    .bit = CMD_MODEL_IMPORT,
    .min_args = 1,
    .max_args = 1,
    .run = run_import,
};

const struct subcommand command_model_quantize = {
    .name = "model quantize",
    .arguments = N_("IN OUT TYPE"),
    .help = N_("Write a model with its matrices in another type"),
    .about =
        N_("Types as for `xuxie model import --type`. Vectors and positions stay f32; where the "
           "type has fewer than six bits, the output head gets q6_K."),
    .bit = CMD_MODEL_QUANTIZE,
    .min_args = 3,
    .max_args = 3,
    .run = run_quantize,
};
