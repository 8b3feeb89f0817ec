/* dates.c - see dates.h. */
#include "config.h"

#include "src/dates.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/i18n.h"

enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, N_FIELDS };

/* The numbers of a date, as many as there are; *utc for a Z at the end. 0 when it is no date. */
static int read_fields(const char *text, int field[N_FIELDS], bool *utc)
{
    static const int digits[] = {4, 2, 2, 2, 2, 2};
    static const char *const before[] = {"", "-", "-", "T ", ":", ":"};
    int n = 0;
    *utc = false;
    for (; n < N_FIELDS && *text; n++) {
        if (n > 0 && (*text == '\0' || !strchr(before[n], *text++)))
            return 0;
        field[n] = 0;
        for (int i = 0; i < digits[n]; i++, text++) {
            if (*text < '0' || *text > '9')
                return 0;
            field[n] = field[n] * 10 + (*text - '0');
        }
        if (n >= MINUTE && *text == 'Z' && !text[1]) {
            *utc = true;
            text++;
        }
    }
    return *text || n == HOUR + 1 ? 0 : n; /* an hour alone is more likely a mistake */
}

/* The moment of the fields; fields out of range carry over, which is how the end of a span is
 * found. */
static bool moment(const int field[N_FIELDS], bool utc, int64_t *ms)
{
    struct tm tm = {.tm_year = field[YEAR] - 1900,
                    .tm_mon = field[MONTH] - 1,
                    .tm_mday = field[DAY],
                    .tm_hour = field[HOUR],
                    .tm_min = field[MINUTE],
                    .tm_sec = field[SECOND],
                    .tm_isdst = -1};
    time_t t = utc ? timegm(&tm) : mktime(&tm);
    *ms = (int64_t)t * 1000;
    return t != (time_t)-1;
}

static bool in_range(const int field[N_FIELDS])
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y = field[YEAR], m = field[MONTH];
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return y >= 1970 && m >= 1 && m <= 12 && field[DAY] >= 1 && field[DAY] <= days[m - 1] &&
           (m != 2 || leap || field[DAY] < 29) && field[HOUR] < 24 && field[MINUTE] < 60 &&
           field[SECOND] < 60;
}

static bool span_of(const int given[N_FIELDS], int n, bool utc, int64_t *begin, int64_t *end)
{
    int field[N_FIELDS] = {1970, 1, 1, 0, 0, 0};
    memcpy(field, given, (size_t)n * sizeof field[0]);
    if (!in_range(field) || !moment(field, utc, begin))
        return false;
    field[n - 1]++;
    return moment(field, utc, end);
}

/* A day counted from today's. */
static bool day_span(int64_t now_ms, int days, int64_t *begin, int64_t *end)
{
    time_t t = (time_t)(now_ms / 1000);
    struct tm tm;
    if (!localtime_r(&t, &tm))
        return false;
    int field[N_FIELDS] = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday + days, 0, 0, 0};
    bool ok = moment(field, false, begin);
    field[DAY]++;
    return ok && moment(field, false, end);
}

/* "7d": so long ago. */
static bool read_ago(const char *text, int64_t now_ms, int64_t *at)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    char *end;
    if (text[0] < '0' || text[0] > '9' || strlen(text) > 8)
        return false;
    long n = strtol(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (*end == units[i].unit && !end[1]) {
            *at = now_ms - n * units[i].seconds * 1000;
            return true;
        }
    return false;
}

int date_parse(const char *option, const char *text, int64_t now_ms, int64_t *begin, int64_t *end,
               struct err *err)
{
    int field[N_FIELDS], n;
    bool utc, ok;
    if (read_ago(text, now_ms, begin)) {
        *end = *begin;
        return 0;
    }
    if (strcmp(text, "today") == 0)
        ok = day_span(now_ms, 0, begin, end);
    else if (strcmp(text, "yesterday") == 0)
        ok = day_span(now_ms, -1, begin, end);
    else
        ok = (n = read_fields(text, field, &utc)) > 0 && span_of(field, n, utc, begin, end);
    if (ok)
        return 0;
    char quoted[360];
    return err_set(err, E_USAGE,
                   _("%s: \"%s\" is not a date; allowed is 2026-11-23, 2026-11, "
                     "\"2026-11-23 14:05\", today, yesterday, or a time ago such as 12h, 7d, 2w"),
                   option, err_quote(quoted, sizeof quoted, text, strlen(text)));
}

const char *date_local(int64_t ms, char out[DATE_TEXT])
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;
    if (!localtime_r(&t, &tm) || strftime(out, DATE_TEXT, "%Y-%m-%d %H:%M", &tm) == 0)
        snprintf(out, DATE_TEXT, "?");
    return out;
}

const char *date_iso(int64_t ms, char out[DATE_TEXT])
{
    int64_t s = ms / 1000 - (ms % 1000 < 0); /* towards the past */
    time_t t = (time_t)s;
    struct tm tm;
    char day[32];
    if (!gmtime_r(&t, &tm) || strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        snprintf(out, DATE_TEXT, "?");
    else
        snprintf(out, DATE_TEXT, "%s.%03dZ", day, (int)((ms % 1000 + 1000) % 1000));
    return out;
}
