/*
 * For the prober: TCP connections that are being made, for any caller that has an event loop:
 * nothing here waits or calls back. A look right after connect() finds a connection that stands
 * already, as on the loopback interface; elsewhere the descriptor is watched for both directions,
 * and each event of it is looked at.
 */
#pragma once

#include "prober/close_reason.h"

enum connecting {
	CONNECT_OPEN,   /* wait for the next event */
	CONNECT_STANDS,
	CONNECT_FAILED  /* the close reason says how */
};

/* Begins to connect to `to`, from `source` (NULL: the kernel's choice). `*fd` becomes the
 * caller's, -1 with CONNECT_FAILED. `*reset`: the errno of a connection that stood and was reset
 * before anybody looked, else untouched. */
enum connecting connect_begin(const struct address *to, const struct address *source, int *fd,
    int *reset, struct close_reason *reason);

/* What an event of the descriptor says. `is_writable`: it is writability alone; an error shows as
 * more. The descriptor stays the caller's. */
enum connecting connect_look(int fd, const struct address *to, bool is_writable, int *reset,
    struct close_reason *reason);
