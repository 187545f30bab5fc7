/*
 * For the prober: the functions of the plugin ABI that a probe plugin calls during a turn (pw_say,
 * pw_expect, pw_done ...), and the check that it kept to the rules.
 */
#include "prober/turn.h"

#include <stdio.h>
#include <string.h>

#include "base/messages.h"
#include "config/programs.h"
#include "config/regex.h"
#include "prober/phase.h"

static struct turn *
turn_of(struct pw_turn *open)
{
	return (struct turn *)open;
}

__attribute__((format(printf, 2, 3))) static void
fault(struct turn *turn, const char *format, ...)
{
	char bytes[EVIDENCE_TEXT_MAX / 2];
	va_list arguments;

	if (turn->choice == TURN_FAULT)
		return;
	turn->choice = TURN_FAULT;
	struct text text = TEXT_OVER(turn->text);
	va_start(arguments, format);
	int made = vsnprintf(bytes, sizeof bytes, format, arguments);
	va_end(arguments);
	text_format(&text, "plugin %s: ", dialogue_policy(turn->dialogue)->probe->descriptor->name);
	if (made > 0)
		text_escape(&text, (struct pw_bytes){ bytes, strlen(bytes) });
}

/* A call has one step. */
static bool
choose(struct turn *turn, enum turn_choice choice)
{
	if (turn->choice == TURN_NONE
	    && (choice == TURN_DONE
	    || !plugin_has_program(dialogue_policy(turn->dialogue)->probe))) {
		turn->choice = choice;
		return true;
	}
	fault(turn, turn->choice == TURN_NONE ? "a step other than pw_done behind a program"
	                                      : "two steps in one turn");
	return false;
}

static bool
choose_phase(struct turn *turn, enum turn_choice choice, const char *name)
{
	if (!choose(turn, choice))
		return false;
	turn->phase = phase_find(turn->dialogue, name);
	if (turn->phase == NO_PHASE)
		fault(turn, "unknown phase \"%s\"", name);
	return turn->phase != NO_PHASE;
}

static bool
is_known(struct turn *turn, const char *outcome)
{
	struct outcome found;

	if (strcmp(outcome, "ok") == 0
	    || outcome_find(outcome, turn->dialogue->ops->outcomes, &found))
		return true;
	fault(turn, "unknown outcome \"%s\"", outcome);
	return false;
}

static void
expect(struct pw_turn *open, const char *phase, const char *or_outcome)
{
	struct turn *turn = turn_of(open);

	if (!choose_phase(turn, TURN_EXPECT, phase)
	    || (or_outcome != NULL && !is_known(turn, or_outcome)))
		return;
	if (or_outcome != NULL)
		snprintf(turn->or_outcome, sizeof turn->or_outcome, "%s", or_outcome);
}

__attribute__((format(printf, 4, 0))) static void
say(struct pw_turn *open, const char *phase, bool secret, const char *format, va_list arguments)
{
	struct turn *turn = turn_of(open);
	struct dialogue_step *step = turn->step;

	if (!choose_phase(turn, TURN_SAY, phase))
		return;
	int made = vsnprintf(step->bytes, DIALOGUE_LINE_MAX + 1, format, arguments);
	if (made < 0 || made > DIALOGUE_LINE_MAX) {
		fault(turn, "a line of more than %d bytes", DIALOGUE_LINE_MAX);
		return;
	}
	step->size = (size_t)made;
	turn->secret = secret;
	if (memchr(step->bytes, '\0', step->size) != NULL
	    || memchr(step->bytes, '\r', step->size) != NULL
	    || memchr(step->bytes, '\n', step->size) != NULL)
		fault(turn, "CR, LF or NUL in a line to say");
}

/* A plugin that wants TLS says so in its descriptor: without it there are no settings to judge a
 * certificate by. */
static void
secure(struct pw_turn *open)
{
	struct turn *turn = turn_of(open);

	if (!choose_phase(turn, TURN_SECURE, "handshake"))
		return;
	if (turn->dialogue->secured)
		fault(turn, "TLS stands already");
	else if (dialogue_policy(turn->dialogue)->tls == NULL
	    || turn->dialogue->ops->on_secured == NULL)
		fault(turn, "pw_secure, and its descriptor says nothing of TLS");
}

static void
look_up(struct pw_turn *open, const char *name, uint16_t type)
{
	struct turn *turn = turn_of(open);
	size_t size = strlen(name);

	if (!choose_phase(turn, TURN_LOOK_UP, "resolve"))
		return;
	if (turn->dialogue->ops->on_answer == NULL || size == 0 || size > 255) {
		fault(turn, "pw_look_up without on_answer, or of no name");
		return;
	}
	memcpy(turn->step->bytes, name, size + 1);
	turn->step->size = size;
	turn->step->type = type;
}

__attribute__((format(printf, 3, 0))) static void
format_escaped(char *into, size_t room, const char *format, va_list arguments)
{
	struct text text = text_over(into, room);
	char bytes[EVIDENCE_TEXT_MAX];
	int made = *format == '\0' ? 0 : vsnprintf(bytes, sizeof bytes, format, arguments);

	if (made > 0)
		text_escape(&text, (struct pw_bytes){ bytes, strlen(bytes) });
}

__attribute__((format(printf, 3, 0))) static void
done(struct pw_turn *open, const char *outcome, const char *format, va_list arguments)
{
	struct turn *turn = turn_of(open);

	if (!choose(turn, TURN_DONE) || !is_known(turn, outcome))
		return;
	snprintf(turn->outcome, sizeof turn->outcome, "%s", outcome);
	format_escaped(turn->text, sizeof turn->text, format, arguments);
}

static const struct pw_fact_kind *
find_fact(const struct pw_probe_ops *ops, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	for (const struct pw_fact_kind *kind = ops->facts; kind != NULL
	    && kind->name != NULL; kind++)
		if (kind->name == name || strcmp(kind->name, name) == 0
		    || ((kind->flags & PW_FAMILY) != 0
		        && strncmp(kind->name, name, strlen(kind->name)) == 0
		        && name[strspn(name, letters)] == '\0'))
			return kind;
	return NULL;
}

static void
fact(struct pw_turn *open, const char *name, struct pw_bytes value)
{
	struct turn *turn = turn_of(open);
	struct dialogue *dialogue = turn->dialogue;
	const struct pw_fact_kind *kind = find_fact(dialogue->ops, name);

	if (kind == NULL || strlen(name) >= OUTCOME_NAME_MAX) {
		fault(turn, "unknown fact \"%s\"", name);
		return;
	}
	evidence_add_fact(&dialogue->log, name, value, (kind->flags & PW_STEADY) != 0);
	/* Whether STARTTLS is offered is the one fact that the host itself looks at (probe.h). */
	if (dialogue_policy(dialogue)->tls == NULL || strcmp(name, "starttls") != 0)
		return;
	dialogue->flags |= REPORT_REACHED_EHLO;
	if (value.size == 7 && memcmp(value.data, "offered", 7) == 0)
		dialogue->flags |= REPORT_HAS_STARTTLS;
	else if (dialogue->had_starttls && !dialogue->secured)
		evidence_add_warning(&dialogue->log, "starttls_gone", "ehlo",
		    "STARTTLS is no longer offered; the last good run was offered it");
}

__attribute__((format(printf, 3, 0))) static void
warn(struct pw_turn *open, const char *code, const char *format, va_list arguments)
{
	struct turn *turn = turn_of(open);
	struct dialogue *dialogue = turn->dialogue;
	struct outcome found;
	char text[EVIDENCE_TEXT_MAX];

	if (!outcome_find(code, dialogue->ops->outcomes, &found) || strcmp(code, "ok") == 0) {
		fault(turn, "unknown code \"%s\"", code);
		return;
	}
	/* The condition belongs to the step in which it was seen, so that only a run that comes
	 * as far ends it. */
	const char *phase = found.phase[0] == '\0' || dialogue->phase == NO_PHASE
	    ? found.phase : dialogue_plan(dialogue, dialogue->phase)->name;
	format_escaped(text, sizeof text, format, arguments);
	evidence_add_warning(&dialogue->log, code, phase, text[0] != '\0' ? text : found.text);
}

__attribute__((format(printf, 2, 0))) static void
note(struct pw_turn *open, const char *format, va_list arguments)
{
	struct turn *turn = turn_of(open);
	char bytes[EVIDENCE_TEXT_MAX];
	int made = vsnprintf(bytes, sizeof bytes, format, arguments);

	if (made > 0)
		evidence_add_line(&turn->dialogue->log, turn->now - turn->dialogue->epoch,
		    EVIDENCE_EVENT, (struct pw_bytes){ bytes, strlen(bytes) });
}

static bool
matches(struct pw_turn *open, const struct pw_regex *regex, struct pw_bytes bytes)
{
	struct turn *turn = turn_of(open);
	bool limited = false;
	bool found = regex_matches(regex, bytes, &limited);

	if (limited)
		dialogue_event(turn->dialogue, turn->now,
		    "the regular expression met its limit and counts as not found");
	return found;
}

__attribute__((format(printf, 3, 0))) static void
or_end(struct pw_turn *open, const char *outcome, const char *format, va_list arguments)
{
	struct turn *turn = turn_of(open);

	if (!is_known(turn, outcome))
		return;
	snprintf(turn->or_outcome, sizeof turn->or_outcome, "%s", outcome);
	format_escaped(turn->or_text, sizeof turn->or_text, format, arguments);
}

void
turn_session(const struct dialogue *dialogue, struct refusal_session *session)
{
	*session = (struct refusal_session){
		.names = { .host = dialogue->target->host, .helo = dialogue->helo,
		    .ours = dialogue->local },
		.cert_asked = dialogue->cert_asked,
	};
	(void)address_parse(dialogue->address, 0, &session->names.theirs);
	address_set_port(&session->names.ours, 0);
}

static struct pw_refusal
judge(struct pw_turn *open, const struct pw_reply *reply, enum pw_stage stage)
{
	struct refusal_session session;

	if (reply->code < 400) {
		fault(turn_of(open), "pw_judge of a reply with %d", reply->code);
		return (struct pw_refusal){ .outcome = "protocol" };
	}
	turn_session(turn_of(open)->dialogue, &session);
	return refusal_judge(reply, stage, &session);
}

static const struct pw_host host = {
	.size = sizeof host,
	.expect = expect,
	.say = say,
	.secure = secure,
	.look_up = look_up,
	.done = done,
	.fact = fact,
	.warn = warn,
	.note = note,
	.matches = matches,
	.judge = judge,
	.or_end = or_end,
};

/* What a plugin sees is filled anew for each turn and lives on the stack: it cannot keep it. */
void
turn_begin(struct turn *turn, struct dialogue *dialogue, int64_t now, struct dialogue_step *step)
{
	const struct target *target = dialogue->target;
	const struct policy *policy = target->policy;

	turn->open = (struct pw_turn){
		.host = &host,
		.values = policy->values,
		.name = target->name,
		.target_host = target->host,
		.address = dialogue->address,
		.helo = dialogue->helo,
		.port = target->port,
		.patient = dialogue->patient,
		.secured = dialogue->secured,
		.tls = policy->tls != NULL ? policy->tls->mode : PW_TLS_NONE,
	};
	turn->dialogue = dialogue;
	turn->step = step;
	turn->now = now;
	turn->choice = TURN_NONE;
	turn->phase = NO_PHASE;
	turn->secret = false;
	turn->outcome[0] = turn->or_outcome[0] = turn->text[0] = turn->or_text[0] = '\0';
}

void
turn_end(struct turn *turn)
{
	if (turn->choice == TURN_NONE)
		fault(turn, "no step in its turn");
}
