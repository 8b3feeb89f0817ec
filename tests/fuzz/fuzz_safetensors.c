/* fuzz_safetensors.c - any bytes as the header of a safetensors file, its length put before it; the
 * first byte says how much of the rest is data. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static volatile float sink;

static void require(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct err err = ERR_INIT;
    struct source *s;
    if (n_bytes < 1 || data[0] > n_bytes - 1)
        return 0;
    uint64_t n_header = n_bytes - 1 - data[0];
    size_t n_file = 8 + (n_bytes - 1);
    uint8_t *file = malloc(n_file);
    require(file != NULL);
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)(n_header >> 8 * i);
    memcpy(file + 8, data + 1, n_bytes - 1);
    if (source_from_bytes("fuzz", file, n_file, &s, &err) != 0) {
        require(err.msg[0] != '\0');
        free(file);
        return 0;
    }
    for (size_t i = 0; i < source_count(s); i++) {
        const struct source_tensor *t = source_at(s, i);
        int64_t n = source_n_elements(t);
        float v;
        require(source_find(s, t->name) == t);
        if (n == 0)
            continue;
        source_read_f32(t, n - 1, 1, &v);
        sink = v;
    }
    source_close(s);
    free(file);
    return 0;
}
