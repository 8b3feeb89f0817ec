/* test_request.c - engine/request.c: a copy shares nothing with what it was made from. What is
 * refused is tested with the engine. */
#include "config.h"

#include "engine/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/sample.h"

static void test_copy(void **state)
{
    (void)state;
    char text[] = "雪夜", stop[] = "END", empty[] = "";
    int32_t ids[] = {1, 2, 3};
    struct engine_segment segments[] = {
        {.kind = SEGMENT_TEXT, .text = text, .n_bytes = 6},
        {.kind = SEGMENT_IDS, .ids = ids, .n_ids = 3},
        {.kind = SEGMENT_TEXT},
        {.kind = SEGMENT_IDS},
    };
    const char *stops[] = {stop, empty};
    struct logit_bias bias[] = {{7, -1.5f}};
    struct engine_request q = {.id = 3,
                               .segments = segments,
                               .n_segments = 4,
                               .n_streams = 1,
                               .stops = stops,
                               .n_stops = 2,
                               .seed = 9,
                               .max_tokens = 5};
    sample_params_init(&q.sampling);
    q.sampling.bias = bias;
    q.sampling.n_bias = 1;
    assert_int_equal(request_check(&q, NULL), 0);
    struct engine_request *copy = NULL;
    assert_int_equal(request_copy(&q, &copy, NULL), 0);

    memset(text, 'x', sizeof text - 1);
    memset(stop, 'x', sizeof stop - 1);
    memset(ids, 0, sizeof ids);
    memset(segments, 0, sizeof segments);
    memset(stops, 0, sizeof stops);
    memset(bias, 0, sizeof bias);
    assert_int_equal(copy->id, 3);
    assert_int_equal(copy->seed, 9);
    assert_int_equal(copy->max_tokens, 5);
    assert_int_equal(copy->n_segments, 4);
    assert_int_equal(copy->segments[0].n_bytes, 6);
    assert_memory_equal(copy->segments[0].text, "雪夜", 6);
    assert_int_equal(copy->segments[1].n_ids, 3);
    assert_memory_equal(copy->segments[1].ids, ((int32_t[]){1, 2, 3}), 12);
    assert_string_equal(copy->stops[0], "END");
    assert_string_equal(copy->stops[1], "");
    assert_int_equal(copy->sampling.bias[0].id, 7);
    assert_true(copy->sampling.bias[0].bias == -1.5f);
    free(copy);
}

static void test_absurd_size(void **state)
{
    (void)state;
    int32_t id = 1;
    struct engine_segment segment = {.kind = SEGMENT_IDS, .ids = &id, .n_ids = SIZE_MAX / 2};
    struct engine_request q = {.id = 1, .segments = &segment, .n_segments = 1, .n_streams = 1};
    struct engine_request *copy = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(request_copy(&q, &copy, &err), E_RESOURCE);
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_absurd_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
