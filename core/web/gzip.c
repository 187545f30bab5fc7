/* For the web process: compresses a whole HTTP answer by gzip (zlib). */
#include "web/gzip.h"

#include <assert.h>
#include <stdint.h>
#include <zlib.h>

enum { LEVEL = 1, WINDOW = 15 + 16 };

bool
gzip_pack(struct pw_bytes from, struct buffer *into, size_t max)
{
	z_stream stream = { .next_in = (unsigned char *)(uintptr_t)from.data, .avail_in = (uInt)from.size };
	char *room;
	uLong bound;
	bool whole;

	buffer_clear(into);
	if (deflateInit2(&stream, LEVEL, Z_DEFLATED, WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	bound = deflateBound(&stream, from.size);
	room = buffer_reserve(into, bound, max);
	stream.next_out = (unsigned char *)room;
	stream.avail_out = (uInt)bound;
	whole = room != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END;
	assert(stream.total_out <= bound);
	into->size = (uint32_t)stream.total_out;
	deflateEnd(&stream);
	return whole;
}
