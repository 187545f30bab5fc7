/*
 * The names and meanings of outcomes and phases of a run (banner_timeout, banner ...), generated
 * from outcomes.def and phases.def.
 */
#include "base/outcome.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct row {
	const char *name; /* NULL: a phased one */
	const char *prefix, *suffix;
	enum pw_verdict severity;
	bool at_once;
	const char *phase, *text, *hint;
};

static const struct row rows[] = {
#define OUTCOME(name_, severity_, at_once_, phase_, text_, hint_) \
	{ .name = #name_, .severity = (severity_), .at_once = (at_once_), .phase = phase_, \
	    .text = text_, .hint = hint_ },
#define PHASED(prefix_, suffix_, severity_, text_, hint_) \
	{ .prefix = prefix_, .suffix = suffix_, .severity = (severity_), .text = text_, \
	    .hint = hint_ },
#include <postwatch/outcomes.def>
#undef OUTCOME
#undef PHASED
};

enum {
	ROWS = sizeof rows / sizeof *rows,
	PLUGINS_RANK = 1000,
	PHASE_ROOM = sizeof((struct outcome *)NULL)->phase
};

static const struct pw_phase phases[] = {
#define PHASE(name_, routine_, patient_, slow_) \
	{ .name = #name_, .limit = routine_##ull * SECOND, .patient = patient_##ull * SECOND, \
	    .slow = slow_##ull * SECOND },
#include <postwatch/phases.def>
#undef PHASE
};

static const char *const verdicts[] = {
	[PW_OK] = "ok",           [PW_DEGRADED] = "degraded", [PW_BLOCKED] = "blocked",
	[PW_FAILED] = "failed", [PW_UNKNOWN] = "unknown",
};

static bool
copy(char *to, size_t room, const char *from, size_t size)
{
	if (size >= room)
		return false;
	memcpy(to, from, size);
	to[size] = '\0';
	return true;
}

/* Those that were renamed: thresholds of a certificate's end had their days in the name, and 3 days
 * was the nearer one. */
const char *
outcome_current(const char *name)
{
	static const char prefix[] = "cert_expires_";
	enum { URGENT_DAYS = 3 };

	if (strncmp(name, prefix, sizeof prefix - 1) != 0)
		return name;
	const char *days = name + sizeof prefix - 1;
	size_t digits = strspn(days, "0123456789");
	if (digits == 0 || digits > 5 || strcmp(days + digits, "d") != 0)
		return name;
	return strtol(days, NULL, 10) <= URGENT_DAYS ? "cert_expires_urgent" : "cert_expires_soon";
}

/* Whether `name` is `row` with a phase in it, which is then in `phase`. */
static bool
match_phased(const struct row *row, const char *name, char phase[static PHASE_ROOM])
{
	size_t size = strlen(name), before = strlen(row->prefix), behind = strlen(row->suffix);

	if (size <= before + behind || strncmp(name, row->prefix, before) != 0
	    || strcmp(name + size - behind, row->suffix) != 0)
		return false;
	size -= before + behind;
	return strspn(name + before, "abcdefghijklmnopqrstuvwxyz0123456789_") >= size
	    && copy(phase, PHASE_ROOM, name + before, size);
}

/* A whole name goes before one with a phase in it, wherever their rows stand. */
static const struct row *
find_row(const char *name, char phase[static PHASE_ROOM])
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].name != NULL && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].name == NULL && match_phased(&rows[i], name, phase))
			return &rows[i];
	return NULL;
}

static void
fill_from_host(struct outcome *made, const struct row *row)
{
	made->severity = row->severity;
	made->at_once = row->at_once;
	made->rank = (int)(row - rows);
	made->text = row->text;
	made->hint = row->hint;
	if (row->phase != NULL)
		copy(made->phase, sizeof made->phase, row->phase, strlen(row->phase));
	else if (strcmp(made->phase, "leg") == 0)
		made->phase[0] = '\0'; /* the whole is no step that a run could fail to reach */
}

static bool
find_own(const char *name, const struct pw_outcome *own, struct outcome *made)
{
	size_t at = 0;

	while (own != NULL && own[at].name != NULL && strcmp(own[at].name, name) != 0)
		at++;
	if (own == NULL || own[at].name == NULL)
		return false;
	const char *phase = own[at].phase != NULL ? own[at].phase : "";
	made->severity = (enum pw_verdict)own[at].severity;
	made->rank = PLUGINS_RANK + (int)at;
	made->text = own[at].text != NULL ? own[at].text : "";
	made->hint = own[at].hint != NULL ? own[at].hint : "";
	return copy(made->phase, sizeof made->phase, phase, strlen(phase));
}

/* Made aside and copied at the end, as `*found` is to be untouched where the name is none. */
bool
outcome_find(const char *name, const struct pw_outcome *own, struct outcome *found)
{
	struct outcome made = { .name = "" };
	const struct row *row;

	name = outcome_current(name);
	if (!copy(made.name, sizeof made.name, name, strlen(name)))
		return false;
	if ((row = find_row(name, made.phase)) != NULL)
		fill_from_host(&made, row);
	else if (!find_own(name, own, &made))
		return false;
	*found = made;
	return true;
}

const char *
verdict_name(enum pw_verdict verdict)
{
	assert((size_t)verdict < sizeof verdicts / sizeof *verdicts);
	return verdicts[verdict];
}

bool
verdict_of_name(const char *name, enum pw_verdict *verdict)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (strcmp(verdicts[i], name) == 0) {
			*verdict = (enum pw_verdict)i;
			return true;
		}
	return false;
}

bool
verdict_is_current(int64_t result_ended, enum pw_verdict of_result, int64_t state_ended,
    enum pw_verdict of_state)
{
	return result_ended + (of_result == of_state ? SECOND : 0) >= state_ended;
}

const struct pw_phase *
phase_standard(const char *name)
{
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
		if (strcmp(phases[i].name, name) == 0)
			return &phases[i];
	return NULL;
}
