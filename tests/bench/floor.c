/*
 * The floor: what a probe costs where there is nothing but the dialogue. An epoll client that connects, hears 220, says
 * EHLO [STARTTLS, handshake with chain and name verified, EHLO] and QUIT, hears 221 and closes; many side by side, or so
 * many a second, each begun at its time as a schedule would: a machine that is not busy pays more for each. It keeps no limit, no transcript and no result, and believes that a reply comes in one piece.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench.h"

/* Read a row as: when this code was heard, say that; with nothing left to say, close. */
struct step {
	const char *code, *say;
	bool then_secure;
};

static const struct step plain[] = {
	{ .code = "220", .say = "EHLO floor.bench.test\r\n" },
	{ .code = "250", .say = "QUIT\r\n" },
	{ .code = "221" },
};

static const struct step starttls[] = {
	{ .code = "220", .say = "EHLO floor.bench.test\r\n" },
	{ .code = "250", .say = "STARTTLS\r\n" },
	{ .code = "220", .say = "EHLO floor.bench.test\r\n", .then_secure = true },
	{ .code = "250", .say = "QUIT\r\n" },
	{ .code = "221" },
};

enum { PATIENCE = 10 * 1000000 }; /* microseconds without a word of the sink */

struct probe {
	struct probe *next_idle;
	int fd;
	struct in_addr address;
	const struct step *step;
	SSL *ssl;
	bool shaking;
};

static struct {
	const struct step *script;
	struct probe *probes, *idle; /* idle: where there is a rate */
	SSL_CTX *tls;
	const char *ca_file;
	int epoll, port, addresses, in_flight, rate, wanted, begun, done, failed;
	int64_t began_us;
} bench = { .script = plain, .addresses = 16, .in_flight = 100, .wanted = 1000 };

static void
begin(struct probe *probe)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)bench.port) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = probe };

	*probe = (struct probe){ .step = bench.script };
	probe->address.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(bench.begun++ % bench.addresses));
	to.sin_addr = probe->address;
	probe->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd < 0)
		bench_die("socket");
	if (connect(probe->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
		bench_die("connect");
	if (epoll_ctl(bench.epoll, EPOLL_CTL_ADD, probe->fd, &event) != 0)
		bench_die("epoll_ctl");
}

static void
end(struct probe *probe, bool passed)
{
	SSL_free(probe->ssl);
	close(probe->fd);
	bench.done++;
	bench.failed += !passed;
	if (bench.rate > 0) {
		probe->next_idle = bench.idle;
		bench.idle = probe;
	} else if (bench.begun < bench.wanted) {
		begin(probe);
	}
}

/* Microseconds until the next probe is due; the ones that are are begun. */
static int64_t
begin_due(void)
{
	int64_t due = 0;

	while (bench.begun < bench.wanted && bench.idle != NULL) {
		struct probe *probe = bench.idle;

		due = bench.began_us + bench.begun * INT64_C(1000000) / bench.rate - bench_now_us();
		if (due > 0)
			return due;
		bench.idle = probe->next_idle;
		begin(probe);
	}
	return PATIENCE;
}

static ssize_t
hear(struct probe *probe, char *bytes, size_t room)
{
	int size;

	if (probe->ssl == NULL)
		return recv(probe->fd, bytes, room, 0);
	size = SSL_read(probe->ssl, bytes, (int)room);
	if (size <= 0 && SSL_get_error(probe->ssl, size) == SSL_ERROR_WANT_READ)
		errno = EAGAIN;
	return size;
}

static bool
say(struct probe *probe, const char *text)
{
	size_t size = strlen(text);

	if (probe->ssl == NULL)
		return send(probe->fd, text, size, MSG_NOSIGNAL) == (ssize_t)size;
	return SSL_write(probe->ssl, text, (int)size) == (int)size;
}

static bool
secure(struct probe *probe)
{
	const unsigned char *address = (const unsigned char *)&probe->address;
	int one = 1;

	probe->ssl = SSL_new(bench.tls);
	if (probe->ssl == NULL || SSL_set_fd(probe->ssl, probe->fd) != 1)
		return false;
	if (X509_VERIFY_PARAM_set1_ip(SSL_get0_param(probe->ssl), address, sizeof probe->address) != 1)
		return false;
	setsockopt(probe->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	probe->shaking = true;
	return true;
}

/* The server's session tickets wait for our delayed acknowledgement, and its reply behind them (Nagle): hence the
 * TCP_QUICKACK after the first line said inside TLS. */
static void
shake(struct probe *probe)
{
	int state = SSL_connect(probe->ssl), one = 1;

	if (state == 1 && say(probe, probe->step->say)) {
		setsockopt(probe->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
		probe->shaking = false;
		probe->step++;
	} else if (state == 1 || SSL_get_error(probe->ssl, state) != SSL_ERROR_WANT_READ) {
		end(probe, false);
	}
}

static void
answer(struct probe *probe)
{
	const struct step *step = probe->step;

	if (step->then_secure) {
		if (secure(probe))
			shake(probe);
		else
			end(probe, false);
	} else if (step->say == NULL) {
		end(probe, true);
	} else if (say(probe, step->say)) {
		probe->step++;
	} else {
		end(probe, false);
	}
}

static void
on_readable(struct probe *probe)
{
	char bytes[REPLY_ROOM];
	ssize_t size;

	if (probe->shaking) {
		shake(probe);
		return;
	}
	size = hear(probe, bytes, sizeof bytes);
	if (size > 0 && bench_reply_ends(bytes, (size_t)size, probe->step->code))
		answer(probe);
	else if (size >= 0 || errno != EAGAIN)
		end(probe, false);
}

static void
begin_first(void)
{
	for (int at = 0; at < bench.in_flight && bench.begun < bench.wanted; at++) {
		if (bench.rate == 0) {
			begin(&bench.probes[at]);
		} else {
			bench.probes[at].next_idle = bench.idle;
			bench.idle = &bench.probes[at];
		}
	}
}

static void
run(void)
{
	struct epoll_event events[256];
	int64_t wait = PATIENCE;
	int count;

	begin_first();
	while (bench.done < bench.wanted) {
		if (bench.rate > 0)
			wait = begin_due();
		struct timespec until = { .tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000 };
		count = epoll_pwait2(bench.epoll, events, 256, &until, NULL);
		if ((count == 0 && wait == PATIENCE) || (count < 0 && errno != EINTR))
			bench_die("the sink does not answer");
		for (int at = 0; at < count; at++)
			on_readable(events[at].data.ptr);
	}
}

static SSL_CTX *
make_context(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL || SSL_CTX_load_verify_locations(tls, bench.ca_file, NULL) != 1)
		bench_die(bench.ca_file);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(tls, 1);
	return tls;
}

static void
read_words(int argc, char **argv)
{
	for (int letter; (letter = getopt(argc, argv, "s:n:m:a:r:")) != -1;) {
		if (letter == 's')
			bench.ca_file = optarg, bench.script = starttls;
		else if (letter == 'n')
			bench.in_flight = bench_number(optarg, 1, 10000);
		else if (letter == 'm')
			bench.wanted = bench_number(optarg, 1, 100000000);
		else if (letter == 'a')
			bench.addresses = bench_number(optarg, 1, 60000);
		else if (letter == 'r')
			bench.rate = bench_number(optarg, 1, 1000000);
		else
			optind = argc;
	}
	if (optind != argc - 1) {
		fputs("usage: floor [-s CA-FILE] [-n IN-FLIGHT] [-m PROBES] [-a ADDRESSES] [-r A-SECOND] PORT\n", stderr);
		exit(64);
	}
	bench.port = bench_number(argv[optind], 1, 65535);
}

int
main(int argc, char **argv)
{
	struct bench_cpu before;

	read_words(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	bench_raise_descriptors();
	bench.probes = calloc((size_t)bench.in_flight, sizeof *bench.probes);
	bench.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (bench.probes == NULL || bench.epoll < 0)
		bench_die("start");
	if (bench.ca_file != NULL)
		bench.tls = make_context();
	before = bench_cpu_used();
	bench.began_us = bench_now_us();
	run();
	bench_print(bench.done, bench.failed, bench.began_us, before, 0);
	return bench.failed != 0;
}
