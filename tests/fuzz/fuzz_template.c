/* fuzz_template.c - the text form of a template: what is read is consistent, and prints and reads
 * the same again. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/template_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct template *t = NULL, *again = NULL;
    struct template_example e;
    struct str text = STR_INIT, second = STR_INIT;
    struct err err = ERR_INIT;
    if (template_parse("f", (const char *)data, n_bytes, &t, &err) == 0) {
        require(template_check(t, "f", &err) == 0);
        template_print(t, &text);
        require(template_parse("f", text.data, text.len, &again, &err) == 0);
        template_print(again, &second);
        require(text.len == second.len && memcmp(text.data, second.data, text.len) == 0);
        template_free(again);
        template_free(t);
    } else {
        require(strncmp(err.msg, "f: line ", 8) == 0);
    }
    str_clear(&text);
    if (template_parse_example("f", (const char *)data, n_bytes, &e, &err) == 0) {
        template_print_example(&e, &text);
        template_example_free(&e);
        require(template_parse_example("f", text.data, text.len, &e, &err) == 0);
        template_example_free(&e);
    }
    str_free(&text);
    str_free(&second);
    return 0;
}
