/*
 * What a process that answers for the store may say: the first byte tells to which question. Whatever comes, lists and values come
 * to an end within their bytes, an outline that is taken can be followed, and no question but a whole one is answered.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/outcome.h"
#include "store/list.h"
#include "store/question.h"
#include "store/remote.h"
#include "web/outline.h"

enum { OUTLINE, META, WAITING, QUESTION, LISTS, WHATS = LISTS + STORE_LISTS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
answer(void *arg, const char *question, struct buffer *into, struct reason *why)
{
	const struct pw_bytes *bytes = arg;
	char read_bytes[QUESTION_DIGITS_MAX / 2];
	struct question read;

	(void)why;
	assert(question_read(question, read_bytes, &read));
	return buffer_add(into, bytes->data, bytes->size, ANSWER_MAX);
}

static void
read_list(struct store_reader *reader, enum store_list_kind kind, size_t size)
{
	_Alignas(8) char row[ROW_SIZE_MAX];
	struct store_list list;
	size_t bytes = 0, before = 0;

	store_list_open(&list, reader, kind, 1);
	while (bytes <= 2 * size && store_list_next(&list, row)) {
		for (const struct field *field = store_list_form(kind)->fields; field->column != NULL; field++) {
			const void *member = row + field->offset;

			bytes += field->type == FIELD_TEXT ? strlen(*(const char *const *)member) + 1
			    : field->type == FIELD_BYTES   ? ((const struct pw_bytes *)member)->size
			                                   : 4;
		}
		assert(bytes > before);
		before = bytes;
	}
	(void)store_list_close(&list);
}

static void
read_outline(struct pw_bytes bytes)
{
	struct arena *arena = arena_create();
	struct outcome outcome;
	int64_t behind;
	const struct config *config = outline_read(bytes, arena, &behind);

	for (uint32_t i = 0; config != NULL && i < config->target_count; i++) {
		const struct target *target = &config->targets[i];

		assert(policy_patience(target->policy, target->policy->interval) != 1);
		(void)target_has_tag(target, target->name);
		(void)policy_phase(target->policy, target->name);
		(void)outcome_find(target->name, plugin_probe(target->policy->probe)->outcomes, &outcome);
		for (uint32_t parent = target->parent; parent != CONFIG_NONE; parent = config->targets[parent].parent)
			assert(parent < config->target_count);
	}
	for (uint32_t i = 0; config != NULL && i < config->window_count; i++) {
		(void)window_has_target(&config->windows[i], 1);
		(void)calendar_next(&config->windows[i].when, NULL, 0);
	}
	arena_destroy(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pw_bytes bytes = { (const char *)data + 1, size == 0 ? 0 : size - 1 };
	int what = size == 0 ? OUTLINE : data[0] % WHATS;
	struct store_reader *reader = store_remote_open(answer, &bytes);
	struct store_waiting waiting;
	struct question question;
	char value[16], read_bytes[QUESTION_DIGITS_MAX / 2], *digits;

	assert(reader != NULL);
	switch (what) {
	case OUTLINE:
		read_outline(bytes);
		break;
	case META:
		(void)store_read_meta(reader, "channels", value, sizeof value);
		break;
	case WAITING:
		(void)store_read_waiting(reader, &STORE_WAITING_ALL, &waiting);
		break;
	case QUESTION:
		digits = strndup(bytes.data, bytes.size);
		assert(!question_read(digits, read_bytes, &question) || question.list < STORE_LISTS);
		free(digits);
		break;
	default:
		read_list(reader, (enum store_list_kind)(what - LISTS), size);
		break;
	}
	store_reader_close(&reader);
	return 0;
}
