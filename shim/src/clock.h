/* Time for deadlines: milliseconds of a clock that never jumps. */
#ifndef SHIM_CLOCK_H
#define SHIM_CLOCK_H

#include <stdint.h>

/* A deadline that never comes. */
#define NEVER INT64_MAX

int64_t clock_now_ms(void);

static inline int64_t clock_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t clock_later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
