/*
 * One dialogue for three probes. A row of `moves` says everything about one step: the code that is good, and who looks
 * at a good and at any other reply. What a refusal means (policy, load, a name it does not like) is decided here, and
 * its words are those of the server.
 */
#include "dialogue.h"

#include <string.h>
#include <strings.h>

#include "words.h"

enum { JOINED_MAX = 1024, QUOTE_MAX = 300 };

const struct pw_phase smtp_phases[] = {
	{ .name = "banner" },
	{ .name = "ehlo" },
	{ .name = "starttls", .flags = PW_PHASE_TLS },
	{ .name = "handshake", .flags = PW_PHASE_TLS },
	{ .name = "ehlo_tls", .flags = PW_PHASE_TLS },
	{ .name = NULL },
};

const struct pw_outcome smtp_outcomes[] = {
	{ .name = "greeting_rejected", .severity = PW_FAILED, .text = "greeted with a refusal",
	    .hint = "The server refuses every transaction; with reject_is = \"blocked\" this counts as alive." },
	{ .name = NULL },
};

const struct pw_fact_kind smtp_facts[] = {
	{ "banner", 0, "the whole greeting, without its code" },
	{ "software", PW_STEADY, "the mail server that the greeting names" },
	{ "starttls", 0, "whether the first EHLO offers it: offered, not offered" },
	{ "capabilities", PW_STEADY, "what the last EHLO offers" },
	{ "size", 0, "the largest message that is taken (SIZE, RFC 1870), in bytes" },
	{ .name = NULL },
};

const char *const smtp_reject_is[] = { "blocked", "down", NULL };

typedef void smtp_hear(struct smtp *, struct pw_turn *, const struct pw_reply *);

static smtp_hear hear_greeting, refuse_greeting, hear_ehlo, refuse_ehlo, hear_helo, hear_consent, refuse_starttls;

static const struct {
	int good;
	smtp_hear *hear, *refuse; /* a reply with that code; one with 4xx or 5xx */
	const char *said;
} moves[SMTP_MOVES] = {
	[SMTP_GREETING] = { 220, hear_greeting, refuse_greeting, "the connection" },
	[SMTP_EHLO]     = { 250, hear_ehlo,     refuse_ehlo,     "EHLO" },
	[SMTP_HELO]     = { 250, hear_helo,     refuse_ehlo,     "HELO" },
	[SMTP_STARTTLS] = { 220, hear_consent,  refuse_starttls, "STARTTLS" },
};

/* Ends with `outcome`, quoting the server: `EHLO watch.example.net was answered with "554 …" (192.0.2.1)`. */
static void
refuse(const struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply, const char *outcome)
{
	char quote[QUOTE_MAX];

	words_quote(reply, quote, sizeof quote);
	switch (smtp->move) {
	case SMTP_GREETING:
		pw_done(turn, outcome, "greeted with \"%s\" (%s)", quote, turn->address);
		return;
	case SMTP_EHLO:
	case SMTP_HELO:
		pw_done(turn, outcome, "%s %s was answered with \"%s\" (%s)", moves[smtp->move].said, turn->helo, quote,
		    turn->address);
		return;
	case SMTP_STARTTLS:
		pw_done(turn, outcome, "STARTTLS was answered with \"%s\" (%s)", quote, turn->address);
		return;
	case SMTP_MOVES:
		return;
	}
}

/* A code that is no refusal and no answer to what was said either. */
static void
refuse_code(const struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	char quote[QUOTE_MAX];

	words_quote(reply, quote, sizeof quote);
	pw_done(turn, "protocol", "unexpected_code: \"%s\" in answer to %s, where %d is due (%s)", quote,
	    moves[smtp->move].said, moves[smtp->move].good, turn->address);
}

static void
say_hello(struct smtp *smtp, struct pw_turn *turn, enum smtp_move move)
{
	smtp->move = move;
	pw_say(turn, smtp->inside ? "ehlo_tls" : "ehlo", "%s %s", moves[move].said, turn->helo);
}

/* All was answered: what is required and missing degrades. */
static void
finish(struct smtp *smtp, struct pw_turn *turn)
{
	const struct pw_strings *require = smtp->wishes.require;
	char names[QUOTE_MAX] = "";
	size_t at = 0;

	for (uint32_t i = 0; smtp->missing != 0 && i < require->count && i < SMTP_REQUIRE_MAX; i++) {
		size_t size = strlen(require->items[i]);

		if ((smtp->missing >> i & 1) == 0 || at + size + 3 > sizeof names)
			continue;
		if (at > 0)
			names[at++] = ',', names[at++] = ' ';
		memcpy(names + at, require->items[i], size + 1);
		at += size;
	}
	if (smtp->missing != 0)
		pw_warn(turn, "capability_missing", "not offered: %s (%s)", names, turn->address);
	pw_done(turn, "ok", "%s", "");
}

/* The lines of a reply from `first` on, joined by `between`. */
static struct pw_bytes
join(const struct pw_reply *reply, size_t first, const char *between, char into[static JOINED_MAX])
{
	size_t at = 0, gap = strlen(between);

	for (size_t i = first; i < reply->count; i++) {
		struct pw_bytes line = reply->lines[i];

		if (at > 0 && at + gap < JOINED_MAX) {
			memcpy(into + at, between, gap);
			at += gap;
		}
		if (line.size > JOINED_MAX - at)
			line.size = JOINED_MAX - at;
		memcpy(into + at, line.data, line.size);
		at += line.size;
	}
	return (struct pw_bytes){ into, at };
}

/* Whether the expression is found in a line of the greeting, the code before it. */
static bool
is_expected(const struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	char line[4 + JOINED_MAX];

	if (smtp->wishes.expect == NULL)
		return true;
	for (size_t i = 0; i < reply->count; i++) {
		size_t size = reply->lines[i].size < JOINED_MAX ? reply->lines[i].size : JOINED_MAX;

		line[0] = (char)('0' + reply->code / 100);
		line[1] = (char)('0' + reply->code / 10 % 10);
		line[2] = (char)('0' + reply->code % 10);
		line[3] = ' ';
		memcpy(line + 4, reply->lines[i].data, size);
		if (pw_matches(turn, smtp->wishes.expect, (struct pw_bytes){ line, 4 + size }))
			return true;
	}
	return false;
}

static void
finish_greeting(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	char quote[QUOTE_MAX];

	if (is_expected(smtp, turn, reply)) {
		pw_done(turn, "ok", "%s", "");
		return;
	}
	words_quote(reply, quote, sizeof quote);
	if (smtp->wishes.strict) {
		pw_done(turn, "banner_mismatch", "greeted with \"%s\", which is not as expected (%s)", quote, turn->address);
		return;
	}
	pw_warn(turn, "banner_mismatch", "greeted with \"%s\", which is not as expected (%s)", quote, turn->address);
	pw_done(turn, "ok", "%s", "");
}

static void
hear_greeting(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	char joined[JOINED_MAX];
	struct pw_bytes banner = reply->count == 1 ? reply->lines[0] : join(reply, 0, " / ", joined);
	struct pw_bytes software = words_software(banner);

	pw_fact(turn, "banner", banner);
	if (software.size > 0)
		pw_fact(turn, "software", software);
	if (smtp->wishes.greeting_only)
		finish_greeting(smtp, turn, reply);
	else
		say_hello(smtp, turn, SMTP_EHLO);
}

static void
refuse_greeting(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	const char *outcome;

	if (words_are_policy(reply))
		outcome = "policy";
	else if (reply->code < 500)
		outcome = "tempfail";
	else if (reply->code == 521)
		outcome = "no_mail_service";
	else
		outcome = smtp->wishes.reject_is_down ? "greeting_rejected" : "rejected";
	refuse(smtp, turn, reply, outcome);
}

/* Whether one line of a reply to EHLO offers `wanted`: its keyword, and each further word among the parameters. */
static bool
line_offers(struct pw_bytes line, const char *wanted)
{
	struct pw_bytes wish = { wanted, strlen(wanted) }, word = words_take(&wish);

	if (!words_equal(words_take(&line), word))
		return false;
	while ((word = words_take(&wish)).size > 0) {
		struct pw_bytes parameters = line, parameter;

		while ((parameter = words_take(&parameters)).size > 0 && !words_equal(parameter, word))
			;
		if (parameter.size == 0)
			return false;
	}
	return true;
}

static bool
offers(const struct pw_reply *reply, const char *wanted)
{
	for (size_t i = 1; i < reply->count; i++)
		if (line_offers(reply->lines[i], wanted))
			return true;
	return false;
}

/* Inside TLS nobody offers STARTTLS, and who requires it has it. */
static bool
is_there(const struct pw_turn *turn, const struct pw_reply *reply, const char *wanted)
{
	return (turn->secured && strcasecmp(wanted, "STARTTLS") == 0) || offers(reply, wanted);
}

static void
look_for_required(struct smtp *smtp, const struct pw_turn *turn, const struct pw_reply *reply)
{
	const struct pw_strings *require = smtp->wishes.require;

	smtp->missing = 0;
	for (uint32_t i = 0; require != NULL && i < require->count && i < SMTP_REQUIRE_MAX; i++)
		if (!is_there(turn, reply, require->items[i]))
			smtp->missing |= 1ull << i;
}

static void
tell_capabilities(struct pw_turn *turn, const struct pw_reply *reply)
{
	char joined[JOINED_MAX];

	pw_fact(turn, "capabilities", join(reply, 1, ", ", joined));
	for (size_t i = 1; i < reply->count; i++) {
		struct pw_bytes line = reply->lines[i], size;

		if (!words_equal(words_take(&line), (struct pw_bytes){ "SIZE", 4 }))
			continue;
		if ((size = words_take(&line)).size > 0)
			pw_fact(turn, "size", size);
	}
}

static void
tell_starttls(struct pw_turn *turn, bool offered)
{
	const char *value = offered ? "offered" : "not offered";

	if (!turn->secured)
		pw_fact(turn, "starttls", (struct pw_bytes){ value, strlen(value) });
}

/* EHLO or HELO was answered: TLS, where it is wanted and not yet there. */
static void
go_on(struct smtp *smtp, struct pw_turn *turn, bool offered)
{
	bool wanted = !turn->secured && (turn->tls == PW_TLS_OPPORTUNISTIC || turn->tls == PW_TLS_REQUIRE);

	if (wanted && offered) {
		smtp->move = SMTP_STARTTLS;
		pw_say(turn, "starttls", "STARTTLS");
		return;
	}
	if (wanted && turn->tls == PW_TLS_REQUIRE) {
		pw_done(turn, "starttls_missing", "STARTTLS is not offered (%s)", turn->address);
		return;
	}
	if (wanted)
		pw_note(turn, "STARTTLS is not offered; the dialogue stays in clear");
	finish(smtp, turn);
}

static void
hear_ehlo(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	bool offered = offers(reply, "STARTTLS");

	tell_starttls(turn, offered);
	tell_capabilities(turn, reply);
	look_for_required(smtp, turn, reply);
	go_on(smtp, turn, offered);
}

/* Whoever knows no EHLO has no capabilities: all that is required is missing. */
static void
hear_helo(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	const struct pw_reply nothing = { .code = reply->code, .count = 1, .lines = reply->lines };

	pw_note(turn, "no_esmtp: EHLO was refused, HELO is answered");
	tell_starttls(turn, false);
	pw_fact(turn, "capabilities", (struct pw_bytes){ "none", 4 });
	look_for_required(smtp, turn, &nothing);
	go_on(smtp, turn, false);
}

/* 500, 502 and 504 say that EHLO is not known, or not with these words. */
static bool
is_unknown_command(const struct pw_reply *reply)
{
	return reply->code == 500 || reply->code == 502 || reply->code == 504;
}

static bool
is_our_name(const struct pw_reply *reply)
{
	if (reply->code == 500 || reply->code == 502)
		return false;
	return reply->code == 501 || reply->code == 550 || words_are_helo(reply);
}

static void
refuse_ehlo(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	if (smtp->move == SMTP_EHLO && is_unknown_command(reply)) {
		say_hello(smtp, turn, SMTP_HELO);
		return;
	}
	if (is_our_name(reply))
		refuse(smtp, turn, reply, "helo");
	else if (words_are_policy(reply))
		refuse(smtp, turn, reply, "policy");
	else
		refuse(smtp, turn, reply, reply->code < 500 ? "tempfail" : "ehlo_rejected");
}

static void
hear_consent(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	(void)smtp, (void)reply;
	pw_secure(turn);
}

/* 421 closes the connection whatever we want; else, where TLS is only opportunistic, what is left is the dialogue in
 * clear, which had its answer already. */
static void
refuse_starttls(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	char quote[QUOTE_MAX];

	if (reply->code == 421 || (turn->tls != PW_TLS_OPPORTUNISTIC && reply->code < 500)) {
		refuse(smtp, turn, reply, "tempfail");
		return;
	}
	if (turn->tls != PW_TLS_OPPORTUNISTIC) {
		refuse(smtp, turn, reply, "starttls_refused");
		return;
	}
	words_quote(reply, quote, sizeof quote);
	pw_warn(turn, "starttls_refused", "STARTTLS is offered, and was answered with \"%s\" (%s)", quote, turn->address);
	finish(smtp, turn);
}

void
smtp_begin(struct smtp *smtp, struct pw_turn *turn, const struct smtp_wishes *wishes)
{
	smtp->wishes = *wishes;
	smtp->move = SMTP_GREETING;
	pw_expect(turn, "banner");
}

void
smtp_on_reply(void *session, struct pw_turn *turn, const struct pw_reply *reply)
{
	struct smtp *smtp = session;

	if (reply->code == moves[smtp->move].good)
		moves[smtp->move].hear(smtp, turn, reply);
	else if (reply->code >= 400)
		moves[smtp->move].refuse(smtp, turn, reply);
	else
		refuse_code(smtp, turn, reply);
}

/* What was learnt in clear is worth nothing inside (RFC 3207, section 4.2). */
void
smtp_on_secured(void *session, struct pw_turn *turn, const struct pw_tls *tls)
{
	struct smtp *smtp = session;

	(void)tls;
	smtp->inside = true;
	smtp->missing = 0;
	say_hello(smtp, turn, SMTP_EHLO);
}
