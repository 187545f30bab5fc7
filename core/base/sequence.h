/*
 * Numbered messages between processes. Those of a sequence have numbers from 1, each one above the
 * one before, and name the sequence by the start of the process that began it. So a receiver that
 * keeps the number of the last message which it has taken knows of any other whether it is the
 * next, was taken before, or is one before which others were lost. The monitor's messages to the
 * keeper are such.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How far a sequence has come; birth 0: there is none. */
struct sequence {
	uint64_t birth, number;
};

enum sequence_place { SEQUENCE_NEXT, SEQUENCE_TAKEN, SEQUENCE_GAP };

static inline bool
sequence_is_same(struct sequence one, struct sequence other)
{
	return one.birth == other.birth && one.number == other.number;
}

/* Where a message has its place in what was taken. A sequence of another birth begins with its
 * first message. */
static inline enum sequence_place
sequence_place(struct sequence taken, struct sequence message)
{
	uint64_t last = message.birth == taken.birth ? taken.number : 0;

	return message.number == last + 1 ? SEQUENCE_NEXT : message.number <= last ? SEQUENCE_TAKEN
	    : SEQUENCE_GAP;
}
