/*
 * For commands that read the store: times, spans and names of states, as these commands print them.
 */
#pragma once

#include <stdint.h>

#include <postwatch/probe.h>

enum { PAST_TIME_MAX = 48 };

struct past;

/* What a run whose evidence was kept is to its incident, by the role that the store has of it;
 * other words as they are. */
const char *past_role(const char *role);

/* "2026-11-23 16:43:43 +0100", "-" for 0; into `bytes`, which is returned. */
const char *past_time(char bytes[static PAST_TIME_MAX], const struct past *, int64_t);
/* "12 s ago", "3 h 5 min ago", "in 2 min"; "-" for 0. */
const char *past_ago(char bytes[static PAST_TIME_MAX], const struct past *, int64_t);
/* "12 s", "3 h 5 min": how long it is since then; "-" for 0. */
const char *past_lasted(char bytes[static PAST_TIME_MAX], const struct past *, int64_t since);
/* The same in bytes of the block around it. */
#define PAST_TIME(past, time) past_time((char[PAST_TIME_MAX]){ "" }, past, time)
#define PAST_AGO(past, time) past_ago((char[PAST_TIME_MAX]){ "" }, past, time)
#define PAST_LASTED(past, since) past_lasted((char[PAST_TIME_MAX]){ "" }, past, since)

/* Prints text of ours, or foreign bytes that were escaped before; what is not printable is escaped
 * after all. Without and with the end of the line. */
void past_put(struct pw_bytes);
void past_put_line(struct pw_bytes);
/* Ends a line with ": " and words, without them where there are none ("" or NULL). */
void past_end_line(const char *words);
