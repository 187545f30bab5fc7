/* Deeds of a play, done on a socket. What does not fit into the socket waits; nothing here blocks. */
#include "link.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tls.h"

struct link {
	int fd;
	struct play *play;
	struct tls *tls;
	const struct wardrobe *wardrobe;
	char name[64];
	bool shaking;
	struct bytes rest;   /* still to be written: not ours */
	bool rest_is_raw;    /* past TLS */
	unsigned char record[TLS_EMPTY_RECORD];
	short wants;
	int64_t wakes;
};

static void
say(const struct link *link, const char *what, const char *text)
{
	printf("%s %s %s\n", link->name, what, text);
}

struct link *
link_create(int fd, const struct part *part, int64_t scale, const struct wardrobe *wardrobe, const char *name)
{
	struct link *link = calloc(1, sizeof *link);

	if (link == NULL)
		err(71, "calloc");
	link->fd = fd;
	link->play = play_create(part, scale);
	link->wardrobe = wardrobe;
	snprintf(link->name, sizeof link->name, "%s", name);
	return link;
}

void
link_destroy(struct link **link)
{
	if (*link == NULL)
		return;
	tls_destroy(&(*link)->tls);
	play_destroy(&(*link)->play);
	close((*link)->fd);
	free(*link);
	*link = NULL;
}

int
link_descriptor(const struct link *link)
{
	return link->fd;
}

short
link_wants(const struct link *link)
{
	return link->wants;
}

int64_t
link_wakes(const struct link *link)
{
	return link->wakes;
}

int64_t
link_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* True: done or over, go on. False: the socket has to become ready first. */
static bool
settle(struct link *link, enum tls_result result)
{
	switch (result) {
	case TLS_DONE: return true;
	case TLS_WANTS_READ: link->wants = POLLIN; return false;
	case TLS_WANTS_WRITE: link->wants = POLLOUT; return false;
	case TLS_OVER:
		say(link, "tls over:", tls_says(link->tls));
		play_take_end(link->play);
		link->rest.size = 0;
		return true;
	}
	return true;
}

static bool
shake(struct link *link)
{
	enum tls_result result = tls_shake(link->tls);

	link->shaking = !settle(link, result);
	if (result == TLS_DONE)
		say(link, "tls", tls_says(link->tls));
	return !link->shaking;
}

static bool
write_raw(struct link *link)
{
	ssize_t done = send(link->fd, link->rest.data, link->rest.size, MSG_NOSIGNAL);

	if (done < 0 && errno == EAGAIN) {
		link->wants = POLLOUT;
		return false;
	}
	if (done < 0) {
		play_take_end(link->play);
		link->rest.size = 0;
		return true;
	}
	link->rest.data += done;
	link->rest.size -= (size_t)done;
	return true;
}

static bool
write_some(struct link *link)
{
	size_t done = 0;
	bool goes_on;

	if (link->tls == NULL || link->rest_is_raw)
		return write_raw(link);
	goes_on = settle(link, tls_write(link->tls, link->rest.data, link->rest.size, &done));
	link->rest.data += done;
	link->rest.size -= done;
	return goes_on;
}

static bool
read_some(struct link *link)
{
	char bytes[16 * 1024];
	size_t size = 0;
	ssize_t done;

	if (link->tls != NULL) {
		if (!settle(link, tls_read(link->tls, bytes, sizeof bytes, &size)))
			return false;
		play_take(link->play, bytes, size);
		return true;
	}
	done = recv(link->fd, bytes, sizeof bytes, 0);
	if (done < 0 && errno == EAGAIN) {
		link->wants = POLLIN;
		return false;
	}
	if (done <= 0)
		play_take_end(link->play);
	else
		play_take(link->play, bytes, (size_t)done);
	return true;
}

/* A close with unread bytes would be a reset. */
static void
finish(struct link *link, enum deed_kind kind)
{
	static const struct linger now = { .l_onoff = 1 };
	char bytes[4096];

	if (kind == DEED_RESET)
		setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	else
		while (recv(link->fd, bytes, sizeof bytes, 0) > 0)
			;
	if (play_broken(link->play) != NULL)
		say(link, "broken:", play_broken(link->play));
	say(link, kind == DEED_RESET ? "reset" : "closed", "");
}

static bool
flood(struct link *link, const struct command *command)
{
	if (link->tls == NULL)
		errx(65, "line %d: tls_flood before tls", command->line);
	if (strcmp(command->bytes.data, "empty") == 0) {
		tls_empty_record(link->tls, link->record);
		link->rest = (struct bytes){ (char *)link->record, sizeof link->record };
		link->rest_is_raw = true;
		return true;
	}
	return settle(link, tls_flood(link->tls, command->bytes.data));
}

/* True: done, go on with the next deed. */
static bool
wait_for(struct link *link, const struct deed *deed)
{
	link->wakes = deed->until;
	if (deed->reads)
		return read_some(link);
	link->wants = POLLRDHUP;
	return false;
}

static bool
do_deed(struct link *link, const struct deed *deed)
{
	switch (deed->kind) {
	case DEED_WAIT: return wait_for(link, deed);
	case DEED_WRITE:
		link->rest = deed->bytes;
		link->rest_is_raw = false;
		return true;
	case DEED_TLS:
		link->tls = tls_create(link->wardrobe, deed->command, link->fd);
		link->shaking = true;
		return true;
	case DEED_TLS_FLOOD: return flood(link, deed->command);
	case DEED_HALF_CLOSE: shutdown(link->fd, SHUT_WR); return true;
	case DEED_CLOSE:
	case DEED_RESET: break;
	}
	return true;
}

bool
link_turn(struct link *link, short events)
{
	const char *heard;
	struct deed deed;

	if ((events & (POLLRDHUP | POLLHUP | POLLERR)) != 0 && link->wants == POLLRDHUP)
		play_take_end(link->play);
	link->wakes = INT64_MAX;
	for (;;) {
		if (link->shaking && !shake(link))
			return true;
		if (link->rest.size > 0) {
			if (!write_some(link))
				return true;
			continue;
		}
		deed = play_next(link->play, link_clock());
		if ((heard = play_heard(link->play)) != NULL)
			say(link, "heard", heard);
		if (deed.kind == DEED_CLOSE || deed.kind == DEED_RESET) {
			finish(link, deed.kind);
			return false;
		}
		if (!do_deed(link, &deed))
			return true;
	}
}
