/*
 * The text of an error: why something outside the program (network, disk, the user's file) did not
 * work, for a person to act on.
 */
#pragma once

struct reason {
	char text[512];
};

/* Formats into `why` (NULL is fine), cut to fit. Foreign bytes have been escaped before. */
void reason_set(struct reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
