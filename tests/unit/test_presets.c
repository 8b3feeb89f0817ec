/* test_presets.c - the presets, against the values their sources publish. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/option_table.h"
#include "src/presets.h"

static const char temp_last[] = "bias;penalties;dry;top_k;typical;top_p;min_p;xtc;temp";
static const char temp_first[] = "bias;penalties;dry;temp;top_k;typical;top_p;min_p;xtc";

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *temp, *top_k, *top_p, *min_p, *dry, *xtc_threshold, *xtc_probability,
            *order;
    } cases[] = {
        {"story", "1", "off", "1", "0.05", "0.8", "0", "0", temp_last},
        {"creative", "1", "off", "1", "0.02", "0.8", "0.1", "0.5", temp_last},
        {"damo", "1", "off", "0.9", "0", "0", "0", "0", temp_first},
        {"gpt3", "1", "off", "0.85", "0", "0", "0", "0", temp_first},
        {"qwen", "0.7", "20", "0.8", "0", "0", "0", "0", temp_first},
        {"greedy", "0", "off", "1", "0", "0", "0", "0", temp_last},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *help;
        assert_string_equal(preset_name(i, &help), cases[i].name);
        assert_true(help[0] != '\0');
        struct settings s;
        struct err err = ERR_INIT;
        settings_init(&s);
        /* from a state in which everything is something else */
        settings_set(&s, "preset", "creative", ORIGIN_CLI, &err);
        assert_int_equal(settings_set(&s, "preset", cases[i].name, ORIGIN_CLI, &err), 0);
        const struct {
            const char *option, *value;
        } expected[] = {
            {"temp", cases[i].temp},
            {"top_k", cases[i].top_k},
            {"top_p", cases[i].top_p},
            {"min_p", cases[i].min_p},
            {"dry_multiplier", cases[i].dry},
            {"dry_base", "1.75"},
            {"dry_allowed_length", "4"},
            {"xtc_threshold", cases[i].xtc_threshold},
            {"xtc_probability", cases[i].xtc_probability},
            {"samplers", cases[i].order},
            {"typical", "1"},
            {"repeat_penalty", "1"},
            {"presence_penalty", "0"},
            {"frequency_penalty", "0"},
        };
        for (size_t k = 0; k < ARRAY_LEN(expected); k++) {
            struct str text = STR_INIT;
            settings_get(&s, expected[k].option, &text);
            assert_string_equal(str_cstr(&text), expected[k].value);
            str_free(&text);
        }
        settings_free(&s);
    }
    assert_null(preset_name(ARRAY_LEN(cases), NULL));
}

/* A preset names only rows that presets decide, with values that are allowed. */
static void test_rows_exist(void **state)
{
    (void)state;
    const char *name;
    for (size_t i = 0; (name = preset_name(i, NULL)); i++) {
        for (size_t r = 0; r < n_option_rows; r++) {
            const char *value = preset_value(name, option_rows[r].name);
            struct settings s;
            struct err err = ERR_INIT;
            if (!value)
                continue;
            assert_true(option_rows[r].in_preset);
            settings_init(&s);
            assert_int_equal(settings_set(&s, option_rows[r].name, value, ORIGIN_SET, &err), 0);
            settings_free(&s);
        }
    }
    assert_null(preset_value("none", "temp"));
    assert_non_null(strstr(option_rows[option_find("preset")].allowed, "greedy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_rows_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
