/*
 * The meanings of the names of outcomes and phases (banner_timeout, banner ...): those of Postwatch
 * itself from outcomes.def and phases.def, a plugin's from its tables. Used wherever one is checked
 * or shown.
 */
#pragma once

#include <postwatch/probe.h>

enum { OUTCOME_NAME_MAX = 40 }; /* bytes of a name with its NUL; names are [a-z0-9_] */

struct outcome {
	char name[OUTCOME_NAME_MAX];
	enum pw_verdict severity;
	bool at_once;
	int rank;           /* of several warnings the lowest becomes the outcome; a plugin's come
	                     * behind the host's */
	char phase[24];     /* the phase a condition belongs to, "" for none and for the whole leg
	                     * */
	const char *text, *hint;
};

/* The name by which an outcome goes that had another in an earlier version (`cert_expires_21d` is
 * `cert_expires_soon`); any other name is returned as it is. */
const char *outcome_current(const char *name);

/*
 * Looks `name` up among the host's outcomes, those with a phase in their name (any, also a plugin's
 * own: `banner_timeout`) included, then in the plugin's table (NULL: none). A name of an earlier
 * version finds what it is called now. The texts belong to the tables. False: no such name,
 * `*found` untouched.
 */
bool outcome_find(const char *name, const struct pw_outcome *own, struct outcome *found);

/* "ok", "degraded" …; and back, false for anything else. */
const char *verdict_name(enum pw_verdict verdict);
bool verdict_of_name(const char *name, enum pw_verdict *verdict);

/* Whether a result is of the run that a state is of, or of a later one. Results are written after
 * states, so the newest may be of the run before; and the end of a run (UTC, microseconds) is told
 * of both, with a difference of some milliseconds. */
bool verdict_is_current(int64_t result_ended, enum pw_verdict of_result, int64_t state_ended,
    enum pw_verdict of_state);

/* The limits the host knows for a phase, microseconds; NULL for a phase it does not know. */
const struct pw_phase *phase_standard(const char *name);
