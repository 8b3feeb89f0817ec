/* test_dates.c - src/dates.c, in a zone that is not UTC and in one with daylight saving time. */
#include "config.h"

#include "src/dates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/mem.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

static void zone(const char *name)
{
    setenv("TZ", name, 1);
    tzset();
}

static void test_spans(void **state)
{
    (void)state;
    static const int64_t now = 1795442589; /* 2026-11-23 14:03:09 UTC, 22:03:09 in the zone */
    static const struct {
        const char *text;
        int64_t begin, end; /* seconds */
    } cases[] = {
        {"2026-11-23", 1795363200, 1795363200 + DAY_S},
        {"2026-11", 1793462400, 1796054400},
        {"2026", 1767196800, 1798732800},
        {"2024-02-29", 1709136000, 1709136000 + DAY_S},
        {"2026-11-23 14:05", 1795413900, 1795413960},
        {"2026-11-23T14:05:59", 1795413959, 1795413960},
        {"2026-11-23T06:05:59Z", 1795413959, 1795413960},
        {"today", 1795363200, 1795363200 + DAY_S},
        {"yesterday", 1795363200 - DAY_S, 1795363200},
        {"7d", now - 7 * DAY_S, now - 7 * DAY_S},
        {"2w", now - 14 * DAY_S, now - 14 * DAY_S},
        {"12h", now - 12 * HOUR_S, now - 12 * HOUR_S},
        {"90m", now - 90 * 60, now - 90 * 60},
    };
    zone("CST-8");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = ERR_INIT;
        int64_t begin, end;
        if (date_parse("--since", cases[i].text, now * 1000, &begin, &end, &err) != 0)
            fail_msg("%s", err.msg);
        assert_int_equal(begin, cases[i].begin * 1000);
        assert_int_equal(end, cases[i].end * 1000);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "now",
        "26-11-23",
        "2026-13",
        "2026-00-01",
        "2026-02-29",
        "2026-11-31",
        "2026-11-23 24:00",
        "2026-11-23 14",
        "2026-11-23 14:05:60",
        "2026-11-23x",
        "1969-01-01",
        "7",
        "-7d",
        "7days",
        "99999999999d",
        "2026-11-",
        "2026/11/23",
        "2026-11-23T14:05:59+08:00",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = ERR_INIT;
        int64_t begin, end;
        if (date_parse("--since", bad[i], 0, &begin, &end, &err) != E_USAGE)
            fail_msg("%s is taken", bad[i]);
        assert_non_null(strstr(err.msg, "--since"));
    }
}

/* A day of 23 hours is a day. */
static void test_summer_time(void **state)
{
    (void)state;
    int64_t begin, end;
    zone("CET-1CEST,M3.5.0,M10.5.0/3");
    assert_int_equal(date_parse("x", "2026-03-29", 0, &begin, &end, NULL), 0);
    assert_int_equal(end - begin, (int64_t)23 * HOUR_S * 1000);
}

static void test_texts(void **state)
{
    (void)state;
    char out[DATE_TEXT];
    zone("CST-8");
    assert_string_equal(date_local(1795413959123, out), "2026-11-23 14:05");
    assert_string_equal(date_iso(1795413959123, out), "2026-11-23T06:05:59.123Z");
    assert_string_equal(date_iso(-1, out), "1969-12-31T23:59:59.999Z");
    date_local(INT64_MAX, out);
    date_iso(INT64_MIN, out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_summer_time),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
