/* Durations and sizes as people write them in a configuration, checked for range; and written back
 * in the same form. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/reason.h"
#include "base/text.h"

/*
 * "15s", "500ms", "10m", "2h", "1d", "1h30m", "0": to microseconds. Units: us ms s m h d w, the
 * larger before the smaller. False with a reason that says what would be right; `*microseconds` is
 * then untouched.
 */
bool units_parse_duration(const char *text, int64_t *microseconds, struct reason *why);

/* "64KiB", "4GiB", "1MB", "100": to bytes. KiB MiB GiB TiB count by 1024, kB MB GB TB by 1000;
 * capitals do not matter. */
bool units_parse_size(const char *text, int64_t *bytes, struct reason *why);

/* "99.9%", up to four digits behind the point: to millionths, above 0 and at most 1,000,000. */
bool units_parse_percent(const char *text, int64_t *millionths, struct reason *why);

/* The shortest form that reads back as the same number: "1h30m", "500ms", "0s"; "64KiB", "100". Not
 * negative. */
void units_add_duration(struct text *, int64_t microseconds);
/* The same; DURATION() has its bytes in the block around it. */
enum { UNITS_DURATION_MAX = 64 };
const char *units_duration(char bytes[static UNITS_DURATION_MAX], int64_t microseconds);
#define DURATION(microseconds) \
	units_duration((char[UNITS_DURATION_MAX]){ "" }, (microseconds))
void units_add_size(struct text *, int64_t bytes);
