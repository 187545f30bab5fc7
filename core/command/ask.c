/* One packet goes, packets come until the last. What the daemon says is text of ours. */
#include "command/ask.h"

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
#include "base/text.h"
#include "base/zone.h"
#include "command/command.h"

enum { REQUEST_MAX = 4096, ANSWER_MAX = 16 * 1024, PATIENCE_SECONDS = 3900 /* a notifier's longest deadline, and more */ };

/* The path may be longer than an address holds. */
static int
call(const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", at);
	if (fd >= 0 && (at < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)) {
		int error = errno;
		close(fd);
		fd = -1;
		errno = error;
	}
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	int error = errno;
	if (at >= 0)
		close(at);
	errno = error;
	return fd;
}

static bool
send_words(int fd, const char *const *words)
{
	char request[REQUEST_MAX] = "postwatch/1";
	size_t size = sizeof "postwatch/1";

	for (; *words != NULL; words++) {
		size_t more = strlen(*words) + 1;

		if (more > sizeof request - size) {
			errno = EMSGSIZE;
			return false;
		}
		memcpy(request + size, *words, more);
		size += more;
	}
	return send(fd, request, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* A time stands as "<utc N>", for only we know whose zone it is to be shown in. */
static void
add_line(struct text *text, const struct zone *zone, const char *line, size_t size)
{
	const char *at = strstr(line, "<utc ");
	char *end;
	long long time = at == NULL ? 0 : strtoll(at + 5, &end, 10);

	if (at == NULL || *end != '>') {
		text_add_shown(text, (struct pw_bytes){ line, size });
		return;
	}
	text_add_shown(text, (struct pw_bytes){ line, (size_t)(at - line) });
	zone_add(text, zone, time);
	text_add_shown(text, (struct pw_bytes){ end + 1, size - (size_t)(end + 1 - line) });
}

static void
print(FILE *file, const char *prefix, const struct zone *zone, const char *line, size_t size)
{
	char bytes[ANSWER_MAX + 64];
	struct text text = TEXT_OVER(bytes);

	add_line(&text, zone, line, size);
	fprintf(file, "%s%s\n", prefix, bytes);
}

pid_t
ask_who_listens(const char *folder)
{
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof peer;
	int fd = call(folder);

	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		peer.pid = 0;
	if (fd >= 0)
		close(fd);
	return peer.pid;
}

int
ask_when_ready(const char *folder, pid_t before, int64_t patience)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	int64_t until = clock_mono() + patience;

	for (; clock_mono() < until; nanosleep(&pause, NULL)) {
		pid_t now = ask_who_listens(folder);
		int fd = now == 0 || now == before ? -1 : call(folder);
		char packet[64] = "";
		bool ready = fd >= 0 && send_words(fd, (const char *const[]){ "ready", NULL })
		    && recv(fd, packet, sizeof packet - 1, 0) > 0 && strcmp(packet, "x0") == 0;

		if (fd >= 0)
			close(fd);
		if (ready)
			return 0;
	}
	return EXIT_ABSENT;
}

int
ask(const char *folder, const char *const *words)
{
	struct zone *zone = zone_open_own();
	int status = ask_in(folder, zone, words);

	zone_close(&zone);
	return status;
}

int
ask_in(const char *folder, const struct zone *zone, const char *const *words)
{
	char packet[ANSWER_MAX + 1];
	int fd = call(folder), status = -1;
	ssize_t size = 0;

	if (fd < 0) {
		fprintf(stderr, "postwatch: no postwatch can be asked on %s: %s\n", folder, strerror(errno));
		return EXIT_ABSENT;
	}
	/* Who turns us away may have hung up by then, and has said why. */
	bool sent = send_words(fd, words), hung_up = !sent && (errno == EPIPE || errno == ECONNRESET);
	while ((sent || hung_up) && status < 0 && (size = recv(fd, packet, ANSWER_MAX, 0)) > 0) {
		packet[size] = '\0';
		if (packet[0] == 'o')
			print(stdout, "", zone, packet + 1, (size_t)size - 1);
		else if (packet[0] == 'e')
			print(stderr, "postwatch: ", zone, packet + 1, (size_t)size - 1);
		else if (packet[0] == 'x')
			status = (int)strtoul(packet + 1, NULL, 10) & 0x7f;
	}
	if (status < 0)
		fprintf(stderr, "postwatch: it did not answer%s%s\n", !sent || size < 0 ? ": " : "",
		    !sent || size < 0 ? strerror(errno) : "");
	close(fd);
	return status < 0 ? EXIT_ABSENT : status;
}
