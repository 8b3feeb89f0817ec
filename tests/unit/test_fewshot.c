/* test_fewshot.c - src/fewshot.c: what the command line chooses, where answers end, what fits; and
 * likelihoods against the logits PyTorch computed for the same model. */
#include "config.h"

#include "src/fewshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/tokenizers/tokenizer.h"
#include "src/base/mem.h"
#include "src/eval.h"
#include "src/template_text.h"
#include "tests/unit/model_util.h"

static struct template *parse(const char *head)
{
    struct template *t;
    struct err err = ERR_INIT;
    struct str text = STR_INIT;
    str_printf(&text, "xuxie template 1\nname: t\n%s", head);
    if (template_parse("t", text.data, text.len, &t, &err))
        fail_msg("%s", err.msg);
    str_free(&text);
    return t;
}

static void assert_stop(const char *head, const char *stop)
{
    struct template *t = parse(head);
    struct str out = STR_INIT;
    fewshot_default_stop(t, &out);
    assert_string_equal(str_cstr(&out), stop);
    str_free(&out);
    template_free(t);
}

static void test_default_stop(void **state)
{
    (void)state;
    assert_stop("separator: \"\\n\\n\"\n== example format\nQ: {{q}}\nA: {{output}}", "\n\n");
    assert_stop("separator: \"\\n\"\n== example format\nQ: {{q}}\nA: {{output}}", "\n");
    assert_stop("separator: \"\"\n== example format\nQ: {{q}} A: {{output}}", "Q: ");
    assert_stop("separator: \" ### \"\n== example format\n{{q}} = {{output}}", " ### ");
    assert_stop("separator: \"\\n\"\n== example format\n{{q}} = {{output}};", ";\n");
    assert_stop("separator: \"\\n\"\n== example format\n{{q}} = {{output}} ({{note}})", " (");
    assert_stop("separator: \"\"\n== example format\n{{q}}{{output}}", "");
    /* an answer of two paragraphs is not cut off after the first */
    assert_stop("separator: \"\\n\\n\"\n== example format\nQ: {{q}}\nA: {{output}}\n"
                "== example\n-- q\n1\n-- output\none\n\ntwo\n",
                "\n\nQ: ");
    assert_stop("separator: \"\\n\"\n== example format\n{{q}}\n{{output}}\n"
                "== example\n-- q\n1\n-- output\none\ntwo\n",
                "");
}

static void test_answer_context(void **state)
{
    (void)state;
    static const struct {
        const char *head, *context;
    } cases[] = {
        {"== example format\nQ: {{q}}\nA:{{output}}", "A:"},
        {"== example format\n{{q}} ={{output}}", " ="},
        {"== example format\n{{q}}{{output}}", ""},
        {"== example format\n{{q}}\n\n答：{{output}}。", "答："},
        {"== example format\n{{q}}: {{output}}\n== query format\n{{q}}？\n请答：", "请答："},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct template *t = parse(cases[i].head);
        struct str out = STR_INIT;
        eval_default_answer_context(t, &out);
        assert_string_equal(str_cstr(&out), cases[i].context);
        str_free(&out);
        template_free(t);
    }
}

static const char small[] =
    "mode: few\nk: 5\nselect: first\nvar: b = 2\n"
    "set: temp = 0.25\nset: max_tokens = 9\nstop: \"!\"\nstop: \"\\\"\\t\"\n"
    "== example format\n{{a}}{{b}} = {{output}}\n"
    "== example #x\n-- a\n1\n-- output\n2\n";

static void test_choose(void **state)
{
    (void)state;
    struct template *t = parse(small);
    struct prompt_request r;
    struct err err = ERR_INIT;
    char *tags[] = {"x", "y"};
    static const struct {
        const char *shots;
        bool zero, one, few;
        const char *select;
        size_t first_tag, n_tags;
        int rc, k;
        enum template_select how;
    } cases[] = {
        {.k = 5, .how = SELECT_FIRST},
        {.shots = "0", .k = 0},
        {.shots = "131072", .k = 131072},
        {.shots = "fit", .k = SHOTS_FIT},
        {.zero = true, .k = 0},
        {.one = true, .k = 1},
        {.few = true, .k = 5},
        {.select = "random", .k = 5, .how = SELECT_RANDOM},
        {.select = "similar", .k = 5, .how = SELECT_SIMILAR},
        {.n_tags = 1, .k = 5, .how = SELECT_TAG},
        {.select = "tag", .n_tags = 1, .k = 5, .how = SELECT_TAG},
        {.shots = "131073", .rc = E_USAGE},
        {.shots = "-1", .rc = E_USAGE},
        {.shots = " 1", .rc = E_USAGE},
        {.shots = "1x", .rc = E_USAGE},
        {.shots = "", .rc = E_USAGE},
        {.shots = "1", .one = true, .rc = E_USAGE},
        {.zero = true, .few = true, .rc = E_USAGE},
        {.select = "tag", .rc = E_USAGE},
        {.first_tag = 1, .n_tags = 1, .rc = E_USAGE},
        {.n_tags = 2, .rc = E_USAGE},
        {.select = "first", .n_tags = 1, .rc = E_USAGE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct flags flags = {.shots = (char *)cases[i].shots,
                              .zero_shot = cases[i].zero,
                              .one_shot = cases[i].one,
                              .few_shot = cases[i].few,
                              .select = (char *)cases[i].select,
                              .tag = {tags + cases[i].first_tag, cases[i].n_tags},
                              .budget = 77};
        assert_int_equal(fewshot_choose(&r, t, &flags, &err), cases[i].rc);
        if (cases[i].rc)
            continue;
        assert_int_equal(r.k, cases[i].k);
        assert_int_equal(r.select, cases[i].how);
        assert_int_equal(r.budget_tokens, 77);
    }
    template_free(t);
}

static void test_vars(void **state)
{
    (void)state;
    struct template *t = parse(small);
    struct template_field *fields;
    struct err err = ERR_INIT;
    size_t n;
    char *good[] = {"a=1=2", "b="};
    struct flags flags = {.var = {good, 2}};
    assert_int_equal(fewshot_vars(t, &flags, &fields, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_string_equal(fields[0].name, "a");
    assert_string_equal(fields[0].value, "1=2");
    assert_string_equal(fields[1].value, "");
    fewshot_vars_free(fields, n);
    static const char *const bad[] = {"a", "=1", "c=1", "output=1", "a=\xFF", "a=1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *list[] = {"a=0", (char *)bad[i]};
        const bool twice = i + 1 == ARRAY_LEN(bad);
        flags.var = (struct text_list){twice ? list : list + 1, twice ? 2 : 1};
        assert_int_equal(fewshot_vars(t, &flags, &fields, &n, &err), E_USAGE);
    }
    template_free(t);
}

static void test_settings(void **state)
{
    (void)state;
    struct template *t = parse(small);
    struct err err = ERR_INIT;
    for (int all = 0; all < 2; all++) {
        struct settings s;
        settings_init(&s);
        assert_int_equal(settings_set(&s, "temp", "0.5", ORIGIN_INI, &err), 0);
        assert_int_equal(settings_set(&s, "stop", "?", ORIGIN_INI, &err), 0);
        assert_int_equal(fewshot_settings(&s, t, all, &err), 0);
        assert_near(s.temp, all ? 0.25 : 0.5, 0); /* the template wins over xuxie.ini */
        assert_int_equal(s.max_tokens, 9);
        assert_int_equal(s.n_stops, 2);
        assert_string_equal(s.stops[0], "!");
        assert_string_equal(s.stops[1], "\"\t");
        settings_free(&s);
        settings_init(&s);
        assert_int_equal(settings_set(&s, "temp", "0.5", ORIGIN_CLI, &err), 0);
        assert_int_equal(settings_set(&s, "stop", "?", ORIGIN_CLI, &err), 0);
        assert_int_equal(fewshot_settings(&s, t, all, &err), 0);
        assert_near(s.temp, 0.5, 0); /* the command line over the template */
        assert_int_equal(s.n_stops, 1);
        assert_string_equal(s.stops[0], "?");
        settings_free(&s);
    }
    template_free(t);
    t = parse("separator: \"\\n\"\n== example format\n{{q}} = {{output}}");
    struct settings s;
    settings_init(&s);
    assert_int_equal(fewshot_settings(&s, t, true, &err), 0);
    assert_int_equal(s.n_stops, 1);
    assert_string_equal(s.stops[0], "\n");
    settings_free(&s);
    template_free(t);
}

/* ---- with a model ---- */

static void open_model(struct fewshot *f, const struct template *t, const char *model, int n_ctx)
{
    struct settings s;
    struct prompt_request r;
    struct err err = ERR_INIT;
    settings_init(&s);
    s.model = x_strdup(model);
    s.n_ctx = n_ctx;
    s.threads = 2;
    s.kv = ENGINE_KV_F32;
    s.temp = 0;
    s.seed = 1;
    prompt_request_init(&r, t);
    if (fewshot_open(f, t, &s, &r, &err) || fewshot_reserve(f, 16, &err))
        fail_msg("%s", err.msg);
    settings_free(&s);
}

static double log_softmax(const float *logits, int n, int32_t id)
{
    double max = -INFINITY, sum = 0;
    for (int i = 0; i < n; i++)
        max = fmax(max, (double)logits[i]);
    for (int i = 0; i < n; i++)
        sum += exp((double)logits[i] - max);
    return (double)logits[id] - max - log(sum);
}

/* Every place where a case's text can be cut so that both parts have the tokens of the whole: what
 * lies behind, scored after what lies before, as a context and as a template's query. */
static int check_text(struct fewshot *f, const char *text, const int32_t *ids, int n,
                      const float *logits, double *worst)
{
    const struct tokenizer *t = runner_tokenizer(f->runner);
    const int V = runner_info(f->runner)->n_vocab;
    struct fewshot_score score = {0};
    struct err err = ERR_INIT;
    int n_cuts = 0;
    size_t at = 0, len;
    for (int k = 1; k < n; k++) {
        tokenizer_piece(t, ids[k - 1], false, &len);
        at += len;
        char *before = x_strndup(text, at);
        if (fewshot_count(f, before, at, true) == k &&
            fewshot_count(f, text + at, strlen(text) - at, false) == n - k) {
            double sum = 0;
            for (int i = k; i < n; i++)
                sum += log_softmax(logits + (size_t)(i - 1) * (size_t)V, V, ids[i]);
            struct template_field field = {"q", before};
            struct prompt p = {0};
            assert_int_equal(fewshot_prompt(f, &field, 1, &p, &err), 0);
            for (int as_prompt = 0; as_prompt < 2; as_prompt++) {
                if (fewshot_score(f, as_prompt ? &p : NULL, as_prompt ? NULL : before, text + at,
                                  &score, &err))
                    fail_msg("%s", err.msg);
                assert_int_equal(score.n_tokens, n - k);
                assert_int_equal(score.n_prompt, k);
                assert_int_equal(score.ids[0], ids[k]);
                *worst = fmax(*worst, fabs(score.sum - sum) / (n - k));
            }
            prompt_free(&p);
            n_cuts++;
        }
        free(before);
    }
    fewshot_score_free(&score);
    return n_cuts;
}

static void test_likelihoods(void **state)
{
    (void)state;
    if (!shared_file("model/preview.gguf"))
        skip();
    struct template *t = parse("mode: zero\n== example format\n{{q}}{{output}}");
    struct fewshot f;
    double worst = 0;
    int n_cuts = 0;
    json_t *expected = load_json(shared_file("model/expected.json"));
    open_model(&f, t, shared_file("model/preview.gguf"), 0);
    const json_t *cases = json_object_get(expected, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const char *text = json_string_value(json_object_get(c, "text"));
        if (!text || strcmp(json_string_value(json_object_get(c, "rows")), "all") != 0)
            continue;
        char name[256];
        int n;
        int32_t *ids = load_ids(json_object_get(c, "input_ids"), &n);
        snprintf(name, sizeof name, "model/%s",
                 json_string_value(json_object_get(c, "logits_file")));
        float *logits =
            load_npy(shared_file(name), (size_t)n * (size_t)runner_info(f.runner)->n_vocab);
        n_cuts += check_text(&f, text, ids, n, logits, &worst);
        free(logits);
        free(ids);
    }
    printf("# %d continuations, greatest difference %.2g a token\n", n_cuts, worst);
    assert_true(n_cuts > 5);
    assert_true(worst <= 1e-4);
    fewshot_close(&f);
    template_free(t);
    json_decref(expected);
}

/* The prompt's parts are counted as the engine reads them, and examples are read once. */
static void test_prompt(void **state)
{
    (void)state;
    char model[4096];
    const char *top = getenv("top_srcdir");
    snprintf(model, sizeof model, "%s/data/preview-q8_0.gguf", top ? top : ".");
    struct str head = STR_INIT;
    str_puts(&head, "mode: few\nk: 20\nseparator: \"\\n\"\n== instruction\n接下句。\n"
                    "== example format\n上句：{{q}}\n下句：{{output}}\n");
    for (int i = 0; i < 20; i++)
        str_printf(&head, "== example\n-- q\n春风%d度\n-- output\n明月%d回\n", i, i);
    struct template *t = parse(str_cstr(&head));
    str_free(&head);
    struct fewshot f;
    struct err err = ERR_INIT;
    open_model(&f, t, model, 512);
    assert_int_equal(f.request.budget_tokens, 512 - 16);
    f.request.reserve_query_tokens = 30;
    f.generation.max_tokens = 4;
    int k_used = 0, n_query;
    for (int i = 0; i < 3; i++) {
        struct engine_event done;
        struct prompt p = {0};
        char q[32];
        snprintf(q, sizeof q, "山高%d里", 100 * i);
        struct template_field field = {"q", q};
        assert_int_equal(fewshot_prompt(&f, &field, 1, &p, &err), 0);
        n_query = p.parts[p.n_parts - 1].n_tokens;
        if (fewshot_generate(&f, &p, NULL, NULL, &done, &err))
            fail_msg("%s", err.msg);
        assert_int_equal(done.done.n_prompt, p.n_tokens);
        assert_true(p.k_used > 5 && p.n_tokens <= 512 - 16);
        for (size_t k = 0; k < p.n_parts; k++)
            assert_int_equal(f.recorder.parts[k].n, p.parts[k].n_tokens);
        if (i) {
            assert_int_equal(p.k_used, k_used);
            assert_true(done.done.n_prompt - done.done.n_reused <= n_query);
        }
        k_used = p.k_used;
        prompt_free(&p);
    }
    assert_int_equal(fewshot_reserve(&f, 512, &err), E_USAGE);
    assert_int_equal(fewshot_reserve(&f, 0, &err), 0);
    assert_int_equal(f.request.budget_tokens, 512 - 128);
    f.asked_budget = 100;
    assert_int_equal(fewshot_reserve(&f, 16, &err), 0);
    assert_int_equal(f.request.budget_tokens, 100);
    fewshot_close(&f);
    template_free(t);
}

static void test_item_seeds(void **state)
{
    (void)state;
    assert_true(fewshot_item_seed(1, 1) == fewshot_item_seed(1, 1));
    assert_true(fewshot_item_seed(1, 1) != fewshot_item_seed(1, 2));
    assert_true(fewshot_item_seed(1, 1) != fewshot_item_seed(2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_stop), cmocka_unit_test(test_answer_context),
        cmocka_unit_test(test_choose),       cmocka_unit_test(test_vars),
        cmocka_unit_test(test_settings),     cmocka_unit_test(test_likelihoods),
        cmocka_unit_test(test_prompt),       cmocka_unit_test(test_item_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
