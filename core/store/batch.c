/*
 * A batch of row operations, which the keeper fills and the store executes in one transaction:
 * copies in chunks of memory that never move, so that copies may point at each other.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"

/* A batch outlives what was put into it: all strings and bytes are copied, since the packet or
 * row that they came from is overwritten by the next. */
struct store_batch *
store_batch_create(enum store_file file)
{
	struct store_batch *batch = calloc(1, sizeof *batch);

	if (batch != NULL) {
		batch->file = file;
		batch->end = &batch->first;
	}
	return batch;
}

/* The statements of such a batch are executed as they are put in, so that whoever reads the
 * store by the same connection sees them at once. */
struct store_batch *
store_batch_of(struct store *store)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);

	if (batch != NULL)
		batch->store = store;
	return batch;
}

void
store_batch_destroy(struct store_batch **batch)
{
	if (*batch == NULL)
		return;
	chunks_fini(&(*batch)->memory);
	free(*batch);
	*batch = NULL;
}

void
store_batch_forget(struct store_batch *batch)
{
	chunks_clear(&batch->memory);
	batch->first = NULL;
	batch->end = &batch->first;
}

void
store_batch_clear(struct store_batch *batch)
{
	store_batch_forget(batch);
	*batch = (struct store_batch){ .file = batch->file, .memory = batch->memory,
	    .store = batch->store };
	batch->end = &batch->first;
}

uint32_t
store_batch_count(const struct store_batch *batch)
{
	return batch->count;
}

size_t
store_batch_bytes(const struct store_batch *batch)
{
	return batch->memory.bytes;
}

bool
store_batch_lacks_memory(const struct store_batch *batch)
{
	return batch->no_memory;
}

uint32_t
store_batch_refused(const struct store_batch *batch)
{
	return batch->refused;
}

static void *
take(struct store_batch *batch, size_t size)
{
	void *taken = chunks_take(&batch->memory, size);

	batch->no_memory |= taken == NULL;
	return taken;
}

static const void *
copy(struct store_batch *batch, const void *bytes, size_t size)
{
	void *copied = size == 0 ? NULL : take(batch, size);

	if (copied == NULL)
		return "";
	memcpy(copied, bytes, size);
	return copied;
}

static const char *
copy_text(struct store_batch *batch, const char *text)
{
	return text == NULL ? "" : copy(batch, text, strlen(text) + 1);
}

static struct pw_bytes
copy_bytes(struct store_batch *batch, struct pw_bytes bytes)
{
	return (struct pw_bytes){ copy(batch, bytes.data, bytes.size), bytes.size };
}

/* A new operation of `size` bytes behind its head; NULL: no memory, which the batch remembers. */
static struct operation *
add(struct store_batch *batch, enum operation_kind kind, size_t size)
{
	struct operation *operation = take(batch, offsetof(struct operation, is) + size);

	if (operation == NULL)
		return NULL;
	operation->next = NULL;
	operation->kind = kind;
	*batch->end = operation;
	batch->end = &operation->next;
	batch->count++;
	return operation;
}

/* It is whole. */
static void
finish(struct store_batch *batch, const struct operation *operation)
{
	if (batch->store != NULL && !batch->no_memory)
		store_do(batch->store, batch, operation);
}

void
store_batch_add_row(struct store_batch *batch, enum row_kind kind, const void *row)
{
	const struct row_form *form = &row_forms[kind];
	struct operation *operation = add(batch, OPERATION_ROW, form->size);

	if (operation == NULL)
		return;
	operation->row = kind;
	memcpy(operation->is.bytes, row, form->size);
	for (const struct field *field = form->fields; field->column != NULL; field++) {
		void *member = operation->is.bytes + field->offset;

		if (field->type == FIELD_TEXT)
			*(const char **)member = copy_text(batch, *(const char **)member);
		else if (field->type == FIELD_BYTES)
			*(struct pw_bytes *)member = copy_bytes(batch, *(struct pw_bytes *)member);
	}
	finish(batch, operation);
}

#define PUT(name, row_, file_, kind) \
	void store_##name(struct store_batch *batch, const struct store_##row_ *row) \
	{ \
		assert(batch->file == file_); \
		store_batch_add_row(batch, kind, row); \
	}
PUT(put_target, target, STORE_MAIN, ROW_TARGET)
PUT(put_state, state, STORE_MAIN, ROW_STATE)
PUT(put_incident, incident, STORE_MAIN, ROW_INCIDENT)
PUT(change_incident, incident, STORE_MAIN, ROW_INCIDENT_CHANGED)
PUT(put_evidence, evidence, STORE_MAIN, ROW_EVIDENCE)
PUT(put_notice_evidence, notice_evidence, STORE_MAIN, ROW_NOTICE_EVIDENCE)
PUT(put_condition, condition, STORE_MAIN, ROW_CONDITION)
PUT(put_delivery, delivery, STORE_MAIN, ROW_DELIVERY)
PUT(add_delivery, delivery, STORE_MAIN, ROW_DELIVERY_ADDED)
PUT(put_ledger, ledger, STORE_MAIN, ROW_LEDGER)
PUT(put_pause, pause, STORE_MAIN, ROW_PAUSE)
PUT(put_server, server, STORE_MAIN, ROW_SERVER)
PUT(put_trace, trace, STORE_HISTORY, ROW_TRACE)

void
store_put_claim(struct store_batch *batch, const struct store_delivery *row)
{
	assert(batch->file == STORE_MAIN && row->ended == 0);
	store_batch_add_row(batch, ROW_DELIVERY_CLAIMED, row);
}

void
store_put_notice(struct store_batch *batch, const struct store_notice *row)
{
	assert(batch->file == STORE_MAIN);
	if (row->number > batch->notice)
		batch->notice = row->number;
	store_batch_add_row(batch, ROW_NOTICE, row);
}

void
store_put_meta(struct store_batch *batch, const char *key, struct pw_bytes value)
{
	assert(batch->file == STORE_MAIN);
	store_batch_add_row(batch, ROW_META, &(struct store_meta){ key, value });
}

void
store_put_sequence(struct store_batch *batch, struct sequence sequence)
{
	store_batch_add_row(batch, ROW_META, &(struct store_meta){ SEQUENCE_META,
	    { (const char *)&sequence, sizeof sequence } });
}

static void
put_values(struct store_batch *batch, enum operation_kind kind,
    const struct operation_values *values)
{
	struct operation *operation = add(batch, kind, sizeof operation->is.values);

	assert(batch->file == STORE_MAIN);
	if (operation == NULL)
		return;
	operation->is.values = *values;
	for (size_t i = 0; i < sizeof values->texts / sizeof values->texts[0]; i++)
		operation->is.values.texts[i] = copy_text(batch, values->texts[i]);
	finish(batch, operation);
}

void
store_attach_evidence(struct store_batch *batch, uint64_t target, uint64_t run, uint64_t incident,
    const char *role)
{
	put_values(batch, OPERATION_ATTACH,
	    &(struct operation_values){ { (int64_t)target, (int64_t)run, (int64_t)incident },
	    { role } });
}

void
store_drop_evidence_upto(struct store_batch *batch, uint64_t target, uint64_t run)
{
	put_values(batch, OPERATION_DROP_UPTO,
	    &(struct operation_values){ .numbers = { (int64_t)target, (int64_t)run } });
}

void
store_drop_loose(struct store_batch *batch, uint64_t target, uint64_t incident)
{
	put_values(batch, OPERATION_DROP_LOOSE,
	    &(struct operation_values){ .numbers = { (int64_t)target, 0, (int64_t)incident } });
}

void
store_end_receivers(struct store_batch *batch, const char *configured, int64_t now)
{
	put_values(batch, OPERATION_END_RECEIVERS,
	    &(struct operation_values){ { now }, { configured } });
}

void
store_hurry(struct store_batch *batch, const char *notifier, int64_t latest)
{
	put_values(batch, OPERATION_HURRY, &(struct operation_values){ { latest }, { notifier } });
}

void
store_set_clock(struct store_batch *batch, int64_t moved)
{
	put_values(batch, OPERATION_SET_CLOCK, &(struct operation_values){ .numbers = { moved } });
}

void
store_merge_delivery(struct store_batch *batch, const struct store_delivery *row)
{
	put_values(batch, OPERATION_MERGE,
	    &(struct operation_values){ { row->ended, (int64_t)row->notice, (int64_t)row->merged },
	    { row->notifier, row->recipient } });
}

void
store_drop_notice(struct store_batch *batch, const char *notifier, uint64_t notice, const char *why,
    int64_t now)
{
	put_values(batch, OPERATION_DROP_NOTICE,
	    &(struct operation_values){ { now, (int64_t)notice }, { notifier, why } });
}

void
store_unclaim(struct store_batch *batch, const char *notifier, uint64_t kept)
{
	put_values(batch, OPERATION_UNCLAIM,
	    &(struct operation_values){ { (int64_t)kept }, { notifier } });
}

void
store_put_result(struct store_batch *batch, const struct store_result *result)
{
	struct operation *operation = add(batch, OPERATION_RESULT, sizeof operation->is.result);
	uint32_t count = result->phase_count < STORE_PHASES_MAX ? result->phase_count
	    : STORE_PHASES_MAX;

	assert(batch->file == STORE_HISTORY);
	if (operation == NULL)
		return;
	operation->is.result = *result;
	operation->is.result.outcome = copy_text(batch, result->outcome);
	operation->is.result.phase_names = copy_text(batch, result->phase_names);
	operation->is.result.phase_count = count;
	operation->is.result.phases = copy(batch, result->phases, count * sizeof *result->phases);
	operation->is.result.text = copy_bytes(batch, result->text);
}
