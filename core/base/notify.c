/* Sends state to systemd's notify socket (sd_notify(3)). */
#include "base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* An abstract name ("@…") begins with NUL and is exactly as long as it is: no NUL ends it. */
static socklen_t
fill(struct sockaddr_un *address, const char *path)
{
	size_t size = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || size < 2 || size >= sizeof address->sun_path)
		return 0;
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, size);
	if (path[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (path[0] != '@'));
}

static bool
send_to(const struct sockaddr_un *address, socklen_t length, const char *fields)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	ssize_t sent = sendto(fd, fields, strlen(fields), MSG_NOSIGNAL,
	    (const struct sockaddr *)address, length);
	int error = errno;
	close(fd);
	errno = error;
	return sent >= 0;
}

/* A socket that is not named is no failure: started by hand, there is no systemd to tell. */
bool
notify_send(const char *fields, struct reason *why)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;

	if (path == NULL || path[0] == '\0')
		return true;
	socklen_t length = fill(&address, path);
	if (length == 0)
		return reason_set(
		    why, "NOTIFY_SOCKET is neither an absolute path nor an abstract name");
	return send_to(&address, length, fields)
	    || reason_set(why, "cannot tell systemd: %s", strerror(errno));
}

/* The number that a variable holds; -1: none. */
static int64_t
number_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' ? number : -1;
}

int64_t
notify_watchdog(void)
{
	int64_t interval = number_of("WATCHDOG_USEC");

	if (interval <= 0 || (getenv("WATCHDOG_PID") != NULL
	    && number_of("WATCHDOG_PID") != getpid()))
		return 0;
	return interval;
}

void
notify_forget(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}
