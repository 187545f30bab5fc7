/*
 * For the keeper: decides which notifiers are told of a change. In the transaction of a notice it
 * makes the deliveries, one for each notifier that was not told the same already by its ledger;
 * what may not be told now is compared again when the reason for that ends.
 */
#include "keeper/notify_policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "keeper/policy_private.h"
#include "keeper/notice_payload.h"
#include "keeper/notifier_filters.h"
#include "keeper/ledgers.h"
#include "keeper/withhold.h"
#include "store/list.h"

enum { COMPARED_MAX = 200 };
static const char silence_digest[] = "digest";

/* One thing to be told to one notifier. */
struct notification {
	struct keeper *keeper;
	uint32_t target, notifier;
	uint64_t number; /* of the target */
	/* the notice of what ended now, where another notifier was told of it before; 0: there is
	 * none yet */
	uint64_t outage;
	struct ledger *ledger; /* of a target, since it was read; the caller's, since it is large */
	const struct audience *audience; /* of ours; NULL: all */
};

static void
read_ledger(struct notification *it)
{
	if (it->target != CONFIG_NONE)
		ledgers_read(it->keeper, it->target, it->notifier, it->ledger);
}

/* What is already known of it, or is not to be known, changes what the notifier is told next all
 * the same. */
static void
note(struct notification *it, enum notice_kind kind, const char *code, uint64_t notice)
{
	if (it->target != CONFIG_NONE)
		ledgers_note(it->keeper, it->target, it->notifier, it->ledger,
		    &(struct ledger_word){ kind, code, notice, 0 });
}

static void
queue(struct notification *it, enum notice_kind kind, const char *code, uint64_t notice,
    uint64_t incident, int64_t confirmed)
{
	uint64_t opened = it->target == CONFIG_NONE ? 0 : ledger_opened(it->ledger, kind, code);

	outbox_add(it->keeper, it->notifier,
	    &(struct outbox_entry){ .kind = kind, .code = code, .notice = notice,
	    .target = it->number, .incident = incident, .opened = opened,
	    .due = filter_due(notifier_at(it->keeper, it->notifier), kind, code, confirmed) });
	if (it->target != CONFIG_NONE)
		ledgers_queued(it->keeper, it->target, it->notifier, it->ledger,
		    &(struct ledger_word){ kind, code, notice, opened });
}

/* Who does not want to hear of an end knows of none that has begun. */
static void
pass_over(struct notification *it, enum notice_kind kind, const char *code, uint64_t notice)
{
	if (kind == NOTICE_up || kind == NOTICE_settled || kind == NOTICE_stopped
	    || kind == NOTICE_cleared)
		note(it, kind, code, notice);
}

static void
add_time(struct text *text, int64_t utc)
{
	time_t seconds = (time_t)(utc / SECOND);
	struct tm parts;
	char bytes[32];

	gmtime_r(&seconds, &parts);
	strftime(bytes, sizeof bytes, "%Y-%m-%dT%H:%M:%SZ", &parts);
	text_add(text, bytes);
}

struct outage {
	uint64_t up, change, incident;
	const struct store_incident *row; /* of the incident; NULL: it is to be looked up */
	int64_t began, ended, confirmed;
	struct pw_bytes text; /* of the up */
	const uint64_t *attempts;
	uint32_t attempt_count;
};

/* A down and its up in one notice. */
static uint64_t
record_outage(const struct notification *it, const struct outage *outage)
{
	struct keeper *keeper = it->keeper;
	struct notice_payload payload = { .from = "down", .to = "up", .covered = 2,
	    .attempt_count = outage->attempt_count };
	char sentence[4096];
	struct text text = TEXT_OVER(sentence);
	struct store_notice first = { .number = 0 };

	if (outage->incident != 0)
		(void)store_find_first_notice(keeper->store, outage->incident, &first);
	payload.covers[payload.covers_count++] = first.number;
	payload.covers[payload.covers_count++] = outage->up;
	assert(outage->attempt_count <= sizeof payload.attempts / sizeof *payload.attempts);
	for (uint32_t i = 0; i < outage->attempt_count; i++)
		payload.attempts[i] = outage->attempts[i];
	text_format(&text, "%s was down from ", keeper->config->targets[it->target].name);
	add_time(&text, outage->began);
	text_add(&text, " to ");
	add_time(&text, outage->ended);
	text_add(&text, ": ");
	text_add_bytes(&text, outage->text.data, outage->text.size);
	return outbox_put_notice(keeper, (struct store_notice){ .target = it->number,
	    .change = outage->change, .kind = "outage", .incident = outage->incident,
	    .detected = outage->began, .confirmed = outage->confirmed,
	    .text = { text.bytes, text.size } }, &payload);
}

/* One that was told of in another notifier's merged notice has its own: the number is given once a
 * target and change. */
static void
tell_outage(struct notification *it, const struct outage *given, bool merges)
{
	struct outage outage = *given;
	struct store_incident incident = { .number = 0 };
	int64_t after = notifier_rules(notifier_at(it->keeper, it->notifier))->after;
	bool brief;

	if (outage.row != NULL)
		incident = *outage.row;
	else
		(void)store_find_incident(it->keeper->store, outage.incident, &incident);
	brief = !merges && after > 0 && (incident.acknowledged != 0
	    || outage.ended - incident.confirmed < after);
	if (brief || (!merges && !filter_want(it->keeper, it->notifier, NOTICE_outage, ""))) {
		note(it, NOTICE_outage, "", outage.up);
		return;
	}
	outage.began = incident.began != 0 ? incident.began : outage.ended;
	if (it->keeper->policy->outage_up != outage.up) {
		it->keeper->policy->outage = it->outage != 0 ? it->outage
		    : record_outage(it, &outage);
		it->keeper->policy->outage_up = outage.up;
	}
	queue(it, NOTICE_outage, "", it->keeper->policy->outage, outage.incident, 0);
}

static void
tell_state(struct notification *it, enum notice_kind kind, const struct outage *outage,
    const char *code, uint64_t notice, int64_t confirmed)
{
	struct notifier *notifier = notifier_at(it->keeper, it->notifier);
	/* by which the notifier would know that the target is down */
	uint64_t down = kind == NOTICE_up && outage->incident != 0 && ledger_is_down(it->ledger)
	    ? it->ledger->queued.opened : 0;
	bool merges = down != 0
	    && outbox_is_all_unsent(it->keeper, notifier, down, outage->incident);

	if (!merges && filter_want(it->keeper, it->notifier, kind, code)) {
		queue(it, kind, code, notice, outage->incident, confirmed);
		return;
	}
	if (!merges) {
		pass_over(it, kind, code, notice);
		return;
	}
	tell_outage(it, outage, true);
	outbox_merge(it->keeper, notifier, down, it->keeper->policy->outage);
}

static void
tell_one(struct notification *it, const struct message_change *change, const struct notify_row *row)
{
	struct keeper *keeper = it->keeper;
	enum notice_kind kind = notice_named(change->kind);
	uint64_t notice = row->notice;
	const struct outage outage = { .up = notice, .change = change->change,
		.incident = row->incident, .row = row->row, .ended = change->detected,
		.confirmed = change->confirmed, .text = change->text, .attempts = change->attempts,
		.attempt_count = change->attempt_count };
	bool recalled = (it->target != CONFIG_NONE || notice_is_together(kind, change->code))
	    && filter_recall(keeper, it->target, it->notifier, kind, change->code);
	enum ledger_act act;

	read_ledger(it); /* a recall has changed it */
	if (recalled) {
		note(it, kind, change->code, notice);
		return;
	}
	if (it->target != CONFIG_NONE && keeper->policy->listeners[it->notifier].in_quiet_hours) {
		filter_miss(keeper, it->notifier, it->target);
		return;
	}
	act = it->target == CONFIG_NONE ? LEDGER_TELL
	    : ledger_judge(it->ledger, kind, change->code);
	if (act == LEDGER_TELL_OUTAGE)
		tell_outage(it, &outage, false);
	else if (act == LEDGER_TELL)
		tell_state(it, kind, &outage, change->code, notice, change->confirmed);
}

/* Who was told of a beginning is told of its end, whatever it is told of by now. */
static bool
is_concerned(struct notification *it, enum notice_kind kind, const char *code)
{
	bool ends = kind == NOTICE_up || kind == NOTICE_settled || kind == NOTICE_stopped;

	if (filter_include(it->keeper, it->target, it->notifier, it->audience))
		return true;
	if (it->target == CONFIG_NONE || (!ends && kind != NOTICE_cleared))
		return false;
	read_ledger(it);
	return ends ? ledger_is_down(it->ledger) : ledger_has_code(it->ledger, code);
}

void
notify_of(struct keeper *keeper, const struct message_change *change, const struct notify_row *row,
    const struct audience *audience)
{
	struct ledger ledger;

	assert(change->target == CONFIG_NONE || change->target < keeper->config->target_count);
	if (change->silences[0] != '\0')
		return;
	for (uint32_t i = 0; i < keeper->config->notifier_count; i++) {
		struct notification it = { .keeper = keeper, .target = change->target,
			.notifier = i, .number = row->target, .audience = audience,
			.ledger = &ledger };
		if (is_concerned(&it, notice_named(change->kind), change->code))
			tell_one(&it, change, row);
	}
}

/* The newest words on each matter, newest first. */
struct look {
	struct keeper *keeper;
	uint32_t target, notifier; /* CONFIG_NONE: all of them */
	struct ledger_met met;
	bool state_seen;
	uint64_t outage, outage_change; /* the last of its kind */
	struct ledger ledger;
};

/* It was told, given up or dropped by hand: it is not told by itself once more. */
static bool
had_it(const struct notification *it, uint64_t notice)
{
	return outbox_had(it->keeper, notifier_at(it->keeper, it->notifier), notice);
}

static void
compare_condition(struct notification *it, const struct store_notice *row, enum notice_kind kind)
{
	bool recalled = filter_recall(it->keeper, it->target, it->notifier, kind, row->code);

	read_ledger(it);
	if (recalled) {
		note(it, kind, row->code, row->number);
		return;
	}
	if (ledger_judge(it->ledger, kind, row->code) != LEDGER_TELL || had_it(it, row->number))
		return;
	if (filter_want(it->keeper, it->notifier, kind, row->code))
		queue(it, kind, row->code, row->number, row->incident, row->confirmed);
	else
		pass_over(it, kind, row->code, row->number);
}

static void
compare_state(struct notification *it, const struct store_notice *row, enum notice_kind kind)
{
	bool down = kind == NOTICE_down || kind == NOTICE_flapping;
	struct ledger_truth truth = { .down = down };
	struct notice_payload payload;
	struct store_incident incident;
	bool known = payload_get(&payload, row->rest), recalled, taken_on;
	const struct outage outage = { .up = row->number, .change = row->change,
		.incident = row->incident, .ended = row->detected, .confirmed = row->confirmed,
		.text = row->text, .attempts = payload.attempts, .attempt_count = known
		? payload.attempt_count : 0 };

	read_ledger(it);
	truth.missed = !down && row->number > it->ledger->queued.notice;
	switch (ledger_compare(it->ledger, &truth)) {
	case LATE_NOTHING:
		return;
	case LATE_DOWN:
		/* What was told with many others is told; and who is told later is not told of what
		 * somebody has taken on. */
		taken_on = notifier_rules(notifier_at(it->keeper, it->notifier))->after > 0
		    && registry_open_incident(it->keeper->registry, it->target, &incident)
		    && incident.acknowledged != 0;
		if ((it->keeper->policy->is_anew || strstr(row->silences, silence_digest) == NULL)
		    && !taken_on
		    && !had_it(it, row->number))
			tell_state(it, kind, &outage, row->code, row->number, row->confirmed);
		return;
	case LATE_UP:
		recalled = filter_recall(it->keeper, it->target, it->notifier, kind, row->code);
		read_ledger(it);
		if (recalled)
			note(it, kind, row->code, row->number);
		else
			tell_state(it, kind, &outage, row->code, row->number, row->confirmed);
		return;
	case LATE_OUTAGE:
		/* The digest that told its beginning has an end of its own. */
		if (strstr(row->silences, silence_digest) == NULL)
			tell_outage(it, &outage, false);
		return;
	}
}

static void
compare_notice(struct look *look, const struct store_notice *row)
{
	enum notice_kind kind = notice_named(row->kind);
	bool of_state = kind == NOTICE_down || kind == NOTICE_up || kind == NOTICE_flapping;
	bool of_condition = ledger_speaks_of_condition(kind);

	/* it is newer than its `up` */
	if (kind == NOTICE_outage && row->change > look->outage_change) {
		look->outage = row->number;
		look->outage_change = row->change;
	}
	look->state_seen |= kind == NOTICE_stopped; /* what was before has ended so */
	if (of_state ? look->state_seen : !of_condition || !ledger_meet(&look->met, row->code))
		return;
	look->state_seen |= of_state;
	for (uint32_t i = 0; i < look->keeper->config->notifier_count; i++) {
		struct notification it = { .keeper = look->keeper, .target = look->target,
			.notifier = i, .number = row->target, .outage = look->outage_change
			== row->change ? look->outage : 0, .ledger = &look->ledger };
		if ((look->notifier != CONFIG_NONE && look->notifier != i)
		    || !is_concerned(&it, kind, row->code))
			continue;
		if (it.keeper->policy->listeners[i].in_quiet_hours) {
			filter_miss(it.keeper, i, it.target);
			withhold_later(it.keeper, it.target, true);
		} else if (of_state)
			compare_state(&it, row, kind);
		else
			compare_condition(&it, row, kind);
	}
}

bool
notify_compare(struct keeper *keeper, uint32_t target, uint32_t notifier)
{
	struct look *look;
	struct store_notice row;
	struct store_list list;
	bool good;

	if (keeper->config->notifier_count == 0)
		return true;
	if ((look = calloc(1, sizeof *look)) == NULL)
		keeper_out_of_memory(keeper, "what was told");
	look->keeper = keeper;
	look->target = target;
	look->notifier = notifier;
	store_list_open(&list, store_inside(keeper->store), STORE_LIST_RECORDED_OF,
	    registry_number(keeper->registry, target));
	store_list_limit(&list, COMPARED_MAX);
	while (store_list_next(&list, &row))
		compare_notice(look, &row);
	free(look);
	good = store_list_close(&list) != STORE_READ_BROKEN;
	if (!good)
		withhold_later(keeper, target, false);
	return good;
}
