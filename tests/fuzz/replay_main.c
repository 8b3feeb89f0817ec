/* replay_main.c - runs a fuzz target once over each file given, where there is no libFuzzer. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);

/* For the mutators of the targets, which nobody calls here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max)
{
    (void)data;
    (void)max;
    return n;
}

/* The file in a block of exactly its size, so that reading past the end is seen. */
static uint8_t *read_file(const char *path, size_t *n_bytes)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    uint8_t *data = NULL;
    size_t n = 0;
    for (;;) {
        uint8_t *grown = realloc(data, n + 65536);
        if (!grown)
            break;
        data = grown;
        size_t got = fread(data + n, 1, 65536, f);
        n += got;
        if (got < 65536)
            break;
    }
    int failed = ferror(f);
    fclose(f);
    uint8_t *exact = data && !failed ? realloc(data, n ? n : 1) : NULL;
    if (!exact)
        free(data);
    *n_bytes = n;
    return exact;
}

int main(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++) {
        size_t n;
        uint8_t *data = read_file(argv[i], &n);
        if (!data) {
            fprintf(stderr, "%s: cannot be read\n", argv[i]);
            status = 1;
            continue;
        }
        LLVMFuzzerTestOneInput(data, n);
        free(data);
    }
    printf("%d inputs\n", argc - 1);
    return status;
}
