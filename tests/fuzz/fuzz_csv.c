/* fuzz_csv.c - a table of examples; and any bytes, cell by cell. */
#include "config.h"

#include "src/csv_read.h"
#include "tests/fuzz/fuzz_examples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void read_cells(const uint8_t *data, size_t n_bytes)
{
    struct csv c;
    char *cells[4];
    size_t n;
    csv_init(&c, "f", (const char *)data, n_bytes, true);
    while (csv_next(&c, cells, 4, &n, NULL) > 0) {
        require(n > 0);
        for (size_t i = 0; i < n && i < 4; i++)
            free(cells[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct template *t = fuzz_template();
    struct str text = STR_INIT;
    read_cells(data, n_bytes);
    if (fuzz_read(examples_parse_csv, data, n_bytes, t) &&
        examples_print_csv(t, false, &text, NULL) == 0)
        fuzz_again(examples_parse_csv, &text, t);
    str_free(&text);
    template_free(t);
    return 0;
}
