/*
 * For the page "Us": what the parent noted in the state folder of our own processes
 * (parent/process_log.h): starts, replacements, lateness.
 */
#pragma once

struct view;

/* The newest first. */
void process_log_show(struct view *);
