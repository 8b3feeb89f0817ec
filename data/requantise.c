/* requantise.c - how data/preview-q8_0.gguf is made: copies a GGUF file and stores its matrices as
 * q8_0. Vectors and the position table stay f32, as is usual for this family.
 *
 *   make data/requantise && data/requantise IN.gguf OUT.gguf
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/gguf_write.h"
#include "engine/formats/weights.h"
#include "engine/kernels/quant.h"

enum { FILE_TYPE_MOSTLY_Q8_0 = 7 }; /* general.file_type of the GGUF specification */

static enum quant_type type_for(const struct tensor *t)
{
    bool matrix = t->n_dims == 2 && t->dim[0] % 32 == 0;
    return matrix && strcmp(t->name, "position_embd.weight") != 0 ? QUANT_Q8_0 : t->type;
}

static int copy(const struct weights *in, struct gguf_writer *out, struct err *err)
{
    size_t n = weights_meta_count(in);
    for (size_t i = 0; i < n; i++) {
        const struct meta_value *value;
        const char *key = weights_meta_at(in, i, &value);
        if (strcmp(key, "general.file_type") == 0)
            gguf_put_u32(out, key, FILE_TYPE_MOSTLY_Q8_0);
        else
            gguf_put_copy(out, key, value);
    }
    for (size_t i = 0; i < weights_count(in); i++) {
        const struct tensor *t = weights_at(in, i);
        gguf_add_tensor(out, t->name, type_for(t), t->n_dims, t->dim);
    }
    int rc = gguf_write_header(out, err);
    for (size_t i = 0; rc == 0 && i < weights_count(in); i++) {
        const struct tensor *t = weights_at(in, i);
        enum quant_type to = type_for(t);
        if (to == t->type) {
            rc = gguf_write_tensor(out, t->data, t->n_bytes, err);
            continue;
        }
        size_t row_bytes = 0;
        if (!quant_row_bytes(to, t->dim[0], &row_bytes))
            return err_set(err, E_INPUT, "%s: rows of %lld", t->name, (long long)t->dim[0]);
        float *row = malloc((size_t)t->dim[0] * sizeof *row);
        unsigned char *packed = malloc(row_bytes);
        size_t from_bytes = t->n_bytes / (size_t)t->dim[1];
        for (int64_t r = 0; rc == 0 && row && packed && r < t->dim[1]; r++) {
            quant_of(t->type)->unpack((const char *)t->data + (size_t)r * from_bytes, row,
                                      t->dim[0]);
            quant_of(to)->pack(row, packed, t->dim[0]);
            rc = gguf_write_tensor(out, packed, row_bytes, err);
        }
        free(row);
        free(packed);
    }
    return rc == 0 ? gguf_writer_finish(out, err) : rc;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct weights *in = NULL;
    struct gguf_writer *out = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: requantise IN.gguf OUT.gguf\n");
        return 2;
    }
    int rc = weights_open(argv[1], &in, &err);
    if (rc == 0)
        rc = gguf_writer_new(argv[2], &out, &err);
    if (rc == 0)
        rc = copy(in, out, &err);
    if (rc != 0)
        fprintf(stderr, "requantise: %s\n", err.msg);
    gguf_writer_free(out);
    weights_close(in);
    return rc == 0 ? 0 : 1;
}
