/*
 * For the web process: sends an HTTP answer in parts, as fast as its client takes them (parts.h).
 */
#include "web/parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/clock.h"
#include "web/http_library.h"

/* For an answer to be taken before it may be given up for others. */
static const int64_t grace = SECOND;

enum { BLOCK = 32 * 1024, PART_MAX = 1024 * 1024, LEVEL = 1, WINDOW = 15 + 16, MEMORY = 8 };

struct parts {
	LIST_ENTRY(parts) others;
	struct parts_list *list;
	struct MHD_Connection *connection;
	struct parts_source source;
	int64_t began;
	struct buffer plain, packed;
	size_t at; /* bytes of the part at hand that were given out */
	bool is_packed, is_over, is_waiting, is_suspended;
	z_stream stream;
};

static bool
pack(struct parts *parts)
{
	int flush = parts->is_over ? Z_FINISH : Z_NO_FLUSH;
	struct pw_bytes from = buffer_view(&parts->plain);
	uLong bound = deflateBound(&parts->stream, from.size) + BLOCK;
	char *room = buffer_reserve(&parts->packed, bound, 2 * PART_MAX);
	int result;

	if (room == NULL)
		return false;
	parts->stream.next_in = (unsigned char *)(uintptr_t)from.data;
	parts->stream.avail_in = (uInt)from.size;
	parts->stream.next_out = (unsigned char *)room;
	parts->stream.avail_out = (uInt)bound;
	result = deflate(&parts->stream, flush);
	assert(parts->stream.avail_out <= bound); /* which it was */
	parts->packed.size += (uint32_t)(bound - parts->stream.avail_out);
	return (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) && parts->stream.avail_in == 0;
}

/* Returns false where it cannot go on. */
static bool
make_part(struct parts *parts)
{
	buffer_clear(&parts->plain);
	buffer_clear(&parts->packed);
	parts->at = 0;
	switch (parts->source.next(parts->source.state, &parts->plain)) {
	case PARTS_BROKEN:
		return false;
	case PARTS_LAST:
		parts->is_over = true;
		break;
	case PARTS_WAIT:
		parts->is_waiting = true;
		break;
	case PARTS_MORE:
		break;
	}
	return !parts->is_packed || pack(parts);
}

static ssize_t
give(void *arg, uint64_t position, char *room, size_t size)
{
	struct parts *parts = arg;
	const struct buffer *from = parts->is_packed ? &parts->packed : &parts->plain;

	(void)position;
	if (!parts->source.is_live && clock_mono() - parts->began > PARTS_PATIENCE * (int64_t)SECOND)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	parts->list->taken(parts->connection);
	assert(parts->at <= from->size);
	while (parts->at == from->size) {
		if (parts->is_over)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (parts->is_waiting) {
			parts->is_suspended = true;
			http_library()->suspend_connection(parts->connection);
			return 0;
		}
		if (!make_part(parts))
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size = size < from->size - parts->at ? size : from->size - parts->at;
	memcpy(room, from->data + parts->at, size);
	parts->at += size;
	return (ssize_t)size;
}

/* The library calls it whatever the end of the answer was: all was given out, the client went,
 * or it was given up. */
static void
finish(void *arg)
{
	struct parts *parts = arg;

	LIST_REMOVE(parts, others);
	parts->list->count--;
	parts->list->live_count -= parts->source.is_live;
	assert(parts->list->live_count <= parts->list->count);
	if (parts->is_packed)
		deflateEnd(&parts->stream);
	buffer_fini(&parts->plain);
	buffer_fini(&parts->packed);
	parts->source.end(parts->source.state);
	free(parts);
}

/* Of those that are not live and began before that time: they stand in the order in which they began. */
static void
give_up_oldest(struct parts_list *list, int64_t before)
{
	struct parts *oldest = NULL, *parts;

	LIST_FOREACH(parts, &list->all, others)
		if (!parts->source.is_live && parts->began <= before)
			oldest = parts;
	if (oldest != NULL)
		list->give_up(oldest->connection);
}

struct MHD_Response *
parts_respond(struct parts_list *list, struct MHD_Connection *connection, const struct parts_source *source, bool is_packed)
{
	bool is_full = list->count >= PARTS_MAX || (source->is_live && list->live_count >= PARTS_LIVE_MAX);
	struct parts *parts = is_full ? NULL : calloc(1, sizeof *parts);
	struct MHD_Response *response;

	if (is_full && !source->is_live)
		give_up_oldest(list, clock_mono() - grace);
	if (parts == NULL || (is_packed && deflateInit2(&parts->stream, LEVEL, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)) {
		free(parts);
		source->end(source->state);
		return NULL;
	}
	parts->list = list;
	parts->connection = connection;
	parts->source = *source;
	parts->is_packed = is_packed;
	parts->began = clock_mono();
	LIST_INSERT_HEAD(&list->all, parts, others);
	list->count++;
	list->live_count += source->is_live;
	assert(list->live_count <= list->count && list->count <= PARTS_MAX);
	response = http_library()->create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, give, parts, finish);
	if (response == NULL)
		finish(parts);
	return response;
}

void
parts_wake(struct parts_list *list)
{
	for (struct parts *parts = LIST_FIRST(&list->all); parts != NULL; parts = LIST_NEXT(parts, others)) {
		if (!parts->is_waiting)
			continue;
		parts->is_waiting = false;
		if (parts->is_suspended)
			http_library()->resume_connection(parts->connection);
		parts->is_suspended = false;
	}
}
