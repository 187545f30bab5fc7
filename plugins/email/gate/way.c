/*
 * For the gate of the e-mail notifier: opens the SMTP session with the relay: connection, greeting,
 * EHLO, TLS, AUTH.
 */
#include "way.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "reach.h"

static bool __attribute__((format(printf, 2, 3)))
fail(struct way *way, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(way->words, sizeof way->words, format, arguments);
	va_end(arguments);
	return false;
}

bool
way_fail_at(struct way *way, const char *step)
{
	const struct wire *wire = &way->wire;

	if (wire->end == WIRE_REFUSED)
		return fail(way, "%s (said before %s)", wire->why, step);
	if (wire->end == WIRE_LATE)
		return fail(way, "%s: no whole reply, %s; %zu bytes of it came", step, wire->why,
		    wire->size);
	return fail(way, "%s: %s", step, wire->why);
}

bool
way_exchange(struct way *way, const char *step, const char *command, int *code, size_t *size)
{
	char line[WAY_COMMAND_MAX + 3];
	int length = snprintf(line, sizeof line, "%s\r\n", command);

	assert(length < (int)sizeof line);
	if (!wire_say(&way->wire, line, (size_t)length, wire_now() + WAY_LIMIT)
	    || !wire_reply(&way->wire, WAY_LIMIT, code, size))
		return way_fail_at(way, step);
	return true;
}

/* Makes ->words from a reply that refuses the step, and takes it; returns false. */
static bool
fail_by_reply(struct way *way, const char *step, size_t size)
{
	char words[WAY_WORDS_MAX - 100];

	reply_tell(way->wire.bytes, size, words, sizeof words);
	wire_take(&way->wire, size);
	return fail(way, "%s: %s", step, words);
}

static bool
greet(struct way *way)
{
	size_t size;
	int code;

	if (!wire_reply(&way->wire, WAY_LIMIT, &code, &size))
		return way_fail_at(way, "greeting");
	if (code != 220)
		return fail_by_reply(way, "greeting", size);
	wire_take(&way->wire, size);
	return true;
}

static void
add_offer(struct way *way, const char *words, size_t size)
{
	size_t have = strlen(way->offer);

	if (have > 0 && have + 1 < sizeof way->offer)
		way->offer[have++] = ' ';
	for (size_t i = 0; i < size && have + 1 < sizeof way->offer; i++)
		way->offer[have++] = isalnum((unsigned char)words[i])
		    || strchr("-_", words[i]) != NULL ? words[i] : ' ';
	way->offer[have] = '\0';
}

static void
take_keyword(void *arg, const char *line, size_t size)
{
	struct way *way = arg;

	if (size == 8 && strncasecmp(line, "STARTTLS", 8) == 0)
		way->offers_starttls = true;
	if (size > 5 && strncasecmp(line, "AUTH", 4) == 0 && (line[4] == ' ' || line[4] == '='))
		add_offer(way, line + 5, size - 5);
}

void
way_take_offer(struct way *way, const char *reply, size_t size)
{
	way->offers_starttls = false;
	way->offer[0] = '\0';
	reply_lines(reply, size, take_keyword, way);
}

/* HELO follows where EHLO is not implemented (RFC 5321 3.2); such a relay offers neither STARTTLS
 * nor AUTH. */
static bool
say_hello(struct way *way)
{
	const char *step = way->secured ? "EHLO inside TLS" : "EHLO";
	char literal[64], command[WAY_COMMAND_MAX + 1];
	size_t size;
	int code;

	reach_literal(&way->wire, literal, sizeof literal);
	snprintf(command, sizeof command, "EHLO %s", way->helo[0] == '\0' ? literal : way->helo);
	way_take_offer(way, "", 0);
	if (!way_exchange(way, step, command, &code, &size))
		return false;
	if (code == 500 || code == 501 || code == 502 || code == 504) {
		wire_take(&way->wire, size);
		step = "HELO";
		memcpy(command, step, strlen(step));
		if (!way_exchange(way, step, command, &code, &size))
			return false;
	} else if (code / 100 == 2)
		way_take_offer(way, way->wire.bytes, size);
	if (code / 100 != 2)
		return fail_by_reply(way, step, size);
	wire_take(&way->wire, size);
	return true;
}

/* With tls = "opportunistic": TLS is not tried again in this attempt. */
static void
go_in_clear(struct way *way)
{
	way->avoids_tls = true;
	snprintf(way->note, sizeof way->note, "%.*s", (int)sizeof way->note - 1, way->words);
}

/* After 220 to STARTTLS the connection cannot return to clear text (RFC 3207 4.2), so another one
 * is needed. Returns false. */
static bool
leave_connection(struct way *way, bool *anew)
{
	*anew = way->settings->tls == TLS_OPPORTUNISTIC && way->wire.end != WIRE_DEAR
	    && wire_now() < way->wire.until;
	if (*anew)
		go_in_clear(way);
	return false;
}

/* After 220 the relay waits for our ClientHello. Bytes in clear behind the reply were injected by
 * somebody between us (CVE-2011-0411), so they end the attempt whatever `tls` and `verify` say. */
static bool
begin_starttls(struct way *way, bool *anew)
{
	bool optional = way->settings->tls == TLS_OPPORTUNISTIC;
	size_t size;
	int code;

	if (!way_exchange(way, "STARTTLS", "STARTTLS", &code, &size))
		return false;
	if (code != 220) {
		(void)fail_by_reply(way, "STARTTLS", size);
		if (optional && code != 421)
			go_in_clear(way);
		return optional && code != 421;
	}
	wire_take(&way->wire, size);
	if (!wire_drain(&way->wire) && way->wire.size == 0) {
		(void)way_fail_at(way, "STARTTLS");
		return leave_connection(way, anew);
	}
	if (way->wire.size > 0)
		return fail(way,
		    "bytes came in clear text behind the consent to STARTTLS (CVE-2011-0411): nothing was sent");
	if (!tls_begin(way->tls, &way->wire, WAY_LIMIT)) {
		(void)fail(way, "%s", way->wire.why);
		return leave_connection(way, anew);
	}
	way->secured = true;
	return say_hello(way);
}

static bool
secure(struct way *way, bool *anew)
{
	if (way->settings->tls == TLS_NONE || way->avoids_tls || way->secured)
		return true;
	if (way->offers_starttls)
		return begin_starttls(way, anew);
	return way->settings->tls == TLS_OPPORTUNISTIC ? true
	    : fail(way, "%s does not offer STARTTLS, and tls = \"require\"", way->settings->host);
}

static bool
authenticate(struct way *way)
{
	if (way->auth->user == NULL)
		return true;
	assert(way->settings->auth_unprotected
	    || (way->secured && way->settings->verify != VERIFY_NONE));
	if (way->avoids_tls)
		return fail(way, "AUTH is not said in clear where TLS failed: %.*s",
		    (int)sizeof way->words - 100, way->note);
	return auth_say(way->auth, &way->wire, way->offer, way->secured, WAY_LIMIT) ? true
	    : fail(way, "%s", way->wire.why);
}

static bool
open_once(struct way *way, bool *anew)
{
	if (!reach(&way->wire, way->settings, way->host))
		return fail(way, "%s", way->wire.why);
	if (way->settings->tls == TLS_IMPLICIT
	    && !(way->secured = tls_begin(way->tls, &way->wire, WAY_LIMIT)))
		return fail(way, "%s", way->wire.why);
	return greet(way) && say_hello(way) && secure(way, anew) && authenticate(way);
}

bool
way_open(struct way *way, int64_t until)
{
	bool anew = false;

	way->secured = way->avoids_tls = false;
	way->note[0] = way->words[0] = '\0';
	wire_init(&way->wire, until);
	if (open_once(way, &anew))
		return true;
	if (!anew)
		return false;
	wire_begin_anew(&way->wire);
	return open_once(way, &anew);
}
