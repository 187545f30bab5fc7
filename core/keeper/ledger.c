/*
 * Computes what a notifier is told next of a target, from what it was told before (its ledger) and
 * what is true now. Called by the keeper for each change, and by `postwatch explain`. Few
 * conditions stand at once, so their codes are a string that is walked.
 */
#include "keeper/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *const names[MEANINGS] = { "", "up", "down", "flapping" };

const char *
meaning_name(enum meaning meaning)
{
	assert(meaning < MEANINGS);
	return names[meaning];
}

void
meaning_write(char text[static MEANING_TEXT_MAX], enum meaning meaning, uint64_t opened)
{
	struct text out = text_over(text, MEANING_TEXT_MAX);

	text_add(&out, meaning_name(meaning));
	if (opened != 0 && meaning > MEANING_UP) {
		text_add(&out, ":");
		text_add_u64(&out, opened);
	}
}

enum meaning
meaning_read(const char *text, uint64_t *opened)
{
	size_t size = strcspn(text, ":");

	if (opened != NULL)
		*opened = text[size] == ':' ? strtoull(text + size + 1, NULL, 10) : 0;
	for (enum meaning meaning = MEANING_UP; meaning < MEANINGS; meaning++)
		if (strlen(names[meaning]) == size && memcmp(names[meaning], text, size) == 0)
			return meaning;
	return MEANING_NOTHING;
}

bool
ledger_next_code(const char **list, struct ledger_code *code)
{
	const char *at = *list == NULL ? "" : *list + strspn(*list, " ");
	size_t size = strcspn(at, " :");

	if (size == 0)
		return false;
	snprintf(code->name, sizeof code->name, "%.*s", (int)size, at);
	code->opened = at[size] == ':' ? strtoull(at + size + 1, NULL, 10) : 0;
	*list = at + strcspn(at, " ");
	return true;
}

bool
ledger_meet(struct ledger_met *met, const char *code)
{
	for (uint32_t i = 0; i < met->count; i++)
		if (strcmp(met->codes[i], code) == 0)
			return false;
	if (met->count == sizeof met->codes / sizeof met->codes[0])
		return false;
	snprintf(met->codes[met->count++], OUTCOME_NAME_MAX, "%s", code);
	return true;
}

/* Where the condition stands in the list, NULL: nowhere. */
static const char *
find(const char *list, const char *code)
{
	size_t size = strlen(code);

	for (const char *at = list; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
		if (strncmp(at, code, size) == 0 && strchr(" :", at[size]) != NULL)
			return at;
	return NULL;
}

/* One that is in it stays as it is. */
static void
add(struct ledger_page *page, const char *code, uint64_t opened)
{
	size_t had = strlen(page->codes), room = sizeof page->codes - had;

	assert(had < sizeof page->codes);
	if (find(page->codes, code) != NULL)
		return;
	if ((size_t)snprintf(page->codes + had, room, "%s%s:%" PRIu64, had > 0 ? " " : "", code,
	    opened) >= room)
		page->codes[had] = '\0';
}

static void
take_out(struct ledger_page *page, const char *code)
{
	const char *found = find(page->codes, code);

	if (found == NULL)
		return;
	char *at = page->codes + (found - page->codes), *rest = at + strcspn(at, " ");
	if (*rest == ' ')
		rest++;
	else if (at > page->codes)
		at--;
	assert(rest >= at && rest < page->codes + sizeof page->codes);
	memmove(at, rest, strlen(rest) + 1);
}

bool
ledger_has_code(const struct ledger *ledger, const char *code)
{
	return find(ledger->queued.codes, code) != NULL;
}

bool
ledger_is_down(const struct ledger *ledger)
{
	return ledger->queued.meaning == MEANING_DOWN || ledger->queued.meaning == MEANING_FLAPPING;
}

enum ledger_act
ledger_judge(const struct ledger *ledger, enum notice_kind kind, const char *code)
{
	switch (kind) {
	case NOTICE_down: /* of an episode that has ended in it, too */
		return ledger->queued.meaning == MEANING_DOWN ? LEDGER_TELL_NOTHING : LEDGER_TELL;
	case NOTICE_up:
		return ledger_is_down(ledger) ? LEDGER_TELL : LEDGER_TELL_OUTAGE;
	case NOTICE_flapping:
		return ledger->queued.meaning == MEANING_FLAPPING ? LEDGER_TELL_NOTHING
		    : LEDGER_TELL;
	case NOTICE_settled:
	case NOTICE_changed:
	case NOTICE_reminder:
	case NOTICE_stopped:
		return ledger_is_down(ledger) ? LEDGER_TELL : LEDGER_TELL_NOTHING;
	case NOTICE_degraded:
	case NOTICE_blocked:
	case NOTICE_impaired:
		return ledger_has_code(ledger, code) ? LEDGER_TELL_NOTHING : LEDGER_TELL;
	case NOTICE_cleared:
		return ledger_has_code(ledger, code) ? LEDGER_TELL : LEDGER_TELL_NOTHING;
	case NOTICE_none:
		return LEDGER_TELL_NOTHING;
	case NOTICE_fact: /* to who asks for it by name */
	case NOTICE_outage:
	case NOTICE_blind:
	case NOTICE_digest:
	case NOTICE_test:
	case NOTICE_report:
	case NOTICE_KINDS:
		break;
	}
	return LEDGER_TELL;
}

static void
apply(struct ledger_page *page, const struct ledger_word *word)
{
	uint64_t opened = word->opened != 0 ? word->opened : word->notice;

	if (ledger_speaks_of_state(word->kind)) {
		page->meaning = word->kind == NOTICE_down ? MEANING_DOWN : word->kind
		    == NOTICE_flapping ? MEANING_FLAPPING : MEANING_UP;
		page->opened = page->meaning == MEANING_UP ? page->opened : opened;
	} else if (word->kind == NOTICE_cleared)
		take_out(page, word->code);
	else if (ledger_speaks_of_condition(word->kind))
		add(page, word->code, opened);
}

bool
ledger_speaks_of_state(enum notice_kind kind)
{
	return kind == NOTICE_down || kind == NOTICE_flapping || kind == NOTICE_up
	    || kind == NOTICE_outage || kind == NOTICE_settled || kind == NOTICE_stopped;
}

bool
ledger_speaks_of_condition(enum notice_kind kind)
{
	return kind == NOTICE_degraded || kind == NOTICE_blocked || kind == NOTICE_impaired
	    || kind == NOTICE_cleared;
}

uint64_t
ledger_opened(const struct ledger *ledger, enum notice_kind kind, const char *code)
{
	const char *at = ledger_speaks_of_condition(kind) ? find(ledger->queued.codes, code) : NULL;
	struct ledger_code found;

	if (ledger_speaks_of_state(kind) || kind == NOTICE_changed || kind == NOTICE_reminder)
		return ledger_is_down(ledger) ? ledger->queued.opened : 0;
	return at != NULL && ledger_next_code(&at, &found) ? found.opened : 0;
}

void
ledger_note(struct ledger *ledger, const struct ledger_word *word)
{
	if (ledger_speaks_of_state(word->kind))
		ledger->queued.notice = word->notice;
	apply(&ledger->queued, word);
}

void
ledger_sent(struct ledger *ledger, const struct ledger_word *word)
{
	if (ledger_speaks_of_state(word->kind) && word->notice > ledger->sent.notice)
		ledger->sent.notice = word->notice;
	apply(&ledger->sent, word);
}

void
ledger_go_back(struct ledger *ledger)
{
	ledger->queued = ledger->sent;
}

void
ledger_settle(struct ledger *ledger, enum notice_kind kind, const char *code)
{
	if (ledger_speaks_of_state(kind)) {
		ledger->sent.notice = ledger->queued.notice;
		ledger->sent.meaning = ledger->queued.meaning;
		ledger->sent.opened = ledger->queued.opened;
	} else if (ledger_speaks_of_condition(kind) && ledger_has_code(ledger, code))
		add(&ledger->sent, code, ledger_opened(ledger, kind, code));
	else if (ledger_speaks_of_condition(kind))
		take_out(&ledger->sent, code);
}

enum ledger_late
ledger_compare(const struct ledger *ledger, const struct ledger_truth *truth)
{
	if (truth->down)
		return ledger_is_down(ledger) ? LATE_NOTHING : LATE_DOWN;
	if (ledger_is_down(ledger))
		return LATE_UP;
	return truth->missed ? LATE_OUTAGE : LATE_NOTHING;
}
