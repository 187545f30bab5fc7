/* The parts of `postwatch explain`: explain.c chooses, explain_target.c tells of one target, explain_settings.c what it is
 * watched by and who is told. */
#ifndef COMMAND_EXPLAIN_H
#define COMMAND_EXPLAIN_H

#include "command/standing.h"

/* A target and all that is known of it. */
struct explained {
	struct past *past;
	struct standings all;
	const struct standing *row;
	struct target_state state; /* of its record, where `known`; its times are UTC */
	bool known;
	struct codes *codes;
};

/* The whole story of why a target is in the state it is. The past is open; returns the exit status, and closes it. An
 * outcome is told as such, behind the target that is called like it. */
int explain_word(struct past *, const char *word);

/* Says what an outcome of the host's or of a probe's means; false: there is none called so. Without a configuration the
 * probes are those that are installed. */
bool explain_outcome(const struct config *, const char *word);

/* Pace, limits and where they come from. Without a configuration it says that it has none. */
void explain_settings(const struct explained *);
/* Who would be told, and what each was told. */
enum store_reading explain_telling(const struct explained *);

#endif
