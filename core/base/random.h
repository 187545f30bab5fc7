/*
 * A generator of random numbers for the jitter of retries and delays; nothing secret is made of
 * them.
 */
#pragma once

#include <stdint.h>

/* The next number of the sequence whose last one is *state, which is not 0: xorshift (Marsaglia
 * 2003), of period 2^32 - 1. */
static inline uint32_t
random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}
