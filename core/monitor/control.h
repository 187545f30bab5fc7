/*
 * The control socket, state/control: SOCK_SEQPACKET, 0600, and whoever is neither root nor ourselves is sent away. A
 * request is one packet of NUL-ended words, "postwatch/1" VERB ARG…; the answer is packets that begin with `o` (a line of
 * output) or `e` (of what is wrong), and a last one, `x` and the exit status. Nobody is waited for: who does not read
 * what was asked for loses it.
 *
 *     probe-now TARGET   runs it now, and says what it saw
 */
#ifndef MONITOR_CONTROL_H
#define MONITOR_CONTROL_H

#include "monitor/monitor.h"

struct ev_loop;
struct control;

/* Makes the socket and listens; one that a monitor before has left is replaced. NULL with a reason. */
struct control *control_create(struct ev_loop *, struct monitor *, struct reason *why);
void control_destroy(struct control **);

/* A run was judged: whoever asked for it is told. */
void control_learnt(struct control *, const struct report *);

#endif
