/*
 * Bytes of a relay to replies: read at once and byte by byte agree, nothing is read beyond the end, and what is told and
 * offered stays within its room. The whole is also taken for a reply to EHLO.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/email/gate/way.h"

enum { WORDS_MAX = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static enum reply_status
read_slowly(const char *bytes, size_t size, int *code, size_t *used)
{
	enum reply_status status = REPLY_PART;
	const char *fault = NULL;

	for (size_t have = 1; have <= size && status == REPLY_PART; have++)
		status = reply_read(bytes, have, code, used, &fault);
	return status;
}

static void
tell(const char *bytes, size_t size)
{
	for (size_t room = 40; room <= WORDS_MAX; room += 130) {
		char *words = malloc(room);

		assert(words != NULL);
		reply_tell(bytes, size, words, room);
		assert(strlen(words) < room);
		for (const char *at = words; *at != '\0'; at++)
			assert((unsigned char)*at >= ' ' && *at != 0x7f);
		free(words);
	}
}

static void
offer(const char *bytes, size_t size)
{
	static struct way way;

	way_take_offer(&way, bytes, size);
	assert(strlen(way.offer) < sizeof way.offer);
	for (const char *at = way.offer; *at != '\0'; at++)
		assert(*at == ' ' || *at == '-' || *at == '_' || (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z')
		    || (*at >= 'a' && *at <= 'z'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *bytes = malloc(size > 0 ? size : 1); /* exactly as large, so that a sanitizer sees what is read behind it */
	int code = 0, slow_code = 0;
	size_t used = 0, slow_used = 0;
	const char *fault = NULL;

	if (bytes == NULL || size > REPLY_BYTES_MAX) {
		free(bytes);
		return 0;
	}
	memcpy(bytes, input, size);
	enum reply_status status = reply_read(bytes, size, &code, &used, &fault);
	assert((status == REPLY_BAD) == (fault != NULL));
	if (size > 0 && status == REPLY_WHOLE) {
		assert(used <= size && code >= 200 && code < 600);
		assert(read_slowly(bytes, size, &slow_code, &slow_used) == REPLY_WHOLE && slow_code == code && slow_used == used);
		tell(bytes, used);
		offer(bytes, used);
	}
	tell(bytes, size);
	offer(bytes, size);
	free(bytes);
	return 0;
}
