/*
 * For commands that read the store: which of the known targets a number or a word of the command
 * line means.
 */
#pragma once

#include "command/past.h"

const struct past_target *past_target(const struct past *, uint64_t number); /* NULL: none such */
/* Its place in past->targets; target_count: none such. */
size_t past_place(const struct past *, uint64_t number);
/* The one that a word means: an identity, a name, host:port, or a host that only one has; one
 * that is watched before one that is gone. NULL, and it was said why. */
const struct past_target *past_find_target(const struct past *, const char *word);
bool past_knows_target(const struct past *, const char *word); /* whether it means any at all */
