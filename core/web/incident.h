/* The page of one incident (an outage): its story in order, with who was told and the attempts. */
#pragma once

#include "web/site.h"

/* Behind its address: the number. */
void incident_answer(struct view *);
