/* What is known of a target that is not watched any more. */
#ifndef WEB_GONE_H
#define WEB_GONE_H

#include "web/site.h"

/* By its name. Returns false where none is known: nothing was answered. */
bool gone_answer(struct view *, const char *name);

#endif
