/*
 * Encodes and decodes what a command asks the web process of the store, and the answers
 * (store/question.h).
 */
#include "store/question.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "store/list.h"
#include "store/row_bytes.h"

#define QUESTION(type_, member) { #member, FIELD_##type_, offsetof(struct question, member) }
static const struct field question_fields[] = { QUESTION(U32, kind), QUESTION(U32, list),
	QUESTION(I64, of), QUESTION(I64, numbers[0]), QUESTION(I64, numbers[1]),
	QUESTION(I64, numbers[2]), QUESTION(TEXT, texts[0]), QUESTION(TEXT, texts[1]),
	QUESTION(TEXT, texts[2]), { .column = NULL } };

const struct field answer_meta_fields[] = {
	{ "size", FIELD_I64, offsetof(struct answer_meta, size) },
	{ "value", FIELD_BYTES, offsetof(struct answer_meta, value) }, { .column = NULL } };

#define WAITING(member) { #member, FIELD_I64, offsetof(struct store_waiting, member) }
const struct field answer_waiting_fields[] = { WAITING(notices), WAITING(since), WAITING(dead),
	{ .column = NULL } };

uint64_t
question_hash(void)
{
	uint64_t hash = row_hash(row_hash(row_hash(HASH_BEGIN, question_fields),
	    answer_meta_fields), answer_waiting_fields);
	uint32_t lists = STORE_LISTS;

	for (enum row_kind kind = 0; kind < ROW_KINDS; kind++)
		hash = row_hash(hash, row_forms[kind].fields);
	return hash_add(hash, &lists, sizeof lists);
}

bool
question_write(const struct question *question, char digits[QUESTION_DIGITS_MAX + 1])
{
	struct buffer bytes = { .data = NULL };
	bool good = row_put(&bytes, QUESTION_DIGITS_MAX / 2, question_fields, question);

	for (uint32_t i = 0; good && i < bytes.size; i++)
		snprintf(digits + 2 * (size_t)i, 3, "%02x", (unsigned char)bytes.data[i]);
	buffer_fini(&bytes);
	return good;
}

static int
digit(char byte)
{
	return byte >= '0' && byte <= '9' ? byte - '0'
	    : byte >= 'a' && byte <= 'f'  ? byte - 'a' + 10
	                                  : -1;
}

bool
question_read(const char *digits, char bytes[QUESTION_DIGITS_MAX / 2], struct question *question)
{
	size_t size = strlen(digits);
	struct pw_bytes from = { bytes, size / 2 };

	if (size > QUESTION_DIGITS_MAX || size % 2 != 0)
		return false;
	for (size_t i = 0; i < size; i += 2) {
		int high = digit(digits[i]), low = digit(digits[i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i / 2] = (char)(high << 4 | low);
	}
	if (!row_get(&from, question_fields, question) || from.size != 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (strlen(question->texts[i]) >= STORE_KEY_ROOM)
			return false;
	return question->kind >= QUESTION_PAGE && question->kind <= QUESTION_WAITING
	    && question->list < STORE_LISTS;
}
