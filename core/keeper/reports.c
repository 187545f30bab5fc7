/*
 * For the keeper: finds the reports of availability that are due, and records and queues their
 * notices.
 *
 * A report that is new to the configuration begins with the period that is under way. Periods that
 * ended while the daemon did not run are made up for, a few of them: a clock that was years ahead
 * for a while is to send no hundreds.
 */
#include "keeper/reports.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/wire_form.h"
#include "keeper/notice_payload.h"
#include "keeper/policy_private.h"
#include "keeper/service_private.h"
#include "keeper/test_notice.h"

#define REPORTS_META "reports"
enum { REPORTS_META_MAX = 32 * 1024, REPORTS_VERSION = 2, MADE_UP_MAX = 7, LOOK_BACK = 800 };

/* A host may begin with a clock that is behind, and soon set: what was sent is not sent again. */
static const int64_t believed_after = 600 * (int64_t)SECOND;

/* As the store has it: by the first day of the last period that was sent. When that began is
 * another time once the zone is another, and it would be sent again. */
struct reported {
	char notifier[NOTICE_TAG_MAX], tag[NOTICE_TAG_MAX];
	enum period every;
	int64_t day;
};

static const struct wire_form reported_form = { WIRE_FORM(reported,
	WIRE_FIELD(STRING, reported, notifier),
	WIRE_FIELD(STRING, reported, tag),
	WIRE_FIELD(U8, reported, every, .max = PERIOD_DAY),
	WIRE_FIELD(I64, reported, day)) };

static struct period_span
period_of(const struct keeper *keeper, const struct config_report *report, int64_t utc)
{
	const struct notifier *notifier = notifier_at(keeper, report->notifier);

	return period_at(report->every, policy_listener(keeper, notifier)->zone, utc, report->at);
}

static struct period_span
period_before(const struct keeper *keeper, const struct config_report *report,
    const struct period_span *span)
{
	return period_of(keeper, report, span->from - 1);
}

static void
put_reported(struct keeper *keeper)
{
	static unsigned char bytes[REPORTS_META_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	wire_put_u8(&out, REPORTS_VERSION);
	for (uint32_t i = 0; i < keeper->config->report_count; i++) {
		const struct config_report *report = &keeper->config->reports[i];
		struct reported row = { .every = report->every,
			.day = keeper->service->reported[i] };

		text_copy(row.notifier, sizeof row.notifier,
		    keeper->config->notifiers[report->notifier].name);
		text_copy(row.tag, sizeof row.tag, report->tag);
		wire_put_form(&out, &reported_form, &row);
	}
	assert(!out.bad);
	store_put_meta(commit_queue_main(keeper), REPORTS_META,
	    (struct pw_bytes){ (const char *)bytes, out.size });
}

/* The report of a notifier with that tag; NULL: there is none. */
static const struct config_report *
find_report(const struct keeper *keeper, uint32_t notifier, const char *tag)
{
	const struct config *config = keeper->config;

	for (uint32_t i = 0; i < config->report_count; i++)
		if (config->reports[i].notifier == notifier
		    && strcmp(config->reports[i].tag, tag) == 0)
			return &config->reports[i];
	return NULL;
}

/* What waits of reports that a reload took out. */
static void
drop_strangers(struct keeper *keeper, uint32_t index)
{
	struct notifier *notifier = notifier_at(keeper, index);
	struct delivery each = { .notice = 0 };
	struct notice_payload payload;
	struct store_notice row;

	while (outbox_next(keeper, notifier, STORE_QUEUE_ALL, 0, &each))
		if (each.kind == NOTICE_report && store_find_notice(keeper->store, each.notice, &row)
		    && payload_get(&payload, row.rest)
		    && find_report(keeper, index, payload.tag) == NULL)
			outbox_drop(keeper, notifier, &each, "no longer configured");
}

/* Version 1 has the time (UTC) when the period began, in the zone, or in UTC where the notifier had
 * no quiet hours. 0: it is not in the past. */
static int64_t
day_of(const struct keeper *keeper, const struct config_report *report, int64_t from)
{
	static const int64_t day = 86400 * (int64_t)SECOND;

	if (from <= 0 || from > clock_wall())
		return 0;
	return from % day == 0 ? from / day : period_of(keeper, report, from).day;
}

void
reports_recover(struct keeper *keeper)
{
	static unsigned char bytes[REPORTS_META_MAX];
	const struct config *config = keeper->config;
	int64_t *reported = keeper->service->reported;
	int64_t size = store_read_meta(
	    store_inside(keeper->store), REPORTS_META, bytes, sizeof bytes);
	struct wire_in in = wire_from(bytes, size > 0 && size <= REPORTS_META_MAX ? (size_t)size : 0);
	uint8_t version = wire_get_u8(&in);

	if (version >= 1 && version <= REPORTS_VERSION)
		while (!in.bad && in.at < in.size) {
			struct reported row = { .day = 0 };

			wire_get_form(&in, &reported_form, &row, &(struct wire_terms){ .limit = 0 });
			for (uint32_t i = 0; !in.bad && i < config->report_count; i++)
				if (config->reports[i].every == row.every
				    && strcmp(config->reports[i].tag, row.tag) == 0
				    && strcmp(config->notifiers[config->reports[i].notifier].name,
				    row.notifier) == 0)
					reported[i] = version == REPORTS_VERSION ? row.day
					    : day_of(keeper, &config->reports[i], row.day);
		}
	for (uint32_t i = 0; i < config->notifier_count; i++)
		drop_strangers(keeper, i);
	for (uint32_t i = 0; i < config->report_count; i++) {
		struct period_span now = period_of(keeper, &config->reports[i], clock_wall());

		if (reported[i] == 0)
			reported[i] = period_before(keeper, &config->reports[i], &now).day;
	}
	if (config->report_count > 0 || size > 0)
		put_reported(keeper);
}

/* Returns its number. */
static uint64_t
put_notice(struct keeper *keeper, const struct config_report *report,
    const struct period_span *span)
{
	struct notice_payload payload = { .covered = 0 };
	uint64_t number;
	bool is_one = strcmp(span->first, span->last) == 0;
	char code[OUTCOME_NAME_MAX];
	struct text text = TEXT_ROOM(512);

	snprintf(code, sizeof code, "%s%s%s", span->first, is_one ? "" : "/",
	    is_one ? "" : span->last);
	text_copy(payload.tag, sizeof payload.tag, report->tag);
	text_format(&text, "mail servers%s", report->tag[0] == '\0' ? "" : " of ");
	text_escape(&text, text_view(report->tag));
	text_format(&text, ", %s%s%s", span->first, is_one ? "" : " to ", is_one ? "" : span->last);
	number = outbox_put_notice(keeper, (struct store_notice){ .kind = "report", .code = code,
	    .detected = span->from, .confirmed = clock_wall(),
	    .text = { text.bytes, text.size } }, &payload);
	keeper_log(keeper, LOG_NOTICE, "report through %s: %s",
	    keeper->config->notifiers[report->notifier].name, text.bytes);
	return number;
}

/* The oldest period that was not sent and is to be, which may not be over yet. */
static struct period_span
oldest(const struct keeper *keeper, const struct config_report *report, int64_t sent)
{
	struct period_span span = period_of(keeper, report, clock_wall());

	for (int i = 0; i < MADE_UP_MAX; i++) {
		struct period_span before = period_before(keeper, report, &span);

		if (before.day <= sent)
			break;
		span = before;
	}
	return span;
}

void
reports_turn(struct keeper *keeper)
{
	int64_t now = clock_wall(), *ahead = &keeper->service->reported_ahead;
	bool is_believed = *ahead != 0 && clock_mono() - *ahead > believed_after, is_ahead = false;

	for (uint32_t i = 0; i < keeper->config->report_count; i++) {
		const struct config_report *report = &keeper->config->reports[i];
		int64_t *sent = &keeper->service->reported[i];
		struct period_span span = oldest(keeper, report, *sent);

		if (*sent >= span.day) { /* by a clock that was ahead, or this one is behind */
			is_ahead = true;
			if (is_believed) {
				*sent = period_before(keeper, report, &span).day;
				put_reported(keeper);
			}
			continue;
		}
		if (now < span.due || store_summed_up(keeper->store) < span.until)
			continue;
		*sent = span.day;
		outbox_add(keeper, report->notifier, &(struct outbox_entry){ .kind = NOTICE_report,
		    .code = "", .notice = put_notice(keeper, report, &span) });
		put_reported(keeper);
	}
	*ahead = !is_ahead ? 0 : *ahead == 0 ? clock_mono() : *ahead;
}

void
reports_send(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	const struct config *config = keeper->config;
	const struct pw_bytes *words = message->words;
	const struct config_report *report = config->reports, *end = report + config->report_count;
	struct period_span span;

	if (message->word_count != 3) {
		ask_refuse(ask, ASK_USAGE, "`report` takes a notifier, a tag and a period");
		return;
	}
	while (report < end && !(text_same(words[0],
	    text_view(config->notifiers[report->notifier].name))
	    && (words[1].size == 0 || text_same(words[1], text_view(report->tag)))))
		report++;
	if (report == end) {
		ask_refuse(ask, ASK_USAGE, "`reports` of the configuration has none like that");
		return;
	}
	span = period_of(keeper, report, clock_wall());
	span = period_before(keeper, report, &span);
	for (int i = 0; words[2].size > 0 && !text_same(words[2], text_view(span.first)); i++) {
		if (i == LOOK_BACK) {
			ask_refuse(ask, ASK_USAGE, "--from: its periods begin with days or months "
			    "such as %s, and are over", span.first);
			return;
		}
		span = period_before(keeper, report, &span);
	}
	test_notice_wait(keeper, ask, notifier_at(keeper, report->notifier),
	    put_notice(keeper, report, &span), NOTICE_report);
}
