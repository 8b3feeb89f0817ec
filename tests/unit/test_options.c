/* test_options.c - the option table and struct settings: its invariants, reading and printing of
 * every kind of value, and who wins over whom. */
#include "config.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/sample.h"
#include "engine/kernels/quant.h"
#include "src/base/mem.h"
#include "src/option_table.h"
#include "src/options.h"

static void assert_value(const struct settings *s, const char *name, const char *expected)
{
    struct str text = STR_INIT;
    assert_true(settings_get(s, name, &text));
    assert_string_equal(str_cstr(&text), expected);
    str_free(&text);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        assert_null(strchr(row->name, '-'));
        char hyphens[64];
        if (!row->is_flag) /* a flag of that name may follow */
            assert_int_equal(option_find(row->name), (int)i);
        for (size_t c = 0; c < 64; c++) { /* a name means one thing to a command */
            command_set one = UINT64_C(1) << c;
            if (row->commands & one)
                assert_int_equal(option_find_for(option_hyphens(row, hyphens), one), (int)i);
        }
        option_hyphens(row, hyphens);
        assert_null(strchr(hyphens, '_'));
        assert_true(row->commands != 0 && row->scope != 0);
        if (row->is_flag)
            assert_int_equal(row->scope, SCOPE_CLI);
        assert_true((row->arg == NULL || row->bare) == option_is_switch(row));
        assert_true(!row->bare || (row->type == OPTION_WORD && strcmp(row->choices[1], "on") == 0));
        assert_true(row->help[strlen(row->help) - 1] != '.');
        for (size_t k = i + 1; k < n_option_rows; k++) /* a letter means one thing to a command */
            if (row->letter && row->letter == option_rows[k].letter)
                assert_int_equal(row->commands & option_rows[k].commands, 0);
    }
}

/* "0 to 5 (...)" says what min and max say. */
static void test_allowed_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->type != OPTION_FLOAT && row->type != OPTION_INT)
            continue;
        double min, max;
        assert_int_equal(sscanf(row->allowed, "%lf to %lf", &min, &max), 2);
        assert_true(fabs(min - row->min) < 1e-9);
        assert_true(fabs(max - row->max) <= fabs(max) * 1e-15);
    }
}

static void test_defaults(void **state)
{
    (void)state;
    struct flags flags;
    flags_init(&flags);
    assert_int_equal(flags.n_prompt, 512);
    flags_free(&flags);
    for (size_t i = 0; i < n_option_rows; i++) { /* each default is allowed */
        const struct option_row *row = &option_rows[i];
        struct err err = ERR_INIT;
        struct settings s;
        settings_init(&s);
        if (!row->is_flag && row->def)
            assert_int_equal(settings_set(&s, row->name, row->def, ORIGIN_CLI, &err), 0);
        settings_free(&s);
    }
    struct settings s;
    settings_init(&s);
    assert_value(&s, "preset", "story");
    assert_value(&s, "temp", "1");
    assert_value(&s, "min_p", "0.05");
    assert_value(&s, "dry_multiplier", "0.8");
    assert_value(&s, "max_tokens", "256");
    assert_value(&s, "seed", "random");
    assert_value(&s, "n_ctx", "auto");
    assert_value(&s, "kv", "f16");
    assert_value(&s, "edit_mode", "auto");
    assert_value(&s, "mouse", "on");
    assert_value(&s, "stop", "");
    assert_null(s.model);
    assert_null(s.edit_mode);
    settings_free(&s);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *shown; /* shown NULL: refused */
    } cases[] = {
        {"temp", "0.7", "0.7"},
        {"temp", "0", "0"},
        {"temp", "5", "5"},
        {"temp", "5.01", NULL},
        {"temp", "-1", NULL},
        {"temp", "nan", NULL},
        {"temp", "inf", NULL},
        {"temp", "1e400", NULL},
        {"temp", "", NULL},
        {"temp", " 1", NULL},
        {"temp", "1x", NULL},
        {"temp", "1,5", NULL},
        {"min_p", "off", "0"},
        {"top-k", "40", "40"},
        {"top_k", "0", "off"},
        {"top_k", "off", "off"},
        {"top_k", "4194305", NULL},
        {"top_k", "99999999999999999999", NULL},
        {"top_k", "1.5", NULL},
        {"seed", "9223372036854775807", "9223372036854775807"},
        {"seed", "9223372036854775808", NULL},
        {"seed", "-1", "random"},
        {"seed", "-2", NULL},
        {"kv", "f32", "f32"},
        {"kv", "q8_0", NULL},
        {"edit_mode", "vi", "vi"},
        {"edit_mode", "ed", NULL},
        {"mouse", "off", "off"},
        {"mouse", "yes", "on"},
        {"mouse", "maybe", NULL},
        {"samplers", "temp;top_p", "temp;top_p"},
        {"samplers", "temp;temp", NULL},
        {"samplers", "heat", NULL},
        {"preset", "damo", "damo"},
        {"preset", "none", NULL},
        {"stop", "\\n\\n", "\"\\n\\n\""},
        {"stop", "a\\x41\\\\", "\"aA\\\\\""},
        {"stop", "\"\\n\" \"第\"", "\"\\n\" \"第\""},
        {"stop", "\"", "\"\\\"\""},
        {"stop", "", ""},
        {"stop", "\\q", NULL},
        {"stop", "\\x4", NULL},
        {"stop", "\\x00", NULL},
        {"stop", "\\xff", NULL},
        {"stop", "\xff", NULL},
        {"logit_bias", "5=1.5, 7=-inf 5=2", "5=2 7=-inf"},
        {"logit_bias", "5", NULL},
        {"logit_bias", "-5=1", NULL},
        {"logit_bias", "5=1x", NULL},
        {"logit_bias", "5=101", NULL},
        {"logit_bias", "5=nan", NULL},
        {"model", "some/file.gguf", "some/file.gguf"},
        {"echo", "on", NULL},
        {"tmep", "1", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct settings s;
        struct err err = ERR_INIT;
        settings_init(&s);
        int rc = settings_set(&s, cases[i].name, cases[i].value, ORIGIN_INI, &err);
        if (cases[i].shown) {
            assert_int_equal(rc, 0);
            assert_value(&s, cases[i].name, cases[i].shown);
        } else {
            assert_int_equal(rc, E_USAGE);
            assert_true(err.msg[0] != '\0');
        }
        settings_free(&s);
    }
}

static void test_messages(void **state)
{
    (void)state;
    struct settings s;
    struct err err = ERR_INIT;
    settings_init(&s);
    settings_set(&s, "temp", "9", ORIGIN_SET, &err);
    assert_string_equal(err.msg,
                        "temp: 9 is out of range; allowed is 0 to 5 (0 = always the likeliest)");
    assert_int_equal(settings_set(&s, "db", "x", ORIGIN_SET, &err), E_USAGE); /* too late */
    settings_set(&s, "tmep", "9", ORIGIN_SET, &err);
    assert_non_null(strstr(err.msg, "did you mean temp?"));
    settings_set(&s, "temp", "\x1b[2J", ORIGIN_SET, &err);
    assert_null(strchr(err.msg, '\x1b'));
    settings_free(&s);
}

static void test_lists_grow(void **state)
{
    (void)state;
    struct settings s;
    struct err err = ERR_INIT;
    settings_init(&s);
    assert_int_equal(settings_set(&s, "stop", "ini", ORIGIN_INI, &err), 0);
    assert_int_equal(settings_set(&s, "stop", "a", ORIGIN_CLI, &err), 0); /* replaces the ini's */
    assert_int_equal(settings_set(&s, "stop", "\"b\"", ORIGIN_CLI, &err), 0); /* as it is */
    assert_value(&s, "stop", "\"a\" \"\\\"b\\\"\"");
    assert_int_equal(settings_set(&s, "stop", "c", ORIGIN_SET, &err), 0);
    assert_int_equal(settings_set(&s, "stop", "d", ORIGIN_SET, &err), 0); /* /set replaces */
    assert_value(&s, "stop", "\"d\"");
    assert_int_equal(settings_set(&s, "stop", "", ORIGIN_SET, &err), 0);
    assert_int_equal(s.n_stops, 0);
    for (int i = 0; i < SETTINGS_MAX_STOPS; i++)
        assert_int_equal(settings_set(&s, "stop", "x", ORIGIN_SET, &err), 0);
    settings_free(&s);

    settings_init(&s);
    for (int i = 0; i < SETTINGS_MAX_STOPS; i++)
        assert_int_equal(settings_set(&s, "stop", "x", ORIGIN_CLI, &err), 0);
    assert_int_equal(settings_set(&s, "stop", "x", ORIGIN_CLI, &err), E_USAGE);
    assert_int_equal(s.n_stops, SETTINGS_MAX_STOPS); /* untouched */
    for (int i = 0; i < SETTINGS_MAX_BIAS; i++) {
        char value[32];
        snprintf(value, sizeof value, "%d=1", i);
        assert_int_equal(settings_set(&s, "logit_bias", value, ORIGIN_CLI, &err), 0);
    }
    assert_int_equal(settings_set(&s, "logit_bias", "999=1", ORIGIN_CLI, &err), E_USAGE);
    assert_int_equal(settings_set(&s, "logit_bias", "3=2", ORIGIN_CLI, &err), 0);
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[257] = '\0';
    assert_int_equal(settings_set(&s, "stop", longest, ORIGIN_SET, &err), E_USAGE);
    longest[256] = '\0';
    assert_int_equal(settings_set(&s, "stop", longest, ORIGIN_SET, &err), 0);
    settings_free(&s);
}

/* ---- precedence ------------------------------------------------------------------------------ */

static void test_precedence(void **state)
{
    (void)state;
    struct settings s;
    struct err err = ERR_INIT;
    settings_init(&s);
    /* ini: preset after a value of its own does not undo it */
    settings_set(&s, "temp", "0.6", ORIGIN_INI, &err);
    settings_set(&s, "preset", "damo", ORIGIN_INI, &err);
    assert_value(&s, "temp", "0.6");
    assert_value(&s, "top_p", "0.9");
    assert_value(&s, "min_p", "0");
    /* a stronger preset decides anew, but not over its equals */
    settings_set(&s, "top_k", "7", ORIGIN_CLI, &err);
    settings_set(&s, "preset", "qwen", ORIGIN_CLI, &err);
    assert_value(&s, "temp", "0.7");
    assert_value(&s, "top_k", "7");
    /* a weaker value is checked, not taken */
    assert_int_equal(settings_set(&s, "top_k", "9", ORIGIN_INI, &err), 0);
    assert_int_equal(settings_set(&s, "top_k", "x", ORIGIN_INI, &err), E_USAGE);
    assert_value(&s, "top_k", "7");
    assert_int_equal(settings_set(&s, "preset", "gpt3", ORIGIN_INI, &err), 0);
    assert_value(&s, "preset", "qwen");
    assert_value(&s, "top_p", "0.8");
    settings_free(&s);
}

static const struct sample_hint no_hint = {NAN, NAN, NAN, NAN, NAN, -1, -1};

static void test_hint(void **state)
{
    (void)state;
    struct sample_hint hint = no_hint;
    hint.temp = 0.9f;
    hint.top_p = 0.9f;
    hint.dry_allowed_length = 3;
    struct settings s;
    struct err err = ERR_INIT;
    settings_init(&s);
    settings_set(&s, "top_p", "0.5", ORIGIN_INI, &err);
    settings_hint(&s, &hint);
    assert_value(&s, "temp", "0.9");
    assert_value(&s, "top_p", "0.5");  /* said by the person */
    assert_value(&s, "min_p", "0.05"); /* the model says nothing */
    assert_value(&s, "dry_allowed_length", "3");
    settings_hint(&s, &no_hint); /* another model: the earlier one's advice goes */
    assert_value(&s, "temp", "1");
    assert_value(&s, "dry_allowed_length", "4");
    settings_hint(&s, &hint);
    settings_set(&s, "preset", "gpt3", ORIGIN_SET, &err);
    assert_value(&s, "temp", "1");
    settings_hint(&s, &hint); /* story only */
    assert_value(&s, "temp", "1");
    settings_set(&s, "preset", "story", ORIGIN_SET, &err);
    assert_value(&s, "temp", "0.9"); /* still the model's advice */
    hint.temp = 99;                  /* out of range: not taken */
    settings_hint(&s, &hint);
    assert_value(&s, "temp", "1");
    settings_free(&s);
}

/* ---- what others take from it ---------------------------------------------------------------- */

static void test_request(void **state)
{
    (void)state;
    struct settings s, copy = {0};
    struct err err = ERR_INIT;
    struct engine_request r = {0};
    settings_init(&s);
    settings_set(&s, "preset", "damo", ORIGIN_CLI, &err);
    settings_set(&s, "stop", "完", ORIGIN_CLI, &err);
    settings_set(&s, "logit_bias", "3=-inf", ORIGIN_CLI, &err);
    settings_set(&s, "seed", "12", ORIGIN_CLI, &err);
    settings_set(&s, "model", "x.gguf", ORIGIN_CLI, &err);
    settings_copy(&copy, &s);
    settings_free(&s);
    settings_request(&copy, &r);
    assert_int_equal(r.seed, 12);
    assert_int_equal(r.max_tokens, 256);
    assert_int_equal(r.n_stops, 1);
    assert_string_equal(r.stops[0], "完");
    assert_true(fabsf(r.sampling.top_p - 0.9f) < FLT_EPSILON);
    assert_int_equal(r.sampling.n_bias, 1);
    assert_true(isinf(r.sampling.bias[0].bias));
    assert_int_equal(r.sampling.order[3], STAGE_TEMP);
    assert_int_equal(sample_params_check(&r.sampling, &err), 0);
    assert_string_equal(copy.model, "x.gguf");
    settings_set(&copy, "seed", "random", ORIGIN_SET, &err);
    settings_request(&copy, &r);
    uint64_t first = r.seed;
    settings_request(&copy, &r);
    assert_true(r.seed != first);
    settings_free(&copy);
}

/* The limits of the table are within what the engine takes. */
static void test_limits_fit_engine(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->group != GROUP_SAMPLING ||
            (row->type != OPTION_FLOAT && row->type != OPTION_INT) ||
            strcmp(row->name, "seed") == 0)
            continue;
        for (int end = 0; end < 2; end++) {
            struct settings s;
            struct err err = ERR_INIT;
            struct engine_request r = {0};
            char value[64];
            snprintf(value, sizeof value, "%.17g", end ? row->max : row->min);
            settings_init(&s);
            assert_int_equal(settings_set(&s, row->name, value, ORIGIN_SET, &err), 0);
            settings_request(&s, &r);
            assert_int_equal(sample_params_check(&r.sampling, &err), 0);
            settings_free(&s);
        }
    }
}

static void test_json(void **state)
{
    (void)state;
    struct settings s;
    struct err err = ERR_INIT;
    settings_init(&s);
    settings_set(&s, "stop", "a\\n", ORIGIN_CLI, &err);
    settings_set(&s, "logit_bias", "3=-inf 4=1", ORIGIN_CLI, &err);
    char *text = settings_json(&s, 77);
    assert_non_null(strstr(text, "\"min_p\":0.05,"));
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(o);
    assert_int_equal(json_integer_value(json_object_get(o, "seed")), 77);
    assert_string_equal(json_string_value(json_array_get(json_object_get(o, "stop"), 0)), "a\n");
    assert_string_equal(json_string_value(json_object_get(json_object_get(o, "logit_bias"), "3")),
                        "-inf");
    assert_null(json_object_get(o, "mouse"));
    assert_null(json_object_get(o, "db"));
    assert_true(json_is_null(json_object_get(o, "model")));
    const char *key, *last = ""; /* keys are sorted, and jansson keeps the order it read */
    json_t *value;
    json_object_foreach(o, key, value)
    {
        assert_true(strcmp(last, key) < 0);
        last = key;
    }
    json_decref(o);
    free(text);
    settings_free(&s);
}

static void assert_refused(const char *json, const char *part)
{
    struct settings s;
    struct err err = ERR_INIT;
    settings_init(&s);
    settings_set(&s, "temp", "0.3", ORIGIN_CLI, &err);
    assert_int_equal(settings_from_json(&s, json, &err), E_INPUT);
    assert_non_null(strstr(err.msg, part));
    assert_true(s.temp == 0.3);
    settings_free(&s);
}

/* What is read back makes the same request and the same record. */
static void test_recorded(void **state)
{
    (void)state;
    static const char *const presets[] = {"story", "creative", "damo", "gpt3", "qwen", "greedy"};
    struct err err = ERR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(presets); i++) {
        struct settings s, back = {0};
        struct engine_request r = {0}, r_back = {0};
        settings_init(&s);
        settings_set(&s, "preset", presets[i], ORIGIN_CLI, &err);
        settings_set(&s, "temp", i % 2 ? "0.8123456789012345" : "0.7", ORIGIN_CLI, &err);
        settings_set(&s, "samplers", "penalties;top_p;temp;bias", ORIGIN_CLI, &err);
        settings_set(&s, "stop", "a\n", ORIGIN_CLI, &err);
        settings_set(&s, "stop", "\"她\\\\说", ORIGIN_CLI, &err);
        settings_set(&s, "logit_bias", "3=-inf 4=1.1 5=-0.123456789", ORIGIN_CLI, &err);
        settings_set(&s, "max_tokens", "33", ORIGIN_CLI, &err);
        settings_set(&s, "ignore_eos", "on", ORIGIN_CLI, &err);
        settings_set(&s, "kv", "f32", ORIGIN_CLI, &err);
        settings_set(&s, "n_ctx", "640", ORIGIN_CLI, &err);
        settings_set(&s, "model", "雪.gguf", ORIGIN_CLI, &err);
        s.seed = 9;
        char *text = settings_json(&s, 9);
        if (settings_from_json(&back, text, &err))
            fail_msg("%s", err.msg);
        char *again = settings_json(&back, 9);
        assert_string_equal(text, again);
        settings_request(&s, &r);
        settings_request(&back, &r_back);
        assert_int_equal(r.sampling.n_bias, 3);
        assert_memory_equal(r.sampling.bias, r_back.sampling.bias, 3 * sizeof *r.sampling.bias);
        assert_string_equal(r.stops[1], r_back.stops[1]);
        r.sampling.bias = r_back.sampling.bias = NULL;
        assert_memory_equal(&r.sampling, &r_back.sampling, sizeof r.sampling);
        assert_int_equal(r.n_stops, r_back.n_stops);
        assert_int_equal(r_back.seed, 9);
        assert_int_equal(r_back.max_tokens, 33);
        assert_true(r_back.ignore_eos);
        assert_int_equal(back.kv, ENGINE_KV_F32);
        assert_int_equal(back.n_ctx, 640);
        /* and what a model recommends does not change it */
        settings_hint(&back,
                      &(struct sample_hint){.temp = 2, .top_k = 3, .dry_allowed_length = -1});
        free(again);
        again = settings_json(&back, 9);
        assert_string_equal(text, again);
        free(again);
        free(text);
        settings_free(&s);
        settings_free(&back);
    }
    struct settings s = {0};
    assert_int_equal(settings_from_json(&s, "{\"temp\":0.5,\"seed\":-7}", &err), 0);
    assert_true(s.temp == 0.5);
    assert_true(s.dry_multiplier == 0 && s.top_p == 1); /* neutral, not those of a preset */
    assert_int_equal(s.seed, -1);
    settings_free(&s);
    assert_refused("[]", "no JSON object");
    assert_refused("{", "cannot be read");
    assert_refused("{\"temp\":9}", "temp: 9 is out of range");
    assert_refused("{\"temp\":\"hot\"}", "temp: is of the wrong kind");
    assert_refused("{\"temperature\":1}", "\"temperature\" is not a setting");
    assert_refused("{\"mouse\":true}", "\"mouse\" is not a setting");
    assert_refused("{\"stop\":[\"\"]}", "stop: ");
    assert_refused("{\"stop\":[7]}", "stop: contains what is not a text");
    assert_refused("{\"stop\":\"x\"}", "stop: is not a list");
    assert_refused("{\"logit_bias\":{\"x\":1}}", "logit_bias");
    assert_refused("{\"temp\":1,\"temp\":2}", "duplicate");
}

static void test_info(void **state)
{
    (void)state;
    struct option_info info;
    size_t n = 0;
    bool saw_temp = false;
    while (option_info_at(n, SCOPE_SET, &info)) {
        assert_true(strcmp(info.name, "echo") != 0 && strcmp(info.name, "db") != 0);
        saw_temp = saw_temp || strcmp(info.name, "temp") == 0;
        n++;
    }
    assert_true(saw_temp && n > 20);
    assert_true(option_info_at(0, SCOPE_INI, &info));
}

/* `model import --type` names every type that is written, and no other. */
static void test_types(void **state)
{
    (void)state;
    const struct option_row *row = &option_rows[option_find("type")];
    size_t n = 0;
    for (uint32_t t = 0; t < 64; t++) {
        const struct quant *q = quant_of(t);
        if (!q || !q->pack)
            continue;
        bool named = false;
        for (size_t i = 0; row->choices[i]; i++)
            named = named || strcmp(row->choices[i], q->name) == 0;
        assert_true(named);
        assert_non_null(strstr(row->allowed, q->name));
        n++;
    }
    assert_string_equal(row->choices[0], "stored");
    assert_null(row->choices[n + 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_allowed_texts),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_lists_grow),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_hint),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_limits_fit_engine),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_info),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
