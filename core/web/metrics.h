/* Metrics in the text format of Prometheus (0.0.4), or OpenMetrics 1.0 where the client asks for that. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "web/site.h"

/* Query: per_target=false leaves out what is of single targets; tag=TAG chooses those with the tag. */
void metrics_answer(struct view *, const char *rest);

#endif
