/*
 * For `postwatch ack`, `pause`, `reload` and other commands: asks the running daemon over its
 * control socket, and prints what it answers. One packet goes, packets come until the last. What
 * the daemon says is text of ours, and needs no escape.
 */
#include "command/ask.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "base/text.h"
#include "base/zone.h"
#include "command/command.h"

enum { REQUEST_MAX = 4096, ANSWER_MAX = 16 * 1024 };
static const int64_t to_be_taken = 30 * (int64_t)SECOND;
/* The longest deadline of a notifier, and more. */
static const int64_t to_be_answered = 3900 * (int64_t)SECOND;

/* A limit of nothing would be none at all. */
static void
limit(int fd, int option, int64_t patience)
{
	if (patience < MILLISECOND)
		patience = MILLISECOND;
	const struct timeval time = { patience / SECOND, patience % SECOND };

	setsockopt(fd, SOL_SOCKET, option, &time, sizeof time);
}

/* The path may be longer than an address holds. One that is stopped takes nobody once its queue
 * is full. */
static int
call(const char *folder, int64_t taken, int64_t answered)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", at);
	if (fd >= 0) {
		limit(fd, SO_SNDTIMEO, taken);
		limit(fd, SO_RCVTIMEO, answered);
	}
	bool called = fd >= 0 && at >= 0
	    && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
	int error = errno;
	if (at >= 0)
		close(at);
	if (!called && fd >= 0)
		close(fd);
	errno = error;
	return called ? fd : -1;
}

/* With a descriptor that shows that we may read the state folder. False: with errno. */
static bool
send_words(int fd, const char *folder, const char *const *words)
{
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), lock, error;
	char request[REQUEST_MAX] = "postwatch/1";
	size_t size = sizeof "postwatch/1";

	for (; *words != NULL; words++) {
		size_t more = strlen(*words) + 1;

		if (more > sizeof request - size) {
			close(at);
			errno = EMSGSIZE;
			return false;
		}
		memcpy(request + size, *words, more);
		size += more;
	}
	assert(size <= sizeof request);
	lock = openat(at, "lock", O_RDONLY | O_CLOEXEC);
	bool sent = packet_send(fd, request, size, lock);
	error = errno;
	close(at);
	if (lock >= 0)
		close(lock);
	errno = error;
	return sent;
}

/* A time stands as "<utc N>", for only we know whose zone it is to be shown in. */
static void
print(FILE *file, const char *prefix, const struct zone *zone, const char *line, size_t size)
{
	struct text text = TEXT_ROOM(ANSWER_MAX + 64);
	const char *at = strstr(line, "<utc ");
	char *end;
	long long time = at == NULL ? 0 : strtoll(at + 5, &end, 10);

	if (at != NULL && *end == '>') {
		assert(end < line + size);
		text_add_shown(&text, (struct pw_bytes){ line, (size_t)(at - line) });
		zone_add(&text, zone, time);
		size -= (size_t)(end + 1 - line);
		line = end + 1;
	}
	text_add_shown(&text, (struct pw_bytes){ line, size });
	fprintf(file, "%s%s\n", prefix, text.bytes);
}

/* The kernel says who it is: nothing is asked, so one that is busy is found as well. */
static pid_t
who_listens(const char *folder, int64_t patience)
{
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof peer;
	int fd = call(folder, patience, patience);

	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		peer.pid = 0;
	if (fd >= 0)
		close(fd);
	return peer.pid;
}

pid_t
ask_who_listens(const char *folder)
{
	return who_listens(folder, to_be_taken);
}

/* Whether it has all that was kept. */
static bool
is_ready(const char *folder, int64_t until)
{
	char packet[64] = "";
	int fd = call(folder, until - clock_mono(), until - clock_mono());
	bool sent = fd >= 0 && send_words(fd, folder, (const char *const[]){ "ready", NULL });

	if (sent)
		limit(fd, SO_RCVTIMEO, until - clock_mono());
	bool ready = sent && recv(fd, packet, sizeof packet - 1, 0) > 0
	    && strcmp(packet, "x0") == 0;
	if (fd >= 0)
		close(fd);
	return ready;
}

int
ask_when_ready(const char *folder, pid_t before, int64_t patience)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	int64_t until = clock_mono() + patience;

	for (int64_t left = patience; left > 0; left = until - clock_mono()) {
		pid_t now = who_listens(folder, left);

		if (now != 0 && now != before && is_ready(folder, until))
			return 0;
		nanosleep(&pause, NULL);
	}
	return EXIT_ABSENT;
}

int
ask(const char *folder, const struct zone *zone, const char *const *words)
{
	char packet[ANSWER_MAX + 1];
	int fd = call(folder, to_be_taken, to_be_answered), status = -1;
	ssize_t size = 0;

	if (fd < 0 && errno == EACCES)
		return command_fail(EXIT_DENIED,
		    "%s: permission denied: root and the user of the daemon may ask it", folder);
	if (fd < 0)
		return command_fail(EXIT_ABSENT, "no postwatch can be asked on %s: %s", folder,
		    errno == EAGAIN ? "it takes nobody" : strerror(errno));
	/* Who turns us away may have hung up by then, and has said why. */
	bool sent = send_words(fd, folder, words);
	bool hung_up = !sent && (errno == EPIPE || errno == ECONNRESET);
	if (!sent && errno == EMSGSIZE)
		status = command_fail(
		    EXIT_USAGE, "that is too long: %d bytes are the most", REQUEST_MAX);
	while ((sent || hung_up) && status < 0) {
		/* A daemon that closes without having read our request leaves ECONNRESET, which
		 * Linux reports once and before the answer. */
		do
			size = recv(fd, packet, ANSWER_MAX, 0);
		while (size < 0 && errno == ECONNRESET);
		if (size <= 0)
			break;
		packet[size] = '\0';
		if (packet[0] == 'o')
			print(stdout, "", zone, packet + 1, (size_t)size - 1);
		else if (packet[0] == 'e')
			print(stderr, "postwatch: ", zone, packet + 1, (size_t)size - 1);
		else if (packet[0] == 'x')
			status = (int)strtoul(packet + 1, NULL, 10) & 0x7f;
	}
	if (status < 0)
		status = command_fail(EXIT_ABSENT, "it did not answer%s%s",
		    !sent || size < 0 ? ": " : "", !sent || size < 0 ? strerror(errno) : "");
	close(fd);
	return status;
}
