/* The story of an incident in order. */
#ifndef WEB_INCIDENT_H
#define WEB_INCIDENT_H

#include "web/site.h"

/* `rest`: the number. */
void incident_answer(struct view *, const char *rest);

#endif
