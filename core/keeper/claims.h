/* What goes out next. */
#ifndef KEEPER_CLAIMS_H
#define KEEPER_CLAIMS_H

#include "keeper/outbox.h"

/* Claims what may go out next, or nothing; it goes when that is committed. */
void claims_make(struct keeper *, struct notifier *);
/* A notice was handed out, which counts for what is told in a minute. */
void claims_count(struct keeper *, struct notifier *, const struct delivery *);

#endif
