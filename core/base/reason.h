/*
 * The text of an error: why something outside the program (network, disk, the user's file) did not
 * work, for a person to act on.
 */
#pragma once

#include <stdbool.h>

struct reason {
	char text[512];
};

/* Formats into `why` (NULL is fine), cut to fit. Foreign bytes have been escaped before. Returns
 * false in any case, as does whoever gives up with a reason. */
bool reason_set(struct reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
