/* Few conditions stand at once, so their codes are a string that is walked. */
#include "keeper/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	const char *name = meaning_name(meaning);

	if (opened != 0 && meaning > MEANING_UP)
		snprintf(text, MEANING_TEXT_MAX, "%s:%" PRIu64, name, opened);
	else
		snprintf(text, MEANING_TEXT_MAX, "%s", name);
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

void
ledger_fini(struct ledger *ledger)
{
	free(ledger->codes);
	free(ledger->sent_codes);
	*ledger = (struct ledger){ .notice = 0 };
}

/* Where the condition stands in the list, NULL: nowhere. */
static char *
find(char *list, const char *code)
{
	size_t size = strlen(code);

	for (char *at = list; at != NULL && *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
		if (strncmp(at, code, size) == 0 && strchr(" :", at[size]) != NULL)
			return at;
	return NULL;
}

/* One that is in it stays as it is. */
static bool
add(char **list, const char *code, uint64_t opened)
{
	size_t had = *list == NULL ? 0 : strlen(*list), room = had + strlen(code) + 24;

	if (find(*list, code) != NULL)
		return true;
	char *grown = realloc(*list, room);
	if (grown == NULL)
		return false;
	snprintf(grown + had, room - had, "%s%s:%" PRIu64, had > 0 ? " " : "", code, opened);
	*list = grown;
	return true;
}

static void
take_out(char *list, const char *code)
{
	char *at = find(list, code);

	if (at == NULL)
		return;
	char *rest = at + strcspn(at, " ");
	if (*rest == ' ')
		rest++;
	else if (at > list)
		at--;
	memmove(at, rest, strlen(rest) + 1);
}

bool
ledger_has_code(const struct ledger *ledger, const char *code)
{
	return find(ledger->codes, code) != NULL;
}

bool
ledger_is_down(const struct ledger *ledger)
{
	return ledger->meaning == MEANING_DOWN || ledger->meaning == MEANING_FLAPPING;
}

enum ledger_act
ledger_judge(const struct ledger *ledger, enum notice_kind kind, const char *code)
{
	switch (kind) {
	case NOTICE_down: /* of an episode that has ended in it, too */
		return ledger->meaning == MEANING_DOWN ? LEDGER_TELL_NOTHING : LEDGER_TELL;
	case NOTICE_up:
		return ledger_is_down(ledger) ? LEDGER_TELL : LEDGER_TELL_OUTAGE;
	case NOTICE_flapping:
		return ledger->meaning == MEANING_FLAPPING ? LEDGER_TELL_NOTHING : LEDGER_TELL;
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
	case NOTICE_KINDS:
		break;
	}
	return LEDGER_TELL;
}

/* What one says, of all that was queued or of all that was sent. */
struct page {
	enum meaning *meaning;
	uint64_t *opened;
	char **codes;
};

static bool
apply(const struct page *page, const struct ledger_word *word)
{
	uint64_t opened = word->opened != 0 ? word->opened : word->notice;

	switch (word->kind) {
	case NOTICE_down:
		*page->meaning = MEANING_DOWN;
		*page->opened = opened;
		return true;
	case NOTICE_flapping:
		*page->meaning = MEANING_FLAPPING;
		*page->opened = opened;
		return true;
	case NOTICE_up:
	case NOTICE_outage:
	case NOTICE_settled:
	case NOTICE_stopped:
		*page->meaning = MEANING_UP;
		return true;
	case NOTICE_degraded:
	case NOTICE_blocked:
	case NOTICE_impaired:
		return add(page->codes, word->code, opened);
	case NOTICE_cleared:
		take_out(*page->codes, word->code);
		return true;
	case NOTICE_none:
	case NOTICE_changed:
	case NOTICE_fact:
	case NOTICE_reminder:
	case NOTICE_blind:
	case NOTICE_digest:
	case NOTICE_test:
	case NOTICE_KINDS:
		break;
	}
	return true;
}

bool
ledger_speaks_of_state(enum notice_kind kind)
{
	return kind == NOTICE_down || kind == NOTICE_flapping || kind == NOTICE_up || kind == NOTICE_outage
	    || kind == NOTICE_settled || kind == NOTICE_stopped;
}

bool
ledger_speaks_of_condition(enum notice_kind kind)
{
	return kind == NOTICE_degraded || kind == NOTICE_blocked || kind == NOTICE_impaired || kind == NOTICE_cleared;
}

uint64_t
ledger_opened(const struct ledger *ledger, enum notice_kind kind, const char *code)
{
	const char *at = ledger_speaks_of_condition(kind) ? find(ledger->codes, code) : NULL;
	struct ledger_code found;

	if (ledger_speaks_of_state(kind) || kind == NOTICE_changed || kind == NOTICE_reminder)
		return ledger_is_down(ledger) ? ledger->opened : 0;
	return at != NULL && ledger_next_code(&at, &found) ? found.opened : 0;
}

bool
ledger_note(struct ledger *ledger, const struct ledger_word *word)
{
	if (ledger_speaks_of_state(word->kind))
		ledger->notice = word->notice;
	return apply(&(struct page){ &ledger->meaning, &ledger->opened, &ledger->codes }, word);
}

bool
ledger_sent(struct ledger *ledger, const struct ledger_word *word)
{
	if (ledger_speaks_of_state(word->kind) && word->notice > ledger->sent)
		ledger->sent = word->notice;
	return apply(&(struct page){ &ledger->sent_meaning, &ledger->sent_opened, &ledger->sent_codes }, word);
}

/* False: no memory, and *into is as it was. */
static bool
replace(char **into, const char *codes)
{
	char *copy = codes == NULL ? NULL : strdup(codes);

	if (codes != NULL && copy == NULL)
		return false;
	free(*into);
	*into = copy;
	return true;
}

bool
ledger_go_back(struct ledger *ledger)
{
	ledger->notice = ledger->sent;
	ledger->meaning = ledger->sent_meaning;
	ledger->opened = ledger->sent_opened;
	return replace(&ledger->codes, ledger->sent_codes);
}

bool
ledger_settle(struct ledger *ledger, enum notice_kind kind, const char *code)
{
	if (ledger_speaks_of_state(kind)) {
		ledger->sent = ledger->notice;
		ledger->sent_meaning = ledger->meaning;
		ledger->sent_opened = ledger->opened;
	} else if (ledger_speaks_of_condition(kind) && ledger_has_code(ledger, code))
		return add(&ledger->sent_codes, code, ledger_opened(ledger, kind, code));
	else if (ledger_speaks_of_condition(kind))
		take_out(ledger->sent_codes, code);
	return true;
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
