/* c-ares on libev: its sockets as watchers, its time-outs as one timer, armed anew after every call of the library. */
#include "prober/dns_server.h"

#include <ares.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include "base/clock.h"
#include "prober/dns.h"

struct watch {
	ev_io io;
	struct dns_server *server;
	struct watch *next;
};

struct dns_server {
	struct ev_loop *loop;
	ares_channel channel;
	struct address address;
	struct watch *watches;
	ev_timer timer;
};

/* Who waits for a reply. */
struct asked {
	void (*on_reply)(void *arg, const void *packet, size_t size);
	void *arg;
};

static void
arm(struct dns_server *server)
{
	struct timeval left;

	ev_timer_stop(server->loop, &server->timer);
	if (ares_timeout(server->channel, NULL, &left) == NULL)
		return;
	ev_timer_set(&server->timer, (double)left.tv_sec + (double)left.tv_usec / SECOND, 0);
	ev_timer_start(server->loop, &server->timer);
}

static void
on_timer(EV_P_ ev_timer *timer, int events)
{
	struct dns_server *server = timer->data;

	(void)loop;
	(void)events;
	ares_process_fd(server->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(server);
}

static void
on_socket(EV_P_ ev_io *io, int events)
{
	struct dns_server *server = ((struct watch *)io->data)->server;
	int fd = io->fd;

	(void)loop;
	ares_process_fd(server->channel, (events & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
	    (events & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	arm(server);
}

/* The library tells what it wants to know of a socket; neither: it closes it. */
static void
on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct dns_server *server = data;
	struct watch **link = &server->watches;
	int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

	while (*link != NULL && (*link)->io.fd != fd)
		link = &(*link)->next;
	struct watch *watch = *link;
	if (watch != NULL)
		ev_io_stop(server->loop, &watch->io);
	if (events == 0) {
		if (watch != NULL)
			*link = watch->next;
		free(watch);
		return;
	}
	if (watch == NULL) {
		watch = calloc(1, sizeof *watch);
		if (watch == NULL)
			return; /* nobody listens then, and patience ends */
		watch->server = server;
		ev_init(&watch->io, on_socket);
		watch->io.data = watch;
		*link = watch;
	}
	ev_io_set(&watch->io, fd, events);
	ev_io_start(server->loop, &watch->io);
}

static bool
set_address(struct dns_server *server)
{
	char bytes[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	address_add_port(&text, &server->address);
	return ares_set_servers_ports_csv(server->channel, bytes) == ARES_SUCCESS;
}

struct dns_server *
dns_server_create(struct ev_loop *loop, const struct address *address, int64_t patience, struct reason *why)
{
	static char lookups[] = "b"; /* the DNS alone: the hosts file is read by us */
	/* NOCHECKRESP: a SERVFAIL is an answer, not a reason to be silent about it. */
	struct ares_options options = { .flags = ARES_FLAG_EDNS | ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH
		| ARES_FLAG_NOALIASES, .timeout = (int)(patience / MILLISECOND), .tries = 1, .ednspsz = DNS_EDNS_SIZE,
		.sock_state_cb = on_socket_state, .lookups = lookups };
	const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB
	    | ARES_OPT_LOOKUPS;
	struct dns_server *server = calloc(1, sizeof *server);

	if (server == NULL) {
		reason_set(why, "out of memory");
		return NULL;
	}
	server->loop = loop;
	server->address = *address;
	options.sock_state_cb_data = server;
	ev_init(&server->timer, on_timer);
	server->timer.data = server;
	int status = ares_init_options(&server->channel, &options, mask);
	if (status != ARES_SUCCESS || !set_address(server)) {
		reason_set(why, "the DNS library does not start: %s", ares_strerror(status));
		dns_server_destroy(&server);
	}
	return server;
}

void
dns_server_destroy(struct dns_server **server)
{
	if (*server == NULL)
		return;
	if ((*server)->channel != NULL)
		ares_destroy((*server)->channel);
	ev_timer_stop((*server)->loop, &(*server)->timer);
	while ((*server)->watches != NULL) {
		struct watch *watch = (*server)->watches;
		(*server)->watches = watch->next;
		ev_io_stop((*server)->loop, &watch->io);
		free(watch);
	}
	free(*server);
	*server = NULL;
}

/* Beside success the library names NXDOMAIN and the like by a status, and gives the packet all the same. */
static void
on_answer(void *arg, int status, int timeouts, unsigned char *packet, int size)
{
	struct asked asked = *(struct asked *)arg;

	(void)timeouts;
	(void)status;
	free(arg);
	if (size <= 0)
		packet = NULL;
	asked.on_reply(asked.arg, packet, packet == NULL ? 0 : (size_t)size);
}

void
dns_server_ask(struct dns_server *server, const unsigned char *query, size_t size,
    void (*on_reply)(void *arg, const void *packet, size_t size), void *arg)
{
	struct asked *asked = malloc(sizeof *asked);

	if (asked == NULL) {
		on_reply(arg, NULL, 0);
		return;
	}
	*asked = (struct asked){ on_reply, arg };
	ares_send(server->channel, query, (int)size, on_answer, asked);
	arm(server);
}

bool
dns_server_is_trusted(const struct dns_server *server)
{
	return address_class(&server->address) == ADDRESS_LOOPBACK;
}
