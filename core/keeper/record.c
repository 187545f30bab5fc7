/*
 * For the keeper: writes a judged run of the monitor as rows of one batch: the notice of each
 * change, its incident or condition, its evidence, and the state of the target. When the batch is
 * committed it is logged and told.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/evidence.h"
#include "keeper/record_private.h"
#include "keeper/notice_payload.h"
#include "keeper/silences.h"
#include "keeper/change_log.h"
#include "keeper/notify_policy.h"
#include "keeper/withhold.h"

static void
close_incident(struct keeper *keeper, struct store_incident *incident, const char *end,
    int64_t ended, int64_t confirmed, struct pw_bytes text)
{
	incident->end = end;
	incident->ended = ended;
	incident->end_confirmed = confirmed;
	incident->end_text = text;
	record_change_incident(keeper, incident);
	registry_note_incident(keeper->registry,
	    registry_target(keeper->registry, incident->target), false);
}

static void
open_incident(struct keeper *keeper, const struct message_change *change,
    struct store_incident *incident)
{
	if (registry_open_incident(keeper->registry, change->target, incident)) {
		if (incident->change == change->incident)
			return;
		/* Its end was never told us: we cannot tell when it was. */
		close_incident(keeper, incident, "lost", change->detected, change->confirmed,
		    text_view(""));
	}
	*incident = (struct store_incident){ .number = store_number(keeper->store, STORE_INCIDENTS),
		.target = registry_number(keeper->registry, change->target),
		.change = change->incident, .began = change->detected,
		.confirmed = change->confirmed, .outcome = change->code, .text = change->text };
	store_put_incident(commit_queue_main(keeper), incident);
	registry_note_incident(keeper->registry, change->target, true);
}

static bool
opens(const struct message_change *change)
{
	return change->target != CONFIG_NONE && strcmp(change->to, "down") == 0
	    && strcmp(change->from, "down") != 0;
}

/* The incident that a change belongs to; its number is 0 where it belongs to none. */
static void
find_incident(struct keeper *keeper, const struct message_change *change,
    struct store_incident *incident)
{
	if (opens(change))
		open_incident(keeper, change, incident);
	else if (change->target == CONFIG_NONE || change->incident == 0
	    || !registry_open_incident(keeper->registry, change->target, incident)
	    || incident->change != change->incident)
		*incident = (struct store_incident){ .number = 0 };
}

/* Returns its number. */
static uint64_t
put_notice(struct keeper *keeper, const struct message_change *change, uint64_t target,
    uint64_t incident)
{
	struct notice_payload payload = { .attempt_count = change->attempt_count };

	payload.named = notice_alert(notice_named(change->kind), change->code, target == 0)
	    == NOTICE_ALERT_OPEN;
	if (payload.named)
		registry_names(keeper->registry, target, &payload.names);
	memcpy(payload.from, change->from, sizeof payload.from);
	memcpy(payload.to, change->to, sizeof payload.to);
	memcpy(payload.attempts, change->attempts,
	    change->attempt_count * sizeof payload.attempts[0]);
	return outbox_put_notice(keeper, (struct store_notice){ .target = target,
	    .change = change->change, .kind = change->kind, .incident = incident,
	    .code = change->code, .detected = change->detected, .confirmed = change->confirmed,
	    .text = change->text, .silences = change->silences }, &payload);
}

static void
record_condition(struct keeper *keeper, const struct message_change *change)
{
	enum notice_kind kind = notice_named(change->kind);
	uint64_t target = registry_number(keeper->registry, change->target);
	struct store_condition condition;

	if (target == 0 || !ledger_speaks_of_condition(kind))
		return;
	if (!store_find_condition(keeper->store, target, change->code, &condition))
		condition = (struct store_condition){ .target = target, .since = change->detected,
		    .standing = change->confirmed };
	condition.code = change->code;
	condition.cleared = kind == NOTICE_cleared ? change->confirmed : 0;
	assert(condition.target == target);
	condition.text = change->text;
	store_put_condition(commit_queue_main(keeper), &condition);
	registry_note_conditions(keeper->registry, change->target, true);
}

/* In the store, for `status`: since when which files cannot be used, and what is in force
 * instead. */
static void
keep_files(struct keeper *keeper, const struct message_change *change)
{
	unsigned char bytes[FILES_META_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	if (change->target != CONFIG_NONE || strcmp(change->code, "file") != 0)
		return;
	if (notice_named(change->kind) == NOTICE_impaired) {
		wire_put_i64(&out, change->detected);
		wire_put_bytes(&out, change->text);
	}
	if (!out.bad)
		store_put_meta(commit_queue_main(keeper), FILES_META,
		    (struct pw_bytes){ (const char *)bytes, out.size });
}

static void
record_change(struct keeper *keeper, const struct message_change *change)
{
	uint64_t target = registry_number(keeper->registry, change->target);
	bool is_silent = change->target != CONFIG_NONE
	    && silences_at(keeper, change->target, change->confirmed) != NULL;

	/* What was kept silent is compared when the reason is over: for a parent the monitor says
	 * when, the others end here. */
	if (change->target != CONFIG_NONE)
		withhold_note(keeper, change->target, strstr(change->silences, "parent") != NULL
		    ? "parent" : NULL, strstr(change->silences, "flapping") != NULL);
	if (is_silent)
		withhold_later(keeper, change->target, false);
	if (change->kind[0] != '\0') {
		struct store_incident incident;
		uint64_t notice;

		find_incident(keeper, change, &incident);
		notice = put_notice(keeper, change, target, incident.number);
		if (incident.number != 0 && strcmp(change->to, "up") == 0)
			close_incident(keeper, &incident, "up", change->detected, change->confirmed,
			    change->text);
		notify_of(keeper, change,
		    &(struct notify_row){ notice, target, incident.number, &incident }, NULL);
		record_condition(keeper, change);
		keep_files(keeper, change);
		if (target != 0)
			evidence_of_change(keeper, change, notice, incident.number);
	/* nothing happened but that the reasons for silence are others */
	} else if (change->target != CONFIG_NONE && !is_silent)
		(void)notify_compare(keeper, change->target, CONFIG_NONE);
	keeper->record->done++;
}

/* What is open already is not told again because somebody says once more that it is. */
static bool
is_open(struct keeper *keeper, const struct message_change *change)
{
	struct store_incident incident;

	if (change->target == CONFIG_NONE)
		return false;
	if (opens(change))
		return registry_open_incident(keeper->registry, change->target, &incident)
		    && incident.change == change->incident;
	return ledger_speaks_of_condition(notice_named(change->kind))
	    && registry_stands(keeper->registry, change->target, change->code);
}

/* The columns as the monitor says them: its record is not read here. */
static void
record_state(struct keeper *keeper, const struct message_run *run)
{
	const struct message_columns *columns = &run->columns;
	int64_t interval = run->interval;

	if (run->target == CONFIG_NONE) {
		store_put_meta(commit_queue_main(keeper), OWN_META, run->state);
		return;
	}
	if (interval == 0)
		interval = keeper->config->targets[run->target].policy->interval;
	store_put_state(commit_queue_main(keeper),
	    &(struct store_state){ .target = registry_number(keeper->registry, run->target),
	    .at = clock_wall(), .record = run->state, .state = columns->state,
	    .verdict = columns->verdict, .outcome = columns->outcome, .silences = columns->silences,
	    .text = columns->text, .since = columns->since, .ended = columns->ended,
	    .interval = interval == INTERVAL_NONE ? 0 : interval, .fails = columns->fails,
	    .passes = columns->passes, .attempts = columns->attempts, .doubled = columns->doubled,
	    .flapping = columns->flapping, .slow = columns->slow, .held = columns->held,
	    .quarantined = columns->quarantined });
	evidence_of_state(keeper, run->target);
}

/* The monitor had to begin without us, or we do not have what one before us had: the end was told
 * nobody. */
static void
end_unseen(struct keeper *keeper, uint32_t target, uint64_t incident)
{
	struct message_change change = { .target = target, .change = incident, .kind = "up",
		.from = "down", .to = "up", .code = "ok", .incident = incident,
		.detected = clock_wall(), .confirmed = clock_wall() };
	struct text text = TEXT_ROOM(NOTICE_TEXT_MAX);

	text_format(&text, "%s is up: when it came back was not seen",
	    keeper->config->targets[target].name);
	change.text = (struct pw_bytes){ text.bytes, text.size };
	silences_stamp(keeper, &change);
	record_change(keeper, &change);
	keeper_log(keeper, LOG_NOTICE, "%s", text.bytes);
	assert(!registry_is_down(keeper->registry, target));
}

void
record_run(struct keeper *keeper, const struct message_run *run, struct pw_bytes packet)
{
	struct wire_in in = wire_from(run->changes.data, run->changes.size);
	struct message_change change;
	struct store_incident open;
	uint64_t left_out = 0;

	for (uint32_t i = 0; message_next_change(&in, run, &change); i++)
		if (run->restated && is_open(keeper, &change))
			left_out |= UINT64_C(1) << i;
		else {
			silences_stamp(keeper, &change);
			record_change(keeper, &change);
		}
	if (run->target != CONFIG_NONE && strcmp(run->columns.state, "up") == 0
	    && registry_open_incident(keeper->registry, run->target, &open))
		end_unseen(keeper, run->target, open.change);
	if (run->state.size > 0)
		record_state(keeper, run);
	commit_queue_take(keeper, STORE_MAIN, run->sequence);
	commit_queue_add_run(keeper, run, left_out, packet);
}

void
record_clock_set(struct keeper *keeper, int64_t moved)
{
	struct store_incident incident = { .number = 0 };

	while ((moved > SECOND || moved < -SECOND)
	    && store_next_open_incident(keeper->store, &incident)) {
		incident.began += moved;
		incident.confirmed += moved;
		incident.reminded += incident.reminded == 0 ? 0 : moved;
		incident.acknowledged += incident.acknowledged == 0 ? 0 : moved;
		record_change_incident(keeper, &incident);
	}
}

static void
clear(struct keeper *keeper, uint32_t target, const struct store_condition *standing, uint64_t run,
    int64_t at)
{
	uint64_t notice;
	struct message_change change = { .target = target, .change = outbox_own_change(keeper),
		.kind = "cleared", .detected = standing->since, .confirmed = at };
	struct text text = TEXT_ROOM(512);

	change.attempt_count = cache_leg(keeper->cache, target, run, 0) != NULL;
	change.attempts[0] = run;
	text_copy(change.code, sizeof change.code, standing->code);
	text_format(&text, "%s is looked at again, after ", keeper->config->targets[target].name);
	text_add_span(&text, at > standing->since ? at - standing->since : 0);
	change.text = (struct pw_bytes){ text.bytes, text.size };
	notice = record_notice(keeper, &change, standing->target, 0);
	notify_of(keeper, &change, &(struct notify_row){ notice, standing->target, 0, NULL }, NULL);
	record_condition(keeper, &change);
	evidence_of_change(keeper, &change, notice, 0);
}

/* What is told of a target because nothing was learnt of it, is over as soon as something is. */
void
record_seen(struct keeper *keeper, uint32_t target, uint64_t run)
{
	struct store_condition condition = { .target = registry_number(keeper->registry, target) };
	struct outcome outcome;
	bool any = false;

	if (registry_is_clear(keeper->registry, target))
		return;
	for (; store_next_condition_of(keeper->store, &condition); any = true)
		if (outcome_find(condition.code, NULL, &outcome) && outcome.severity == PW_UNKNOWN)
			clear(keeper, target, &condition, run, clock_wall());
	registry_note_conditions(keeper->registry, target, any);
}

uint64_t
record_notice(struct keeper *keeper, const struct message_change *change, uint64_t target,
    uint64_t incident)
{
	unsigned char changes[8 * 1024];
	struct wire_out out = wire_over(changes, sizeof changes);
	struct message_run run = { .target = change->target, .change_count = 1 };
	uint64_t notice = put_notice(keeper, change, target, incident);

	message_add_change(&out, change);
	assert(!out.bad);
	run.changes = (struct pw_bytes){ (const char *)changes, out.size };
	commit_queue_add_run(keeper, &run, 0, run.changes);
	return notice;
}

uint64_t
record_ours_to(struct keeper *keeper, const struct audience *audience, const char *kind,
    const char *code, int64_t since, const char *format, ...)
{
	struct message_change change = { .target = CONFIG_NONE, .change = outbox_own_change(keeper),
		.detected = since, .confirmed = clock_wall() };
	struct text text = TEXT_ROOM(2048);
	uint64_t notice;
	va_list arguments;

	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	text_copy(change.kind, sizeof change.kind, kind);
	text_copy(change.code, sizeof change.code, code);
	change.text = (struct pw_bytes){ text.bytes, text.size };
	notice = record_notice(keeper, &change, 0, 0);
	notify_of(keeper, &change, &(struct notify_row){ notice, 0, 0, NULL }, audience);
	return notice;
}

void
record_commit(struct keeper *keeper)
{
	withhold_keep(keeper);
	commit_queue_commit(keeper, STORE_MAIN);
	for (const struct pending_run *pending; (pending = commit_queue_untold(keeper->commits))
	    != NULL;
	    commit_queue_told(keeper->commits)) {
		struct wire_in in = wire_from(
		    pending->packet + pending->changes_at, pending->changes_size);
		const struct message_run run = { .target = pending->target };
		struct message_change change;

		for (uint32_t i = 0; message_next_change(&in, &run, &change); i++)
			if (change.kind[0] != '\0' && !(pending->left_out >> i & 1)) {
				if (!pending->ours) /* what is our own is silenced for nothing */
					silences_stamp(keeper, &change);
				change_log_write(keeper->duty, ++keeper->record->events, &change,
				    keeper->cache, keeper->record->zone);
			}
	}
	if (commit_queue_is_told(keeper->commits))
		cache_settle_all(keeper->cache);
}

void
record_settle(struct keeper *keeper, uint32_t target, uint64_t run)
{
	if (commit_queue_is_told(keeper->commits))
		cache_settle(keeper->cache, target, run);
	else
		cache_settle_later(keeper->cache, target, run);
}

void
record_change_incident(struct keeper *keeper, const struct store_incident *incident)
{
	store_change_incident(commit_queue_main(keeper), incident);
}

bool
record_open(struct keeper *keeper)
{
	const char *zone = keeper->config->timezone;

	keeper->record = calloc(1, sizeof *keeper->record);
	if (keeper->record != NULL)
		keeper->record->zone = zone == NULL ? zone_open_own() : zone_open(zone, NULL);
	keeper->cache = cache_create(keeper->config->target_count, CACHE_BYTES_MAX);
	return keeper->record != NULL && keeper->cache != NULL;
}

void
record_close(struct keeper *keeper)
{
	if (keeper->record != NULL)
		zone_close(&keeper->record->zone);
	free(keeper->record);
	keeper->record = NULL;
	cache_destroy(&keeper->cache);
}

uint64_t
record_done(const struct keeper *keeper)
{
	return keeper->record->done;
}

int64_t
record_watched(const struct keeper *keeper)
{
	return keeper->record->watched;
}

void
record_note_watched(struct keeper *keeper, int64_t watched)
{
	keeper->record->watched = watched;
}
