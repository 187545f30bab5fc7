/* The parent's first steps: descriptors, limits, signals. */
#ifndef PARENT_BEGIN_H
#define PARENT_BEGIN_H

#include <stddef.h>

/* Opens what is missing of stdin, stdout and stderr. */
void begin_standard(void);
/* As many descriptors as the host lets us have. */
void begin_limits(void);
/* Closes all descriptors but the standard ones and those given (-1: none). */
void begin_alone(const int *ours, size_t count);
/* Signals come over the descriptor that is returned; -1: errno says why. */
int begin_signals(void);

#endif
