/* The story of an incident in order. */
#pragma once

#include "web/site.h"

/* `rest`: the number. */
void incident_answer(struct view *, const char *rest);
