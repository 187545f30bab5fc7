/* The probes smtp, starttls and banner before a host that only writes down their steps. */
#ifndef TESTS_SMTP_WORLD_H
#define TESTS_SMTP_WORLD_H

#include <stdarg.h>

#include "base/refusal.h"
#include "probe_world.h"

static struct {
	char steps[2048]; /* "expect banner; say ehlo EHLO me; …" */
	char facts[2048], warnings[1024], notes[1024];
	char otherwise[1024]; /* what an end of the connection means */
	bool matches;
	char matched[256];
} seen;

__attribute__((format(printf, 3, 4))) static void
add(char *to, size_t room, const char *format, ...)
{
	size_t size = strlen(to);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(to + size, room - size, format, arguments);
	va_end(arguments);
}

static void
expect(struct pw_turn *turn, const char *phase, const char *or_outcome)
{
	(void)turn, (void)or_outcome;
	add(seen.steps, sizeof seen.steps, "expect %s; ", phase);
}

__attribute__((format(printf, 4, 0))) static void
say(struct pw_turn *turn, const char *phase, bool secret, const char *format, va_list arguments)
{
	char line[512];

	(void)turn;
	assert_false(secret);
	vsnprintf(line, sizeof line, format, arguments);
	add(seen.steps, sizeof seen.steps, "%s: %s; ", phase, line);
}

static void
secure(struct pw_turn *turn)
{
	(void)turn;
	add(seen.steps, sizeof seen.steps, "secure; ");
}

__attribute__((format(printf, 3, 0))) static void
done(struct pw_turn *turn, const char *outcome, const char *format, va_list arguments)
{
	char text[512];

	(void)turn;
	vsnprintf(text, sizeof text, format, arguments);
	add(seen.steps, sizeof seen.steps, "%s%s%s", outcome, text[0] != '\0' ? ": " : "", text);
}

static void
fact(struct pw_turn *turn, const char *name, struct pw_bytes value)
{
	(void)turn;
	add(seen.facts, sizeof seen.facts, "%s=%.*s\n", name, (int)value.size, value.data);
}

__attribute__((format(printf, 3, 0))) static void
warn(struct pw_turn *turn, const char *code, const char *format, va_list arguments)
{
	char text[512];

	(void)turn;
	vsnprintf(text, sizeof text, format, arguments);
	add(seen.warnings, sizeof seen.warnings, "%s: %s\n", code, text);
}

__attribute__((format(printf, 2, 0))) static void
note(struct pw_turn *turn, const char *format, va_list arguments)
{
	char text[512];

	(void)turn;
	vsnprintf(text, sizeof text, format, arguments);
	add(seen.notes, sizeof seen.notes, "%s\n", text);
}

static bool
matches(struct pw_turn *turn, const struct pw_regex *regex, struct pw_bytes bytes)
{
	(void)turn, (void)regex;
	snprintf(seen.matched, sizeof seen.matched, "%.*s", (int)bytes.size, bytes.data);
	return seen.matches;
}

static struct pw_refusal
judge(struct pw_turn *turn, const struct pw_reply *reply, enum pw_stage stage)
{
	const struct refusal_session known = { .names = { .host = turn->target_host, .helo = turn->helo } };

	return refusal_judge(reply, stage, &known);
}

__attribute__((format(printf, 3, 0))) static void
or_end(struct pw_turn *turn, const char *outcome, const char *format, va_list arguments)
{
	char text[512];

	(void)turn;
	vsnprintf(text, sizeof text, format, arguments);
	add(seen.otherwise, sizeof seen.otherwise, "%s: %s\n", outcome, text);
}

static const struct pw_host host = {
	.size = sizeof host, .judge = judge, .or_end = or_end, .expect = expect, .say = say, .secure = secure, .done = done, .fact = fact, .warn = warn,
	.note = note, .matches = matches,
};

static struct pw_values *values;
static struct pw_turn turn;
static const struct pw_probe_ops *ops;
static void *session;

static void
begin(const char *probe, enum pw_tls_mode tls)
{
	bool matching = seen.matches;

	memset(&seen, 0, sizeof seen);
	seen.matches = matching;
	ops = world_plugin(probe)->ops;
	free(session);
	session = calloc(1, ops->session_size);
	turn = (struct pw_turn){ .host = &host, .values = values, .name = "mx", .target_host = "mx.example.org",
		.address = "192.0.2.1", .helo = "me", .port = 25, .tls = tls };
	ops->begin(session, &turn);
}

/* "250-a\n250-b": a reply in lines. */
static void
hear(const char *words)
{
	struct pw_bytes lines[32];
	struct pw_reply reply = { .code = (int)strtol(words, NULL, 10), .lines = lines };

	while (*words != '\0') {
		size_t size = strcspn(words, "\n");

		lines[reply.count++] = (struct pw_bytes){ words + 4, size - 4 };
		sscanf(words + 4, "%d.%d.%d ", &reply.enhanced[0], &reply.enhanced[1], &reply.enhanced[2]);
		if (reply.enhanced[0] != reply.code / 100)
			memset(reply.enhanced, 0, sizeof reply.enhanced);
		words += size + (words[size] == '\n');
	}
	ops->on_reply(session, &turn, &reply);
}

static int
set_up(void **state)
{
	(void)state;
	values = calloc(1, sizeof *values + 4 * sizeof values->items[0]);
	values->count = 4;
	memset(&seen, 0, sizeof seen);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	free(values);
	free(session);
	session = NULL;
	return 0;
}

#endif
