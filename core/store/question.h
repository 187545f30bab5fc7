/*
 * What a command whose user may not read the state folder asks the web process of the store: a page
 * of a list, a value of meta, or what waits. A question is a word of hexadecimal digits, so that it
 * may stand in the address of an HTTP request.
 */
#pragma once

#include "store/reader.h"
#include "store/row.h"

enum {
	QUESTION_DIGITS_MAX = 3000,
	ANSWER_MAX = 64 * 1024 * 1024 /* bytes */
};

enum question_kind { QUESTION_PAGE = 1, QUESTION_META, QUESTION_WAITING };

struct question {
	uint32_t kind;        /* enum question_kind */
	uint32_t list;        /* enum store_list_kind */
	int64_t of;
	int64_t numbers[3];   /* the key of the last row; [0]: until when what waits is due */
	const char *texts[3]; /* the same; [0]: the key of meta, or the notifier */
};

/* The answer is rows of the list, each behind a tag; behind the last of them stands another, which
 * says whether there are more. */
enum answer_tag { ANSWER_ROW = 'r', ANSWER_MORE = 'm', ANSWER_END = 'e' };

/* Or a value of meta, -1: there is none, of which the first bytes are here; or a struct
 * store_waiting. */
struct answer_meta {
	int64_t size;
	struct pw_bytes value;
};
extern const struct field answer_meta_fields[], answer_waiting_fields[];

/* Returns false if it is longer than QUESTION_DIGITS_MAX, or there is no memory. */
bool question_write(const struct question *, char digits[QUESTION_DIGITS_MAX + 1]);

/* Its texts are views into the bytes. Returns false if it is none, or asks for what nobody has. */
bool question_read(const char *digits, char bytes[QUESTION_DIGITS_MAX / 2], struct question *);

/* Of all that questions and answers are made of: two programs in which it differs do not understand
 * each other. */
uint64_t question_hash(void);
