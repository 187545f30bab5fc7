/*
 * For commands: reads the store through another process, the web process. Asks for pages and
 * values, and checks what is answered.
 */
#include "store/remote.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/batch.h"
#include "store/question.h"
#include "store/reader_private.h"
#include "store/row_bytes.h"

struct remote {
	struct store_reader reader; /* store_reader_close() frees it */
	store_ask *ask;
	void *arg;
};

static bool
ask(struct store_reader *reader, const struct question *question, struct buffer *answer)
{
	struct remote *remote = (struct remote *)reader;
	char digits[QUESTION_DIGITS_MAX + 1];

	if (question_write(question, digits))
		return remote->ask(remote->arg, digits, answer, &reader->why);
	reason_set(&reader->why, "a key that is too long to be asked for, or no memory");
	return false;
}

/* Numbers that did not go on would be asked for for ever. */
static bool
take_row(struct store_list *list, struct pw_bytes *bytes, int64_t *last, bool newest_first)
{
	const struct row_form *form = store_list_form(list->kind);
	_Alignas(8) char row[ROW_SIZE_MAX];

	assert(form->size <= sizeof row);
	if (!row_get(bytes, form->fields, row))
		return false;
	if (form->key == 1 && form->fields[0].type == FIELD_I64) {
		int64_t number = row_member(form->fields, row).number;

		if (newest_first ? number >= *last : number <= *last)
			return false;
		*last = number;
	}
	store_batch_add_row(list->rows, (enum row_kind)(form - row_forms), row);
	return true;
}

static enum store_reading
take_page(struct store_list *list, struct pw_bytes bytes, bool newest_first)
{
	int64_t last = list->numbers[0];
	bool good = true;
	char tag = 0;

	while (good && bytes.size > 0) {
		tag = *bytes.data++;
		bytes.size--;
		good = tag == ANSWER_ROW ? take_row(list, &bytes, &last, newest_first)
		    : bytes.size == 0 && (tag == ANSWER_END
		        || (tag == ANSWER_MORE && list->rows->first != NULL));
	}
	if (good && (tag == ANSWER_END || tag == ANSWER_MORE))
		return tag == ANSWER_END ? STORE_READ_END : STORE_READ_MORE;
	reason_set(&list->reader->why, "what was answered is malformed");
	return STORE_READ_BROKEN;
}

static enum store_reading
read_page(struct store_list *list, bool newest_first)
{
	const struct question question = { .kind = QUESTION_PAGE, .list = list->kind,
		.of = (int64_t)list->of,
		.numbers = { list->numbers[0], list->numbers[1], list->numbers[2] },
		.texts = { list->texts[0], list->texts[1], list->texts[2] } };
	struct buffer answer = { .data = NULL };
	enum store_reading reading = STORE_READ_BROKEN;

	if (ask(list->reader, &question, &answer))
		reading = take_page(list, buffer_view(&answer), newest_first);
	buffer_fini(&answer);
	return reading;
}

/* The answer to a question that is one record, whose texts and bytes are views into `answer`. */
static bool
ask_record(struct store_reader *reader, const struct question *question,
    const struct field *fields, void *record, struct buffer *answer)
{
	struct pw_bytes bytes;

	if (!ask(reader, question, answer))
		return false;
	bytes = buffer_view(answer);
	if (row_get(&bytes, fields, record) && bytes.size == 0)
		return true;
	reason_set(&reader->why, "what was answered is malformed");
	return false;
}

static int64_t
read_meta(struct store_reader *reader, const char *key, void *value, size_t room)
{
	const struct question question = { .kind = QUESTION_META, .texts = { key } };
	struct buffer answer = { .data = NULL };
	struct answer_meta meta;
	int64_t size = -1;

	/* One that was cut on its way cannot be used. */
	if (ask_record(reader, &question, answer_meta_fields, &meta, &answer)
	    && meta.size >= 0 && meta.size == (int64_t)meta.value.size)
		size = meta.size;
	if (size > 0 && room > 0)
		memcpy(value, meta.value.data, meta.value.size < room ? meta.value.size : room);
	buffer_fini(&answer);
	return size;
}

static bool
read_waiting(struct store_reader *reader, const struct store_waiting_of *of,
    struct store_waiting *waiting)
{
	const struct question question = { .kind = QUESTION_WAITING, .numbers = { of->due },
		.texts = { of->notifier } };
	struct buffer answer = { .data = NULL };
	bool good = ask_record(reader, &question, answer_waiting_fields, waiting, &answer);

	buffer_fini(&answer);
	return good;
}

struct store_reader *
store_remote_open(store_ask *asks, void *arg)
{
	static const struct store_source source = { read_page, read_meta, read_waiting };
	struct remote *remote = calloc(1, sizeof *remote);

	if (remote == NULL)
		return NULL;
	*remote = (struct remote){ .reader = { .source = &source }, .ask = asks, .arg = arg };
	return &remote->reader;
}
