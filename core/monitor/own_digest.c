/*
 * For the monitor: tells in one notice of many outages whose confirmation had been held, as our own
 * network might have been at fault. Such holds run out for many targets within a second, and nobody
 * is to be sent a hundred mails.
 */
#include "monitor/own_digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "monitor/monitor.h"
#include "monitor/notify.h"

enum { DIGEST_NAMES = 50, DIGEST_TEXT = 4096 };

/* Names those whose down was stamped since the last digest, and forgets that it was. */
static uint32_t
gather(struct watch *watch, struct text *names, struct moment *began)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < watch->config->target_count; i++) {
		struct watched *watched = &watch->targets[i];
		if (!watched->in_digest)
			continue;
		watched->in_digest = false;
		if (watched->state.trouble != NULL
		    && watched->state.trouble->began.mono < began->mono)
			*began = watched->state.trouble->began;
		if (count++ < DIGEST_NAMES)
			text_format(names, "%s%s", count == 1 ? ": " : ", ",
			    watch->config->targets[i].name);
	}
	assert(count <= watch->config->target_count);
	if (count > DIGEST_NAMES)
		text_format(names, " and %" PRIu32 " more", count - DIGEST_NAMES);
	return count;
}

/* One notice for all, and the names of the first: who reads it wants the number, and looks for
 * his own. */
static void
tell(struct monitor *monitor)
{
	struct watch *watch = &monitor->watch;
	struct own_digest *digest = &monitor->own.digest;
	struct text names = TEXT_ROOM(DIGEST_TEXT);
	struct moment began = watch_moment(watch);
	uint32_t count = gather(watch, &names, &began);
	const char *since = SPAN(watch->now - began.mono);

	digest->count = 0;
	if (digest->port != 0)
		(void)notify_own(monitor, NOTICE_digest, "digest", began,
		    "%" PRIu32 " target%s not answered on port %u as %s "
		    "should for %s; ours or theirs: nothing that we can reach on that port tells "
		    "which%s", count,
		    count == 1 ? " has" : "s have", digest->port, count == 1 ? "it" : "they", since,
		    names.bytes);
	else
		(void)notify_own(monitor, NOTICE_digest, "digest", began,
		    "%s%" PRIu32 " target%s failed for %s; our network or theirs; "
		    "nothing that we can reach tells which%s",
		    count == watch->config->target_count ? "all " : "", count,
		    count == 1 ? " has" : "s have", since, names.bytes);
	digest->port = 0;
	digest->told.told = watch_moment(watch);
	if (digest->told.count == 0)
		digest->told.began = began;
	digest->told.count += count;
}

/* Refusals begin and end by their port, beside what else is told together. */
static void
name_code(char code[static OUTCOME_NAME_MAX], uint16_t port)
{
	snprintf(code, OUTCOME_NAME_MAX, "digest_%" PRIu16, port);
}

void
own_digest_tell_refused(struct monitor *monitor, struct port_hold *of_port)
{
	const struct watch *watch = &monitor->watch;
	char names[DIGEST_TEXT], code[OUTCOME_NAME_MAX];
	struct text text = TEXT_OVER(names);
	uint32_t count = 0;

	for (uint32_t i = 0; i < of_port->hold.count && i < HOLD_SUSPECTS; i++)
		if (of_port->hold.suspects[i].likeness == of_port->hold.likeness)
			text_format(&text, "%s%s", count++ == 0 ? "" : ", ",
			    watch_target(watch, of_port->hold.suspects[i].target)->name);
	of_port->refused = clocks_at(&watch->clocks, of_port->hold.since);
	name_code(code, of_port->port);
	(void)notify_own(monitor, NOTICE_digest, code, of_port->refused,
	    "%" PRIu32 " targets on port %u have turned us away for %s in "
	    "the same words; ours or theirs: nothing that we can reach on that port tells which: "
	    "%s", count, of_port->port, SPAN(watch->now - of_port->hold.since), names);
}

static void
end_refusals(struct monitor *monitor)
{
	struct own_side *own = &monitor->own;
	char code[OUTCOME_NAME_MAX];

	for (uint32_t i = 0; i < own->port_count; i++) {
		struct port_hold *of_port = &own->ports[i];

		if (!moment_is_set(of_port->refused) || of_port->hold.stage != HOLD_FREE)
			continue;
		name_code(code, of_port->port);
		(void)notify_own(monitor, NOTICE_cleared, code, of_port->refused,
		    "port %u is answered by its targets again, after %s", of_port->port,
		    SPAN(monitor->watch.now - of_port->refused.mono));
		of_port->refused = (struct moment){ 0, 0 };
	}
}

/* How many of those that were told together are still down. */
static uint32_t
count_together(const struct watch *watch, struct moment *began)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < watch->config->target_count; i++) {
		const struct trouble *trouble = watch->targets[i].state.trouble;
		if (trouble == NULL || !trouble->together)
			continue;
		count++;
		if (trouble->began.mono < began->mono)
			*began = trouble->began;
	}
	return count;
}

/* A monitor before us that left no record may have told a digest: those that are down together
 * are taken as told. */
void
own_digest_begin(struct monitor *monitor)
{
	struct watch *watch = &monitor->watch;
	struct own_digest *digest = &monitor->own.digest;

	if (monitor->own.record.known) {
		/* Those that went down since the last digest, to be told in the next: it was not
		 * told. */
		for (uint32_t i = 0; i < watch->config->target_count; i++) {
			const struct target_state *state = &watch->targets[i].state;
			if (state->trouble != NULL && state->trouble->together
			    && state->since.utc > digest->told.told.utc)
				own_digest_add(digest, &watch->targets[i], watch->now);
		}
		digest->due = watch->now;
		return;
	}
	digest->told.told = digest->told.began = watch_moment(watch);
	digest->told.count = count_together(watch, &digest->told.began);
}

void
own_digest_end(struct monitor *monitor)
{
	const struct watch *watch = &monitor->watch;
	struct own_digest *digest = &monitor->own.digest;
	struct told_together *told = &digest->told;
	struct moment began = told->began;

	end_refusals(monitor);
	if (told->count == 0 || digest->count > 0 || count_together(watch, &began) > 0)
		return;
	uint32_t apart = told->apart < told->count ? told->apart : told->count;
	(void)notify_own(monitor, NOTICE_cleared, "digest", began,
	    "%" PRIu32 " of the %" PRIu32 " targets that were told together "
	    "answer again, after %s%s", told->count - apart, told->count,
	    SPAN(watch->now - began.mono), apart > 0 ? "; the others were told by themselves" : "");
	*told = (struct told_together){ .told = told->told };
}

void
own_digest_tick(struct monitor *monitor)
{
	const struct own_digest *digest = &monitor->own.digest;

	if (digest->count > 0 && monitor->watch.now >= digest->due)
		tell(monitor);
}
