/* fuzz_gguf_pieces.c - a model in two GGUF files, the parts (mutate.h): what opens is read whole.
 * The files lie in $TMPDIR. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/formats/weights.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static char path[2][512];

static void require(int condition)
{
    if (!condition)
        abort();
}

static void choose_paths(void)
{
    const char *tmp = getenv("TMPDIR");
    for (int i = 0; i < 2; i++)
        snprintf(path[i], sizeof path[i], "%s/fuzz-%ld-%05d-of-00002.gguf", tmp ? tmp : "/tmp",
                 (long)getpid(), i + 1);
}

static void write_file(const char *name, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(name, "wb");
    require(f && fwrite(bytes, 1, n, f) == n);
    require(fclose(f) == 0);
}

static void read_all(const struct weights *w)
{
    static unsigned char row[1 << 20];
    unsigned sum = 0;
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct tensor *t = weights_at(w, i);
        require(weights_find(w, t->name) == t);
        int64_t n_rows = t->dim[1] * t->dim[2] * t->dim[3];
        require(n_rows > 0);
        if (t->n_bytes / (size_t)n_rows > sizeof row)
            continue;
        weights_read_stored(w, t, 0, 1, row);
        weights_read_stored(w, t, n_rows - 1, 1, row);
        sum += row[0];
    }
    for (size_t i = 0; i < weights_n_regions(w); i++) {
        size_t n;
        const unsigned char *region = weights_region(w, i, &n);
        require(region != NULL && n > 0);
        sum += region[n - 1];
    }
    char identity[33];
    weights_identity(w, identity);
    require(sum != 1 || identity[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    const uint8_t *at = data, *end = data + n_bytes, *part;
    size_t n;
    if (!path[0][0])
        choose_paths();
    for (int i = 0; i < 2; i++) {
        part = next_part(&at, end, &n);
        write_file(path[i], part, n);
    }
    struct err err = ERR_INIT;
    struct weights *w;
    if (weights_open(path[n_bytes % 2], &w, &err) != 0) {
        require(err.msg[0] != '\0');
        return 0;
    }
    read_all(w);
    weights_close(w);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    struct dice d = {seed | 1};
    if (n < 3 || dice_below(&d, 16) == 0)
        return LLVMFuzzerMutate(data, n, max);
    return mutate_part(data, n, max, dice_below(&d, 2), &d, mutate_bytes);
}
