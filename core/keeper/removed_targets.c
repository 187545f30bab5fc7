/*
 * For the keeper: closes the incidents and conditions of targets that the configuration no longer
 * has. All of it happens when the keeper starts: a reload starts a new keeper with the new
 * configuration.
 */
#include "keeper/removed_targets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/vec.h"
#include "keeper/keeper.h"
#include "keeper/record.h"
#include "keeper/notifier_filters.h"
#include "keeper/ledgers.h"

/* The notice of an end, made once for all who are told of it. `code`: of a condition; "": it was
 * down. */
struct end {
	uint64_t target, notice, incident;
	char code[OUTCOME_NAME_MAX];
};

struct ends {
	struct keeper *keeper;
	struct end *items;
	uint32_t count, room;
};

static bool
is_gone(const struct ends *ends, uint64_t target)
{
	return registry_target(ends->keeper->registry, target) == CONFIG_NONE;
}

/* `incident`, `change`: 0 where none is open. */
static const struct end *
record(struct ends *ends, uint64_t target, const char *code, uint64_t incident, uint64_t change,
    struct pw_bytes text)
{
	struct keeper *keeper = ends->keeper;
	struct message_change message = { .target = CONFIG_NONE, .change = change != 0 ? change
		: outbox_own_change(keeper), .detected = clock_wall(), .text = text };

	if (!VEC_RESERVE(ends->items, ends->count, ends->room))
		keeper_out_of_memory(keeper, "the end of what was open");
	assert(ends->count < ends->room);
	struct end *end = &ends->items[ends->count++];
	message.confirmed = message.detected;
	text_copy(message.kind, sizeof message.kind,
	    notice_name(code[0] == '\0' ? NOTICE_stopped : NOTICE_cleared));
	text_copy(message.code, sizeof message.code, code);
	*end = (struct end){ .target = target, .incident = incident,
	    .notice = record_notice(keeper, &message, target, incident) };
	memcpy(end->code, message.code, sizeof end->code);
	return end;
}

static void
close_incidents(struct ends *ends)
{
	struct store_incident open = { .number = 0 };

	while (store_next_open_incident(ends->keeper->store, &open)) {
		struct text text = TEXT_ROOM(1024);

		if (!is_gone(ends, open.target))
			continue;
		open.end = "stopped";
		open.ended = open.end_confirmed = clock_wall();
		text_format(&text, "%s is no longer watched; it had been down for %s",
		    registry_name(ends->keeper->registry, open.target),
		    SPAN(open.ended - open.began));
		open.end_text = (struct pw_bytes){ text.bytes, text.size };
		record_change_incident(ends->keeper, &open);
		record(ends, open.target, "", open.number, open.change, open.end_text);
	}
}

static const struct end *
end_of(struct ends *ends, uint64_t target, const char *code)
{
	struct text text = TEXT_ROOM(1024);

	for (uint32_t i = 0; i < ends->count; i++)
		if (ends->items[i].target == target && strcmp(ends->items[i].code, code) == 0)
			return &ends->items[i];
	text_format(&text, "%s is no longer watched; ",
	    registry_name(ends->keeper->registry, target));
	if (code[0] == '\0')
		text_add(&text, "it had been said to be down");
	else
		text_format(&text, "%s had been told of it", code);
	return record(ends, target, code, 0, 0, (struct pw_bytes){ text.bytes, text.size });
}

static void
tell(struct ends *ends, uint32_t notifier, uint64_t target, const char *code, uint64_t opened)
{
	enum notice_kind kind = code[0] == '\0' ? NOTICE_stopped : NOTICE_cleared;

	if (!filter_want(ends->keeper, notifier, kind, code))
		return;
	const struct end *end = end_of(ends, target, code);
	outbox_add(ends->keeper, notifier,
	    &(struct outbox_entry){ .kind = kind, .code = code, .notice = end->notice,
	    .target = target, .incident = end->incident, .opened = opened });
}

/* Those who were told, as their ledgers say, which are empty from then on. */
static void
tell_those_who_know(struct ends *ends)
{
	struct keeper *keeper = ends->keeper;
	struct store_ledger row = { .target = 0 };
	uint64_t opened;

	while (store_next_ledger_in_use(keeper->store, &row)) {
		enum meaning meaning = meaning_read(row.meaning, &opened);
		struct notifier *notifier =
		    notifier_named(keeper, text_view(row.notifier));
		const char *codes = row.codes;
		struct ledger_code code;

		if (notifier == NULL || !is_gone(ends, row.target))
			continue;
		uint32_t index = notifier_index(keeper, notifier);
		if (meaning == MEANING_DOWN || meaning == MEANING_FLAPPING)
			tell(ends, index, row.target, "", opened);
		while (ledger_next_code(&codes, &code))
			tell(ends, index, row.target, code.name, code.opened);
		ledgers_forget(keeper, &row);
	}
}

void
removed_targets_tell(struct keeper *keeper)
{
	struct ends ends = { .keeper = keeper };
	struct store_condition standing = { .target = 0 };

	while (store_next_condition(keeper->store, &standing))
		if (is_gone(&ends, standing.target)) {
			standing.cleared = clock_wall();
			store_put_condition(commit_queue_main(keeper), &standing);
		}
	close_incidents(&ends);
	tell_those_who_know(&ends);
	free(ends.items);
}
