/* Few conditions stand at once, so their codes are a string that is walked. */
#include "keeper/ledger.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[MEANINGS] = { "", "up", "down", "flapping" };

const char *
meaning_name(enum meaning meaning)
{
	return names[meaning];
}

enum meaning
meaning_of(const char *name)
{
	for (enum meaning meaning = MEANING_UP; meaning < MEANINGS; meaning++)
		if (strcmp(names[meaning], name) == 0)
			return meaning;
	return MEANING_NOTHING;
}

void
ledger_fini(struct ledger *ledger)
{
	free(ledger->codes);
	free(ledger->sent_codes);
	*ledger = (struct ledger){ .notice = 0 };
}

/* Where the word stands in the list, NULL: nowhere. */
static char *
find(char *list, const char *word)
{
	size_t size = strlen(word);

	for (char *at = list; at != NULL && *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
		if (strncmp(at, word, size) == 0 && (at[size] == ' ' || at[size] == '\0'))
			return at;
	return NULL;
}

static bool
add(char **list, const char *word)
{
	size_t had = *list == NULL ? 0 : strlen(*list), size = strlen(word);

	if (find(*list, word) != NULL)
		return true;
	char *grown = realloc(*list, had + size + 2);
	if (grown == NULL)
		return false;
	if (had > 0)
		grown[had++] = ' ';
	memcpy(grown + had, word, size + 1);
	*list = grown;
	return true;
}

static void
take_out(char *list, const char *word)
{
	char *at = find(list, word);

	if (at == NULL)
		return;
	char *rest = at + strlen(word);
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
		return ledger_has_code(ledger, code) ? LEDGER_TELL_NOTHING : LEDGER_TELL;
	case NOTICE_cleared:
		return ledger_has_code(ledger, code) ? LEDGER_TELL : LEDGER_TELL_NOTHING;
	case NOTICE_none:
		return LEDGER_TELL_NOTHING;
	case NOTICE_fact: /* to who asks for it by name */
	case NOTICE_outage:
	case NOTICE_blind:
	case NOTICE_impaired:
	case NOTICE_digest:
	case NOTICE_test:
	case NOTICE_KINDS:
		break;
	}
	return LEDGER_TELL;
}

/* What a notice of that kind makes of a meaning and a list of conditions. */
static bool
apply(enum meaning *meaning, char **codes, enum notice_kind kind, const char *code)
{
	switch (kind) {
	case NOTICE_down:
		*meaning = MEANING_DOWN;
		return true;
	case NOTICE_flapping:
		*meaning = MEANING_FLAPPING;
		return true;
	case NOTICE_up:
	case NOTICE_outage:
	case NOTICE_settled:
	case NOTICE_stopped:
		*meaning = MEANING_UP;
		return true;
	case NOTICE_degraded:
	case NOTICE_blocked:
		return add(codes, code);
	case NOTICE_cleared:
		take_out(*codes, code);
		return true;
	case NOTICE_none:
	case NOTICE_changed:
	case NOTICE_fact:
	case NOTICE_reminder:
	case NOTICE_blind:
	case NOTICE_impaired:
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
	return kind == NOTICE_degraded || kind == NOTICE_blocked || kind == NOTICE_cleared;
}

bool
ledger_note(struct ledger *ledger, enum notice_kind kind, const char *code, uint64_t notice)
{
	if (ledger_speaks_of_state(kind))
		ledger->notice = notice;
	return apply(&ledger->meaning, &ledger->codes, kind, code);
}

bool
ledger_sent(struct ledger *ledger, enum notice_kind kind, const char *code, uint64_t notice)
{
	if (ledger_speaks_of_state(kind) && notice > ledger->sent)
		ledger->sent = notice;
	return apply(&ledger->sent_meaning, &ledger->sent_codes, kind, code);
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
	return replace(&ledger->codes, ledger->sent_codes);
}

bool
ledger_settle(struct ledger *ledger, enum notice_kind kind, const char *code)
{
	if (ledger_speaks_of_state(kind)) {
		ledger->sent = ledger->notice;
		ledger->sent_meaning = ledger->meaning;
	} else if (ledger_speaks_of_condition(kind) && ledger_has_code(ledger, code))
		return add(&ledger->sent_codes, code);
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
