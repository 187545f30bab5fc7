/* What the evidence that is kept of a target tells of each of its addresses, and since when each of its facts holds. */
#pragma once

#include "web/site.h"

/* As parts of the page of the target; nothing where no evidence is kept. */
void legs_put(struct view *, const struct board_row *);
