/* fuzz_jsonl.c - examples as JSON lines. */
#include "config.h"

#include "tests/fuzz/fuzz_examples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct template *t = fuzz_template();
    struct str text = STR_INIT;
    if (fuzz_read(examples_parse_jsonl, data, n_bytes, t)) {
        examples_print_jsonl(t, &text);
        fuzz_again(examples_parse_jsonl, &text, t);
    }
    str_free(&text);
    template_free(t);
    return 0;
}
