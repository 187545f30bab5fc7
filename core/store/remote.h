/*
 * For commands whose user may not read the state folder: a store that another process, the web
 * process, reads for them. Each read goes to that process as a question, and its answer is whole
 * before the first row is given. The command holds nothing of the process that answers: no file, no
 * lock, no transaction.
 */
#pragma once

#include "base/buffer.h"
#include "store/reader.h"

/* Puts the answer to the question (store/question.h) into the buffer, which is empty. Returns false
 * with a reason. */
typedef bool store_ask(void *arg, const char *question, struct buffer *answer, struct reason *why);

/* A reader of lists, of values of meta, and of what waits; it has nothing else. Closed by
 * store_reader_close(). NULL: no memory. */
struct store_reader *store_remote_open(store_ask *, void *arg);
