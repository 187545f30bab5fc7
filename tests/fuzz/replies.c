/* Bytes to replies: whatever comes, read at once and byte by byte must agree, and nothing is read beyond the end. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "prober/replies.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
look_at(const struct reply_reader *reader, enum pw_framing framing, const char *bytes, size_t size)
{
	static struct reply_lines lines;
	int enhanced[3];
	size_t total = 0;

	reply_take(reader, framing, bytes, size, &lines);
	/* Lines with 220 before a refusal are no part of it. */
	assert(lines.count + reader->skipped == reader->lines && lines.count <= REPLY_LINES_MAX);
	for (size_t i = 0; i < lines.count; i++) {
		total += lines.whole[i].size;
		assert(lines.text[i].size <= lines.whole[i].size);
		reply_enhanced(lines.text[i], enhanced);
	}
	assert(total <= size);
}

static enum reply_status
read_at_once(enum pw_framing framing, const char *bytes, size_t *size)
{
	struct reply_reader reader = { .code = 0 };
	enum reply_status status = reply_read(&reader, framing, bytes, size);

	if (status == REPLY_COMPLETE)
		look_at(&reader, framing, bytes, *size);
	return status;
}

static enum reply_status
read_slowly(enum pw_framing framing, const char *bytes, size_t *size)
{
	struct reply_reader reader = { .code = 0 };
	enum reply_status status = REPLY_INCOMPLETE;
	size_t all = *size;

	for (size_t have = 1; have <= all && status == REPLY_INCOMPLETE; have++) {
		*size = have;
		status = reply_read(&reader, framing, bytes, size);
	}
	return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *bytes = malloc(size > 0 ? size : 1);

	if (bytes == NULL || size > 100000) {
		free(bytes);
		return 0;
	}
	memcpy(bytes, input, size);
	for (unsigned framing = PW_REPLIES; framing <= PW_LINES; framing++) {
		size_t once = size, slowly = size;
		enum reply_status status = read_at_once((enum pw_framing)framing, bytes, &once);
		enum reply_status slow = read_slowly((enum pw_framing)framing, bytes, &slowly);

		/* A fault may be seen before the line ends; but a reply is one either way, and of the same size. */
		assert((status == REPLY_COMPLETE) == (slow == REPLY_COMPLETE));
		assert(status != REPLY_COMPLETE || once == slowly);
	}
	reply_may_become(bytes, size);
	free(bytes);
	return 0;
}
