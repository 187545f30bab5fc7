/* The page of one target, and of its attempts. */
#ifndef WEB_TARGET_H
#define WEB_TARGET_H

#include "web/site.h"

/* `rest`: NAME, or NAME/attempts/RUN. */
void target_answer(struct view *, const char *rest);

#endif
