/*
 * For the reading of a configuration: recurring maintenance windows, in which targets are watched
 * and nobody is told: of which targets, when, and why.
 */
#pragma once

struct reader;

/* Reads all groups of `windows`; the targets are known by then. */
void windows_take(struct reader *);
