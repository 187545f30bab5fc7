/* What `status --watch` asks its reader: a line of text, and with it whether the daemon is to
 * acknowledge, pause or resume. */
#pragma once

#include "base/text.h"
#include "command/status_rows.h"
#include "command/watch_job.h"

enum { WATCH_INPUT_MAX = 501 };

/* A line of UTF-8 that is typed. Starts as zeroes. */
struct watch_input {
	char bytes[WATCH_INPUT_MAX];
	size_t size;
};
/* A character, Backspace, or Ctrl-U, which empties it. Returns false for other keys. */
bool watch_input_key(struct watch_input *, uint32_t key);

enum watch_verb { WATCH_ACK, WATCH_PAUSE, WATCH_RESUME };
enum watch_answer { WATCH_GOES_ON, WATCH_GIVEN_UP, WATCH_DECIDED };

/* Starts as zeroes. */
struct watch_ask {
	enum watch_verb verb;
	enum { ASK_SPAN, ASK_WHY, ASK_WHETHER } step;
	char target[300], name[300], incident[24];
	struct watch_input span, why;
};

/* Begins to ask about a row. Returns NULL, or why there is nothing to be asked. */
const char *watch_ask_begin(struct watch_ask *, enum watch_verb, const struct status_row *);
/* A key that was pressed. Once it is decided watch_ask_words() has the command. */
enum watch_answer watch_ask_key(struct watch_ask *, uint32_t key);
/* What is asked now, with what was typed so far. */
void watch_ask_add(struct text *, const struct watch_ask *);
/* The words of the command, ended by NULL: views of it; returns how many. */
size_t watch_ask_words(const struct watch_ask *, const char *words[WATCH_JOB_WORDS]);
