/*
 * For settings and imports: regular expressions on bytes: PCRE2 without UTF, with limits on what
 * matching may cost, so that no text of a server can hold up a prober.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "base/text.h"
#include <postwatch/probe.h>

/* Compiles `pattern` into the arena; it is good for as long as that, also read-only. NULL with a
 * reason. */
const struct pw_regex *regex_compile(struct arena *, const char *pattern, struct reason *why);

const char *regex_pattern(const struct pw_regex *);

/* Whether it is found in the bytes. False with *limited (NULL is fine) where matching met its limit
 * or found no memory, so that nothing is known. */
bool regex_matches(const struct pw_regex *, struct pw_bytes, bool *limited);

/* The same; copies what was matched, and what each group stands for, into `room` groups. Returns
 * how many there are; 0: it is not found. */
uint32_t regex_find(const struct pw_regex *, struct pw_bytes, struct pw_bytes *groups,
    uint32_t room, bool *limited);
