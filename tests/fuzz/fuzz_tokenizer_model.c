/* fuzz_tokenizer_model.c - any bytes as SentencePiece's tokenizer.model (vocab_target.h). */
#include "config.h"

#include "vocab_target.h"

static int open_spm(char *file, size_t n, struct vocab_source *src, struct err *err)
{
    return vocab_source_from_spm("v", file, n, src, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    vocab_target(data, n_bytes, open_spm);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    struct dice d = {seed | 1};
    if (dice_below(&d, 4) == 0)
        return mutate_part(data, n, max, 1, &d, mutate_bytes);
    return mutate_part(data, n, max, 0, &d, mutate_proto);
}
