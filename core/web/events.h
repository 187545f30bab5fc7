/* /api/v1/events: changes as they happen (server-sent events, WHATWG HTML 9.2). */
#pragma once

#include "web/site.h"

void events_answer(struct view *, const char *rest);
