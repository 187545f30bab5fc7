/*
 * For the keeper: the newest TLS version and certificate that each server has shown, stored for the
 * lists of certificates that end soon (page, report). The row stays as long as the server is
 * watched, while the attempts that showed it go by their age.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct keeper;

/* A run has ended: what its evidence shows is kept where it is another than before. An attempt that
 * got no further than to a point before TLS denies nothing that was seen earlier. */
void servers_learn(struct keeper *, uint32_t target, uint64_t run);

/* A step through all targets, once: what the attempts that are kept show, and no earlier version
 * and no keeper that died has put down. Returns whether there is more to do. */
bool servers_fill(struct keeper *);
