/*
 * For the prober: whether OpenSSL asked for memory and did not get it: its errors then look like
 * those of a bad server, and the run is told as our own failure.
 */
#pragma once

#include <stdint.h>

/* Counts from now on. To be called before OpenSSL is first used in the process; what is forked
 * later counts for itself. */
void tls_memory_watch(void);

/* How often memory was refused. */
uint32_t tls_memory_refused(void);
