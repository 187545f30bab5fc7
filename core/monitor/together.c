/* What was held and is told at last: all in one notice. */
#include "monitor/monitor.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

enum { DIGEST_NAMES = 50, DIGEST_TEXT = 4096 };
static const int64_t digest_pause = 60 * (int64_t)SECOND;

void
together_add(struct monitor *monitor, uint32_t target)
{
	monitor->targets[target].flags |= WATCHED_IN_DIGEST;
	if (monitor->digest_count++ == 0 && monitor->digest_due < monitor->now)
		monitor->digest_due = monitor->now + digest_pause;
}

void
together_now(struct monitor *monitor, uint16_t port)
{
	monitor->digest_due = monitor->now;
	monitor->digest_port = port;
}

/* Names those whose down was stamped since the last digest, and forgets that it was. */
static uint32_t
gather(struct monitor *monitor, struct text *names, struct moment *began)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		struct watched *watched = &monitor->targets[i];
		if (!(watched->flags & WATCHED_IN_DIGEST))
			continue;
		watched->flags = (uint8_t)(watched->flags & ~WATCHED_IN_DIGEST);
		if (watched->state.trouble != NULL && watched->state.trouble->began.mono < began->mono)
			*began = watched->state.trouble->began;
		if (count++ < DIGEST_NAMES)
			text_format(names, "%s%s", count == 1 ? ": " : ", ", monitor->config->targets[i].name);
	}
	if (count > DIGEST_NAMES)
		text_format(names, " and %" PRIu32 " more", count - DIGEST_NAMES);
	return count;
}

static void
tell(struct monitor *monitor)
{
	char names[DIGEST_TEXT], since[64];
	struct text text = TEXT_OVER(names), span = TEXT_OVER(since);
	struct moment began = clocks_now(monitor);
	uint32_t count = gather(monitor, &text, &began);

	monitor->digest_count = 0;
	text_add_span(&span, monitor->now - began.mono);
	if (monitor->digest_port != 0)
		herald_ours(monitor, NOTICE_digest, "digest", began, "%" PRIu32 " target%s not answered on port %u as %s should "
		    "for %s; ours or theirs: nothing that we can reach on that port tells which%s", count,
		    count == 1 ? " has" : "s have", monitor->digest_port, count == 1 ? "it" : "they", since, names);
	else
		herald_ours(monitor, NOTICE_digest, "digest", began, "%s%" PRIu32 " target%s failed for %s; our network or theirs; "
		    "nothing that we can reach tells which%s", count == monitor->config->target_count ? "all " : "", count,
		    count == 1 ? " has" : "s have", since, names);
	monitor->digest_port = 0;
	monitor->together.told = clocks_now(monitor);
	if (monitor->together.count == 0)
		monitor->together.began = began;
	monitor->together.count += count;
}

/* Refusals begin and end by their port, beside what else is told together. */
static void
name_code(char code[static OUTCOME_NAME_MAX], uint16_t port)
{
	snprintf(code, OUTCOME_NAME_MAX, "digest_%" PRIu16, port);
}

void
together_refused(struct monitor *monitor, struct port_hold *of_port)
{
	char names[DIGEST_TEXT], since[64], code[OUTCOME_NAME_MAX];
	struct text text = TEXT_OVER(names), span = TEXT_OVER(since);
	uint32_t count = 0;

	for (uint32_t i = 0; i < of_port->hold.count && i < HOLD_SUSPECTS; i++)
		if (of_port->hold.suspects[i].likeness == of_port->hold.likeness)
			text_format(&text, "%s%s", count++ == 0 ? "" : ", ", monitor->config->targets[of_port->hold.suspects[i].target].name);
	of_port->refused = clocks_at(monitor, of_port->hold.since);
	text_add_span(&span, monitor->now - of_port->hold.since);
	name_code(code, of_port->port);
	herald_ours(monitor, NOTICE_digest, code, of_port->refused, "%" PRIu32 " targets on port %u have turned us away for %s in "
	    "the same words; ours or theirs: nothing that we can reach on that port tells which: %s", count, of_port->port, since,
	    names);
}

static void
end_refusals(struct monitor *monitor)
{
	char bytes[64], code[OUTCOME_NAME_MAX];

	for (uint32_t i = 0; i < monitor->port_count; i++) {
		struct port_hold *of_port = &monitor->ports[i];
		struct text span = TEXT_OVER(bytes);
		if (!moment_is_set(of_port->refused) || !hold_is_free(&of_port->hold))
			continue;
		text_add_span(&span, monitor->now - of_port->refused.mono);
		name_code(code, of_port->port);
		herald_ours(monitor, NOTICE_cleared, code, of_port->refused, "port %u is answered by its targets again, after %s",
		    of_port->port, bytes);
		of_port->refused = (struct moment){ 0, 0 };
	}
}

void
together_apart(struct monitor *monitor)
{
	monitor->together.apart++;
}

/* How many of those that were told together are still down. */
static uint32_t
count_together(const struct monitor *monitor, struct moment *began)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		const struct trouble *trouble = monitor->targets[i].state.trouble;
		if (trouble == NULL || !trouble->together)
			continue;
		count++;
		if (trouble->began.mono < began->mono)
			*began = trouble->began;
	}
	return count;
}

/* Those that went down since the last digest, to be told in the next: it was not told. */
static void
add_untold(struct monitor *monitor)
{
	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		const struct target_state *state = &monitor->targets[i].state;
		if (state->trouble != NULL && state->trouble->together && state->since.utc > monitor->together.told.utc)
			together_add(monitor, i);
	}
	monitor->digest_due = monitor->now;
}

void
together_begin(struct monitor *monitor)
{
	if (monitor->own.known) {
		add_untold(monitor);
		return;
	}
	monitor->together.told = monitor->together.began = clocks_now(monitor);
	monitor->together.count = count_together(monitor, &monitor->together.began);
}

void
together_end(struct monitor *monitor)
{
	struct together *together = &monitor->together;
	struct moment began = together->began;
	char bytes[64];
	struct text span = TEXT_OVER(bytes);

	end_refusals(monitor);
	if (together->count == 0 || monitor->digest_count > 0 || count_together(monitor, &began) > 0)
		return;
	uint32_t apart = together->apart < together->count ? together->apart : together->count;
	text_add_span(&span, monitor->now - began.mono);
	herald_ours(monitor, NOTICE_cleared, "digest", began, "%" PRIu32 " of the %" PRIu32 " targets that were told together answer "
	    "again, after %s%s", together->count - apart, together->count, bytes,
	    apart > 0 ? "; the others were told by themselves" : "");
	*together = (struct together){ .told = together->told };
}

void
together_tick(struct monitor *monitor)
{
	if (monitor->digest_count > 0 && monitor->now >= monitor->digest_due)
		tell(monitor);
}
