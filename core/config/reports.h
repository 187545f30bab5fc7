/*
 * For the reading of a configuration: reports of availability that are sent by themselves: to whom,
 * of which targets, how often.
 */
#pragma once

struct reader;

/* Reads all groups of `reports`; notifiers and targets are known by then. */
void reports_take(struct reader *);
