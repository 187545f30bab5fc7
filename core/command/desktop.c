/*
 * Opens the web page of the daemon in the user's browser by xdg-open(1), for `postwatch run` when
 * it is started in a terminal without a configuration file.
 *
 * The arguments of a process can be read by all users of a host, and the address contains a secret
 * token. So xdg-open is given an HTML file that redirects to the address; only its owner can read
 * it, and it is removed after 20 s at most.
 */
#include "command/desktop.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/address.h"

enum { TRIES = 300, LEAST_SHOWN_SECONDS = 20 };

static void
wait_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static bool
is_wanted(void)
{
	const char *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	return geteuid() != 0 && getuid() != 0 && getenv("CI") == NULL
	    && ((x11 != NULL && x11[0] != '\0') || (wayland != NULL && wayland[0] != '\0'));
}

/* Of a listening socket at that address: its owner by /proc/net/tcp (proc_pid_net(5)); -1: there is none. */
static long
owner_of(const struct address *address)
{
	FILE *file = fopen("/proc/net/tcp", "re");
	char line[256];
	long owner = -1;

	while (file != NULL && owner < 0 && fgets(line, sizeof line, file) != NULL) {
		unsigned host, port, state;
		long uid;

		if (sscanf(line, "%*d: %8x:%4x %*x:%*x %2x %*x:%*x %*x:%*x %*x %ld", &host, &port, &state, &uid) == 4 && state == 0x0a
		    && host == address->v4.sin_addr.s_addr && port == ntohs(address->v4.sin_port))
			owner = uid;
	}
	if (file != NULL)
		(void)fclose(file);
	return owner;
}

/* A page that leads to the address at once; false: it cannot be written. */
static bool
write_page(char *path, size_t room, const char *listen, const char *token)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");
	int fd, size = snprintf(path, room, "%s/postwatch-XXXXXX.html", folder == NULL || folder[0] != '/' ? "/tmp" : folder);
	bool is_written = false;

	if (size < 0 || (size_t)size >= room)
		return false;
	fd = mkostemps(path, sizeof ".html" - 1, O_CLOEXEC); /* mode 0600 */
	if (fd >= 0) {
		is_written = dprintf(fd, "<!DOCTYPE html><meta http-equiv=\"refresh\" content=\"0;url=http://%s/%s/\"><title>Postwatch</title>\n",
		    listen, token) > 0;
		close(fd);
	}
	return is_written;
}

/* Ends with the daemon, where that cannot begin. */
static void
open_when_served(const struct address *address, const char *listen, const char *token, pid_t daemon)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char path[PATH_MAX];
	int tries = 0;

	(void)setsid();
	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(null, fd);
	while (owner_of(address) != (long)geteuid() && tries++ < TRIES && kill(daemon, 0) == 0)
		wait_ms(100);
	if (owner_of(address) != (long)geteuid() || !write_page(path, sizeof path, listen, token))
		return;
	/* Not waited for: where no browser runs yet xdg-open may be it, and lasts as long as it is open. */
	if (fork() == 0) {
		(void)execlp("xdg-open", "xdg-open", path, (char *)NULL);
		_exit(127);
	}
	for (tries = 0; tries < LEAST_SHOWN_SECONDS && kill(daemon, 0) == 0; tries++)
		wait_ms(1000);
	(void)unlink(path);
}

void
desktop_open(const char *listen, const char *token)
{
	pid_t daemon = getpid(), child;
	struct address address;

	if (!is_wanted() || !address_parse_port(listen, 0, &address) || address.any.sa_family != AF_INET || owner_of(&address) >= 0)
		return;
	child = fork();
	if (child == 0) {
		if (fork() == 0)
			open_when_served(&address, listen, token, daemon);
		_exit(0);
	}
	if (child > 0)
		(void)waitpid(child, NULL, 0);
}
