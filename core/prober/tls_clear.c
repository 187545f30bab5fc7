/*
 * Detects clear text where a TLS handshake is expected. Records are only counted, until something
 * comes that can be none: a server that cannot do TLS sends an alert at best, and then goes on in
 * the language that it spoke before.
 */
#include "prober/tls_private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
	RECORD_FIRST = 20, RECORD_LAST = 24,    /* content types: change_cipher_spec to heartbeat (RFC 6520) */
	RECORD_MAX = 16 * 1024 + 2048           /* RFC 5246, section 6.2.3 */
};

/* Whether the bytes of a header that are there so far may be one of a record. */
static bool
may_be_record(const unsigned char *head, size_t size)
{
	if (head[0] < RECORD_FIRST || head[0] > RECORD_LAST || (size > 1 && head[1] != 3) || (size > 2 && head[2] > 4))
		return false;
	return size < TLS_HEAD || (head[3] << 8 | head[4]) <= RECORD_MAX;
}

static void
keep(struct tls_clear *clear, const unsigned char *bytes, size_t size)
{
	size_t room = sizeof clear->bytes - clear->size;

	size = size < room ? size : room;
	memcpy(clear->bytes + clear->size, bytes, size);
	clear->size += (uint16_t)size;
}

void
tls_clear_look(struct tls_clear *clear, const void *data, size_t size)
{
	const unsigned char *bytes = data, *end = bytes + size;

	while (bytes < end && clear->size == 0) {
		if (clear->skip > 0) {
			size_t some = clear->skip < (size_t)(end - bytes) ? clear->skip : (size_t)(end - bytes);
			clear->skip -= (uint32_t)some;
			bytes += some;
			continue;
		}
		clear->head[clear->head_size++] = *bytes++;
		if (!may_be_record(clear->head, clear->head_size)) {
			keep(clear, clear->head, clear->head_size);
		} else if (clear->head_size == TLS_HEAD) {
			clear->skip = (uint32_t)(clear->head[3] << 8 | clear->head[4]);
			clear->head_size = 0;
		}
	}
	if (clear->size > 0)
		keep(clear, bytes, (size_t)(end - bytes));
}

bool
tls_may_say_more(const struct tls *tls)
{
	return tls->end == TLS_FAILED && !tls->finished && tls->abuse == NULL && tls->refused == NULL
	    && (tls->clear.size > 0 || tls_is_alert(tls));
}

/* Whether the last line that came is whole, and none follows it: "554-" goes on (RFC 5321, section 4.2.1). */
static bool
is_complete(const struct tls_clear *clear)
{
	const char *line, *end = clear->bytes + clear->size - 1;

	if (clear->size == 0 || *end != '\n')
		return false;
	line = memrchr(clear->bytes, '\n', clear->size - 1u);
	line = line != NULL ? line + 1 : clear->bytes;
	return end - line < 4 || line[3] != '-';
}

bool
tls_hear_out(struct tls *tls)
{
	char bytes[4096];
	const struct tls_clear *clear = &tls->clear;

	for (;;) {
		if (clear->size == sizeof clear->bytes || is_complete(clear))
			return true;
		ssize_t got = recv(tls->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (got <= 0)
			return got == 0 || (errno != EAGAIN && errno != EINTR);
		tls->bytes += (uint32_t)got;
		if (tls->bytes > TLS_OVERHEAD_MAX)
			return true;
		tls_clear_look(&tls->clear, bytes, (size_t)got);
	}
}
