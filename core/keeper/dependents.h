/*
 * The targets that cannot be reached without another one, their `parent`: while that is down nobody
 * is told of each of them, but its notice names them. Used where a notice is laid ready
 * (notice_message.c).
 */
#pragma once

#include "base/text.h"

struct notifier;
struct keeper;

/*
 * Adds lines ended by LF, escaped: how many targets are behind `target` (an index of the
 * configuration; CONFIG_NONE: none are) and how many of them are down; then one for each of those
 * that are down, then of the others, at most 50 in all; then how many more there are. Only targets
 * that this notifier is told of count. Nothing where there are none. The whole is no more than 16
 * KiB. Goes once through all targets.
 */
void dependents_add(const struct keeper *, uint32_t target, const struct notifier *,
    struct text *lines);
