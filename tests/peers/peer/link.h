/* One connection of a scripted server: a play over a non-blocking socket, in clear or in TLS. */
#ifndef PEER_LINK_H
#define PEER_LINK_H

#include "play.h"

struct link;
struct wardrobe;

/* Takes the descriptor; keeps the wardrobe. `name`: what the log calls it. */
struct link *link_create(int fd, const struct part *part, int64_t scale, const struct wardrobe *wardrobe,
                         const char *name);
void link_destroy(struct link **link);

/* Goes on as far as it can; what poll() reported comes in `events`. False: it is over, destroy it. */
bool link_turn(struct link *link, short events);

int link_descriptor(const struct link *link);
short link_wants(const struct link *link);   /* for poll() */
int64_t link_wakes(const struct link *link); /* when to turn it at the latest, INT64_MAX: never */

/* Monotonic, microseconds: the clock of link_wakes(). */
int64_t link_clock(void);

#endif
