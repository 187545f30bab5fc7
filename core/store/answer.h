/*
 * For the web process: answers questions about the store (store/question.h) that commands send to
 * it, from a reader of its own. Each is answered by itself: nothing is kept between two of them.
 */
#pragma once

#include "base/buffer.h"
#include "store/reader.h"

enum store_answering {
	STORE_ANSWERED,
	STORE_NO_QUESTION, /* it is malformed */
	STORE_UNANSWERED   /* the store cannot be read, or there is no memory: with a reason */
};

/* Puts the answer into the buffer, which is empty. Of meta the keys are answered that `keys` names,
 * which ends with NULL; any other is no question. A list is answered up to a place from which the
 * next question goes on: no transaction lasts longer than that of a page, and no answer takes much
 * longer than one. */
enum store_answering store_answer(struct store_reader *, const char *question,
    const char *const *keys, struct buffer *answer, struct reason *why);
