/*
 * For the prober's resolver: sends one DNS question to one server over UDP or TCP, from a socket of
 * its own, on libev.
 */
#include "prober/exchange.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PACKET_MAX = 4096,  /* bytes of a reply over UDP; the rest of a longer one is asked for
	                     * over TCP */
	READ_AT_ONCE = 16,  /* packets of one socket in one turn of the loop */
	STRAYS_MAX = 32     /* packets with a wrong id: then TCP, which cannot be guessed into */
};

static const double tcp_patience = 3; /* seconds for connection and reply together */

enum state { IN_LINE, OVER_UDP, OVER_TCP, BROKEN };

struct exchange {
	struct exchanges *all;
	TAILQ_ENTRY(exchange) link; /* while it is in line */
	void (*on_end)(void *arg, const struct exchange_result *);
	void *arg;
	ev_io io;
	ev_timer timer;      /* over TCP */
	enum state state;
	int fd, error;       /* error: of BROKEN */
	struct address server;
	uint8_t strays;
	bool heard_rubbish;
	uint16_t query_size, sent; /* sent: over TCP, its length before it included */
	uint32_t received;
	unsigned char *truncated; /* the reply over UDP */
	size_t truncated_size;
	unsigned char *reply;     /* over TCP: its size is known from `length` */
	unsigned char length[2];
	unsigned char query[2 + DNS_QUERY_MAX]; /* with its length before it (RFC 1035, section
	                                         * 4.2.2) */
};

struct exchanges {
	struct ev_loop *loop;
	uint32_t limit, open; /* sockets */
	uint32_t count;       /* of exchanges */
	TAILQ_HEAD(exchange_list, exchange) line;
};

/* Descriptors are the bound: DNS has its share, so that a failing resolver never takes those of
 * connections. */
struct exchanges *
exchanges_create(struct ev_loop *loop, uint32_t limit)
{
	struct exchanges *all = calloc(1, sizeof *all);

	assert(limit > 0);
	if (all == NULL)
		return NULL;
	all->loop = loop;
	all->limit = limit;
	TAILQ_INIT(&all->line);
	return all;
}

void
exchanges_destroy(struct exchanges **all)
{
	if (*all == NULL)
		return;
	assert((*all)->count == 0 && (*all)->open == 0 && TAILQ_EMPTY(&(*all)->line));
	free(*all);
	*all = NULL;
}

/* Sockets */

static void
close_socket(struct exchange *exchange)
{
	if (exchange->fd < 0)
		return;
	ev_io_stop(exchange->all->loop, &exchange->io);
	ev_timer_stop(exchange->all->loop, &exchange->timer);
	assert(exchange->all->open > 0 && exchange->all->open <= exchange->all->limit);
	close(exchange->fd);
	exchange->fd = -1;
	exchange->all->open--;
}

static bool
open_socket(struct exchange *exchange, int type)
{
	exchange->fd = socket(exchange->server.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	exchange->all->open += exchange->fd >= 0;
	return exchange->fd >= 0;
}

/* Over TCP the connection may be under way. */
static bool
connect_socket(const struct exchange *exchange)
{
	return connect(exchange->fd, &exchange->server.any, address_length(&exchange->server)) == 0
	    || errno == EINPROGRESS;
}

static void
watch(struct exchange *exchange, int events)
{
	ev_io_stop(exchange->all->loop, &exchange->io);
	ev_io_set(&exchange->io, exchange->fd, events);
	ev_io_start(exchange->all->loop, &exchange->io);
}

/* The end */

static void begin_next(struct exchanges *);

/* Gives everything back; what waits in line goes on. */
static void
destroy(struct exchange *exchange)
{
	struct exchanges *all = exchange->all;

	close_socket(exchange);
	ev_clear_pending(all->loop, &exchange->io);
	if (exchange->state == IN_LINE)
		TAILQ_REMOVE(&all->line, exchange, link);
	all->count--;
	free(exchange->truncated);
	free(exchange->reply);
	free(exchange);
	begin_next(all);
}

/* Whether it is something that we lack, and no word about the way to the server. What a packet
 * brought (ICMP) comes out of any call; a call of our own to make the socket fails for reasons of
 * our own else. */
static bool
is_lack(int error, bool is_own)
{
	static const int lacks[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS };
	static const int ways[] = { ECONNREFUSED, ECONNRESET, EHOSTUNREACH, EHOSTDOWN, ENONET,
		ENOPROTOOPT, EPROTO, EOPNOTSUPP, EMSGSIZE, ETIMEDOUT, EPIPE };

	for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++)
		if (lacks[i] == error)
			return true;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		is_own &= ways[i] != error;
	return is_own;
}

/* The exchange is gone before its owner is told: the owner may begin another within the call, or
 * end all. */
static void
end(struct exchange *exchange, const struct exchange_result *result)
{
	void (*on_end)(void *arg, const struct exchange_result *) = exchange->on_end;
	void *arg = exchange->arg;
	unsigned char *truncated = exchange->truncated, *reply = exchange->reply;

	exchange->truncated = exchange->reply = NULL;
	destroy(exchange);
	on_end(arg, result);
	free(truncated);
	free(reply);
}

static void
end_broken(struct exchange *exchange, int error, bool is_own)
{
	const struct exchange_result result = { .end = error == ECONNREFUSED ? EXCHANGE_CLOSED
	    : is_lack(error, is_own) ? EXCHANGE_OURS : EXCHANGE_UNREACHABLE, .error = error };

	end(exchange, &result);
}

/* From within a call of the owner the end is told by the loop. */
static void
break_later(struct exchange *exchange, int error)
{
	close_socket(exchange);
	exchange->state = BROKEN;
	exchange->error = error;
	ev_feed_event(exchange->all->loop, &exchange->io, EV_CUSTOM);
}

/* TCP */

/* `is_own`: by an error of our own calls. */
static void
end_without_tcp(struct exchange *exchange, int error, bool is_own)
{
	const struct exchange_result result = { .end = EXCHANGE_CUT, .error = error,
	    .is_ours = is_lack(error, is_own),
		.packet = exchange->truncated, .size = exchange->truncated_size };

	end(exchange, &result);
}

static void
on_tcp_limit(EV_P_ ev_timer *timer, int events)
{
	(void)loop, (void)events;
	end_without_tcp(timer->data, ETIMEDOUT, false);
}

/* Nothing of the UDP socket is needed any more: the descriptor is for the connection. */
static void
go_over_to_tcp(struct exchange *exchange)
{
	close_socket(exchange);
	exchange->state = OVER_TCP;
	if (!open_socket(exchange, SOCK_STREAM) || !connect_socket(exchange)) {
		end_without_tcp(exchange, errno, true);
		return;
	}
	watch(exchange, EV_WRITE);
	/* A timer counts from the loop's last look at the clock; the time since then is not the
	 * server's. */
	ev_now_update(exchange->all->loop);
	ev_timer_set(&exchange->timer, tcp_patience, 0);
	ev_timer_start(exchange->all->loop, &exchange->timer);
}

static void
send_over_tcp(struct exchange *exchange)
{
	size_t whole = exchange->query_size + 2u;
	ssize_t sent = send(exchange->fd, exchange->query + exchange->sent, whole - exchange->sent,
	    MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent < 0) {
		end_without_tcp(exchange, errno, false);
		return;
	}
	exchange->sent = (uint16_t)(exchange->sent + sent);
	if (exchange->sent == whole)
		watch(exchange, EV_READ);
}

static size_t
reply_size(const struct exchange *exchange)
{
	return (size_t)exchange->length[0] << 8 | exchange->length[1];
}

static void
take_tcp_reply(struct exchange *exchange)
{
	const struct exchange_result result = { .end = EXCHANGE_REPLY, .packet = exchange->reply,
	    .size = reply_size(exchange),
		.truncated = exchange->truncated, .truncated_size = exchange->truncated_size };

	if (dns_answers(result.packet, result.size, exchange->query + 2, exchange->query_size))
		end(exchange, &result);
	else
		end_without_tcp(exchange, EBADMSG, false);
}

/* Two bytes of length come before each message (RFC 1035, section 4.2.2; RFC 7766, section 8).
 * They and the message may come in any pieces; nothing is read behind the message. */
static void
read_over_tcp(struct exchange *exchange)
{
	bool in_length = exchange->received < sizeof exchange->length;
	unsigned char *to = in_length ? exchange->length + exchange->received
	    : exchange->reply + (exchange->received - sizeof exchange->length);
	size_t room = in_length ? sizeof exchange->length - exchange->received
	    : reply_size(exchange) - (exchange->received - sizeof exchange->length);
	assert(in_length == (exchange->reply == NULL) && room > 0);
	ssize_t got = recv(exchange->fd, to, room, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		end_without_tcp(exchange, got == 0 ? 0 : errno, false);
		return;
	}
	exchange->received += (uint32_t)got;
	if (exchange->received < sizeof exchange->length)
		return;
	if (exchange->reply == NULL) {
		if (reply_size(exchange) == 0) {
			end_without_tcp(exchange, EBADMSG, false);
			return;
		}
		exchange->reply = malloc(reply_size(exchange));
		if (exchange->reply == NULL)
			end_without_tcp(exchange, ENOMEM, true);
	} else if (exchange->received - sizeof exchange->length == reply_size(exchange)) {
		take_tcp_reply(exchange);
	}
}

/* UDP */

/* Returns true while the exchange goes on over UDP. */
static bool
take_packet(struct exchange *exchange, const unsigned char *packet, size_t size, bool too_long)
{
	if (size < 2 || memcmp(packet, exchange->query + 2, 2) != 0) {
		if (++exchange->strays < STRAYS_MAX)
			return true;
		go_over_to_tcp(exchange);
		return false;
	}
	if (!dns_answers(packet, size, exchange->query + 2, exchange->query_size)) {
		exchange->heard_rubbish = true;
		return true;
	}
	if (too_long || dns_is_truncated(packet, size)) {
		exchange->truncated = malloc(size);
		if (exchange->truncated == NULL) {
			end_broken(exchange, ENOMEM, true);
			return false;
		}
		memcpy(exchange->truncated, packet, size);
		exchange->truncated_size = size;
		go_over_to_tcp(exchange);
		return false;
	}
	const struct exchange_result result = { .end = EXCHANGE_REPLY, .packet = packet,
	    .size = size };
	end(exchange, &result);
	return false;
}

static void
read_over_udp(struct exchange *exchange)
{
	unsigned char packet[PACKET_MAX];

	for (int i = 0; i < READ_AT_ONCE; i++) {
		ssize_t size = recv(exchange->fd, packet, sizeof packet, MSG_TRUNC);

		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size < 0) {
			end_broken(exchange, errno, false);
			return;
		}
		bool too_long = (size_t)size > sizeof packet;
		if (!take_packet(exchange, packet, too_long ? sizeof packet : (size_t)size,
		    too_long))
			return;
	}
}

/* A connection over TCP is watched for writing first: that it can be written to says that it
 * stands, or that it failed, which the write tells. */
static void
on_event(EV_P_ ev_io *io, int events)
{
	struct exchange *exchange = io->data;

	(void)loop;
	if (exchange->state == BROKEN)
		end_broken(exchange, exchange->error, true);
	else if (exchange->state == OVER_UDP)
		read_over_udp(exchange);
	else if ((events & EV_WRITE) != 0)
		send_over_tcp(exchange);
	else
		read_over_tcp(exchange);
}

/* While the limit allows. Where the process is out of descriptors sooner than our limit, who is
 * in line waits for one of ours. */
static void
begin_next(struct exchanges *all)
{
	while (!TAILQ_EMPTY(&all->line) && all->open < all->limit) {
		struct exchange *exchange = TAILQ_FIRST(&all->line);
		bool is_sent = getrandom(exchange->query + 2, 2, 0) == 2 /* its id */
		    && open_socket(exchange, SOCK_DGRAM)
		    && connect_socket(exchange)
		    && send(exchange->fd, exchange->query + 2, exchange->query_size, 0) >= 0;
		int error = errno;

		if (!is_sent && exchange->fd < 0 && (error == EMFILE || error == ENFILE)
		    && all->open > 0)
			return;
		TAILQ_REMOVE(&all->line, exchange, link);
		exchange->state = OVER_UDP;
		if (is_sent)
			watch(exchange, EV_READ);
		else
			break_later(exchange, error);
	}
}

struct exchange *
exchange_begin(struct exchanges *all, const struct address *server, const struct dns_name *name,
    uint16_t type, void (*on_end)(void *arg, const struct exchange_result *), void *arg)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);

	if (exchange == NULL)
		return NULL;
	exchange->all = all;
	exchange->on_end = on_end;
	exchange->arg = arg;
	exchange->fd = -1;
	exchange->server = *server;
	exchange->query_size = (uint16_t)dns_query(exchange->query + 2, name, type);
	assert(exchange->query_size + 2u <= sizeof exchange->query);
	exchange->query[0] = (unsigned char)(exchange->query_size >> 8);
	exchange->query[1] = (unsigned char)exchange->query_size;
	ev_init(&exchange->io, on_event);
	ev_init(&exchange->timer, on_tcp_limit);
	exchange->io.data = exchange->timer.data = exchange;
	TAILQ_INSERT_TAIL(&all->line, exchange, link);
	all->count++;
	begin_next(all);
	return exchange;
}

void
exchange_repeat(struct exchange *exchange)
{
	if (exchange->state != OVER_UDP)
		return;
	if (send(exchange->fd, exchange->query + 2, exchange->query_size, 0) < 0 && errno != EAGAIN)
		break_later(exchange, errno);
}

void
exchange_cancel(struct exchange **exchange)
{
	if (*exchange == NULL)
		return;
	destroy(*exchange);
	*exchange = NULL;
}

bool
exchange_is_sent(const struct exchange *exchange)
{
	return exchange->state != IN_LINE;
}

bool
exchange_heard_rubbish(const struct exchange *exchange)
{
	return exchange->heard_rubbish;
}

const void *
exchange_truncated(const struct exchange *exchange, size_t *size)
{
	*size = exchange->truncated_size;
	return exchange->truncated;
}

void *
exchange_take_truncated(struct exchange *exchange, size_t *size)
{
	void *taken = exchange->truncated;

	*size = exchange->truncated_size;
	exchange->truncated = NULL;
	return taken;
}
