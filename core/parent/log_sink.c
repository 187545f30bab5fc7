/*
 * For the parent's log: writes lines without blocking. O_NONBLOCK belongs to the open file, which a
 * terminal shares with the user's shell and a pipe with other programs, so a terminal or pipe is
 * opened anew for ourselves; where that fails, poll is asked before each write. What is kept lies
 * in pages that no child inherits.
 */
#include "parent/log_sink.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum { CONNECT_EVERY = SECOND };

static void
init_sink(struct log_sink *sink, enum log_sink_kind kind, int fd)
{
	*sink = (struct log_sink){ .kind = kind, .fd = fd };
	sink->kept = mmap(
	    NULL, LOG_SINK_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert(sink->kept != MAP_FAILED);
	(void)madvise(sink->kept, LOG_SINK_ROOM, MADV_DONTFORK);
}

void
log_sink_init(struct log_sink *sink, int fd)
{
	struct stat status;
	char path[64];
	int anew;

	init_sink(sink, LOG_SINK_FILE, fd);
	if (fstat(fd, &status) != 0)
		return;
	if (S_ISSOCK(status.st_mode))
		sink->kind = LOG_SINK_SOCKET;
	if (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode))
		return;
	/* The same terminal or pipe with flags of its own. */
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	anew = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (anew < 0)
		return;
	sink->fd = anew;
	sink->own = true;
}

void
log_sink_init_syslog(struct log_sink *sink, const char *path)
{
	init_sink(sink, LOG_SINK_SYSLOG, -1);
	sink->path = path;
}

static void
disconnect(struct log_sink *sink)
{
	if (sink->own && sink->fd >= 0)
		close(sink->fd);
	sink->fd = -1;
	sink->own = false;
}

void
log_sink_fini(struct log_sink *sink)
{
	disconnect(sink);
	if (sink->kept != NULL)
		munmap(sink->kept, LOG_SINK_ROOM);
	*sink = (struct log_sink){ .fd = -1 };
}

bool
log_sink_is_behind(const struct log_sink *sink)
{
	return sink->size > 0;
}

/*
 * syslogd may be replaced at any time, and is not there at boot: once a second it is tried again,
 * and lines are kept meanwhile.
 */
static bool
connect_syslog(struct log_sink *sink, int64_t now)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = strlen(sink->path);

	if (sink->fd >= 0)
		return true;
	if (now < sink->retry || size >= sizeof address.sun_path)
		return false;
	memcpy(address.sun_path, sink->path, size + 1);
	sink->retry = now + CONNECT_EVERY;
	sink->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	sink->own = true;
	if (sink->fd >= 0 && connect(sink->fd, (struct sockaddr *)&address, sizeof address) == 0)
		return true;
	disconnect(sink);
	return false;
}

/*
 * poll(2) is asked before a write to a descriptor that we share with others, whose O_NONBLOCK is
 * not ours to set.
 */
static ssize_t
write_some(struct log_sink *sink, const unsigned char *bytes, size_t size)
{
	struct pollfd asked = { .fd = sink->fd, .events = POLLOUT };

	if (sink->kind != LOG_SINK_FILE)
		return send(sink->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!sink->own && (poll(&asked, 1, 0) <= 0 || (asked.revents & POLLOUT) == 0)) {
		errno = EAGAIN;
		return -1;
	}
	/* With POLLOUT a pipe has room for PIPE_BUF bytes. */
	return write(sink->fd, bytes, size < PIPE_BUF ? size : PIPE_BUF);
}

enum written { WRITTEN, WRITTEN_LATER, WRITTEN_NEVER };

/*
 * Writes a record as far as it goes now; `*done` bytes of it are written already. A datagram that
 * is too long for the socket is never written; all else is tried again.
 */
static enum written
write_record(
    struct log_sink *sink, const unsigned char *bytes, size_t size, size_t *done, int64_t now)
{
	while (*done < size) {
		ssize_t wrote;

		if (sink->kind == LOG_SINK_SYSLOG && !connect_syslog(sink, now))
			return WRITTEN_LATER;
		wrote = write_some(sink, bytes + *done, size - *done);
		if (wrote >= 0) {
			assert(*done + (size_t)wrote <= size);
			*done += (size_t)wrote;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			return WRITTEN_LATER;
		} else if (errno != EINTR && sink->kind == LOG_SINK_SYSLOG && errno != EMSGSIZE) {
			disconnect(sink);
			return WRITTEN_LATER;
		} else if (errno != EINTR) {
			return WRITTEN_NEVER;
		}
	}
	return WRITTEN;
}

static void
keep_record(struct log_sink *sink, const void *bytes, size_t size, size_t done)
{
	uint32_t prefix = (uint32_t)size;

	if (sink->size + sizeof prefix + size > LOG_SINK_ROOM) {
		sink->dropped++;
		return;
	}
	if (sink->start + sink->size + sizeof prefix + size > LOG_SINK_ROOM) {
		memmove(sink->kept, sink->kept + sink->start, sink->size);
		sink->start = 0;
	}
	assert(sink->start + sink->size <= LOG_SINK_ROOM);
	if (sink->size == 0)
		sink->written = done;
	memcpy(sink->kept + sink->start + sink->size, &prefix, sizeof prefix);
	memcpy(sink->kept + sink->start + sink->size + sizeof prefix, bytes, size);
	sink->size += sizeof prefix + size;
}

void
log_sink_flush(struct log_sink *sink, int64_t now)
{
	while (sink->size > 0) {
		unsigned char *record = sink->kept + sink->start;
		enum written written;
		uint32_t size;

		memcpy(&size, record, sizeof size);
		written = write_record(sink, record + sizeof size, size, &sink->written, now);
		if (written == WRITTEN_LATER)
			return;
		sink->dropped += written == WRITTEN_NEVER;
		sink->written = 0;
		assert(sizeof size + size <= sink->size);
		sink->start += sizeof size + size;
		sink->size -= sizeof size + size;
	}
	sink->start = 0;
}

void
log_sink_put(struct log_sink *sink, const void *bytes, size_t size, int64_t now)
{
	size_t done = 0;
	enum written written = WRITTEN_LATER;

	log_sink_flush(sink, now);
	if (sink->size == 0)
		written = write_record(sink, bytes, size, &done, now);
	if (written == WRITTEN_LATER)
		keep_record(sink, bytes, size, done);
	else
		sink->dropped += written == WRITTEN_NEVER;
}
