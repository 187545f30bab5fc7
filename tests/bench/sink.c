/*
 * The sink: a mail server that costs as little as one can, so that what the bench measures is the client. One process,
 * one epoll, one listener for each manner on a port from the kernel, bound to the loopback device and so reachable at
 * every address of 127.0.0.0/8.
 *
 * It is ruled by its standard input, a word a line, and ends when that is closed:
 *   count        prints for each manner what was accepted, finished by QUIT, and is open
 *   record N     from here on notes the time of each connection, N at most
 *   dump FILE    writes what was noted: address (u32, host order), manner (u32), monotonic microseconds (i64)
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench.h"

enum manner { PLAIN, STARTTLS, IMPLICIT, TARPIT, TLS_TARPIT, MANNERS };

static const struct {
	const char *name;
	bool tls_at_once, offers_starttls, silent;
} manners[MANNERS] = {
	[PLAIN]      = { .name = "plain" },
	[STARTTLS]   = { .name = "starttls", .offers_starttls = true },
	[IMPLICIT]   = { .name = "implicit", .tls_at_once = true },
	[TARPIT]     = { .name = "tarpit", .silent = true },
	[TLS_TARPIT] = { .name = "tls_tarpit", .tls_at_once = true, .silent = true },
};

#define GREETING "220 mx.bench.test ESMTP\r\n"
#define EHLO_REPLY "250-mx.bench.test\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n"
#define EHLO_END "250 ENHANCEDSTATUSCODES\r\n"

struct visit {
	SSL *ssl;
	bool open, shaking;
	unsigned char manner, size; /* of the begun line */
	char line[120];
};

struct arrival {
	uint32_t address, manner;
	int64_t at_us;
};

static struct {
	int epoll, listeners[MANNERS];
	SSL_CTX *tls;
	struct visit *visits; /* by descriptor */
	size_t room;
	uint64_t accepted[MANNERS], finished[MANNERS], open[MANNERS];
	struct arrival *arrivals;
	size_t arrived, arrivals_room;
} sink;

static void
leave(int fd)
{
	struct visit *visit = &sink.visits[fd];

	SSL_free(visit->ssl);
	close(fd);
	sink.open[visit->manner]--;
	*visit = (struct visit){ .open = false };
}

static bool
say(int fd, const char *text)
{
	struct visit *visit = &sink.visits[fd];
	size_t size = strlen(text);

	if (visit->ssl != NULL && !visit->shaking)
		return SSL_write(visit->ssl, text, (int)size) == (int)size;
	return send(fd, text, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static bool
secure(int fd)
{
	struct visit *visit = &sink.visits[fd];
	int one = 1;

	visit->ssl = SSL_new(sink.tls);
	visit->shaking = true;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return visit->ssl != NULL && SSL_set_fd(visit->ssl, fd) == 1;
}

/* False where the visit is to end. */
static bool
obey(int fd, const char *line)
{
	struct visit *visit = &sink.visits[fd];

	if (strncasecmp(line, "EHLO", 4) == 0 || strncasecmp(line, "HELO", 4) == 0) {
		bool offer = manners[visit->manner].offers_starttls && visit->ssl == NULL;

		return say(fd, offer ? EHLO_REPLY "250-STARTTLS\r\n" EHLO_END : EHLO_REPLY EHLO_END);
	}
	if (strncasecmp(line, "STARTTLS", 8) == 0 && visit->ssl == NULL && sink.tls != NULL)
		return say(fd, "220 2.0.0 ready\r\n") && secure(fd);
	if (strncasecmp(line, "QUIT", 4) != 0)
		return say(fd, "502 5.5.1 not here\r\n");
	say(fd, "221 2.0.0 bye\r\n");
	sink.finished[visit->manner]++;
	return false;
}

static bool
take(int fd, const char *bytes, size_t size)
{
	struct visit *visit = &sink.visits[fd];

	for (size_t at = 0; at < size; at++) {
		if (visit->size == sizeof visit->line - 1)
			return false;
		visit->line[visit->size++] = bytes[at];
		if (bytes[at] != '\n')
			continue;
		visit->line[visit->size] = '\0';
		visit->size = 0;
		if (!obey(fd, visit->line))
			return false;
	}
	return true;
}

static bool
hear_secured(int fd, char *bytes, size_t room)
{
	struct visit *visit = &sink.visits[fd];
	int size;

	while ((size = SSL_read(visit->ssl, bytes, (int)room)) > 0)
		if (!take(fd, bytes, (size_t)size))
			return false;
	return SSL_get_error(visit->ssl, size) == SSL_ERROR_WANT_READ;
}

/* A client may say EHLO together with its Finished: with reading ahead both have left the socket by now, so that it is
 * read on at once. */
static bool
shake(int fd, char *bytes, size_t room)
{
	struct visit *visit = &sink.visits[fd];
	int state = SSL_accept(visit->ssl);
	bool speaks_first = manners[visit->manner].tls_at_once && !manners[visit->manner].silent;

	if (state != 1)
		return SSL_get_error(visit->ssl, state) == SSL_ERROR_WANT_READ;
	visit->shaking = false;
	return (!speaks_first || say(fd, GREETING)) && hear_secured(fd, bytes, room);
}

static bool
hear(int fd)
{
	struct visit *visit = &sink.visits[fd];
	char bytes[REPLY_ROOM];
	ssize_t size;

	if (visit->shaking)
		return shake(fd, bytes, sizeof bytes);
	if (visit->ssl != NULL)
		return hear_secured(fd, bytes, sizeof bytes);
	size = recv(fd, bytes, sizeof bytes, 0);
	return size > 0 ? take(fd, bytes, (size_t)size) : size < 0 && errno == EAGAIN;
}

static void
note_arrival(int fd, enum manner manner)
{
	struct sockaddr_in ours;
	socklen_t size = sizeof ours;

	if (sink.arrived == sink.arrivals_room || getsockname(fd, (struct sockaddr *)&ours, &size) != 0)
		return;
	sink.arrivals[sink.arrived++] = (struct arrival){
		.address = ntohl(ours.sin_addr.s_addr),
		.manner = manner,
		.at_us = bench_now_us(),
	};
}

static void
welcome(int fd, enum manner manner)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	struct visit *visit = &sink.visits[fd];

	if (sink.arrivals != NULL)
		note_arrival(fd, manner);
	*visit = (struct visit){ .open = true, .manner = (unsigned char)manner };
	sink.accepted[manner]++;
	sink.open[manner]++;
	if (epoll_ctl(sink.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		bench_die("epoll_ctl");
	if (manners[manner].tls_at_once ? !secure(fd) : !manners[manner].silent && !say(fd, GREETING))
		leave(fd);
}

static void
on_connection(enum manner manner)
{
	for (int left = 64; left > 0; left--) {
		int fd = accept4(sink.listeners[manner], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0 && (size_t)fd < sink.room)
			welcome(fd, manner);
		else if (fd >= 0 || (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR))
			bench_die("accept");
		else
			return;
	}
}

static void
count(void)
{
	const char *before = "{";

	for (int at = 0; at < MANNERS; at++, before = ", ")
		printf("%s\"%s\": [%llu, %llu, %llu]", before, manners[at].name, (unsigned long long)sink.accepted[at],
		    (unsigned long long)sink.finished[at], (unsigned long long)sink.open[at]);
	puts("}");
}

static void
record(const char *word)
{
	sink.arrivals_room = (size_t)bench_number(word, 1, 100000000);
	sink.arrived = 0;
	free(sink.arrivals);
	sink.arrivals = calloc(sink.arrivals_room, sizeof *sink.arrivals);
	if (sink.arrivals == NULL)
		bench_die("record");
	puts("{}");
}

static void
dump(const char *path)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || fwrite(sink.arrivals, sizeof *sink.arrivals, sink.arrived, file) != sink.arrived
	    || fclose(file) != 0)
		bench_die(path);
	free(sink.arrivals);
	sink.arrivals = NULL;
	puts("{}");
}

static void
on_command(void)
{
	char line[512], *argument;
	ssize_t size = read(STDIN_FILENO, line, sizeof line - 1);

	if (size <= 0)
		exit(0);
	line[size] = '\0';
	line[strcspn(line, "\n")] = '\0';
	argument = strchr(line, ' ');
	argument = argument != NULL ? argument + 1 : line + strlen(line);
	if (strcmp(line, "count") == 0)
		count();
	else if (strncmp(line, "record ", 7) == 0)
		record(argument);
	else if (strncmp(line, "dump ", 5) == 0)
		dump(argument);
	fflush(stdout);
}

static bool
on_listener(int fd)
{
	for (int at = 0; at < MANNERS; at++)
		if (sink.listeners[at] == fd) {
			on_connection((enum manner)at);
			return true;
		}
	return false;
}

/* The kernel reports listeners and clients mixed; a descriptor that an earlier event of the batch closed, and that a
 * new client has got since, is asked in vain and says EAGAIN. */
static void
serve(void)
{
	struct epoll_event events[256];
	int ready = epoll_wait(sink.epoll, events, 256, -1);

	for (int at = 0; at < ready; at++) {
		int fd = events[at].data.fd;

		if (fd == STDIN_FILENO)
			on_command();
		else if (!on_listener(fd) && sink.visits[fd].open && !hear(fd))
			leave(fd);
	}
}

static int
listen_on_loopback(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo") != 0
	    || bind(fd, (struct sockaddr *)&any, sizeof any) != 0 || listen(fd, SOMAXCONN) != 0)
		bench_die("listen");
	return fd;
}

static void
watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(sink.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		bench_die("epoll_ctl");
}

static void
open_listeners(void)
{
	struct sockaddr_in bound;
	socklen_t size = sizeof bound;
	const char *before = "{";

	for (int at = 0; at < MANNERS; at++, before = ", ") {
		sink.listeners[at] = listen_on_loopback();
		watch(sink.listeners[at]);
		getsockname(sink.listeners[at], (struct sockaddr *)&bound, &size);
		printf("%s\"%s\": %d", before, manners[at].name, ntohs(bound.sin_port));
	}
	puts("}");
	fflush(stdout);
}

static SSL_CTX *
make_context(const char *certificate, const char *key)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1
	    || SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
		bench_die(certificate);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(tls, 1);
	return tls;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: sink CERTIFICATE KEY\n", stderr);
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	sink.room = bench_raise_descriptors();
	sink.visits = calloc(sink.room, sizeof *sink.visits);
	sink.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (sink.visits == NULL || sink.epoll < 0)
		bench_die("start");
	sink.tls = make_context(argv[1], argv[2]);
	watch(STDIN_FILENO);
	open_listeners();
	for (;;)
		serve();
}
