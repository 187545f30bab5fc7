/*
 * The monitor's rules for when Postwatch itself is blind (its route, resolver, port or memory
 * fails, so that failures say nothing about servers), and for when people are told so. Two tables:
 * the causes, with what shows and what ends each, and the stages of telling.
 */
#include "monitor/blind.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

enum { CONTRADICTED_ENOUGH = 2 };
/* a lost packet has been sent again by then */
static const int64_t told_after = 60 * (int64_t)SECOND, asked_twice = SECOND;

static const struct blind_move moves[BLIND_STAGES][BLIND_SIGNS] = {
	[BLIND_SEEING] = {
		[SIGN_CLEAR]        = { BLIND_SEEING, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF]      = { BLIND_CUT_OFF, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF_LONG] = { BLIND_TOLD, BLIND_TELL_BLIND },
	},
	[BLIND_CUT_OFF] = {
		[SIGN_CLEAR]        = { BLIND_SEEING, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF]      = { BLIND_CUT_OFF, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF_LONG] = { BLIND_TOLD, BLIND_TELL_BLIND },
	},
	[BLIND_TOLD] = {
		[SIGN_CLEAR]        = { BLIND_SEEING, BLIND_TELL_OVER },
		[SIGN_CUT_OFF]      = { BLIND_TOLD, BLIND_TELL_NOBODY },
		[SIGN_CUT_OFF_LONG] = { BLIND_TOLD, BLIND_TELL_NOBODY },
	},
};

/* Each with the outcomes that show it, what ends it, and its words: "we are cut off: no route for
 * 60.1 s; …". */
static const struct cause {
	const char *name, *code, *shown_by[2];
	unsigned ended_by;
	bool same_port; /* only by a run on the port that showed it */
	const char *shown, *ended, *before, *behind;
} causes[BLIND_CAUSES] = {
	[CAUSE_REFERENCES] = { "references", "blind", { NULL, NULL }, USED_NETWORK, false,
		"all references are silent",
		    "a reference answers, or anybody beyond this host is heard",
		"we are cut off: no reference has answered for ",
		    "; failures of targets say nothing" },
	[CAUSE_NEAR] = { "near", "blind", { NULL, NULL }, USED_NETWORK, false,
		"all of our routers and resolvers that had answered in the last 10 min are silent",
		"one of them answers, or anybody beyond this host is heard",
		"we are cut off: neither router nor resolver of ours has answered for ",
		    "; failures of targets say nothing" },
	[CAUSE_ROUTE] = { "route", "no_route", { "no_route", "network_down" }, USED_NETWORK, false,
		"no_route, network_down", "anybody beyond this host is heard, a reference included",
		"we are cut off: for ", " this host has had no route to where its targets are" },
	[CAUSE_RESOLVER] = { "resolver", "resolver", { "resolver", NULL }, USED_RESOLVER, false,
		"resolver", "a name that our resolver was asked for just now, answered",
		"our resolver has answered nobody for ",
		    "; targets with a name cannot be looked at" },
	[CAUSE_DESCRIPTORS] = { "descriptors", "no_descriptors", { "no_descriptors", NULL },
	    USED_SOCKET, false,
		"no_descriptors", "any connection, to this host as well",
		"for ", " no descriptor has been left for connections; targets cannot be looked "
		    "at" },
	[CAUSE_MEMORY] = { "memory", "no_memory", { "no_memory", NULL }, USED_SOCKET, false,
		"no_memory", "any connection, to this host as well",
		"for ", " no memory has been left for connections; targets cannot be looked at" },
	[CAUSE_LOCAL_PORT] = { "local_port", "no_local_port", { "no_local_port", NULL },
	    USED_NETWORK, false,
		"no_local_port", "anybody beyond this host is heard",
		"for ", " our own address or its ports could not be used; targets cannot be looked "
		    "at" },
	[CAUSE_FORBIDDEN] = { "forbidden", "not_permitted", { "not_permitted", NULL }, USED_NETWORK,
	    true,
		"not_permitted", "anybody beyond this host is heard on the same port",
		"for ", " our own system has forbidden connections" },
	[CAUSE_IPV6] = { "ipv6", "no_ipv6", { "no_ipv6", NULL }, USED_IPV6, false,
		"all IPv6 addresses of targets in 2 networks or more are silent, while those of "
		    "IPv4 answer, and no target is heard "
		"over IPv6", "anybody beyond this host is heard over IPv6",
		"for ", " no target has answered over IPv6, while they do over IPv4; that says "
		    "nothing of them" },
};

struct blind_move
blind_move(enum blind_stage from, enum blind_sign sign)
{
	assert((size_t)from < BLIND_STAGES && (size_t)sign < BLIND_SIGNS);
	struct blind_move move = moves[from][sign];
	assert(move.to != BLIND_NONE);
	return move;
}

void
blind_init(struct blind *blind, int64_t now)
{
	*blind = (struct blind){ .stage = BLIND_SEEING, .heard = now };
}

bool
blind_stands(const struct blind *blind, enum blind_cause cause)
{
	return blind->causes[cause].since != 0;
}

static void
end(struct blind *blind, enum blind_cause cause, int64_t at)
{
	blind->causes[cause].since = 0;
	if (!blind_stands(blind, CAUSE_REFERENCES) && !blind_stands(blind, CAUSE_NEAR))
		spells_end(&blind->spells, at);
}

static void
show(struct blind *blind, enum blind_cause cause, uint32_t target, int64_t at)
{
	if (!blind_stands(blind, cause)) {
		blind->causes[cause].since = at;
		blind->causes[cause].target = UINT32_MAX;
	}
	if (blind->causes[cause].target == UINT32_MAX)
		blind->causes[cause].target = target;
	blind->causes[cause].shown = at;
}

void
blind_used(struct blind *blind, unsigned uses, uint16_t port, int64_t at)
{
	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++)
		if (i != CAUSE_REFERENCES && i != CAUSE_NEAR && blind_stands(blind, i)
		    && (causes[i].ended_by & uses) && at > blind->causes[i].shown
		    && (!causes[i].same_port || blind->causes[i].port == port))
			end(blind, i, at);
}

static void
doubt(struct blind *blind, int64_t at)
{
	blind->doubted = true;
	end(blind, CAUSE_REFERENCES, at);
}

/* What is heard while a round goes on in which no reference answers shows that they are dead. What
 * is heard later only ends the spell: we may have come back just then, and the next round tells. */
bool
blind_heard(struct blind *blind, int64_t at)
{
	if (at > blind->heard)
		blind->heard = at;
	if (blind_stands(blind, CAUSE_NEAR) && at > blind->near_began)
		end(blind, CAUSE_NEAR, at);
	if (blind->failed_at == 0 || at <= blind->failed_began)
		return false;
	if (at >= blind->failed_began + asked_twice && at <= blind->failed_at)
		doubt(blind, at);
	else
		end(blind, CAUSE_REFERENCES, at);
	return !blind->doubted;
}

static enum blind_cause
cause_of(const char *outcome)
{
	enum blind_cause cause = 0;

	for (; cause < BLIND_CAUSES; cause++)
		for (size_t i = 0; i < 2; i++)
			if (causes[cause].shown_by[i] != NULL
			    && strcmp(outcome, causes[cause].shown_by[i]) == 0)
				return cause;
	return cause;
}

bool
blind_show(struct blind *blind, const char *outcome, uint32_t target, uint16_t port, int64_t at)
{
	enum blind_cause cause = cause_of(outcome);

	if (cause == BLIND_CAUSES)
		return false;
	if (!blind_stands(blind, cause))
		blind->causes[cause].port = port;
	show(blind, cause, target, at);
	return true;
}

bool
blind_asks_for(const struct blind *blind, uint32_t target)
{
	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++)
		if (blind_stands(blind, i) && blind->causes[i].target == target)
			return true;
	return false;
}

bool
blind_explains(const struct blind *blind, const char *outcome, int64_t patience)
{
	enum blind_cause cause = cause_of(outcome);

	return cause != BLIND_CAUSES && blind_stands(blind, cause)
	    && blind->causes[cause].shown - blind->causes[cause].since
	    >= (patience < told_after ? patience : told_after);
}

/* All were silent. A round that began right after somebody had been heard, and another one like it,
 * show that they are dead: to be cut off twice in just those moments is not likely. */
static void
fail(struct blind *blind, const struct message_references *round)
{
	bool heard_between = blind->failed_at != 0 && blind->heard > blind->failed_at;
	bool heard_within = blind->heard >= round->began + asked_twice && blind->heard <= round->at;

	if (heard_within || (heard_between && ++blind->contradicted >= CONTRADICTED_ENOUGH)) {
		doubt(blind, round->at);
		return;
	}
	blind->failed_began = round->began;
	blind->failed_at = round->at;
	spells_begin(&blind->spells, blind->heard < round->began ? blind->heard : round->began);
	if (blind->heard > round->began)
		spells_end(&blind->spells, blind->heard);
	else
		show(blind, CAUSE_REFERENCES, UINT32_MAX, round->at);
}

/* The near ones: whoever is heard while they are silent shows that they have only stopped to answer
 * us. */
static void
learn_near(struct blind *blind, const struct message_references *round)
{
	bool silent = round->near > 0 && round->near_silent == round->near;

	if (round->near > round->near_silent) {
		blind->near_doubted = false;
		blind->near_at = 0;
		end(blind, CAUSE_NEAR, round->at);
	}
	if (!silent || blind->near_doubted)
		return;
	if (blind->heard > round->began || (blind->near_at != 0 && blind->heard > blind->near_at)) {
		blind->near_doubted = true;
		end(blind, CAUSE_NEAR, round->at);
		return;
	}
	blind->near_began = round->began;
	blind->near_at = round->at;
	spells_begin(&blind->spells, blind->heard);
	show(blind, CAUSE_NEAR, UINT32_MAX, round->at);
}

void
blind_references(struct blind *blind, const struct message_references *round)
{
	learn_near(blind, round);
	if (round->reached > 0) {
		blind->doubted = false;
		blind->contradicted = 0;
		blind->failed_at = 0;
		end(blind, CAUSE_REFERENCES, round->at);
		blind_used(blind, USED_NETWORK | USED_SOCKET, 0, round->at);
		if (round->began > blind->heard)
			blind->heard = round->began;
	} else if (round->asked > round->unasked) {
		if (!blind->doubted)
			fail(blind, round);
	} else if (round->asked > 0)
		(void)blind_show(blind, round->reason, UINT32_MAX, 0, round->at);
}

bool
blind_end_unseen(struct blind *blind, int64_t at)
{
	bool told = blind->stage == BLIND_TOLD && blind_stands(blind, blind->told)
	    && blind->causes[blind->told].shown <= blind->taken_over;

	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++)
		if (blind_stands(blind, i) && blind->causes[i].shown <= blind->taken_over)
			end(blind, i, at);
	blind->taken_over = 0;
	return told;
}

const char *
blind_name(enum blind_cause cause)
{
	assert(cause < BLIND_CAUSES);
	return causes[cause].name;
}

enum blind_cause
blind_named(const char *name)
{
	enum blind_cause cause = 0;

	while (cause < BLIND_CAUSES && strcmp(causes[cause].name, name) != 0)
		cause++;
	return cause;
}

enum blind_tell
blind_tick(struct blind *blind)
{
	enum blind_cause cause = BLIND_CAUSES; /* that has shown itself over the longest time */
	int64_t longest = 0;

	for (enum blind_cause i = 0; i < BLIND_CAUSES; i++)
		if (blind_stands(blind, i) && (cause == BLIND_CAUSES
		    || blind->causes[i].shown - blind->causes[i].since > longest)) {
			cause = i;
			longest = blind->causes[i].shown - blind->causes[i].since;
		}
	struct blind_move move = blind_move(blind->stage, cause == BLIND_CAUSES ? SIGN_CLEAR
	    : longest >= told_after ? SIGN_CUT_OFF_LONG : SIGN_CUT_OFF);
	blind->stage = move.to;
	if (move.tell == BLIND_TELL_BLIND)
		blind->told = cause;
	return move.tell;
}

bool
blind_is_known(const struct blind *blind)
{
	return spells_last(&blind->spells);
}

const char *
blind_code(enum blind_cause cause)
{
	assert(cause < BLIND_CAUSES);
	return causes[cause].code;
}

void
blind_add_words(struct text *text, const struct blind *blind, enum blind_cause cause,
    const char *span)
{
	assert(cause < BLIND_CAUSES);
	text_add(text, causes[cause].before);
	text_add(text, span);
	text_add(text, causes[cause].behind);
	if (causes[cause].same_port)
		text_format(text, " to port %" PRIu16, blind->causes[cause].port);
}

static const char *
known_cell(size_t row, size_t column)
{
	static const char *const stages[] = {
		[BLIND_SEEING] = "seeing", [BLIND_CUT_OFF] = "cut off",
		    [BLIND_TOLD] = "blind, told",
	};
	static const char *const signs[] = {
		[SIGN_CLEAR] = "no cause", [SIGN_CUT_OFF] = "a cause",
		    [SIGN_CUT_OFF_LONG] = "a cause shown for 60 s",
	};
	static const char *const tells[] = {
		[BLIND_TELL_NOBODY] = "–", [BLIND_TELL_BLIND] = "blind",
		    [BLIND_TELL_OVER] = "that it is over",
	};
	enum blind_stage from = BLIND_SEEING + (enum blind_stage)(row / BLIND_SIGNS);
	enum blind_sign sign = (enum blind_sign)(row % BLIND_SIGNS);
	struct blind_move move = blind_move(from, sign);

	return (const char *const[]){ stages[from], signs[sign], stages[move.to],
	    tells[move.tell] }[column];
}

const struct rule_table blind_table = {
	.name = "blind",
	.title = "Known blindness",
	.heads = (const char *const[]){ "from", "sign", "to", "tell" },
	.columns = 4,
	.rows = (size_t)(BLIND_STAGES - BLIND_SEEING) * BLIND_SIGNS,
	.cell = known_cell,
	.note = "While all references are silent, or all of our own routers and resolvers that "
	"answered before, a run that ends in "
	        "silence says nothing of its target, and neither does one that began or ended in "
	            "such a spell; a spell begins when "
	        "anybody was last heard before it. References are asked every 30 s, when a run "
	            "ends in silence, while an attempt "
	        "goes on that may confirm and before it does, and when a target is heard after all "
	            "of them were silent; the near "
	        "ones when in doubt, and else every 4 min. What a near one answers ends nothing "
	            "but its own silence. References are "
	        "dead, and count for nothing until one answers again, where a target is heard "
	            "during a round in which none "
	        "answers, or where two rounds in a row that began after a target was heard find "
	            "them silent; near ones after one.",
};

static const char *const cause_heads[] = { "cause", "shown by", "ended by" };

static const char *
cause_cell(size_t row, size_t column)
{
	assert(row < sizeof causes / sizeof *causes);
	assert(column < sizeof cause_heads / sizeof *cause_heads);
	return (const char *const[]){ causes[row].code, causes[row].shown,
	    causes[row].ended }[column];
}

const struct rule_table cause_table = {
	.name = "causes",
	.title = "What our own side may lack",
	.heads = cause_heads,
	.columns = 3,
	.rows = BLIND_CAUSES,
	.cell = cause_cell,
	.note = "What has shown itself over 60 s is told once, about ourselves; the targets that "
	"it concerns are then not told as unknown one by one.",
};
