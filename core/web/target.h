/* The page of one target, and of its attempts. */
#pragma once

#include "web/site.h"

/* `rest`: NAME, or NAME/attempts/RUN. */
void target_answer(struct view *, const char *rest);
