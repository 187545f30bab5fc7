/*
 * The web process, which serves the page, the API and the metrics: its start and its loop. It meets
 * bytes of whoever may reach its sockets, so it has little: it reads the state folder, accepts
 * connections, and tells the parent alone that it lives, how late its loop was, and what to log. A
 * visitor can neither change nor hold up what is watched.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "base/limits.h"
#include "base/sandbox.h"
#include "base/secret_memory.h"
#include "config/config.h"
#include "web/http_library.h"
#include "web/site.h"
#include "web/store_api.h"

enum { CANNOT_BEGIN = 71, BROKEN = 70, BACKLOG = 256, NICE = 10, CREDENTIALS_ROOM = 512 };

struct web {
	struct duty *duty;
	struct site site;
	struct store_api_time store_time;
	struct server *server;
	char *credentials; /* secret memory of CREDENTIALS_ROOM bytes; NULL: none are asked for */
	int64_t next_alive, next_look, late_max;
	int64_t next_wake; /* also where nothing changes, as of a store that cannot be read: who follows is told so */
	uint64_t told;     /* the version of the board that is being followed */
	bool is_ending;
};

/* One line, USER:PASSWORD, neither of which is empty: nobody means to let in whoever leaves it out. It is read past stdio, whose
 * buffer would keep a copy. */
static bool
read_credentials(struct web *web, const char *path, struct reason *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t size = fd < 0 ? -1 : read(fd, web->credentials, CREDENTIALS_ROOM - 1);
	int error = errno;
	size_t line;
	const char *colon;

	if (fd >= 0)
		close(fd);
	if (size < 0) {
		reason_set(why, "password_file: %s: %s", path, strerror(error));
		return false;
	}
	line = strcspn(web->credentials, "\r\n");
	colon = memchr(web->credentials, ':', line);
	if (line == CREDENTIALS_ROOM - 1)
		reason_set(why, "password_file: %s: its line is longer than %d bytes", path, CREDENTIALS_ROOM - 2);
	else if (colon == NULL || colon == web->credentials || colon + 1 == web->credentials + line)
		reason_set(why, "password_file: %s has no line USER:PASSWORD", path);
	else {
		web->credentials[line] = '\0';
		return true;
	}
	return false;
}

/* A socket that a daemon before left is replaced, any other file is left alone. The group of the daemon may connect. */
static int
listen_at_path(const char *path, struct reason *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), other;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_uid == geteuid()) {
		other = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		/* Where somebody answers it is not one that a daemon left. */
		if (other < 0 || (connect(other, (const struct sockaddr *)&address, sizeof address) != 0 && errno != EAGAIN))
			(void)unlink(path);
		if (other >= 0)
			close(other);
	}
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && chmod(path, 0660) == 0
	    && listen(fd, BACKLOG) == 0)
		return fd;
	reason_set(why, "cannot listen at %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
listen_at_address(const char *text, bool any_port, struct reason *why)
{
	static const int on = 1;
	struct address address;
	bool is_bound;
	int fd;

	(void)address_parse_port(text, 0, &address); /* checked with the configuration */
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && address.any.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	is_bound = fd >= 0 && bind(fd, &address.any, address_length(&address)) == 0;
	if (fd >= 0 && !is_bound && errno == EADDRINUSE && any_port) {
		is_bound = address_parse("127.0.0.1", 0, &address) && bind(fd, &address.any, address_length(&address)) == 0;
	}
	if (is_bound && listen(fd, BACKLOG) == 0)
		return fd;
	reason_set(why, "cannot listen at %s: %s", text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Says where it is served, in the words that a browser takes. */
static bool
open_socket(struct web *web, const char *text, struct entrance entrance, struct reason *why)
{
	const char *token = web->site.config->web.token, *what = entrance.serves_page ? "the page is" : "shares are";
	int fd = text[0] == '/' ? listen_at_path(text, why) : listen_at_address(text, token != NULL, why);
	struct address address = { 0 };
	socklen_t size = sizeof address;
	char bytes[128];
	struct text shown = TEXT_OVER(bytes);

	entrance.is_unix = text[0] == '/';
	if (fd < 0 || !server_listen(web->server, fd, entrance, why))
		return false;
	if (text[0] == '/')
		duty_log(web->duty, LOG_NOTICE, 0, "%s at the socket %s", what, text);
	else if (getsockname(fd, &address.any, &size) == 0) {
		address_add_port(&shown, &address);
		duty_log(web->duty, LOG_NOTICE, 0, "%s at http://%s/%s%s", what, bytes, token == NULL ? "" : token, token == NULL ? "" : "/");
	}
	return true;
}

static bool
prepare(struct web *web, struct reason *why)
{
	const struct config *config = web->duty->config;
	const struct sandbox_path state = { .path = config->state, .access = SANDBOX_READ };
	const struct sandbox sandbox = { .network = SANDBOX_NO_TCP, .paths = &state, .path_count = 1, .calls = CALLS_OF_WEB,
		.limits = limits_of(DUTY_WEB), .tell = duty_forbidden, .tell_to = web->duty };
	struct access access = { .is_public = config->web.is_public, .token = config->web.token,
		.share_count = config->web.share_count, .shares = config->web.shares,
		.name_count = config->web.name_count, .names = config->web.names };
	const struct entrance page = { .serves_page = true, .serves_shares = config->web.share_listen_count == 0 };
	int landlock;

	web->site = (struct site){ .config = config, .started = clock_wall(), .board = board_create(config),
		.store_time = &web->store_time };
	for (int i = 0; i < ASSETS; i++)
		asset_name((enum asset)i, web->site.assets[i]);
	if (config->web.password_file != NULL)
		web->credentials = secret_memory_make(CREDENTIALS_ROOM);
	if (web->credentials != NULL && !read_credentials(web, config->web.password_file, why))
		return false;
	access.credentials = web->credentials;
	if (!http_library_load(why))
		return false;
	web->server = server_create(&access, site_answer, &web->site);
	if (web->site.board == NULL || web->server == NULL || (config->web.password_file != NULL && web->credentials == NULL)) {
		reason_set(why, "no memory");
		return false;
	}
	tzset(); /* its file cannot be read later */
	(void)setpriority(PRIO_PROCESS, 0, NICE); /* watching comes first */
	for (uint32_t i = 0; i < config->web.listen_count; i++)
		if (!open_socket(web, config->web.listen[i], page, why))
			return false;
	for (uint32_t i = 0; i < config->web.share_listen_count; i++)
		if (!open_socket(web, config->web.share_listen[i], (struct entrance){ .serves_shares = true }, why))
			return false;
	return sandbox_enter(&sandbox, &landlock, why);
}

/* Returns false if it is gone, or says what is malformed. */
static bool
hear_parent(struct web *web)
{
	struct processes *processes = &web->site.processes;
	static unsigned char packet[WIRE_MAX];
	struct message_stop stop;
	ssize_t size;
	int passed;

	while ((size = packet_read(web->duty->parent, packet, sizeof packet, &passed)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);
		enum message_kind kind = message_kind(packet, (size_t)size);

		if (passed >= 0)
			close(passed);
		if (kind == MESSAGE_VITALS)
			processes->heard = clock_wall();
		web->is_ending |= kind == MESSAGE_STOP;
		if (kind == MESSAGE_VITALS ? !message_get_vitals(&in, &processes->said) : kind != MESSAGE_STOP || !message_get_stop(&in, &stop))
			return false;
	}
	return size != 0;
}

/* Visitors are served between the steps in which the board is brought up to date. */
static int
live(struct web *web)
{
	struct pollfd polled[1 + SERVER_LISTENERS_MAX];
	bool has_more = true;

	while (!web->is_ending) {
		int64_t now = clock_mono(), until = has_more ? now : web->next_look;
		uint32_t count;

		if (now >= web->next_alive) {
			duty_alive(web->duty, &(struct message_alive){ .late_max = web->late_max, .done = server_requests(web->server) });
			web->next_alive = now + SECOND;
			web->late_max = 0;
		}
		until = until < web->next_alive ? until : web->next_alive;
		polled[0] = (struct pollfd){ .fd = web->duty->parent, .events = POLLIN };
		count = 1 + server_poll(web->server, polled + 1, &until);
		poll(polled, count, until <= now ? 0 : (int)((until - now + MILLISECOND - 1) / MILLISECOND));
		if (clock_mono() - until > web->late_max && until > now)
			web->late_max = clock_mono() - until;
		if (polled[0].revents != 0 && !hear_parent(web))
			return BROKEN;
		server_turn(web->server);
		if (has_more || clock_mono() >= web->next_look) {
			has_more = board_turn(web->site.board);
			web->next_look = clock_mono() + SECOND / 2;
			if (board_known(web->site.board)->version != web->told || clock_mono() >= web->next_wake) {
				server_wake(web->server);
				web->next_wake = clock_mono() + SECOND;
			}
			web->told = board_known(web->site.board)->version;
		}
	}
	return 0;
}

static void
dispose(struct web *web)
{
	void *credentials = web->credentials;

	server_destroy(&web->server);
	board_destroy(&web->site.board);
	secret_memory_free(&credentials, CREDENTIALS_ROOM);
	web->credentials = NULL;
}

int
web_main(struct duty *duty)
{
	static struct web web;
	struct reason why;
	int status;

	web = (struct web){ .duty = duty };
	if (!prepare(&web, &why)) {
		duty_log(duty, LOG_ERR, 0, "web cannot begin: %s", why.text);
		dispose(&web);
		return CANNOT_BEGIN;
	}
	duty_ready(duty);
	status = live(&web);
	dispose(&web);
	return status;
}
