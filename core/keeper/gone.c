/* All of it happens at birth: a configuration is read by a keeper that is born with it. */
#include "keeper/gone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/vec.h"
#include "keeper/keeper.h"
#include "keeper/rules.h"

enum { PAGE = 1000 };

static const char *
name_of(const struct keeper *keeper, uint64_t target)
{
	const struct roll_known *row = roll_row(&keeper->roll, target);

	return row == NULL ? "a target" : row->name;
}

/* The notice of an end, made once for all who are told of it. `code`: of a condition; "": it was down. */
struct gone_end {
	uint64_t target, notice, incident;
	char code[OUTCOME_NAME_MAX];
};

static struct gone_end *
find(const struct keeper *keeper, uint64_t target, const char *code)
{
	for (uint32_t i = 0; i < keeper->gone.count; i++)
		if (keeper->gone.items[i].target == target && strcmp(keeper->gone.items[i].code, code) == 0)
			return &keeper->gone.items[i];
	return NULL;
}

static struct gone_end *
add(struct keeper *keeper)
{
	struct gone_ends *ends = &keeper->gone;

	if (!VEC_RESERVE(ends->items, ends->count, ends->room))
		keeper_out_of_memory(keeper, "the end of what was open");
	return &ends->items[ends->count++];
}

/* `incident`, `change`: 0 where none is open. */
static struct gone_end *
record(struct keeper *keeper, uint64_t target, const char *code, uint64_t incident, uint64_t change, struct pw_bytes text)
{
	struct message_change message = { .target = CONFIG_NONE, .change = change != 0 ? change : ++keeper->own_change,
		.detected = clock_wall(), .text = text };
	struct gone_end *end = add(keeper);

	message.confirmed = message.detected;
	snprintf(message.kind, sizeof message.kind, "%s", notice_name(code[0] == '\0' ? NOTICE_stopped : NOTICE_cleared));
	snprintf(message.code, sizeof message.code, "%s", code);
	*end = (struct gone_end){ .target = target, .incident = incident,
		.notice = record_notice(keeper, &message, target, incident) };
	memcpy(end->code, message.code, sizeof end->code);
	return end;
}

void
gone_incident(struct keeper *keeper, const struct store_incident *open)
{
	struct store_incident closed = *open;
	char sentence[1024], span[64];
	struct text text = TEXT_OVER(sentence), since = TEXT_OVER(span);

	closed.end = "stopped";
	closed.ended = closed.end_confirmed = clock_wall();
	text_add_span(&since, closed.ended - open->began);
	text_format(&text, "%s is no longer watched; it had been down for %s", name_of(keeper, open->target), span);
	closed.end_text = (struct pw_bytes){ text.bytes, text.size };
	store_put_incident(journal_main(keeper), &closed);
	record(keeper, open->target, "", open->number, open->change, closed.end_text);
}

void
gone_condition(struct keeper *keeper, const struct store_condition *standing)
{
	struct store_condition cleared = *standing;

	cleared.cleared = clock_wall();
	store_put_condition(journal_main(keeper), &cleared);
}

static struct gone_end *
end_of(struct keeper *keeper, uint64_t target, const char *code)
{
	struct gone_end *end = find(keeper, target, code);
	char sentence[1024];
	struct text text = TEXT_OVER(sentence);

	if (end != NULL)
		return end;
	text_format(&text, "%s is no longer watched; ", name_of(keeper, target));
	if (code[0] == '\0')
		text_add(&text, "it had been said to be down");
	else
		text_format(&text, "%s had been told of it", code);
	return record(keeper, target, code, 0, 0, (struct pw_bytes){ text.bytes, text.size });
}

static void
tell(struct keeper *keeper, uint32_t courier, uint64_t target, const char *code, uint64_t opened)
{
	enum notice_kind kind = code[0] == '\0' ? NOTICE_stopped : NOTICE_cleared;
	const struct gone_end *end;

	if (!rules_want(keeper, courier, kind, code))
		return;
	end = end_of(keeper, target, code);
	outbox_add(keeper, courier, &(struct outbox_entry){ .kind = kind, .code = code, .notice = end->notice, .target = target,
	    .incident = end->incident, .opened = opened });
}

struct look {
	struct keeper *keeper;
	uint64_t target;
	char notifier[256];
};

static bool
on_ledger(void *arg, const struct store_ledger *row)
{
	struct look *look = arg;
	struct keeper *keeper = look->keeper;
	uint64_t opened;
	enum meaning meaning = meaning_read(row->meaning, &opened);
	bool down = meaning == MEANING_DOWN || meaning == MEANING_FLAPPING;
	const struct courier *notifier = courier_named(keeper, (struct pw_bytes){ row->notifier, strlen(row->notifier) });
	const char *codes = row->codes;
	struct ledger_code code;

	look->target = row->target;
	snprintf(look->notifier, sizeof look->notifier, "%s", row->notifier);
	if ((!down && row->codes[0] == '\0') || roll_target(&keeper->roll, row->target) != CONFIG_NONE
	    || notifier == NULL)
		return true;
	uint32_t courier = courier_index(keeper, notifier);
	if (down)
		tell(keeper, courier, row->target, "", opened);
	while (ledger_next_code(&codes, &code))
		tell(keeper, courier, row->target, code.name, code.opened);
	store_put_ledger(journal_main(keeper), &(struct store_ledger){ .target = row->target, .notifier = row->notifier,
	    .meaning = meaning_name(MEANING_NOTHING), .sent_meaning = meaning_name(MEANING_NOTHING), .codes = "", .sent_codes = "" });
	return true;
}

bool
gone_tell(struct keeper *keeper)
{
	struct look look = { .keeper = keeper };
	enum store_reading answer;

	do
		answer = store_read_ledger(keeper->reader, look.target, look.notifier, PAGE, on_ledger, &look);
	while (answer == STORE_READ_MORE);
	free(keeper->gone.items);
	keeper->gone = (struct gone_ends){ .items = NULL };
	return answer != STORE_READ_BROKEN;
}
