/* cmd_tensors.c - `xuxie model tensors`: what a model file or a published checkpoint file holds,
 * name by name. Reads headers; of a checkpoint also the checksums, where it has them. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/formats/infile.h"
#include "engine/formats/source.h"
#include "engine/formats/weights.h"
#include "src/base/i18n.h"
#include "src/base/uwidth.h"
#include "src/cli.h"
#include "src/models.h"
#include "src/output.h"

/* A row, from either kind of file. */
struct row {
    const char *name;
    const char *type;
    int n_dims;
    int64_t shape[SOURCE_MAX_DIMS]; /* the last varies fastest */
};

struct listing {
    size_t n;
    void (*get)(const struct listing *l, size_t i, struct row *out);
    const struct weights *weights;
    const struct source *source;
};

static void get_weights(const struct listing *l, size_t i, struct row *out)
{
    const struct tensor *t = weights_at(l->weights, i);
    *out = (struct row){.name = t->name, .type = quant_name(t->type), .n_dims = t->n_dims};
    for (int k = 0; k < t->n_dims; k++) /* ggml has the fastest first */
        out->shape[k] = t->dim[t->n_dims - 1 - k];
}

static void get_source(const struct listing *l, size_t i, struct row *out)
{
    const struct source_tensor *t = source_at(l->source, i);
    *out = (struct row){.name = t->name, .type = source_dtype_name(t->dtype), .n_dims = t->n_dims};
    memcpy(out->shape, t->shape, sizeof out->shape);
}

static int width(const char *text)
{
    return (int)uwidth_str(text, strlen(text));
}

static void print_table(const struct listing *l, const char *format)
{
    struct row row;
    int widest = 0;
    for (size_t i = 0; i < l->n; i++) {
        l->get(l, i, &row);
        int w = width(row.name);
        widest = w > widest && w <= 60 ? w : widest;
    }
    for (size_t i = 0; i < l->n && output_ok(); i++) {
        l->get(l, i, &row);
        char quoted[360];
        const char *name = err_quote(quoted, sizeof quoted, row.name, strlen(row.name));
        int pad = widest - width(name);
        output_printf("%s%*s  %-5s [", name, pad > 0 ? pad : 0, "", row.type);
        for (int k = 0; k < row.n_dims; k++)
            output_printf("%s%" PRId64, k ? ", " : "", row.shape[k]);
        output_puts("]\n");
    }
    output_flush(); /* before the note, which goes to standard error */
    output_note(P_("%s: %zu tensor", "%s: %zu tensors", l->n), format, l->n);
}

static void print_json(const struct listing *l, const char *format)
{
    json_t *tensors = json_array();
    for (size_t i = 0; i < l->n; i++) {
        struct row row;
        l->get(l, i, &row);
        json_t *shape = json_array();
        for (int k = 0; k < row.n_dims; k++)
            json_array_append_new(shape, json_integer(row.shape[k]));
        json_array_append_new(tensors, json_pack("{s:o, s:s, s:o}", "name",
                                                 output_json_string(row.name, strlen(row.name)),
                                                 "type", row.type, "shape", shape));
    }
    output_json(json_pack("{s:s, s:o}", "format", format, "tensors", tensors));
}

static void print(const struct cli *cli, const struct listing *l, const char *format)
{
    if (cli->flags.json)
        print_json(l, format);
    else
        print_table(l, format);
}

/* Does the file begin as GGUF does? What cannot be read is refused by who opens it next. */
static int is_gguf(const char *path, bool *out, struct err *err)
{
    char magic[4];
    struct stat st;
    int fd;
    int rc = infile_open(path, &fd, &st, err);
    if (rc != 0)
        return rc;
    ssize_t n = read(fd, magic, sizeof magic);
    close(fd);
    *out = n > 0 && memcmp(magic, "GGUF", (size_t)n) == 0;
    return 0;
}

static int list(const struct cli *cli, const char *path, struct err *err)
{
    struct weights *weights = NULL;
    struct source *source = NULL;
    bool gguf = false;
    int rc = is_gguf(path, &gguf, err);
    if (rc != 0)
        return rc;
    rc = gguf ? weights_open(path, &weights, err) : source_open(path, &source, err);
    if (rc != 0)
        return rc;
    if (gguf)
        print(cli, &(struct listing){weights_count(weights), get_weights, weights, NULL},
              weights_format(weights));
    else
        print(cli, &(struct listing){source_count(source), get_source, NULL, source},
              source_format(source));
    weights_close(weights);
    source_close(source);
    return 0;
}

static int run_tensors(struct cli *cli)
{
    struct err err = ERR_INIT;
    struct str path = STR_INIT;
    int rc = models_resolve(cli->args[0], &path, &err);
    if (rc == 0)
        rc = list(cli, str_cstr(&path), &err);
    str_free(&path);
    return rc ? output_error(&err) : 0;
}

const struct subcommand command_model_tensors = {
    .name = "model tensors",
    .arguments = N_("FILE"),
    .help = N_("Tell the tensors that a model file holds, or why it is refused"),
    .about = N_("FILE is a GGUF model or a file of a published checkpoint: safetensors, or what "
                "torch.save() wrote (pytorch_model.bin, mp_rank_00_model_states.pt). Every line is "
                "a name, an element type and a shape, whose last number varies fastest. Nothing "
                "in the file is executed."),
    .bit = CMD_MODEL_TENSORS,
    .min_args = 1,
    .max_args = 1,
    .run = run_tensors,
};
