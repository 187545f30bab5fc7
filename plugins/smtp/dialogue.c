/*
 * The dialogue of the probes `smtp`, `starttls` and `banner` as a table: a row of `moves` has for
 * one step the code that is due and the functions for that code and for a refusal. The host's table
 * of refusals (pw_judge) decides what a refusal means; here the settings and the state of the
 * dialogue are added.
 */
#include "dialogue.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "software.h"
#include "reply_text.h"

enum { NAMES_MAX = 300, REASON_MAX = 120, SENTENCE_MAX = 900 };

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
	{ "size", 0,
	    "the largest message that is taken (SIZE, RFC 1870), in bytes, or \"no fixed limit\"" },
	{ .name = NULL },
};

const char *const smtp_reject_is[] = { "blocked", "down", NULL };

typedef void smtp_handler(struct smtp *, struct pw_turn *, const struct pw_reply *);

static smtp_handler accept_greeting, refuse_greeting, accept_ehlo, refuse_ehlo, accept_helo,
    accept_lhlo, refuse_lhlo, accept_starttls,
    refuse_starttls;

static const struct {
	int good;
	smtp_handler *accept, *refuse; /* for that code; for 4xx and 5xx */
	const char *said;
} moves[SMTP_MOVES] = {
	[SMTP_GREETING] = { 220, accept_greeting, refuse_greeting, "the connection" },
	[SMTP_EHLO]     = { 250, accept_ehlo,     refuse_ehlo,     "EHLO" },
	[SMTP_HELO]     = { 250, accept_helo,     refuse_ehlo,     "HELO" },
	[SMTP_LHLO]     = { 250, accept_lhlo,     refuse_lhlo,     "LHLO" },
	[SMTP_STARTTLS] = { 220, accept_starttls,  refuse_starttls, "STARTTLS" },
};

/* Writes which words of the reply decided, or that a refusal by policy gives no reason. */
static void
add_reason(const struct pw_refusal *refusal, char into[static REASON_MAX])
{
	into[0] = '\0';
	if (refusal->because.size > 0)
		snprintf(into, REASON_MAX, ", decided by \"%.*s\"",
		    (int)(refusal->because.size < 80 ? refusal->because.size : 80),
		    refusal->because.data);
	else if (strcmp(refusal->outcome, "policy") == 0)
		snprintf(into, REASON_MAX, ", which gives no reason");
}

/* Writes `EHLO watch.example.net was answered with "554 …" (192.0.2.1), decided by "blocked
 * using"`. */
static void
describe(const struct smtp *smtp, const struct pw_turn *turn, const struct pw_reply *reply,
    const struct pw_refusal *refusal, char into[static SENTENCE_MAX])
{
	char quote[SMTP_QUOTE_MAX], reason[REASON_MAX];

	reply_quote(reply, quote, sizeof quote);
	add_reason(refusal, reason);
	if (smtp->move == SMTP_GREETING)
		snprintf(into, SENTENCE_MAX, "greeted with \"%s\" (%s)%s", quote, turn->address,
		    reason);
	else
		snprintf(into, SENTENCE_MAX, "%s%s%s was answered with \"%s\" (%s)%s",
		    moves[smtp->move].said,
		    smtp->move == SMTP_STARTTLS ? "" : " ",
		    smtp->move == SMTP_STARTTLS ? "" : turn->helo, quote, turn->address,
		    reason);
}

static void finish(struct smtp *smtp, struct pw_turn *turn);

/* Ends with the outcome of the table. With opportunistic TLS a server that wants a client
 * certificate still takes mail in clear, so that is a condition. */
static void
refuse(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply,
    const struct pw_refusal *refusal)
{
	char sentence[SENTENCE_MAX];

	describe(smtp, turn, reply, refusal, sentence);
	if (turn->tls == PW_TLS_OPPORTUNISTIC
	    && strcmp(refusal->outcome, "client_cert_required") == 0) {
		pw_warn(turn, refusal->outcome, "%s", sentence);
		finish(smtp, turn);
		return;
	}
	pw_done(turn, refusal->outcome, "%s", sentence);
}

/* Ends for a 2xx or 3xx other than the code that is due. */
static void
refuse_code(const struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	char quote[SMTP_QUOTE_MAX];

	reply_quote(reply, quote, sizeof quote);
	pw_done(turn, "protocol", "unexpected_code: \"%s\" in answer to %s, where %d is due (%s)",
	    quote,
	    moves[smtp->move].said, moves[smtp->move].good, turn->address);
}

static void
say_hello(struct smtp *smtp, struct pw_turn *turn, enum smtp_move move)
{
	smtp->move = move;
	pw_say(turn, smtp->inside ? "ehlo_tls" : "ehlo", "%s %s", moves[move].said, turn->helo);
}

/* Ends the dialogue well; a required capability that is missing is a condition. */
static void
finish(struct smtp *smtp, struct pw_turn *turn)
{
	const struct pw_strings *require = smtp->options.require;
	char names[NAMES_MAX] = "";
	size_t at = 0;

	for (uint32_t i = 0; smtp->missing != 0 && i < require->count
	    && i < SMTP_REQUIRE_MAX; i++) {
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

/* Returns whether the expression matches a line of the greeting as the transcript shows it,
 * "220-mx.example.org ESMTP", or with a blank behind the code: "^220 .*ESMTP" is meant for lines
 * of a multi-line greeting as well. */
static bool
is_expected(const struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	char line[4 + REPLY_JOINED_MAX];

	if (smtp->options.expect == NULL)
		return true;
	for (size_t i = 0; i < reply->count; i++) {
		size_t size = reply->lines[i].size < REPLY_JOINED_MAX ? reply->lines[i].size
		    : REPLY_JOINED_MAX;
		bool last = i + 1 == reply->count;
		const struct pw_bytes shown = { line, last && size == 0 ? 3 : 4 + size };

		line[0] = (char)('0' + reply->code / 100);
		line[1] = (char)('0' + reply->code / 10 % 10);
		line[2] = (char)('0' + reply->code % 10);
		line[3] = '-';
		memcpy(line + 4, reply->lines[i].data, size);
		if (!last && pw_matches(turn, smtp->options.expect, shown))
			return true;
		line[3] = ' ';
		if (pw_matches(turn, smtp->options.expect, shown))
			return true;
	}
	return false;
}

static void
finish_greeting(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	char quote[SMTP_QUOTE_MAX];

	if (is_expected(smtp, turn, reply)) {
		pw_done(turn, "ok", "%s", "");
		return;
	}
	reply_quote(reply, quote, sizeof quote);
	if (smtp->options.strict) {
		pw_done(turn, "banner_mismatch",
		    "greeted with \"%s\", which is not as expected (%s)", quote, turn->address);
		return;
	}
	pw_warn(turn, "banner_mismatch", "greeted with \"%s\", which is not as expected (%s)",
	    quote, turn->address);
	pw_done(turn, "ok", "%s", "");
}

static void
look_for_lmtp(struct smtp *smtp, const struct pw_reply *reply)
{
	smtp->says_lmtp |= reply_mentions(reply, "LMTP") || reply_mentions(reply, "LHLO");
}

static void
accept_greeting(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	char joined[REPLY_JOINED_MAX];
	struct pw_bytes banner = reply->count == 1 ? reply->lines[0]
	    : reply_join(reply, 0, " / ", joined);
	struct pw_bytes software = software_of(banner);

	pw_fact(turn, "banner", banner);
	if (software.size > 0)
		pw_fact(turn, "software", software);
	look_for_lmtp(smtp, reply);
	if (smtp->options.greeting_only)
		finish_greeting(smtp, turn, reply);
	else
		say_hello(smtp, turn, SMTP_EHLO);
}

static void
refuse_greeting(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	struct pw_refusal refusal = pw_judge(turn, reply, PW_AT_GREETING);
	bool plain = strcmp(refusal.outcome, "rejected") == 0
	    || strcmp(refusal.outcome, "no_mail_service") == 0;

	if (plain && smtp->options.reject_is_down)
		refusal.outcome = "greeting_rejected";
	refuse(smtp, turn, reply, &refusal);
}

/* Inside TLS a server must not offer STARTTLS (RFC 3207 4.2), and a requirement of it is met. */
static bool
is_there(const struct pw_turn *turn, const struct pw_reply *reply, const char *wanted)
{
	return (turn->secured && strcasecmp(wanted, "STARTTLS") == 0)
	    || reply_offers(reply, wanted);
}

static void
look_for_required(struct smtp *smtp, const struct pw_turn *turn, const struct pw_reply *reply)
{
	const struct pw_strings *require = smtp->options.require;

	smtp->missing = 0;
	for (uint32_t i = 0; require != NULL && i < require->count && i < SMTP_REQUIRE_MAX; i++)
		if (!is_there(turn, reply, require->items[i]))
			smtp->missing |= 1ull << i;
}

static void
tell_capabilities(struct pw_turn *turn, const struct pw_reply *reply)
{
	static const char unlimited[] = "no fixed limit"; /* RFC 1870 4 */
	char joined[REPLY_JOINED_MAX];

	pw_fact(turn, "capabilities", reply_join(reply, 1, ", ", joined));
	for (size_t i = 1; i < reply->count; i++) {
		struct pw_bytes line = reply->lines[i], size;

		if (!equals_ignoring_case(take_word(&line), (struct pw_bytes){ "SIZE", 4 }))
			continue;
		if ((size = take_word(&line)).size > 0)
			pw_fact(turn, "size",
			    is_all_zeros(size)
			    ? (struct pw_bytes){ unlimited, sizeof unlimited - 1 } : size);
	}
}

static void
tell_starttls(struct pw_turn *turn, bool offered)
{
	const char *value = offered ? "offered" : "not offered";

	if (!turn->secured)
		pw_fact(turn, "starttls", (struct pw_bytes){ value, strlen(value) });
}

/* After EHLO or HELO: STARTTLS where the settings ask for it, else the end. */
static void
go_on(struct smtp *smtp, struct pw_turn *turn, bool offered)
{
	bool wanted = !turn->secured
	    && (turn->tls == PW_TLS_OPPORTUNISTIC || turn->tls == PW_TLS_REQUIRE);

	if (wanted && offered) {
		smtp->move = SMTP_STARTTLS;
		pw_say(turn, "starttls", "STARTTLS");
		return;
	}
	if (wanted && turn->tls == PW_TLS_REQUIRE && smtp->refused != 0) {
		pw_done(turn, "ehlo_rejected",
		    "EHLO %s was answered with \"%s\" (%s); HELO is accepted, and knows no STARTTLS",
		    turn->helo, smtp->quote, turn->address);
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
accept_ehlo(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	bool offered = reply_offers(reply, "STARTTLS");

	tell_starttls(turn, offered);
	tell_capabilities(turn, reply);
	look_for_required(smtp, turn, reply);
	go_on(smtp, turn, offered);
}

/* A server without EHLO has no capabilities (RFC 5321 2.2.1), so every required one is missing. */
static void
accept_helo(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	const struct pw_reply nothing = { .code = reply->code, .count = 1, .lines = reply->lines };

	pw_note(turn, "no_esmtp: EHLO was refused, HELO is answered");
	tell_starttls(turn, false);
	pw_fact(turn, "capabilities", (struct pw_bytes){ "none", 4 });
	look_for_required(smtp, turn, &nothing);
	go_on(smtp, turn, false);
}

/* Sends HELO or LHLO. If the server closes instead of a reply, the reason told is its reply to
 * EHLO. */
static void
try_other_hello(struct smtp *smtp, struct pw_turn *turn, enum smtp_move move)
{
	pw_or_end(turn, "ehlo_rejected", "EHLO %s was answered with \"%s\" (%s)", turn->helo,
	    smtp->quote, turn->address);
	say_hello(smtp, turn, move);
}

static void
reject_ehlo(const struct smtp *smtp, struct pw_turn *turn)
{
	pw_done(turn, "ehlo_rejected",
	    "EHLO %s was answered with \"%s\" (%s), and HELO was refused as well", turn->helo,
	    smtp->quote, turn->address);
}

static bool
is_unknown_command(int code)
{
	return code == 500 || code == 502;
}

/* HELO follows a refused EHLO (RFC 5321 3.2). A server that knows neither command, or speaks of
 * LMTP, may speak that (RFC 2033). */
static void
refuse_ehlo(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	struct pw_refusal refusal = pw_judge(turn, reply, PW_AT_EHLO);

	look_for_lmtp(smtp, reply);
	if (strcmp(refusal.outcome, "ehlo_rejected") != 0) {
		refuse(smtp, turn, reply, &refusal);
	} else if (smtp->move == SMTP_EHLO) {
		smtp->refused = reply->code;
		reply_quote(reply, smtp->quote, sizeof smtp->quote);
		try_other_hello(smtp, turn, SMTP_HELO);
	} else if (smtp->says_lmtp
	    || (is_unknown_command(smtp->refused) && is_unknown_command(reply->code))) {
		try_other_hello(smtp, turn, SMTP_LHLO);
	} else {
		reject_ehlo(smtp, turn);
	}
}

static void
accept_lhlo(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	(void)smtp, (void)reply;
	pw_done(turn, "other_protocol",
	    "EHLO and HELO are refused, and LHLO is answered: this is LMTP (RFC 2033), not SMTP "
	    "(%s)", turn->address);
}

static void
refuse_lhlo(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	(void)reply;
	reject_ehlo(smtp, turn);
}

static void
accept_starttls(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	(void)smtp, (void)reply;
	pw_secure(turn);
}

/* A refusal that concerns us or the server's load holds for mail in clear as well, and 421 closes
 * the connection. Any other one is a condition with opportunistic TLS, where mail goes in clear. */
static void
refuse_starttls(struct smtp *smtp, struct pw_turn *turn, const struct pw_reply *reply)
{
	struct pw_refusal refusal = pw_judge(turn, reply, PW_AT_STARTTLS);
	char quote[SMTP_QUOTE_MAX];
	bool is_general = strcmp(refusal.outcome, "policy") == 0
	    || strcmp(refusal.outcome, "rate_limited") == 0;

	if (reply->code == 421 || is_general || turn->tls != PW_TLS_OPPORTUNISTIC) {
		refuse(smtp, turn, reply, &refusal);
		return;
	}
	reply_quote(reply, quote, sizeof quote);
	pw_warn(turn, "starttls_refused", "STARTTLS is offered, and was answered with \"%s\" (%s)",
	    quote, turn->address);
	finish(smtp, turn);
}

void
smtp_begin(struct smtp *smtp, struct pw_turn *turn, const struct smtp_options *options)
{
	smtp->options = *options;
	smtp->move = SMTP_GREETING;
	pw_expect(turn, "banner");
}

void
smtp_on_reply(void *session, struct pw_turn *turn, const struct pw_reply *reply)
{
	struct smtp *smtp = session;

	if (reply->code == moves[smtp->move].good)
		moves[smtp->move].accept(smtp, turn, reply);
	else if (reply->code >= 400)
		moves[smtp->move].refuse(smtp, turn, reply);
	else
		refuse_code(smtp, turn, reply);
}

/* What the server said before TLS is discarded (RFC 3207 4.2). */
void
smtp_on_secured(void *session, struct pw_turn *turn, const struct pw_tls *tls)
{
	struct smtp *smtp = session;

	(void)tls;
	smtp->inside = true;
	smtp->missing = 0;
	smtp->refused = 0;
	say_hello(smtp, turn, SMTP_EHLO);
}
