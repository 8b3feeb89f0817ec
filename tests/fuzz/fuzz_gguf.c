/* fuzz_gguf.c - any bytes as a model file: parsed, everything in it read, its tokenizer built and
 * used. Inputs are refused with a message or accepted; nothing else may happen. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/weights.h"
#include "engine/tokenizers/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static volatile unsigned sink;

static void require(int condition)
{
    if (!condition)
        abort();
}

static void read_tensors(const struct weights *w)
{
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct tensor *t = weights_at(w, i);
        const unsigned char *p = t->data;
        require(weights_find(w, t->name) == t && t->n_bytes > 0);
        sink += (unsigned)p[0] + p[t->n_bytes - 1];
    }
}

static void read_meta(const struct weights *w)
{
    for (size_t i = 0; i < weights_meta_count(w); i++) {
        const struct meta_value *v;
        const char *key = weights_meta_at(w, i, &v);
        require(weights_meta(w, key) == v);
        int64_t number;
        if (v->type != META_INT && v->type != META_UINT)
            require(weights_meta_int(w, key, 0, INT64_MAX, &number, NULL) < 0);
        if (v->type == META_STRING && v->str.n > 0)
            sink += (unsigned char)v->str.s[v->str.n - 1];
        if (v->type != META_ARRAY)
            continue;
        for (size_t k = 0; k < v->array.n; k++) {
            if (v->array.type == META_STRING)
                sink += v->array.strings[k].n ? (unsigned char)v->array.strings[k].s[0] : 0u;
            else if (v->array.type == META_FLOAT)
                sink += meta_array_float(v, k) > 0;
            else
                sink += (unsigned)meta_array_int(v, k);
        }
    }
}

static void use_tokenizer(const struct weights *w)
{
    static const char text[] = "in the <|endoftext|> 雪\xFF\n  end";
    struct err err = ERR_INIT;
    struct tokenizer *t;
    if (tokenizer_from_weights(w, &t, &err) != 0) {
        require(err.msg[0] != '\0');
        return;
    }
    enum { MOST = 3 * sizeof text + 4 }; /* a space may be the three bytes of U+2581, one by one */
    int32_t ids[MOST];
    size_t n;
    require(tokenizer_encode(t, text, sizeof text - 1, TOKENIZE_SPECIAL, ids, MOST, &n, &err) == 0);
    require(n <= MOST);
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *piece = tokenizer_piece(t, ids[i], true, &len);
        require(ids[i] >= 0 && ids[i] < tokenizer_count(t));
        sink += len ? (unsigned char)piece[len - 1] : 0u;
    }
    tokenizer_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct err err = ERR_INIT;
    struct weights *w;
    if (weights_from_bytes("fuzz", data, n_bytes, &w, &err) != 0) {
        require(err.msg[0] != '\0');
        return 0;
    }
    char identity[33];
    weights_identity(w, identity);
    read_tensors(w);
    read_meta(w);
    use_tokenizer(w);
    weights_close(w);
    return 0;
}
