/* gguf_check - opens each file as weights, then its tokenizer, and reads everything there is in
 * them: one line a file, "NAME<TAB>LEVEL<TAB>MESSAGE". LEVEL is weights or tokenizer when that
 * refused the file, ok otherwise. The exit status is 0 unless a refusal has no message. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "engine/formats/weights.h"
#include "engine/tokenizers/tokenizer.h"

static int32_t ids[1 << 16];

/* Touches the first and last byte of every tensor and every metadata value. */
static unsigned read_all(const struct weights *w)
{
    unsigned sum = 0;
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct tensor *t = weights_at(w, i);
        const unsigned char *p = t->data;
        sum += (unsigned)(p[0] + p[t->n_bytes - 1]) + (weights_find(w, t->name) == t);
    }
    for (size_t i = 0; i < weights_meta_count(w); i++) {
        const struct meta_value *v;
        const char *key = weights_meta_at(w, i, &v);
        sum += weights_meta(w, key) == v;
        if (v->type == META_STRING && v->str.n > 0)
            sum += (unsigned char)v->str.s[v->str.n - 1];
        if (v->type != META_ARRAY)
            continue;
        for (size_t k = 0; k < v->array.n; k++) {
            if (v->array.type == META_STRING)
                sum += (unsigned)v->array.strings[k].n;
            else
                sum += ((const unsigned char *)
                            v->array.raw)[(k + 1) * (size_t)v->array.element_bytes - 1];
        }
    }
    return sum;
}

static int try_tokenizer(const struct weights *w, struct err *err)
{
    static const char text[] = "a\xFF 雪 <|endoftext|>  b\n";
    struct tokenizer *t;
    int rc = tokenizer_from_weights(w, &t, err);
    if (rc != 0)
        return rc;
    size_t n;
    rc = tokenizer_encode(t, text, sizeof text - 1, TOKENIZE_SPECIAL, ids,
                          sizeof ids / sizeof ids[0], &n, err);
    for (int32_t id = 0; id < tokenizer_count(t); id++) {
        size_t n_bytes;
        tokenizer_piece(t, id, true, &n_bytes);
    }
    tokenizer_free(t);
    return rc;
}

int main(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++) {
        struct err err = ERR_INIT;
        struct weights *w = NULL;
        const char *level = "ok";
        if (weights_open(argv[i], &w, &err) != 0) {
            level = "weights";
        } else {
            volatile unsigned sum = read_all(w);
            (void)sum;
            char identity[33];
            weights_identity(w, identity);
            if (try_tokenizer(w, &err) != 0)
                level = "tokenizer";
        }
        weights_close(w);
        if (strcmp(level, "ok") != 0 && err.msg[0] == '\0')
            status = 1;
        printf("%s\t%s\t%s\n", argv[i], level, err.msg);
    }
    return status;
}
