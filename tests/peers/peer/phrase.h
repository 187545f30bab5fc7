/* A line of a script, read from left to right. Faults end the program. */
#ifndef PEER_PHRASE_H
#define PEER_PHRASE_H

#include "script.h"

struct phrase {
	const char *path;
	int line;
	const char *at; /* what is left of the line */
};

_Noreturn void phrase_fault(const struct phrase *phrase, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether nothing but blanks or a comment is left. */
bool phrase_ends(struct phrase *phrase);

/* The next word, up to a blank; a fault where there is none or it does not fit. */
void phrase_word(struct phrase *phrase, char *word, size_t room);

/* Takes the next word if it is this one. */
bool phrase_takes(struct phrase *phrase, const char *word);

long phrase_number(struct phrase *phrase);
int64_t phrase_time(struct phrase *phrase);

/* The next text: "…" [* N] [+ "…" …], appended to `bytes`, which grows. Escapes: \r \n \t \0 \\ \" \xNN. */
void phrase_text(struct phrase *phrase, struct bytes *bytes);

/* The next word, or text in quotes: `word` ends in NUL and holds what fits. */
void phrase_word_or_text(struct phrase *phrase, char *word, size_t room);

void bytes_append(struct bytes *bytes, const char *data, size_t size, size_t times);

#endif
