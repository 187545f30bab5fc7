/*
 * /api/v1/events of the web process: changes of targets as they happen (server-sent events, WHATWG
 * HTML 9.2), by which open pages renew themselves.
 */
#pragma once

#include "web/site.h"

void events_answer(struct view *);
