/* test_arch.c - the table of architectures hangs together: every row names what its layers need. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/arch.h"

static void names_are_found(void **state)
{
    (void)state;
    assert_non_null(arch_find("gpt2", 4));
    assert_ptr_equal(arch_find("gpt2junk", 4), arch_find("gpt2", 4));
    assert_null(arch_find("gpt", 3));
    assert_null(arch_find("gpt2\0", 5));
    assert_null(arch_find("", 0));
    assert_null(arch_find("GPT2", 4));
}

/* Calls fn for each row that arch_names() lists. */
static void each_row(void (*fn)(const struct arch *))
{
    char names[256];
    snprintf(names, sizeof(names), "%s", arch_names());
    char *rest = names;
    for (char *name = strtok_r(names, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
        const struct arch *a = arch_find(name, strlen(name));
        assert_non_null(a);
        fn(a);
    }
}

static void check_row(const struct arch *a)
{
    const bool learned = a->position == POSITION_LEARNED, fused = a->qkv == QKV_FUSED;
    assert_int_equal(a->need[SLOT_TOKEN_EMBD], SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_OUTPUT_NORM], SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_ATTN_NORM], SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_FFN_NORM], SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_ATTN_OUT], SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_FFN_UP], SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_FFN_DOWN], SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_POSITION_EMBD], learned ? SLOT_REQUIRED : SLOT_ABSENT);
    assert_int_equal(a->need[SLOT_ATTN_QKV], fused ? SLOT_REQUIRED : SLOT_ABSENT);
    assert_int_equal(a->need[SLOT_ATTN_Q], fused ? SLOT_ABSENT : SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_ATTN_K], fused ? SLOT_ABSENT : SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_ATTN_V], fused ? SLOT_ABSENT : SLOT_REQUIRED);
    assert_int_equal(a->need[SLOT_FFN_GATE], a->mlp == MLP_GATED ? SLOT_REQUIRED : SLOT_ABSENT);
    if (a->norm == NORM_RMS) { /* its kernel takes no bias */
        assert_int_equal(a->need[SLOT_ATTN_NORM_B], SLOT_ABSENT);
        assert_int_equal(a->need[SLOT_FFN_NORM_B], SLOT_ABSENT);
        assert_int_equal(a->need[SLOT_OUTPUT_NORM_B], SLOT_ABSENT);
    }
    assert_true(a->norm_eps_default > 0 && a->norm_eps_key && a->description);
}

static void rows_are_complete(void **state)
{
    (void)state;
    each_row(check_row);
}

static void slots_have_different_names(void **state)
{
    (void)state;
    for (int i = 0; i < N_SLOTS; i++) {
        assert_non_null(slot_gguf_name[i]);
        assert_int_equal(strncmp(slot_gguf_name[i], "blk.%d.", 7) == 0, i >= N_MODEL_SLOTS);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(slot_gguf_name[i], slot_gguf_name[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(slots_have_different_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
