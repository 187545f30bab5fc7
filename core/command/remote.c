/*
 * For commands whose user may not read the state folder: a client of HTTP/1.1 (RFC 9112) over the
 * UNIX socket of the daemon's web process. Each request has a connection of its own, so that a
 * reader who takes his time keeps none open.
 */
#include "command/remote.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "command/command.h"
#include "store/question.h"
#include "web/outline.h"

enum { HEADERS_MAX = 8 * 1024, ADDRESS_MAX = QUESTION_DIGITS_MAX + 64, BLOCK = 64 * 1024 };
enum { STATUS_OK = 200, STATUS_NOT_FOUND = 404, STATUS_TOO_MANY = 429 /* of late */ };
enum { PAUSE = 50 /* ms until it is asked again */ };
#define NOBODY ((uid_t)-1)
/* For the answer to one request; and bytes of all of them, which no daemon has to say. */
static const int64_t patience = 30 * (int64_t)SECOND;
static const uint64_t all_max = UINT64_C(4) << 30;

struct remote {
	char path[REMOTE_PATH_MAX];
	uid_t owner;            /* the user of the daemon; NOBODY: not known */
	char name[OUTLINE_NAME_MAX];
	struct arena *arena;
	struct buffer outline;  /* the configuration has views into it */
	const struct config *config;
	int64_t behind;
	uint64_t taken;         /* bytes of answers */
};

/* --- the socket --- */

/* A folder that others may write to says nothing of whose socket lies in it. */
static uid_t
find_owner(const char *path, const char *state)
{
	char folder[REMOTE_PATH_MAX];
	struct stat status;

	if (stat(state, &status) == 0)
		return status.st_uid;
	text_copy(folder, sizeof folder, path);
	folder[strrchr(folder, '/') - folder + 1] = '\0';
	return stat(folder, &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0
	    ? status.st_uid
	    : NOBODY;
}

/* The group that may connect: that of the socket, or of its folder where that is closed. */
static void
say_denied(const char *path, struct reason *why)
{
	char folder[REMOTE_PATH_MAX];
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group;
	struct stat status;

	text_copy(folder, sizeof folder, path);
	folder[strrchr(folder, '/') - folder + 1] = '\0';
	group = stat(path, &status) == 0 || stat(folder, &status) == 0 ? getgrgid(status.st_gid)
	                                                               : NULL;
	if (group == NULL)
		reason_set(why, "%s: permission denied: it is for the group of the daemon's user",
		    path);
	else
		reason_set(why,
		    "%s: permission denied: it is for the group %s: as root `usermod -aG %s %s`, "
		    "then log in anew", path, group->gr_name, group->gr_name,
		    user == NULL ? "USER" : user->pw_name);
}

/* Returns -1 with a reason. */
static int
call(const struct remote *remote, int *status, struct reason *why)
{
	const struct timeval time = { patience / SECOND, 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer = { .uid = NOBODY };
	socklen_t size = sizeof peer;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	text_copy(address.sun_path, sizeof address.sun_path, remote->path);
	*status = EXIT_ABSENT;
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		*status = errno == EACCES ? EXIT_DENIED : EXIT_ABSENT;
		if (errno == EACCES)
			say_denied(remote->path, why);
		else if (errno == ENOENT || errno == ECONNREFUSED)
			reason_set(why, "%s: postwatch is not running, or serves no page there",
			    remote->path);
		else
			reason_set(why, "%s: %s", remote->path, strerror(errno));
	} else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0
	    || (peer.uid != 0 && peer.uid != geteuid() && peer.uid != remote->owner)) {
		*status = EXIT_DENIED;
		reason_set(why,
		    "%s: user %u listens there, who is neither root nor the daemon's user",
		    remote->path, (unsigned)peer.uid);
	} else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* To the end of the connection. */
static bool
take_all(int fd, struct buffer *answer, struct reason *why)
{
	int64_t until = clock_mono() + patience;
	ssize_t size = 0;

	for (;;) {
		char *room = buffer_reserve(answer, BLOCK, HEADERS_MAX + ANSWER_MAX);
		int64_t left = until - clock_mono();
		struct pollfd polled = { .fd = fd, .events = POLLIN };

		if (room == NULL)
			reason_set(why, "what is answered is too long, or there is no memory");
		else if (left <= 0
		    || poll(&polled, 1, (int)((left + MILLISECOND - 1) / MILLISECOND)) == 0)
			reason_set(why, "no answer within %d s", (int)(patience / SECOND));
		else if ((size = recv(fd, room, BLOCK, MSG_DONTWAIT)) == 0)
			return true;
		else if (size > 0) {
			answer->size += (uint32_t)size;
			continue;
		} else if (errno == EAGAIN || errno == EINTR)
			continue;
		else
			reason_set(why, "it did not answer: %s", strerror(errno));
		return false;
	}
}

/* --- HTTP --- */

/* The number in a header that stands before the end of them, -1: there is none. */
static long long
header_number(const char *headers, const char *name)
{
	size_t size = strlen(name);

	for (const char *line = headers; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, name, size) == 0 && line[size] == ':')
			return strtoll(line + size + 1, NULL, 10);
	}
	return -1;
}

/* Leaves the body alone. Returns the status; -1 where the answer is not whole. */
static int
take_body(struct buffer *answer)
{
	static const char version[] = "HTTP/1.1 ";
	const char *end = answer->size == 0 ? NULL
	    : memmem(answer->data, answer->size, "\r\n\r\n", 4);
	char headers[HEADERS_MAX];
	size_t size;

	if (end == NULL || (size = (size_t)(end - answer->data)) >= sizeof headers)
		return -1;
	memcpy(headers, answer->data, size);
	headers[size] = '\0';
	buffer_remove(answer, 0, size + 4);
	if (strncmp(headers, version, strlen(version)) != 0
	    || header_number(headers, "Content-Length") != (long long)answer->size)
		return -1;
	return (int)strtol(headers + strlen(version), NULL, 10);
}

/* Returns the status of HTTP, or -1: no answer, and `*exits` is an exit status. */
static int
ask_once(struct remote *remote, const char *path, struct buffer *answer, int *exits, struct reason *why)
{
	char request[ADDRESS_MAX + 128];
	int size = snprintf(request, sizeof request,
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	int fd = call(remote, exits, why), status = -1;

	if (fd < 0)
		return -1;
	if (send(fd, request, (size_t)size, MSG_NOSIGNAL) != size)
		reason_set(why, "%s: it did not answer: %s", remote->path, strerror(errno));
	else if (take_all(fd, answer, why)) {
		remote->taken += answer->size;
		status = remote->taken > all_max ? -1 : take_body(answer);
		if (status < 0) {
			*exits = EXIT_INTERNAL;
			reason_set(why, "%s: what was answered is malformed, or not whole",
			    remote->path);
		}
	}
	close(fd);
	return status;
}

/* The same, of a server that has time. */
static int
get(struct remote *remote, const char *path, struct buffer *answer, int *exits, struct reason *why)
{
	int64_t until = clock_mono() + patience;
	int status;

	while ((status = ask_once(remote, path, answer, exits, why)) == STATUS_TOO_MANY
	    && clock_mono() < until) {
		buffer_clear(answer);
		(void)poll(NULL, 0, PAUSE);
	}
	return status;
}

/* What the server says is wrong, a line of it. */
static void
say_refused(const struct remote *remote, const struct buffer *answer, struct reason *why)
{
	struct text text = TEXT_ROOM(200);
	struct pw_bytes said = buffer_view(answer);
	const char *end = memchr(said.data, '\n', said.size);

	if (end != NULL)
		said.size = (size_t)(end - said.data);
	text_escape(&text, said);
	reason_set(why, "%s: %s", remote->path, text.bytes);
}

bool
remote_ask(void *arg, const char *question, struct buffer *answer, struct reason *why)
{
	struct remote *remote = arg;
	char path[ADDRESS_MAX];
	int exits, status;

	snprintf(path, sizeof path, "/store/%s/%s", strrchr(remote->name, ' ') + 1, question);
	status = get(remote, path, answer, &exits, why);
	if (status == STATUS_NOT_FOUND)
		reason_set(why, "%s: another version of postwatch runs now", remote->path);
	else if (status > 0 && status != STATUS_OK)
		say_refused(remote, answer, why);
	return status == STATUS_OK;
}

/* --- the beginning --- */

/* Returns false with a reason. */
static bool
take_outline(struct remote *remote, struct reason *why)
{
	struct pw_bytes bytes = buffer_view(&remote->outline);
	const char *end = memchr(bytes.data, '\n', bytes.size);
	size_t size = end == NULL ? 0 : (size_t)(end - bytes.data);
	struct text theirs = TEXT_ROOM(2 * OUTLINE_NAME_MAX);

	if (size != strlen(remote->name) || memcmp(bytes.data, remote->name, size) != 0) {
		text_escape(&theirs, (struct pw_bytes){ bytes.data,
		    size < OUTLINE_NAME_MAX ? size : OUTLINE_NAME_MAX });
		reason_set(why,
		    "%s: `%s` runs, and this program is `%s`: use that one, or restart the "
		    "daemon", remote->path, size == 0 ? "something else" : theirs.bytes,
		    remote->name);
		return false;
	}
	bytes.data += size + 1;
	bytes.size -= size + 1;
	remote->config = outline_read(bytes, remote->arena, &remote->behind);
	if (remote->config == NULL)
		reason_set(why, "%s: what was answered is malformed", remote->path);
	return remote->config != NULL;
}

struct remote *
remote_open(const char *path, const char *state, int *status, struct reason *why)
{
	struct remote *remote = must(calloc(1, sizeof *remote));
	int answered;

	remote->arena = arena_create();
	outline_name(remote->name);
	*status = EXIT_CONFIG;
	if (path[0] != '/' || strlen(path) >= sizeof remote->path) {
		reason_set(why, "%s: not the absolute path of a socket, of %d bytes at most", path,
		    REMOTE_PATH_MAX - 1);
		remote_close(&remote);
		return NULL;
	}
	text_copy(remote->path, sizeof remote->path, path);
	remote->owner = find_owner(path, state);
	answered = get(remote, "/store/outline", &remote->outline, status, why);
	if (answered == STATUS_OK && take_outline(remote, why))
		return remote;
	if (answered > 0)
		*status = EXIT_INTERNAL;
	if (answered == STATUS_NOT_FOUND)
		reason_set(why, "%s: another version of postwatch runs: restart the daemon, or use "
		    "its program", path);
	else if (answered > 0 && answered != STATUS_OK)
		say_refused(remote, &remote->outline, why);
	remote_close(&remote);
	return NULL;
}

void
remote_close(struct remote **remote)
{
	if (*remote == NULL)
		return;
	arena_destroy(&(*remote)->arena);
	buffer_fini(&(*remote)->outline);
	free(*remote);
	*remote = NULL;
}

const struct config *
remote_config(const struct remote *remote)
{
	return remote->config;
}

int64_t
remote_behind_since(const struct remote *remote)
{
	return remote->behind;
}
