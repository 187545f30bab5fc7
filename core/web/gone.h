/* The page of a target that is not watched any more: what the store still has of it. */
#pragma once

#include "web/site.h"

/* By its name. Returns false where none is known: nothing was answered. */
bool gone_answer(struct view *, const char *name);
