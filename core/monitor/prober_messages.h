/*
 * For the monitor: reads what probers say. Probers meet the bytes of servers, so nothing they say
 * is taken on trust: a target that is not theirs, a time that cannot be, a name that nobody knows
 * or a text that could move a cursor, and the sender is taken for broken and replaced. A report on
 * a run that was not asked for (any more) is no fault, and is left aside.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct monitor;

/* Takes a packet of that prober. Returns false if it is malformed. */
bool prober_messages_take(struct monitor *, uint32_t prober, const void *packet, size_t size);
