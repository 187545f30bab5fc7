/* /api/v1/events: changes as they happen (server-sent events, WHATWG HTML 9.2). */
#ifndef WEB_EVENTS_H
#define WEB_EVENTS_H

#include "web/site.h"

void events_answer(struct view *, const char *rest);

#endif
