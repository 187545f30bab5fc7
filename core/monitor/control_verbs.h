/* The verbs of the control socket (`ack`, `pause`, `probe-now`, `reload` ...): carries out what a
 * client asks for, and what is known of each client meanwhile. */
#pragma once

#include <ev.h>
#include <sys/types.h>
#include "monitor/control.h"
#include "monitor/monitor.h"

enum { CONTROL_PLACES = 16 };
enum { CONTROL_REFUSED = 1, CONTROL_USAGE = 64, CONTROL_BUSY = 75, CONTROL_DENIED = 77 }; /* exit statuses */

enum waits_for { WAITS_FOR_NOTHING, WAITS_FOR_RUN, WAITS_FOR_KEEPER, WAITS_FOR_PARENT };

/* Whom we speak with; what it asked for goes on where it has left. */
struct place {
	ev_io io;            /* fd -1: nobody */
	bool taken;
	enum waits_for waits;
	uint32_t target;     /* of a run */
	int64_t due;         /* when that target was due, had nobody asked; 0: as now */
	uint64_t ask;        /* the number under which the keeper was asked */
	int64_t until;       /* and how long its answer is waited for; before, how long for the
	                      * question */
	const char *who;     /* the name of the peer's user */
	struct control *control;
};

struct control {
	struct ev_loop *loop;
	struct monitor *monitor;
	ev_io listener;
	uint64_t asks;       /* the last number given */
	dev_t device;        /* of the file that who asks has to have open */
	ino_t file;
	pid_t refused;       /* the last process of our own that called; 0: none has */
	char own_name[ASK_WHO_MAX];
	struct place places[CONTROL_PLACES];
};

/* A line to the peer: 'o' output, 'e' what is wrong. */
void control_say(struct place *, char kind, const char *line);
/* The last word, and the place is free again. */
void control_end(struct place *, int status);
void control_refuse(struct place *, int status, const char *what);

/* Does what was said, in words, or says why not. */
void control_verbs_obey(struct place *, char **words, size_t count);
