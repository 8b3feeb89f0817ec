/* clock.h - time. Durations and pacing use the monotonic clock; the wall clock is only ever stored
 * and shown, nothing is ordered by it. Tests may put their own clock in. */
#ifndef XUXIE_BASE_CLOCK_H
#define XUXIE_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ns(void);
int64_t clock_mono_ms(void);
int64_t clock_wall_ms(void); /* since 1970-01-01 UTC */

/* Tests: take the wall clock from fn (NULL: the real one again). */
void clock_set_wall(int64_t (*fn)(void));

#endif
