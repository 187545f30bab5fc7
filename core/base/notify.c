/* For the parent: sends the daemon's state to systemd's notify socket (sd_notify(3)). */
#include "base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket that is not named is no failure: started by hand, there is no systemd to tell. An
 * abstract name ("@…") begins with NUL and is exactly as long as it is: no NUL ends it. */
bool
notify_send(const char *fields, struct reason *why)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size;
	bool sent;
	int fd;

	if (path == NULL || path[0] == '\0')
		return true;
	size = strlen(path);
	if ((path[0] != '/' && path[0] != '@') || size < 2 || size >= sizeof address.sun_path)
		return reason_set(
		    why, "NOTIFY_SOCKET is neither an absolute path nor an abstract name");
	memcpy(address.sun_path, path, size);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	size += offsetof(struct sockaddr_un, sun_path) + (path[0] != '@');
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	sent = fd >= 0 && sendto(fd, fields, strlen(fields), MSG_NOSIGNAL,
	    (const struct sockaddr *)&address, (socklen_t)size) >= 0;
	if (!sent)
		reason_set(why, "cannot tell systemd: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return sent;
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
