/* test_plan.c - engine/plan.c: what of a model must be in memory, what may stay in its files, and
 * what is said of machines that have too little. The machines are made up. */
#include "config.h"

#include "engine/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/formats/weights.h"
#include "engine/model.h"
#include "tests/unit/model_util.h"
#include "tests/unit/shared_dir.h"
#include "tests/unit/tiny_model.h"

static const struct engine_options options = {.n_threads = 1, .kv = ENGINE_KV_F16};

static struct model *open_model(const char *path)
{
    struct weights *w;
    struct model *m;
    struct err err = ERR_INIT;
    if (weights_open(path, &w, &err) != 0 || model_open(w, &m, &err) != 0)
        fail_msg("%s", err.msg);
    return m;
}

static struct plan figure(const struct model *m, size_t ram, size_t address)
{
    const struct memory_room room = {.ram = ram, .address = address, .data = SIZE_MAX};
    struct plan p;
    struct err err = ERR_INIT;
    if (plan_figure(m, &options, &room, &p, &err) != 0)
        fail_msg("%s", err.msg);
    return p;
}

static size_t tensor_bytes(const struct model *m, bool matrices_only)
{
    size_t n = 0;
    for (size_t i = 0; i < weights_count(m->weights); i++) {
        const struct tensor *t = weights_at(m->weights, i);
        n += matrices_only && t->n_dims == 1 ? 0 : t->n_bytes;
    }
    return n;
}

/* A GGUF file stays where it is: whatever it weighs, only the session must fit. */
static void mapped(void **state)
{
    (void)state;
    char warning[400];
    struct err err = ERR_INIT;
    const struct tiny t = {.arch = "gpt2"};
    struct model *m = open_model(tiny_write(&t));
    struct plan p = figure(m, SIZE_MAX, SIZE_MAX);
    const size_t session = p.total_bytes, all = session + p.memory.mapped_bytes;
    assert_int_equal(p.memory.fit, ENGINE_FITS);
    assert_int_equal(p.memory.made_bytes, 0);
    assert_int_equal(p.memory.mapped_bytes, tensor_bytes(m, false));
    assert_int_equal(p.memory.session_bytes, session);

    p = figure(m, all, SIZE_MAX);
    assert_int_equal(p.memory.fit, ENGINE_FITS);
    assert_false(plan_warning(&p, warning, sizeof warning));
    p = figure(m, all - 1, SIZE_MAX);
    assert_int_equal(p.memory.fit, ENGINE_TIGHT);
    assert_int_equal(p.memory.free_bytes, all - 1);
    assert_int_equal(plan_check(&p, &err), 0);
    assert_true(plan_warning(&p, warning, sizeof warning));
    assert_non_null(strstr(warning, "slowly"));
    p = figure(m, session - 1, SIZE_MAX);
    assert_int_equal(p.memory.fit, ENGINE_TOO_LARGE);
    assert_int_equal(plan_check(&p, &err), E_RESOURCE);
    assert_non_null(strstr(err.msg, "MiB are free"));
    assert_null(strstr(err.msg, "put together"));

    /* the mapping is part of the address space already */
    p = figure(m, SIZE_MAX, session);
    assert_int_equal(p.memory.fit, ENGINE_FITS);
    p = figure(m, SIZE_MAX, session - 1);
    assert_int_equal(p.memory.fit, ENGINE_TOO_LARGE);
    model_free(m);
    unlink(tiny_path());
}

/* Matrices that must be put together: transposed (c1), cut for two processes (b2). */
static void made(void **state)
{
    (void)state;
    static const char *const names[] = {"fixtures/c1_hf_gpt2_bert_bin",
                                        "fixtures/b2_megatron_tp2_bf16"};
    struct err err = ERR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[512];
        if (!shared_path(path, sizeof path, names[i]))
            skip();
        struct model *m = open_model(path);
        struct plan p = figure(m, SIZE_MAX, SIZE_MAX);
        const size_t needed = p.total_bytes + p.memory.made_bytes;
        /* every matrix but those of c1 that are no Conv1D: the two embeddings */
        size_t ready = 0;
        if (i == 0)
            ready = m->slots[SLOT_TOKEN_EMBD]->n_bytes + m->slots[SLOT_POSITION_EMBD]->n_bytes;
        else
            ready = m->slots[SLOT_POSITION_EMBD]->n_bytes;
        assert_in_range(p.memory.made_bytes, tensor_bytes(m, true) - ready,
                        tensor_bytes(m, true) - ready + 64 * weights_count(m->weights));

        p = figure(m, needed + p.memory.mapped_bytes, SIZE_MAX);
        assert_int_equal(p.memory.fit, ENGINE_FITS);
        p = figure(m, needed, SIZE_MAX);
        assert_int_equal(p.memory.fit, ENGINE_TIGHT);
        p = figure(m, needed - 1, SIZE_MAX);
        assert_int_equal(p.memory.fit, ENGINE_TOO_LARGE);
        assert_int_equal(plan_check(&p, &err), E_RESOURCE);
        assert_non_null(strstr(err.msg, "put together"));
        assert_non_null(strstr(err.msg, "model import"));
        model_free(m);
    }
}

static void this_machine(void **state)
{
    (void)state;
    struct memory_room room;
    memory_room(&room);
    assert_true(room.ram > 1 << 20);
    assert_true(room.address > 1 << 20);
    assert_true(room.data > 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapped),
        cmocka_unit_test(made),
        cmocka_unit_test(this_machine),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
