/* dates.h - dates as people type and read them. Local time; months and days as numbers only. */
#ifndef XUXIE_SRC_DATES_H
#define XUXIE_SRC_DATES_H

#include <stdint.h>

#include "src/base/err.h"

enum { DATE_TEXT = 40 }; /* room for any of the texts below */

/* Reads a date, which is a span of time: "2026", "2026-11", "2026-11-23", "2026-11-23 14:05",
 * "2026-11-23T14:05:59" (local time; with Z, UTC), "today", "yesterday"; or a time ago, which is a
 * moment: "90m", "12h", "7d", "2w". *begin and *end (exclusive) in ms since 1970; now_ms is what
 * "ago" counts from. E_USAGE, beginning with `option`. */
int date_parse(const char *option, const char *text, int64_t now_ms, int64_t *begin, int64_t *end,
               struct err *err);

/* "2026-11-23 14:05" in local time; "2026-11-23T06:05:59.123Z". Into out[DATE_TEXT], returned. */
const char *date_local(int64_t ms, char out[DATE_TEXT]);
const char *date_iso(int64_t ms, char out[DATE_TEXT]);

#endif
