/* The parent's first steps: descriptors, limits, signals. */
#pragma once

/* Opens what is missing of stdin, stdout and stderr. */
void startup_standard(void);
/* As many descriptors as the host lets us have. */
void startup_limits(void);
/* Signals come over the descriptor that is returned; -1: errno says why. */
int startup_signals(void);
