/* What a script wants of a run, looked up in the evidence of a dialogue: the lines of `run` that need no socket. */
#ifndef TESTS_SPLIT_WANTS_H
#define TESTS_SPLIT_WANTS_H

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "peers/peer/phrase.h"
#include "split_drive.h"

struct wants {
	struct phrase phrase; /* what is left of the line */
	struct dialogue *dialogue;
	const struct drive *drive;
	struct evidence evidence;
	char why[1024];       /* "" while all is well */
};

__attribute__((format(printf, 2, 3))) static inline void
wants_fault(struct wants *wants, const char *format, ...)
{
	va_list arguments;
	size_t size = (size_t)snprintf(wants->why, sizeof wants->why, "line %d: ", wants->phrase.line);

	va_start(arguments, format);
	vsnprintf(wants->why + size, sizeof wants->why - size, format, arguments);
	va_end(arguments);
}

static inline const char *
wants_word(struct wants *wants, char *word, size_t room)
{
	phrase_word_or_text(&wants->phrase, word, room);
	return word;
}

static inline void
wants_verdict(struct wants *wants)
{
	char word[64];

	if (strcmp(wants_word(wants, word, sizeof word), verdict_name(dialogue_verdict(wants->dialogue))) != 0)
		wants_fault(wants, "the verdict is %s", verdict_name(dialogue_verdict(wants->dialogue)));
}

static inline void
wants_outcome(struct wants *wants)
{
	char word[64];

	if (strcmp(wants_word(wants, word, sizeof word), dialogue_outcome(wants->dialogue)) != 0)
		wants_fault(wants, "the outcome is %s", dialogue_outcome(wants->dialogue));
}

/* Whether a span in the text is this one: "15.0 s", "15 s". */
static inline bool
shows(const char *text, int64_t wanted)
{
	int64_t span;
	char word[32], *end;

	for (; *text != '\0'; text++) {
		strtod(text, &end);
		if (end == text || strncmp(end, " s", 2) != 0)
			continue;
		snprintf(word, sizeof word, "%.*ss", (int)(end - text), text);
		if (script_time(word, &span) && span > wanted - 51000 && span < wanted + 51000)
			return true;
		text = end;
	}
	return false;
}

static inline void
wants_text(struct wants *wants)
{
	char text[EVIDENCE_TEXT_MAX], word[512];
	bool absent = phrase_takes(&wants->phrase, "not");

	snprintf(text, sizeof text, "%.*s", (int)wants->evidence.text.size, wants->evidence.text.data);
	if (phrase_takes(&wants->phrase, "shows")) {
		if (!shows(text, phrase_time(&wants->phrase)))
			wants_fault(wants, "the text does not show it: %s", text);
	} else if ((strstr(text, wants_word(wants, word, sizeof word)) != NULL) == absent) {
		wants_fault(wants, "the text is: %s", text);
	}
}

static inline void
wants_bounds(struct wants *wants, const struct evidence_phase *phase)
{
	static const char *const bounds[] = { "limit", "from", "to" };

	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
		if (!phrase_takes(&wants->phrase, bounds[i]))
			continue;
		int64_t time = phrase_time(&wants->phrase);

		if ((i == 0 && phase->limit != time) || (i == 1 && phase->micros < time)
		    || (i == 2 && phase->micros > time + MILLISECOND))
			wants_fault(wants, "phase %s took %lld us of %lld", phase->name, (long long)phase->micros,
			    (long long)phase->limit);
	}
}

static inline void
wants_phase(struct wants *wants)
{
	static const char *const names[] = { [PHASE_NOT_REACHED] = "not_reached", [PHASE_OK] = "ok", [PHASE_FAILED] = "failed" };
	char name[64], status[64];

	wants_word(wants, name, sizeof name);
	wants_word(wants, status, sizeof status);
	for (uint32_t i = 0; i < wants->evidence.phase_count; i++) {
		const struct evidence_phase *phase = &wants->evidence.phases[i];

		if (strcmp(phase->name, name) != 0)
			continue;
		if (strcmp(names[phase->status], status) != 0)
			wants_fault(wants, "phase %s is %s", name, names[phase->status]);
		wants_bounds(wants, phase);
		return;
	}
	wants_fault(wants, "there is no phase %s", name);
}

/* Whether there is such a warning; NULL: any. */
static inline bool
has_warning(const struct wants *wants, const char *code)
{
	struct pw_bytes list = wants->evidence.warnings;
	struct evidence_warning warning;

	while (evidence_next_warning(&list, &warning))
		if (code == NULL || strcmp(code, warning.code) == 0)
			return true;
	return false;
}

static inline void
wants_warning(struct wants *wants)
{
	char code[64];

	if (!has_warning(wants, wants_word(wants, code, sizeof code)))
		wants_fault(wants, "there is no warning %s", code);
}

static inline void
wants_no(struct wants *wants)
{
	char what[64], code[64];

	wants_word(wants, what, sizeof what);
	if (strcmp(what, "warnings") == 0 && has_warning(wants, NULL))
		wants_fault(wants, "there are warnings");
	if (strcmp(what, "warning") == 0 && has_warning(wants, wants_word(wants, code, sizeof code)))
		wants_fault(wants, "there is the warning %s", code);
}

static inline bool
has_line(const struct wants *wants, int dir, const char *part)
{
	static char room[4 * EVIDENCE_LINE_MAX + 1];
	struct pw_bytes list = wants->evidence.transcript;
	struct evidence_line line;

	while (evidence_next_line(&list, &line)) {
		struct text text = TEXT_OVER(room);

		text_escape(&text, line.bytes);
		if ((dir < 0 || (int)line.dir == dir) && strstr(room, part) != NULL)
			return true;
	}
	return false;
}

static inline void
wants_transcript(struct wants *wants)
{
	static const char *const dirs[] = { "event", "sent", "received", "sent_tls", "received_tls" };
	char part[512];
	int dir = -1;
	bool absent;

	for (int i = 0; i < 5 && dir < 0; i++)
		if (phrase_takes(&wants->phrase, dirs[i]))
			dir = i;
	absent = phrase_takes(&wants->phrase, "not");
	if (has_line(wants, dir, wants_word(wants, part, sizeof part)) == absent)
		wants_fault(wants, "the transcript has %s\"%s\"", absent ? "" : "no ", part);
}

static inline void
wants_heard(struct wants *wants)
{
	char lines[sizeof wants->drive->heard], pattern[256], *rest = lines, *line;

	wants_word(wants, pattern, sizeof pattern);
	snprintf(lines, sizeof lines, "%s", wants->drive->heard);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (script_matches(pattern, strlen(pattern), line, strlen(line)))
			return;
	wants_fault(wants, "it was not told %s", pattern);
}

/* The others (facts, connections, questions to a name server …) are the matter of tests/peers/tcp.test. */
static const struct {
	const char *word;
	void (*look)(struct wants *);
} wants_words[] = {
	{ "verdict", wants_verdict }, { "outcome", wants_outcome }, { "text", wants_text }, { "phase", wants_phase },
	{ "warning", wants_warning }, { "no", wants_no }, { "transcript", wants_transcript }, { "heard", wants_heard },
};

/* Looks at each line of the run until one is not met: then false, and `why` says which. */
static inline bool
wants_are_met(struct wants *wants, const struct script *script, const struct run *run, const struct drive *drive)
{
	*wants = (struct wants){ .dialogue = drive->dialogue, .drive = drive };
	dialogue_evidence(drive->dialogue, &wants->evidence);
	if (play_broken(drive->play) != NULL)
		snprintf(wants->why, sizeof wants->why, "%s", play_broken(drive->play));
	for (size_t i = 0; i < run->count && wants->why[0] == '\0'; i++) {
		wants->phrase = (struct phrase){ script->path, run->want_lines[i], run->wants[i] };
		for (size_t j = 0; j < sizeof wants_words / sizeof *wants_words; j++) {
			if (phrase_takes(&wants->phrase, wants_words[j].word)) {
				wants_words[j].look(wants);
				break;
			}
		}
	}
	return wants->why[0] == '\0';
}

#endif
