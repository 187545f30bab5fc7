/*
 * For the gate, the process of the e-mail notifier that talks to the relay: answers libesmtp, which
 * runs in the worker process, as a relay would.
 */
#include "library.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

void
library_init(struct library *library, int fd, int64_t until)
{
	library->fd = fd;
	library->until = until;
	library->size = 0;
}

void
library_close(struct library *library)
{
	if (library->fd >= 0)
		close(library->fd);
	library->fd = -1;
}

void
library_say(struct library *library, int code)
{
	char line[32];
	int size = snprintf(line, sizeof line, "%d gate\r\n", code);

	/* A closed socket is noticed when the next line is read. */
	(void)send(library->fd, line, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool
fill(struct library *library)
{
	struct pollfd polled = { .fd = library->fd, .events = POLLIN };

	assert(library->size < sizeof library->bytes);
	for (;;) {
		int64_t left = library->until - wire_now();
		ssize_t got = recv(library->fd, library->bytes + library->size,
		    sizeof library->bytes - library->size, MSG_DONTWAIT);

		if (got > 0) {
			library->size += (size_t)got;
			return true;
		}
		if (got == 0 || (errno != EAGAIN && errno != EINTR) || left <= 0)
			return false;
		poll(&polled, 1, (int)(left / 1000 + 1));
	}
}

/* Returns the size of the first line with its CR LF, 0 where none comes. */
static size_t
line_of(struct library *library)
{
	const char *end;

	while ((end = memchr(library->bytes, '\n', library->size)) == NULL)
		if (library->size > LIBRARY_LINE_MAX || !fill(library))
			return 0;
	return (size_t)(end + 1 - library->bytes);
}

static void
take(struct library *library, size_t size)
{
	library->size -= size;
	memmove(library->bytes, library->bytes + size, library->size);
}

bool
library_expect(struct library *library, const char *line)
{
	size_t size = line_of(library);
	bool same = size >= 2 && size - 2 == strlen(line)
	    && memcmp(library->bytes, line, size - 2) == 0
	    && library->bytes[size - 2] == '\r';

	take(library, size);
	return same;
}

bool
library_expect_word(struct library *library, const char *word)
{
	size_t size = line_of(library);
	bool same = size >= strlen(word) && memcmp(library->bytes, word, strlen(word)) == 0;

	take(library, size);
	return same;
}

/* Looks for the final dot from `*at` on, and moves `*at` behind what need not be looked at again.
 * `*end` is then the size of the text with its last line end. */
static bool
find_end(const char *text, size_t size, size_t *at, size_t *end)
{
	static const char mark[] = "\r\n.\r\n";
	const char *found = memmem(text + *at, size - *at, mark, sizeof mark - 1);

	if (found == NULL) {
		*at = size < sizeof mark ? 0 : size - sizeof mark;
		return false;
	}
	*end = (size_t)(found - text) + 2;
	return true;
}

static bool
append(struct library *library, char **text, size_t *have, size_t *room)
{
	if (*have + library->size > *room) {
		size_t wanted = 2 * (*room + sizeof library->bytes);
		char *grown = wanted > TEXT_MAX ? NULL : realloc(*text, wanted);

		if (grown == NULL)
			return false;
		*text = grown;
		*room = wanted;
	}
	memcpy(*text + *have, library->bytes, library->size);
	*have += library->size;
	library->size = 0;
	return true;
}

char *
library_text(struct library *library, size_t *size)
{
	size_t room = 0, have = 0, at = 0;
	char *text = NULL;
	bool whole = false;

	while (!whole && (library->size > 0 || fill(library))
	    && append(library, &text, &have, &room))
		whole = find_end(text, have, &at, size);
	if (whole)
		return text;
	free(text);
	return NULL;
}
