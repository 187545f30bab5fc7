/* The page of one incident (an outage): its story in order, with who was told and the attempts. */
#pragma once

#include "web/site.h"

/* `rest`: the number. */
void incident_answer(struct view *);
