/*
 * For the notifier's worker process: fills the struct of a notice that a notifier plugin is given,
 * but for its texts, from the message of the keeper.
 */
#include "notifier/notice.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/notice.h"

static const struct {
	const char *severity;
	bool over;
} rows[NOTICE_KINDS] = {
	[NOTICE_down] = { "critical", false },    [NOTICE_up] = { "info", true },
	[NOTICE_changed] = { "critical", false }, [NOTICE_fact] = { "info", false },
	[NOTICE_outage] = { "warning", true },    [NOTICE_flapping] = { "critical", false },
	[NOTICE_settled] = { "info", true },      [NOTICE_degraded] = { "warning", false },
	[NOTICE_blocked] = { "warning", false },  [NOTICE_cleared] = { "info", true },
	[NOTICE_reminder] = { "critical", false }, [NOTICE_stopped] = { "info", true },
	[NOTICE_blind] = { "critical", false },   [NOTICE_impaired] = { "error", false },
	[NOTICE_digest] = { "error", false },     [NOTICE_test] = { "info", false },
	[NOTICE_report] = { "info", false },
};

_Static_assert((int)PW_NOTICE_DUPLICATE == NOTICE_DUPLICATE
    && (int)PW_NOTICE_NOT_RECORDED == NOTICE_NOT_RECORDED
    && (int)PW_NOTICE_FALLBACK == NOTICE_FALLBACK && (int)PW_NOTICE_LATE == NOTICE_TOLD_LATE,
    "flags go on as they are");

static const char *
keep(char *room, size_t size, struct pw_bytes bytes)
{
	struct text text = text_over(room, size);

	text_add_shown(&text, bytes);
	return room;
}

_Static_assert((int)PW_ALERT_NONE == NOTICE_ALERT_NONE && (int)PW_ALERT_OPEN == NOTICE_ALERT_OPEN
    && (int)PW_ALERT_CLOSED == NOTICE_ALERT_CLOSED, "alerts go on as they are");

const char *
notice_page(char *room, const char *page_url, const struct message_notice *from)
{
	static const char unreserved[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	struct text text = text_over(room, PAGE_MAX);

	room[0] = '\0';
	if (page_url == NULL)
		return room;
	text_add(&text, page_url);
	if (from->incident != 0) {
		text_format(&text, "/incidents/%" PRIu64, from->incident);
		return room;
	}
	text_add(&text, from->target.size == 0 ? "/about" : "/targets/");
	for (size_t i = 0; i < from->target.size; i++) {
		char byte = from->target.data[i];

		if (byte != '\0' && strchr(unreserved, byte) != NULL)
			text_add_bytes(&text, &byte, 1);
		else
			text_format(&text, "%%%02X", (unsigned char)byte);
	}
	return room;
}

void
notice_fill(struct pw_notice *notice, struct notice_words *words, const struct message_notice *from,
    const struct zone *zone, int64_t now)
{
	enum notice_kind kind = notice_named(from->kind);
	bool together = kind == NOTICE_digest && notice_is_together(kind, from->code);

	*notice = (struct pw_notice){ .size = sizeof *notice, .kind = from->kind, .key = from->key,
	    .json = "{}", .page = "",
		.incident = (int64_t)from->incident, .detected = from->detected,
		.confirmed = from->confirmed,
		.attempt = from->attempt, .thread = from->thread,
		.severity = together ? "critical" : rows[kind].severity,
		.outcome = strcmp(from->code, "ok") == 0 ? "" : from->code, .probe = from->probe,
		.began = from->began,
		.ended = from->ended, .sent = now, .offset = zone_at(zone, now / SECOND).offset,
		.flags = from->flags,
		.covered = from->covered, .port = from->port, .over = rows[kind].over,
		.own_name = words->own_name };
	notice->target = keep(words->target, sizeof words->target, from->target);
	notice->host = keep(words->host, sizeof words->host, from->host);
	notice->sentence = keep(words->sentence, sizeof words->sentence, from->text);
	notice->alert = (uint32_t)notice_alert(kind, from->code, from->target.size == 0);
	notice->first_target = keep(words->first_target, sizeof words->first_target,
	    text_view(from->first.target));
	notice->first_host = keep(words->first_host, sizeof words->first_host,
	    text_view(from->first.host));
	notice->first_kind = from->first_kind[0] != '\0' ? from->first_kind : from->kind;
	notice->first_probe = from->first.probe;
	notice->first_own_name = from->first.own[0] != '\0' ? from->first.own : words->own_name;
	notice->first_port = from->first.port;
}
