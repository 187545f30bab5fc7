/*
 * peer [-c CERTS] [-t CERTIFICATE] [-x SCALE] SCRIPT
 *
 * Plays every peer and the name server of a script on loopback ports that the kernel gives, until its standard input
 * ends. Standard output says where they are and what happens, a line an event:
 *   peer NAME ADDRESS PORT, dns ADDRESS PORT, ready
 *   NAME N connected ADDRESS:PORT | heard LINE | tls VERSION CIPHER | tls over: WHY | broken: HOW | closed | reset
 *   dns NAME TYPE udp|tcp
 * N counts the connections of a peer, from 1. -t: what the script's `tls *` shows. -x: every time in the script is
 * divided by SCALE.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns.h"
#include "link.h"
#include "tls.h"

enum { FILLERS = 2 };

/* Something with a descriptor: a door that takes connections, a connection, the name server. */
struct party {
	int fd;
	struct link *link;        /* a connection */
	struct peer *peer;        /* a door */
	struct visits *visits;
	enum { PARTY_INPUT, PARTY_DOOR, PARTY_LINK, PARTY_DNS_UDP, PARTY_DNS_TCP, PARTY_DNS_LINK } kind;
};

/* The connections of a peer so far. */
struct visits {
	unsigned long count;
	int64_t last;
};

struct house {
	struct script *script;
	struct wardrobe wardrobe;
	int64_t scale;
	struct visits *visits; /* one for each peer */
	struct party *parties;
	struct pollfd *polls;
	size_t count, room;
};

static struct party *
add_party(struct house *house, struct party party)
{
	if (house->count == house->room) {
		house->room = house->room * 2 + 64;
		house->parties = reallocarray(house->parties, house->room, sizeof *house->parties);
		house->polls = reallocarray(house->polls, house->room, sizeof *house->polls);
		if (house->parties == NULL || house->polls == NULL)
			err(71, "reallocarray");
	}
	house->polls[house->count] = (struct pollfd){ .fd = party.fd, .events = POLLIN };
	house->parties[house->count] = party;
	return &house->parties[house->count++];
}

static socklen_t
make_address(const char *text, int offset, in_port_t port, struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = port;
		return sizeof *six;
	}
	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, text, &four->sin_addr) != 1)
		errx(65, "not an address: %s", text);
	four->sin_family = AF_INET;
	four->sin_port = port;
	four->sin_addr.s_addr = htonl(ntohl(four->sin_addr.s_addr) + (uint32_t)offset);
	return sizeof *four;
}

/* -1 where the address is in use. */
static int
try_to_bind(int type, const struct sockaddr_storage *address, socklen_t size)
{
	int fd = socket(address->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		err(71, "socket");
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)address, size) == 0)
		return fd;
	if (errno != EADDRINUSE)
		err(71, "bind");
	close(fd);
	return -1;
}

static int
bind_socket(int type, const struct sockaddr_storage *address, socklen_t size)
{
	int fd = try_to_bind(type, address, size);

	if (fd < 0)
		err(71, "bind");
	return fd;
}

static in_port_t
port_of(int fd)
{
	struct sockaddr_in6 address; /* the port lies at the same place in both families */
	socklen_t size = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		err(71, "getsockname");
	return address.sin6_port;
}

/* A queue of none, filled: the kernel then drops every further SYN. The descriptors stay open, and nobody looks at
 * them: a socket that neither listens nor is connected is always ready for poll(). */
static void
fill_queue(const struct sockaddr_storage *address, socklen_t size)
{
	for (int i = 0; i < FILLERS; i++) {
		int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0 || (connect(fd, (const struct sockaddr *)address, size) != 0 && errno != EINPROGRESS))
			err(71, "connect to ourselves");
	}
}

static void
open_door(struct house *house, struct peer *peer, int offset, in_port_t *port, struct visits *visits)
{
	struct sockaddr_storage address;
	socklen_t size = make_address(peer->address, offset, *port, &address);
	int fd = bind_socket(SOCK_STREAM, &address, size);
	char text[INET6_ADDRSTRLEN];

	*port = port_of(fd);
	make_address(peer->address, offset, *port, &address);
	if (peer->door != DOOR_SHUT && listen(fd, peer->door == DOOR_FULL ? 0 : 1024) != 0)
		err(71, "listen");
	if (peer->door == DOOR_OPEN)
		add_party(house, (struct party){ .fd = fd, .peer = peer, .visits = visits, .kind = PARTY_DOOR });
	if (peer->door == DOOR_FULL)
		fill_queue(&address, size);
	if (address.ss_family == AF_INET6)
		snprintf(text, sizeof text, "%s", peer->address);
	else
		inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr, text, sizeof text);
	printf("peer %s %s %d\n", peer->name, text, ntohs(*port));
}

static void
open_doors(struct house *house)
{
	in_port_t *ports = calloc(house->script->peer_count + 1, sizeof *ports);

	house->visits = calloc(house->script->peer_count + 1, sizeof *house->visits);
	if (ports == NULL || house->visits == NULL)
		err(71, "calloc");
	for (size_t i = 0; i < house->script->peer_count; i++) {
		struct peer *peer = &house->script->peers[i];

		if (peer->port_of[0] != '\0')
			ports[i] = ports[script_peer(house->script, peer->port_of) - house->script->peers];
		for (int j = 0; j < peer->addresses; j++)
			open_door(house, peer, j, &ports[i], &house->visits[i]);
	}
	free(ports);
}

static void
open_dns(struct house *house)
{
	enum { TRIES = 100 };
	struct sockaddr_storage address;
	socklen_t size;
	int udp = -1, tcp = -1;

	if (house->script->zone_count == 0)
		return;
	/* The port that TCP is given may be another's over UDP. */
	for (int i = 0; i < TRIES && udp < 0; i++) {
		if (tcp >= 0)
			close(tcp);
		size = make_address("127.0.0.1", 0, 0, &address);
		tcp = bind_socket(SOCK_STREAM, &address, size);
		size = make_address("127.0.0.1", 0, port_of(tcp), &address);
		udp = try_to_bind(SOCK_DGRAM, &address, size);
	}
	if (udp < 0)
		errx(71, "no port is free over both TCP and UDP");
	if (listen(tcp, 64) != 0)
		err(71, "listen");
	add_party(house, (struct party){ .fd = udp, .kind = PARTY_DNS_UDP });
	add_party(house, (struct party){ .fd = tcp, .kind = PARTY_DNS_TCP });
	printf("dns 127.0.0.1 %d\n", ntohs(port_of(tcp)));
}

static size_t
answer(struct house *house, enum dns_way way, const unsigned char *question, size_t size, unsigned char *bytes)
{
	char text[300];

	dns_describe(question, size, text, sizeof text);
	printf("dns %s %s\n", text, way == DNS_UDP ? "udp" : "tcp");
	return dns_answer(house->script, way, question, size, bytes);
}

static void
answer_udp(struct house *house, int fd)
{
	unsigned char question[1024], bytes[DNS_MAX];
	struct sockaddr_storage from;
	socklen_t from_size = sizeof from;
	ssize_t size = recvfrom(fd, question, sizeof question, 0, (struct sockaddr *)&from, &from_size);
	size_t answered;

	if (size > 0 && (answered = answer(house, DNS_UDP, question, (size_t)size, bytes)) > 0)
		sendto(fd, bytes, answered, 0, (struct sockaddr *)&from, from_size);
}

/* A question with its length in front, which a loopback hands over in one piece. False: the connection is over. */
static bool
answer_tcp(struct house *house, int fd)
{
	unsigned char question[1024], bytes[2 + DNS_MAX];
	ssize_t size = recv(fd, question, sizeof question, 0);
	size_t answered;

	if (size < 2)
		return size < 0 && errno == EAGAIN;
	answered = answer(house, DNS_TCP, question + 2, (size_t)size - 2, bytes + 2);
	bytes[0] = (unsigned char)(answered >> 8);
	bytes[1] = (unsigned char)answered;
	return answered == 0 || send(fd, bytes, 2 + answered, MSG_NOSIGNAL) > 0;
}

static void
turn_link(struct house *house, size_t index, short events)
{
	struct party *party = &house->parties[index];

	if (link_turn(party->link, events)) {
		house->polls[index].events = link_wants(party->link);
		return;
	}
	link_destroy(&party->link);
	house->polls[index].fd = -1;
}

static void
welcome(struct house *house, size_t door)
{
	struct party party = house->parties[door];
	struct sockaddr_in6 from;
	socklen_t size = sizeof from;
	int fd = accept4(party.fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
	int64_t now = link_clock(), pause;
	char name[64];

	if (fd < 0)
		return;
	if (party.kind == PARTY_DNS_TCP) {
		add_party(house, (struct party){ .fd = fd, .kind = PARTY_DNS_LINK });
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	pause = party.visits->count++ > 0 ? (now - party.visits->last) * house->scale : INT64_MAX;
	party.visits->last = now;
	snprintf(name, sizeof name, "%s %lu", party.peer->name, party.visits->count);
	printf("%s connected from %d\n", name, ntohs(from.sin6_port));
	add_party(house, (struct party){ .fd = fd, .kind = PARTY_LINK,
	    .link = link_create(fd, play_part(party.peer, party.visits->count, pause), house->scale, &house->wardrobe,
	        name) });
	turn_link(house, house->count - 1, 0);
}

/* What was closed makes room. */
static void
tidy(struct house *house)
{
	size_t kept = 0;

	for (size_t i = 0; i < house->count; i++) {
		if (house->polls[i].fd < 0)
			continue;
		house->parties[kept] = house->parties[i];
		house->polls[kept++] = house->polls[i];
	}
	house->count = kept;
}

static int
milliseconds_left(const struct house *house, int64_t now)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < house->count; i++)
		if (house->parties[i].kind == PARTY_LINK && link_wakes(house->parties[i].link) < first)
			first = link_wakes(house->parties[i].link);
	if (first == INT64_MAX)
		return -1;
	return first <= now ? 0 : (int)((first - now + 999) / 1000);
}

static void
turn_party(struct house *house, size_t index, int64_t now)
{
	struct party *party = &house->parties[index];
	short events = house->polls[index].revents;

	if (party->kind == PARTY_LINK && (events != 0 || link_wakes(party->link) <= now)) {
		turn_link(house, index, events);
		return;
	}
	if (events == 0)
		return;
	switch (party->kind) {
	case PARTY_INPUT: exit(0);
	case PARTY_DOOR:
	case PARTY_DNS_TCP: welcome(house, index); return;
	case PARTY_DNS_UDP: answer_udp(house, party->fd); return;
	case PARTY_DNS_LINK:
		if (answer_tcp(house, party->fd))
			return;
		close(party->fd);
		house->polls[index].fd = -1;
		return;
	case PARTY_LINK: return;
	}
}

static void
serve(struct house *house)
{
	for (;;) {
		size_t count = house->count;

		fflush(stdout);
		if (poll(house->polls, count, milliseconds_left(house, link_clock())) < 0 && errno != EINTR)
			err(71, "poll");
		for (size_t i = 0; i < count; i++)
			turn_party(house, i, link_clock());
		tidy(house);
	}
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: peer [-c CERTS] [-t CERTIFICATE] [-x SCALE] SCRIPT";
	struct house house = { .scale = 1, .wardrobe = { "build/tests/certs", "good" } };

	for (int option; (option = getopt(argc, argv, "c:t:x:")) != -1;) {
		switch (option) {
		case 'c': house.wardrobe.folder = optarg; break;
		case 't': house.wardrobe.any = optarg; break;
		case 'x': house.scale = atol(optarg) > 0 ? atol(optarg) : 1; break;
		default: errx(64, usage);
		}
	}
	if (optind != argc - 1)
		errx(64, usage);
	signal(SIGPIPE, SIG_IGN);
	house.script = script_read(argv[optind]);
	add_party(&house, (struct party){ .fd = STDIN_FILENO, .kind = PARTY_INPUT });
	open_doors(&house);
	open_dns(&house);
	puts("ready");
	serve(&house);
}
