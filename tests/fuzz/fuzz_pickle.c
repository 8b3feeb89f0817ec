/* fuzz_pickle.c - any bytes as a pickle: refused with a message, or read; then every value that can
 * be reached from the root in one walk of bounded steps is looked at. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "engine/formats/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

enum { STACK = 256, STEPS = 10000 };

static volatile unsigned sink;

static void require(int condition)
{
    if (!condition)
        abort();
}

static void look(const struct pickle *p, uint32_t value)
{
    struct meta_string s;
    const struct pickle_tensor *t = pickle_tensor(p, value);
    if (pickle_bytes(p, value, &s) || pickle_long(p, value, &s))
        sink += s.n ? (unsigned char)s.s[s.n - 1] : 0u;
    if (!t)
        return;
    require(t->storage < pickle_n_storages(p) && t->n_dims <= SOURCE_MAX_DIMS);
    const struct pickle_storage *storage = pickle_storage_at(p, t->storage);
    int64_t last = t->offset;
    for (int i = 0; i < t->n_dims; i++) {
        if (t->shape[i] == 0)
            return;
        last += (t->shape[i] - 1) * t->stride[i];
    }
    require(last >= 0 && last < storage->n_elements);
}

static void walk(const struct pickle *p)
{
    uint32_t cell[STACK];
    int depth = 0;
    look(p, pickle_root(p));
    cell[depth++] = pickle_first(p, pickle_root(p));
    for (int step = 0; depth > 0 && step < STEPS; step++) {
        uint32_t c = cell[depth - 1];
        if (c == 0) {
            depth--;
            continue;
        }
        cell[depth - 1] = pickle_next(p, c);
        look(p, pickle_item(p, c));
        if (depth < STACK)
            cell[depth++] = pickle_first(p, pickle_item(p, c));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct pickle_input in = {"fuzz", "data.pkl", data, n_bytes, 0};
    struct err err = ERR_INIT;
    struct pickle *p;
    size_t used = 0;
    if (pickle_parse(&in, &p, &used, &err) != 0) {
        require(err.msg[0] != '\0');
        return 0;
    }
    require(used > 0 && used <= n_bytes);
    walk(p);
    pickle_free(p);
    return 0;
}
