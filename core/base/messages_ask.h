/*
 * What people ask the keeper for, by way of the monitor's control socket, and what the monitor is
 * to know of it:
 *
 *   monitor -> keeper    ask: a verb and its words, with the name of who asks
 *   keeper  -> monitor   answer ×lines, and a last one with the exit status: what was asked is
 *                        durable, or refused
 *   monitor -> parent    release: the quarantine of a target ends by hand
 *   monitor -> parent    reload; answered as an ask is
 */
#pragma once

#include "base/messages.h"

enum {
	ASK_WORDS_MAX = 4,
	ASK_WORD_MAX = 1024,   /* bytes of a word */
	ASK_WHO_MAX = 64,
	ANSWER_LINE_MAX = 4096,
	PAUSE_TAG_MAX = 128
};

struct message_ask {
	uint64_t number;       /* of this monitor, repeated in its answers */
	uint32_t target;       /* that the first word means, CONFIG_NONE: none */
	uint32_t released;     /* targets whose quarantine ends by the same word */
	char verb[16];
	char who[ASK_WHO_MAX]; /* printable */
	uint32_t word_count;
	struct pw_bytes words[ASK_WORDS_MAX]; /* as they were typed: foreign bytes; views */
};
void message_put_ask(struct wire_out *, const struct message_ask *);
bool message_get_ask(struct wire_in *, struct message_ask *, uint32_t targets);

struct message_answer {
	uint64_t number;
	char kind;             /* 'o' a line of output, 'e' of what is wrong, 'x' the end */
	uint8_t status;        /* of an end */
	struct pw_bytes text;  /* one line of ours, "" at an end; a view */
};
void message_put_answer(struct wire_out *, const struct message_answer *);
bool message_get_answer(struct wire_in *, struct message_answer *);

/* monitor -> parent: somebody wants a reload; the answers come under that number. */
void message_put_reload(struct wire_out *, uint64_t number);
bool message_get_reload(struct wire_in *, uint64_t *number);

void message_put_release(struct wire_out *, uint32_t target);
bool message_get_release(struct wire_in *, uint32_t *target, uint32_t targets);
