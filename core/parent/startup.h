/* The parent's first steps: descriptors, limits, signals. */
#pragma once

#include <stddef.h>

/* Opens what is missing of stdin, stdout and stderr. */
void startup_standard(void);
/* As many descriptors as the host lets us have. */
void startup_limits(void);
/* Closes all descriptors but the standard ones and those given (-1: none). */
void startup_alone(const int *ours, size_t count);
/* Signals come over the descriptor that is returned; -1: errno says why. */
int startup_signals(void);
