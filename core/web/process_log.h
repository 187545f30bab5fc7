/* What the parent noted of our own processes (parent/process_log.h), as a part of the page "Us". */
#pragma once

struct view;

/* The newest first. */
void process_log_show(struct view *);
