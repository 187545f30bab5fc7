/*
 * Reads the result of a program from the runner's socket.
 */
#include "prober/program_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "runner/runner.h"

enum { READ_ROOM = 16 * 1024 };

struct program_watch {
	struct ev_loop *loop;
	ev_io io;
	struct buffer result;
	void (*on_exit)(void *owner, const struct pw_exit *);
	void *owner;
};

/* A result that is too long is none. */
static void
on_result(EV_P_ ev_io *io, int revents)
{
	struct program_watch *watch = io->data;
	char bytes[READ_ROOM];
	ssize_t got = recv(io->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	struct pw_exit exit;

	(void)revents;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0 && buffer_add(&watch->result, bytes, (size_t)got, RUNNER_RESULT_MAX))
		return;
	if (got > 0)
		buffer_clear(&watch->result);
	ev_io_stop(EV_A_ io);
	(void)runner_read(buffer_view(&watch->result), &exit);
	watch->on_exit(watch->owner, &exit);
}

struct program_watch *
program_watch_begin(struct ev_loop *loop, int runner, uint32_t target, int64_t limit,
    void (*on_exit)(void *owner, const struct pw_exit *), void *owner)
{
	const struct runner_order order = { .index = target, .limit = limit };
	struct program_watch *watch = calloc(1, sizeof *watch);
	int socket = watch != NULL ? runner_ask(runner, &order) : -1;

	if (socket < 0) {
		free(watch);
		return NULL;
	}
	watch->loop = loop;
	watch->on_exit = on_exit;
	watch->owner = owner;
	ev_io_init(&watch->io, on_result, socket, EV_READ);
	watch->io.data = watch;
	ev_io_start(loop, &watch->io);
	return watch;
}

void
program_watch_end(struct program_watch **held)
{
	struct program_watch *watch = *held;

	if (watch == NULL)
		return;
	ev_io_stop(watch->loop, &watch->io);
	close(watch->io.fd);
	buffer_fini(&watch->result);
	free(watch);
	*held = NULL;
}
