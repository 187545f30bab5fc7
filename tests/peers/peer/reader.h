/* One line of a script, read from left to right. Faults end the program. */
#ifndef PEER_READER_H
#define PEER_READER_H

#include "script.h"

struct reader {
	const char *path;
	int line;
	const char *at; /* what is left of the line */
};

_Noreturn void reader_fault(const struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether nothing but blanks or a comment is left. */
bool reader_ends(struct reader *reader);

/* The next word, up to a blank; a fault where there is none or it does not fit. */
void reader_word(struct reader *reader, char *word, size_t room);

/* Takes the next word if it is this one. */
bool reader_takes(struct reader *reader, const char *word);

long reader_number(struct reader *reader);
int64_t reader_time(struct reader *reader);

/* The next text: "…" [* N] [+ "…" …], appended to `bytes`, which grows. Escapes: \r \n \t \0 \\ \" \xNN. */
void reader_text(struct reader *reader, struct bytes *bytes);

void bytes_append(struct bytes *bytes, const char *data, size_t size, size_t times);

#endif
