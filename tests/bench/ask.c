/*
 * Asks prometheus-blackbox-exporter for probes, many side by side over connections that stay, as Prometheus does. What
 * the exporter spends is read from /proc by the runner; what this program spends does not count.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench.h"

enum { ANSWER_ROOM = 32 * 1024 };

struct line {
	int fd;
	size_t size;
	char answer[ANSWER_ROOM];
};

static struct {
	int epoll, in_flight, wanted, begun, done, failed, exporter, target, addresses;
	const char *module;
	struct line *lines;
} bench = { .in_flight = 100, .wanted = 1000, .addresses = 16 };

static void
ask(struct line *line)
{
	char request[256];
	int size = snprintf(request, sizeof request,
	    "GET /probe?target=127.0.0.%d:%d&module=%s HTTP/1.1\r\nHost: exporter\r\n\r\n",
	    1 + bench.begun % bench.addresses, bench.target, bench.module);

	bench.begun++;
	line->size = 0;
	if (send(line->fd, request, (size_t)size, MSG_NOSIGNAL) != size)
		bench_die("the exporter hears nothing");
}

static void
open_line(struct line *line)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)bench.exporter) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = line };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	line->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (line->fd < 0 || connect(line->fd, (struct sockaddr *)&to, sizeof to) != 0
	    || epoll_ctl(bench.epoll, EPOLL_CTL_ADD, line->fd, &event) != 0)
		bench_die("the exporter cannot be reached");
}

/* An answer is whole when its body has come, whose length the exporter tells or, for a chunked one, whose last chunk is
 * empty. */
static bool
is_whole(struct line *line)
{
	const char *body, *length;

	line->answer[line->size] = '\0';
	body = strstr(line->answer, "\r\n\r\n");
	if (body == NULL)
		return false;
	length = strcasestr(line->answer, "\r\nContent-Length:");
	if (length != NULL && length < body)
		return line->answer + line->size - (body + 4) >= strtol(length + 17, NULL, 10);
	return line->size > 7 && strcmp(line->answer + line->size - 7, "\r\n0\r\n\r\n") == 0;
}

static void
on_readable(struct line *line)
{
	ssize_t size = recv(line->fd, line->answer + line->size, ANSWER_ROOM - 1 - line->size, 0);

	if (size <= 0)
		bench_die("the exporter hung up");
	line->size += (size_t)size;
	if (!is_whole(line))
		return;
	bench.done++;
	bench.failed += strstr(line->answer, "\nprobe_success 1\n") == NULL;
	if (bench.begun < bench.wanted)
		ask(line);
}

static void
run(void)
{
	struct epoll_event events[64];
	int count;

	while (bench.done < bench.wanted) {
		count = epoll_wait(bench.epoll, events, 64, 20000);
		if (count == 0 || (count < 0 && errno != EINTR))
			bench_die("the exporter does not answer");
		for (int at = 0; at < count; at++)
			on_readable(events[at].data.ptr);
	}
}

static void
read_words(int argc, char **argv)
{
	for (int letter; (letter = getopt(argc, argv, "n:m:a:")) != -1;) {
		if (letter == 'n')
			bench.in_flight = bench_number(optarg, 1, 1000);
		else if (letter == 'm')
			bench.wanted = bench_number(optarg, 1, 100000000);
		else if (letter == 'a')
			bench.addresses = bench_number(optarg, 1, 200);
		else
			optind = argc;
	}
	if (optind != argc - 3) {
		fputs("usage: ask [-n IN-FLIGHT] [-m PROBES] [-a ADDRESSES] EXPORTER-PORT MODULE TARGET-PORT\n", stderr);
		exit(64);
	}
	bench.exporter = bench_number(argv[optind], 1, 65535);
	bench.module = argv[optind + 1];
	bench.target = bench_number(argv[optind + 2], 1, 65535);
}

int
main(int argc, char **argv)
{
	struct bench_cpu before;
	int64_t began_us;

	read_words(argc, argv);
	bench.epoll = epoll_create1(EPOLL_CLOEXEC);
	bench.lines = calloc((size_t)bench.in_flight, sizeof *bench.lines);
	if (bench.epoll < 0 || bench.lines == NULL)
		bench_die("start");
	before = bench_cpu_used();
	began_us = bench_now_us();
	for (int at = 0; at < bench.in_flight && bench.begun < bench.wanted; at++) {
		open_line(&bench.lines[at]);
		ask(&bench.lines[at]);
	}
	run();
	bench_print(bench.done, bench.failed, began_us, before, 0);
	return bench.failed != 0;
}
