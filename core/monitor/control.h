/*
 * The control socket, state/control: SOCK_SEQPACKET, 0600, and whoever is neither root nor
 * ourselves is sent away. A request is one packet of NUL-ended words, "postwatch/1" VERB ARG…, and
 * with it a descriptor of state/lock, open to be read (SCM_RIGHTS): a program of a probe or a
 * notifier is of the daemon's user as well, and may open nothing there (runner/program.h). The
 * answer is packets that begin with `o` (a line of output) or `e` (of what is wrong), and a last
 * one, `x` and the exit status. "<utc N>" in a line stands for a time, to be shown in the reader's
 * zone. Nobody is waited for: who does not read what was asked for loses it.
 *
 *     probe-now TARGET                    runs it now, and says what it saw
 *     ack INCIDENT WHY                    passed on to the keeper, as are:
 *     pause TARGET|TAG FOR WHY
 *     resume TARGET|TAG                   ends quarantines, too
 *     outbox retry|drop NOTICE [NOTIFIER]
 *     test NOTIFIER
 *
 * What is passed on is answered when the keeper has it on disk, or refuses it; where it cannot be
 * had or is slow, that is said, and the status is 75.
 */
#pragma once

#include "base/messages_ask.h"

struct control;
struct ev_loop;
struct monitor;
struct reason;

/* Makes the socket and listens; one that a monitor before has left is replaced. The monitor
 * outlives it. NULL with a reason. */
struct control *control_create(struct ev_loop *, struct monitor *, struct reason *why);
void control_destroy(struct control **);

/* A run was judged: whoever asked for it is told. */
void control_learnt(struct control *, const struct report *);

/* The keeper answers; or it is gone, and will not. */
void control_answered(struct control *, const struct message_answer *);
void control_keeper_lost(struct control *);

/* Who has waited too long, or for a run that was lost, is told so, and who asks for nothing is sent
 * away; every second or so. */
void control_tick(struct control *);
