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
MESSAGE_WITH_INDEX(MESSAGE_ASK, ask)

struct message_answer {
	uint64_t number;
	char kind;             /* 'o' a line of output, 'e' of what is wrong, 'x' the end */
	uint8_t status;        /* of an end */
	struct pw_bytes text;  /* one line of ours, "" at an end; a view */
};
MESSAGE(MESSAGE_ANSWER, answer)

/* monitor -> parent: somebody wants a reload; the answers come under that number. */
MESSAGE_OF_VALUE(MESSAGE_RELOAD, reload, uint64_t)

MESSAGE_OF_INDEX(MESSAGE_RELEASE, release)
