/* /probe?target=NAME: the last result of one target in the metrics of the blackbox_exporter's TCP probe, for rules and dashboards
 * that were made for those. It connects to nobody: the target has to be one that is watched, by its name or as HOST:PORT. */
#ifndef WEB_BLACKBOX_H
#define WEB_BLACKBOX_H

#include "web/site.h"

void blackbox_answer(struct view *, const char *rest);

#endif
