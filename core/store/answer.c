/*
 * For the web process: answers questions about the store (store/question.h) of commands such as
 * `postwatch status` whose user may not read the state folder. A long list is answered in parts,
 * each bounded in size and time.
 */
#include "store/answer.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/question.h"
#include "store/reader_private.h"
#include "store/row_bytes.h"

/* A list that is longer, or takes longer, is answered in several parts. */
enum { PART_BYTES = 4 * 1024 * 1024, META_MAX = 1024 * 1024 };
static const int64_t part_time = 10 * (int64_t)MILLISECOND;

/*
 * A page that was begun is given to its end, however long it took: the next question would read all
 * of it again. That is 500 rows, but for the last runs: their newest rows are put together from all
 * heads and all results behind them, for 10,000 targets at once, which takes some 10 ms where so
 * many are watched and some 100 ms where ten times as many are. Smaller pages would take as long
 * each.
 */
static bool
answer_page(struct store_reader *reader, const struct question *question, struct buffer *answer)
{
	const struct row_form *form = store_list_form((enum store_list_kind)question->list);
	int64_t until = clock_mono() + part_time;
	_Alignas(8) char row[ROW_SIZE_MAX];
	bool good = true, more = true, is_enough = false;
	struct store_list list;
	char tag;

	store_list_open(&list, reader, (enum store_list_kind)question->list,
	    (uint64_t)question->of);
	for (int i = 0; i < 3; i++) {
		list.numbers[i] = question->numbers[i];
		text_copy(list.texts[i], sizeof list.texts[i], question->texts[i]);
	}
	while (good && !is_enough && (more = store_list_next(&list, row))) {
		tag = ANSWER_ROW;
		good = buffer_add(answer, &tag, 1, ANSWER_MAX)
		    && row_put(answer, ANSWER_MAX, form->fields, row);
		is_enough = answer->size >= PART_BYTES
		    || (list.row == NULL && clock_mono() >= until);
	}
	if (!good)
		reason_set(&reader->why, "no memory for the answer");
	tag = more ? ANSWER_MORE : ANSWER_END;
	return store_list_close(&list) != STORE_READ_BROKEN && good
	    && buffer_add(answer, &tag, 1, ANSWER_MAX);
}

static bool
answer_meta(struct store_reader *reader, const char *key, struct buffer *answer)
{
	static char value[META_MAX];
	struct answer_meta meta = { .size = store_read_meta(reader, key, value, sizeof value) };

	meta.value.data = value;
	meta.value.size = meta.size < 0 ? 0 : meta.size < META_MAX ? (size_t)meta.size : META_MAX;
	return row_put(answer, ANSWER_MAX, answer_meta_fields, &meta);
}

/* Whether it asks for nothing that is not told. */
static bool
is_for_all(const struct question *question, const char *const *keys)
{
	bool found = question->kind != QUESTION_META;

	for (; !found && *keys != NULL; keys++)
		found = strcmp(*keys, question->texts[0]) == 0;
	return found;
}

enum store_answering
store_answer(struct store_reader *reader, const char *digits, const char *const *keys,
    struct buffer *answer, struct reason *why)
{
	char bytes[QUESTION_DIGITS_MAX / 2];
	struct store_waiting waiting;
	struct question question;
	bool good = false;

	if (!question_read(digits, bytes, &question) || !is_for_all(&question, keys))
		return STORE_NO_QUESTION;
	reader->why.text[0] = '\0';
	switch ((enum question_kind)question.kind) {
	case QUESTION_PAGE:
		good = answer_page(reader, &question, answer);
		break;
	case QUESTION_META:
		good = answer_meta(reader, question.texts[0], answer);
		break;
	case QUESTION_WAITING:
		good = store_read_waiting(reader,
		           &(struct store_waiting_of){ question.texts[0], question.numbers[0] },
		           &waiting)
		    && row_put(answer, ANSWER_MAX, answer_waiting_fields, &waiting);
		break;
	}
	if (good)
		return STORE_ANSWERED;
	reason_set(why, "%s", reader->why.text[0] == '\0' ? "no memory for the answer"
	                                                  : reader->why.text);
	return STORE_UNANSWERED;
}
