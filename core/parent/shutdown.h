/*
 * The parent's own state (struct parent), and the steps by which it ends: first the monitor and the
 * probers, then the keeper.
 */
#pragma once

#include "parent/detach.h"
#include "parent/files.h"
#include "parent/state_dir.h"
#include "parent/manager.h"
#include "parent/parent.h"
#include "parent/tree.h"
#include "parent/vitals.h"

enum stage {
	STARTING,
	RUNNING,
	ENDING,        /* monitor and probers finish what is under way */
	ENDING_KEEPER, /* then the keeper, who has heard all by then */
	ENDED
};

struct parent {
	const struct config *config;
	struct times times;
	struct log log;
	struct state_dir state_dir;
	struct detach detach;
	struct tree tree;
	struct manager manager;
	struct files files;
	struct reload reload;
	struct vitals vitals;
	struct snapshot *snapshot;  /* what was read, until it is kept */
	bool filtered;              /* its filter of system calls is in force */
	bool anew;                  /* the end is the beginning of a new image */
	int64_t next_look; /* at them */
	struct pollfd *polled;
	enum stage stage;
	enum parent_status status;
	bool hangs_on_terminal;
	int signals;
	int64_t told;               /* when we were told to end */
	int64_t end_by;             /* of the stage, where it is an end */
	int64_t notify_by; /* when notifiers that are not back from their deliveries are killed */
};

/* What is under way gets its time. */
void shutdown_begin(struct parent *, int64_t now);
/* Goes on with the end, where one has begun: to that of the keeper, who has heard all by then; kills
 * what has not ended in its time. */
void shutdown_turn(struct parent *, int64_t now);
/* Somebody, whose name is given, wants us to end. */
void shutdown_signal(struct parent *, const char *name, int64_t now);
