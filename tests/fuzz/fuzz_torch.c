/* fuzz_torch.c - any bytes as a checkpoint file: opened by what they look like, and every tensor
 * read at both ends. Inputs are refused with a message or accepted; nothing else may happen. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "engine/formats/source.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static volatile float sink;

static void require(int condition)
{
    if (!condition)
        abort();
}

static void read_tensor(const struct source_tensor *t)
{
    float v[32];
    int64_t n = source_n_elements(t);
    int64_t some = n < 32 ? n : 32;
    source_read_f32(t, 0, some, v);
    source_read_f32(t, n - some, some, v);
    if (n > 0)
        sink = v[some - 1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct err err = ERR_INIT;
    struct source *s;
    if (source_from_bytes("fuzz", data, n_bytes, &s, &err) != 0) {
        require(err.msg[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < source_count(s); i++) {
        const struct source_tensor *t = source_at(s, i);
        require(source_find(s, t->name) == t);
        read_tensor(t);
    }
    source_close(s);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    struct dice d = {seed | 1};
    return mutate_zip(data, n, max, &d);
}
