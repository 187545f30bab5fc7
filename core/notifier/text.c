/*
 * For the notifier's worker process: writes the body text of notices that people read. Words of the
 * configuration and of our own are printable already when they come; what servers said is escaped
 * by the transcript (base/transcript.h).
 */
#include "notifier/text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/transcript.h"
#include "notifier/text_evidence.h"

static const int64_t late = 60 * (int64_t)SECOND;
enum { FOOT_MAX = 2048, LEAD_MIN = 256, LIST_MAX = 8 * 1024 };

static void
add_name(struct text *text, const char *name)
{
	text_format(text, "  %-11s", name);
}

/* "2026-11-23 16:43:43 +0100 (CET)  2026-11-23 15:43:43Z", and once where the zone is UTC */
static void
add_time(struct text *text, const char *name, int64_t at, const struct zone *zone)
{
	struct zone_time utc;

	if (at == 0)
		return;
	add_name(text, name);
	zone_add(text, zone, at);
	if (zone_at(zone, at / SECOND).offset == 0) {
		text_add(text, "\n");
		return;
	}
	utc = zone_at(NULL, at / SECOND);
	text_format(text, "  %04" PRId64 "-%02d-%02d %02d:%02d:%02dZ\n", utc.year, utc.month,
	    utc.day, utc.hour, utc.minute, utc.second);
}

static void
add_span(struct text *text, const char *name, int64_t span, const char *more)
{
	add_name(text, name);
	text_format(text, "%s%s\n", SPAN(span), more);
}

static void
add_when(struct text *text, const struct notice_view *view)
{
	const struct message_notice *notice = view->notice;
	bool outage = notice->began != 0 && notice->incident != 0;

	text_add(text, "\nWhen\n");
	if (outage && notice->began != notice->detected)
		add_time(text, "began", notice->began, view->zone);
	add_time(text, "detected", notice->detected, view->zone);
	add_time(text, "confirmed", notice->confirmed, view->zone);
	if (notice->ended != notice->detected)
		add_time(text, "ended", notice->ended, view->zone);
	add_time(text, "sent", view->now, view->zone);
	if (outage && notice->ended != 0)
		add_span(text, "down for", notice->ended - notice->began, "");
	else if (outage)
		add_span(text, "down for", view->now - notice->began, " so far");
}

/* The addresses of the last run, and our own end of the last connection with the name that we
 * gave or would have given. */
static void
add_where(struct text *text, const struct notice_view *view)
{
	const struct message_notice *notice = view->notice;
	uint32_t last = view->leg_count == 0 ? 0 : view->legs[view->leg_count - 1].run;
	const struct evidence *seen = NULL;

	if (notice->target.size == 0)
		return;
	text_add(text, "\nWhere\n");
	add_name(text, "target");
	text_add_shown(text, notice->target);
	text_add(text, "\n");
	if (notice->host.size > 0) {
		add_name(text, "host");
		text_add_shown(text, notice->host);
		if (notice->port != 0)
			text_format(text, ", port %u", notice->port);
		text_add(text, "\n");
	}
	if (notice->probe[0] != '\0') {
		add_name(text, "probe");
		text_format(text, "%s\n", notice->probe);
	}
	for (uint32_t i = 0; i < view->leg_count; i++) {
		const struct evidence *leg = &view->legs[i].leg;

		if (leg->local.size > 0
		    || (leg->helo.size > 0 && (seen == NULL || seen->local.size == 0)))
			seen = leg;
		if (view->legs[i].run != last || leg->address.size == 0)
			continue;
		add_name(text, "address");
		transcript_add_address(text, leg->address, leg->port);
		text_format(text, "  %s\n",
		    leg->verdict == EVIDENCE_NOT_CHECKED
		        ? "not checked"
		        : verdict_name((enum pw_verdict)leg->verdict));
	}
	if (seen == NULL)
		return;
	add_name(text, seen->local.size > 0 ? "seen from" : "seen as");
	text_add_shown(text, seen->local);
	if (seen->helo.size > 0) {
		text_add(text, seen->local.size > 0 ? " as " : "");
		text_add_shown(text, seen->helo);
	}
	text_add(text, "\n");
}

/* What a person can do about trouble of ours, whose sentence says what is wrong. */
static void
add_remedy(struct text *text, const struct notice_view *view)
{
	static const struct {
		const char *code, *words;
	} rows[] = {
		{ "channel_",
		    "`postwatch outbox` shows what waits; once the way works again, `postwatch "
		    "outbox retry all` sends it at once, and `postwatch test` shows that it "
		    "arrives." },
		{ "file",
		    "Put the file right: it is read again within a minute, and nothing has to be "
		    "restarted." },
	};

	for (size_t i = 0; notice_is(view, "impaired") && i < sizeof rows / sizeof *rows; i++)
		if (view->notice->target.size == 0
		    && strncmp(view->notice->code, rows[i].code, strlen(rows[i].code)) == 0)
			text_format(text, "\nWhat to do: %s\n", rows[i].words);
}

/* What a postmaster would look at first. */
static void
add_hint(struct text *text, const struct notice_view *view)
{
	const struct message_leg *failure = notice_is(view, "outage") ? notice_last_failure(view)
	                                                              : NULL;
	const char *code = failure != NULL ? failure->leg.outcome : view->notice->code;
	bool good = notice_is(view, "up") || notice_is(view, "cleared")
	    || notice_is(view, "settled") || notice_is(view, "stopped");
	struct outcome outcome;

	if (good || !outcome_find(code, view->outcomes, &outcome) || outcome.hint[0] == '\0')
		return;
	text_format(text, "\nWhat it may mean: %s\n", outcome.hint);
}

/* Why it was not told at once; `waited` since it was certain. */
static void
add_reason(struct text *text, const struct notice_view *view, int64_t waited)
{
	const struct message_notice *notice = view->notice;
	bool begins = notice_is(view, "down") || notice_is(view, "flapping")
	    || notice_is(view, "degraded") || notice_is(view, "blocked");
	char names[sizeof notice->silences];

	memcpy(names, notice->silences, sizeof names);
	for (char *blank; (blank = strchr(names, ' ')) != NULL;)
		*blank = ',';
	if (notice->flags & NOTICE_TOLD_LATE)
		text_format(text, "it was kept silent (%s)", names);
	else if (notice->flags & NOTICE_FALLBACK)
		text_add(text, "those who should have told it could not");
	else if (view->has_quiet && notice->queued - notice->confirmed > late)
		text_add(text, "its notifier has quiet hours");
	else if (view->after > 0 && begins && waited >= view->after) {
		text_format(text, "its notifier is told only of what lasts %s", SPAN(view->after));
	} else if (notice->attempt > 1)
		text_format(text, "attempt %" PRIu32 " at delivering it, those before failed",
		    notice->attempt);
	else
		text_add(text, "it had to wait for its turn, or Postwatch was not running");
}

static void
add_doubts(struct text *text, const struct message_notice *notice)
{
	if (notice->flags & NOTICE_DUPLICATE)
		text_add(text, "\nIt may have been delivered before; its key is then the same.\n");
	if (notice->flags & NOTICE_NOT_RECORDED)
		text_add(text, "\nIt could not be recorded: the store cannot be written.\n");
}

/* What has to be known of the notice itself. */
static void
add_remarks(struct text *text, const struct notice_view *view)
{
	const struct message_notice *notice = view->notice;
	int64_t waited = view->now - notice->confirmed;

	if (notice->confirmed != 0 && waited > late) {
		text_format(text, "\nThis comes %s late: ", SPAN(waited));
		add_reason(text, view, waited);
		text_add(text, ".\n");
	} else if (notice->flags & NOTICE_FALLBACK)
		text_add(text, "\nOther notifiers could not deliver it in time.\n");
	add_doubts(text, notice);
}

/* Where there are many their end is counted, so that there is room for the rest. Of who is behind
 * the target there is less where there is little: why it failed goes before. */
static void
add_list(struct text *text, const struct notice_view *view)
{
	const struct message_notice *notice = view->notice;
	const char *at = notice->list.data, *end = at + notice->list.size;
	bool large = notice->covered > 0 || text->room / 8 > LIST_MAX;
	size_t begun = text->size, most = large ? LIST_MAX : text->room / 8;
	uint32_t left_out = 0;

	if (notice->covered > 0)
		text_format(text, "\nIt stands for %" PRIu32 " notices:\n", notice->covered);
	else if (at < end)
		text_add(text, "\nNot told of by themselves while it is down:\n");
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((stop == NULL ? end : stop) - at);

		assert(size <= (size_t)(end - at));
		if (text->size - begun + size < most) {
			text_add(text, "  * ");
			text_add_shown(text, (struct pw_bytes){ at, size });
			text_add(text, "\n");
		} else {
			left_out++;
		}
		at += size + 1;
	}
	if (left_out > 0)
		text_format(text, "  * and %" PRIu32 " lines more\n", left_out);
}

static void
add_foot(struct text *text, const struct notice_view *view)
{
	const struct message_notice *notice = view->notice;

	text_add(text, "\n");
	if (notice->incident != 0)
		text_format(text,
		    "Incident %" PRIu64 ": `postwatch show %" PRIu64 "` tells the whole story.\n",
		    notice->incident, notice->incident);
	if (notice->code[0] != '\0' && strcmp(notice->code, "ok") != 0 && view->report == NULL)
		text_format(text, "Outcome %s. ", notice->code);
	text_format(text, "Notice %s, attempt %" PRIu32 ".\n", notice->key, notice->attempt);
	text_add(text, "Watched by ");
	text_escape(text, text_view(view->watcher));
	if (view->watcher_host != NULL && strcmp(view->watcher, view->watcher_host) != 0) {
		text_add(text, ", host ");
		text_escape(text, text_view(view->watcher_host));
	}
	text_add(text, ".\n");
}

/*
 * How to hear no more of what lasts: an incident is acknowledged, a condition can only be paused
 * with its target. The target stands as one word of a shell's command line; a name that would need
 * more than quotes is left to the reader.
 */
static void
add_advice(struct text *text, const struct notice_view *view)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/@+";
	const struct message_notice *notice = view->notice;
	struct pw_bytes name = notice->target;
	bool outage = notice_is(view, "down") || notice_is(view, "changed")
	    || notice_is(view, "reminder");
	bool condition = notice_is(view, "degraded") || notice_is(view, "blocked")
	    || notice_is(view, "flapping") || notice_is(view, "fact")
	    || notice_is(view, "impaired");
	bool quoted = false, sayable = true;

	if (outage && notice->incident != 0) {
		text_format(text, "No more reminders of it: `postwatch ack %" PRIu64 "`.\n",
		    notice->incident);
	} else if ((outage || condition) && name.size > 0) {
		for (size_t i = 0; i < name.size; i++) {
			unsigned char byte = (unsigned char)name.data[i];

			sayable &= byte >= ' ' && byte <= '~' && strchr("'\\`", byte) == NULL;
			quoted |= memchr(plain, byte, sizeof plain - 1) == NULL;
		}
		text_add(text, "Nothing more of it for a while: `postwatch pause ");
		if (sayable) {
			text_add(text, quoted ? "'" : "");
			text_add_bytes(text, name.data, name.size);
			text_add(text, quoted ? "'" : "");
		} else {
			text_add(text, "TARGET");
		}
		text_add(text, " --for 2h --why REASON`.\n");
	}
	if (view->page != NULL && view->page[0] != '\0')
		text_format(text, "More of it: %s\n", view->page);
}

/* As many of its lines as have room, and the end. */
static void
add_report(struct text *text, const char *report, const struct text *foot)
{
	static const char mark[] = "\nThe rest has no room here; the attached file is whole.\n";
	size_t room = text->room - text->size - foot->size - sizeof mark, size = strlen(report);

	if (size > room)
		for (size = room; size > 0 && report[size - 1] != '\n';)
			size--;
	text_add_bytes(text, report, size);
	text_add(text, report[size] == '\0' ? "" : mark);
	text_add_bytes(text, foot->bytes, foot->size);
}

/* Room for the end and for the evidence is kept first: where there is little, what stands before
 * them gives way. */
void
notice_add_body(struct text *text, const struct notice_view *view)
{
	static const char no_room[] = "… more has no room here\n";
	struct text foot = TEXT_ROOM(FOOT_MAX), all, most;
	size_t least = notice_attempts_least(view), kept;

	if (view->report != NULL)
		add_doubts(&foot, view->notice);
	add_foot(&foot, view);
	if (view->report != NULL) {
		add_report(text, view->report, &foot);
		return;
	}
	all = text_over(text->bytes, text->room > foot.size + 1 ? text->room - foot.size : 1);
	kept = sizeof no_room + least;
	most = text_over(
	    text->bytes, all.room > kept + LEAD_MIN ? all.room - kept : all.room / 2 + 1);
	if (notice_is(view, "reminder") && view->notice->began != 0) {
		text_add_shown(&most, view->notice->target);
		text_format(&most, " is still down, for %s now.\n",
		    SPAN(view->now - view->notice->began));
	}
	text_add_shown(&most, view->notice->text);
	text_add(&most, ".\n");
	add_advice(&most, view);
	add_remarks(&most, view);
	notice_add_changes(&most, view);
	add_hint(&most, view);
	add_remedy(&most, view);
	add_list(&most, view);
	add_when(&most, view);
	add_where(&most, view);
	notice_add_phases(&most, view);
	all.size = most.size;
	if (most.cut) { /* at its last whole line */
		while (all.size > 0 && all.bytes[all.size - 1] != '\n')
			all.size--;
		all.bytes[all.size] = '\0';
		text_add(&all, no_room);
	}
	assert(all.size < all.room && foot.size < text->room);
	notice_add_attempts(&all, view);
	text->size = all.size;
	text_add_bytes(text, foot.bytes, foot.size);
}
