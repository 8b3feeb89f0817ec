/* fuzz_vocab_txt.c - any bytes as BERT's vocab.txt (vocab_target.h). */
#include "config.h"

#include "vocab_target.h"

static int open_lines(char *file, size_t n, struct vocab_source *src, struct err *err)
{
    return vocab_source_from_lines("v", file, n, src, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    vocab_target(data, n_bytes, open_lines);
    return 0;
}
