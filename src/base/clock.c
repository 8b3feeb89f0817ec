/* clock.c - see clock.h. */
#include "config.h"

#include "src/base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t (*wall_override)(void);

int64_t clock_mono_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_mono_ms(void)
{
    return clock_mono_ns() / 1000000;
}

int64_t clock_wall_ms(void)
{
    if (wall_override)
        return wall_override();
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_set_wall(int64_t (*fn)(void))
{
    wall_override = fn;
}
