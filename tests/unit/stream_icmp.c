/*
 * What routers say, told apart with its source. In a network of our own, a listener with a full queue lets a connection
 * hang; a raw socket hears its SYN and answers with the ICMP error of the row.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "wires.h"

enum { TCP_START = 20 };

static const struct row {
	int version, type, code;
	enum stream_end end;
	const char *says;
} rows[] = {
	{ 4, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, STREAM_UNREACHABLE, "ICMP host unreachable" },
	{ 4, ICMP_DEST_UNREACH, ICMP_NET_UNREACH, STREAM_UNREACHABLE, "ICMP network unreachable" },
	{ 4, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, STREAM_FILTERED, "ICMP administratively prohibited" },
	{ 4, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, STREAM_FILTERED, "ICMP port unreachable" },
	{ 4, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, STREAM_UNREACHABLE, "ICMP time exceeded" },
	{ 6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, STREAM_FILTERED, "ICMP administratively prohibited" },
	{ 6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, STREAM_UNREACHABLE, "ICMP no route" },
	{ 6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, STREAM_UNREACHABLE, "ICMP address unreachable" },
};

/* The loopback interface, with 127.0.0.9 (as ever) and ::9 for the routers. */
static void
bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	struct { /* in6_ifreq of <linux/ipv6.h>, which does not go with <netinet/in.h> */
		struct in6_addr address;
		uint32_t prefix;
		int interface;
	} second = { .prefix = 128, .interface = (int)if_nametoindex("lo") };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);

	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	request.ifr_flags |= IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	assert_int_equal(inet_pton(AF_INET6, "::9", &second.address), 1);
	assert_int_equal(ioctl(fd6, SIOCSIFADDR, &second), 0);
	/* The kernel takes a new address into use a moment later, in a work of its own. */
	struct sockaddr_in6 ready = { .sin6_family = AF_INET6, .sin6_addr = second.address };
	for (int tries = 500; tries > 0 && bind(fd6, (struct sockaddr *)&ready, sizeof ready) != 0; tries--)
		poll(NULL, 0, 10);
	close(fd);
	close(fd6);
}

/* Waits for a segment to `port` that has this flag, at a raw socket: its TCP header. */
static void
hear(int raw, int version, in_port_t port, int flag, unsigned char header[TCP_START])
{
	unsigned char packet[256];

	for (;;) {
		struct pollfd readable = { raw, POLLIN, 0 };
		assert_int_equal(poll(&readable, 1, 5000), 1);
		ssize_t size = recv(raw, packet, sizeof packet, 0);
		size_t start = version == 4 ? (packet[0] & 0xfu) * 4u : 0;
		assert_true(size >= (ssize_t)start + TCP_START);
		memcpy(header, packet + start, TCP_START);
		if (memcmp(header + 2, &port, 2) == 0 && (header[13] & flag) != 0)
			return;
	}
}

static uint16_t
checksum(const unsigned char *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* The error, about a packet of ours with this TCP header, from 127.0.0.9 or ::9. */
static void
say_error(const struct row *row, const struct address *ours, const struct address *theirs, const unsigned char *tcp)
{
	unsigned char packet[8 + 40 + TCP_START] = { (unsigned char)row->type, (unsigned char)row->code };
	size_t size = 8;
	struct address from;
	int raw;

	if (row->version == 4) {
		struct ip ip = { .ip_v = 4, .ip_hl = 5, .ip_len = htons(40), .ip_ttl = 9, .ip_p = IPPROTO_TCP,
			.ip_src = ours->v4.sin_addr, .ip_dst = theirs->v4.sin_addr };
		memcpy(packet + size, &ip, sizeof ip);
		size += sizeof ip;
	} else {
		struct ip6_hdr ip = { .ip6_plen = htons(TCP_START), .ip6_nxt = IPPROTO_TCP, .ip6_src = ours->v6.sin6_addr,
			.ip6_dst = theirs->v6.sin6_addr };
		ip.ip6_vfc = 6 << 4;
		memcpy(packet + size, &ip, sizeof ip);
		size += sizeof ip;
	}
	memcpy(packet + size, tcp, TCP_START);
	size += TCP_START;
	if (row->version == 4) {
		uint16_t sum = checksum(packet, size);
		memcpy(packet + 2, &sum, 2);
	}
	raw = socket(ours->any.sa_family, SOCK_RAW, row->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	assert_true(address_parse(row->version == 4 ? "127.0.0.9" : "::9", 0, &from));
	assert_int_equal(bind(raw, &from.any, address_length(&from)), 0);
	struct address to = *ours;
	address_set_port(&to, 0);
	assert_int_equal(sendto(raw, packet, size, 0, &to.any, address_length(&to)), (int)size);
	close(raw);
}

/* A socket that is not the stream's: fills the listener's queue. */
static int
fill(const struct address *at)
{
	int fd = socket(at->any.sa_family, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, &at->any, address_length(at)), 0);
	return fd;
}

static void
try_row(const struct row *row)
{
	struct wire *wire = wire_create(row->version == 4 ? "127.0.0.1" : "::1");
	struct address ours;
	socklen_t size = sizeof ours;
	struct close_reason reason;
	unsigned char tcp[TCP_START];

	close(wire->listener);
	wire->listener = wire_listen(row->version == 4 ? "127.0.0.1" : "::1", 0, &wire->at);
	int filler = fill(&wire->at);
	int raw = socket(wire->at.any.sa_family, SOCK_RAW, IPPROTO_TCP);
	assert_true(raw >= 0);
	assert_true(stream_connect(&wire->stream, &wire->at, NULL, &reason));
	wire_turn(wire);
	assert_int_equal(wire->connected + wire->ended, 0);
	assert_int_equal(wire->stream.io.events & (EV_READ | EV_WRITE), EV_READ | EV_WRITE);
	memset(&ours, 0, sizeof ours);
	assert_int_equal(getsockname(wire->stream.fd, &ours.any, &size), 0);
	hear(raw, row->version, htons(address_port(&wire->at)), TH_SYN, tcp);
	say_error(row, &ours, &wire->at, tcp);
	wire_until(wire, &wire->ended, 1);
	if (wire->reason.end != row->end || strncmp(wire->reason.text, row->says, strlen(row->says)) != 0)
		fail_msg("type %d code %d: %d, %s", row->type, row->code, wire->reason.end, wire->reason.text);
	assert_true(wire->reason.has_from);
	char from[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(from);
	address_add(&text, &wire->reason.from);
	assert_string_equal(from, row->version == 4 ? "127.0.0.9" : "::9");
	assert_int_equal(wire->connected, 0);
	close(raw);
	close(filler);
	wire_destroy(wire);
}

/* What stands is not ended by what a router says in passing (RFC 1122, section 4.2.3.9). */
static void
stands_all_the_same(const struct row *row)
{
	struct wire *wire = wire_create(row->version == 4 ? "127.0.0.1" : "::1");
	struct address ours;
	unsigned char tcp[TCP_START];

	wire_begin(wire);
	int raw = socket(wire->at.any.sa_family, SOCK_RAW, IPPROTO_TCP);
	stream_send(&wire->stream, "EHLO a\r\n", 8);
	hear(raw, row->version, htons(address_port(&wire->at)), TH_PUSH, tcp);
	uint32_t next; /* the segment itself has been acknowledged meanwhile, and would not be believed */
	memcpy(&next, tcp + 4, 4);
	next = htonl(ntohl(next) + 8);
	memcpy(tcp + 4, &next, 4);
	stream_local(&wire->stream, &ours);
	say_error(row, &ours, &wire->at, tcp);
	wire_turn(wire);
	wire_peer_says(wire, "250 mx\r\n");
	wire_until(wire, &wire->calls, 1);
	assert_int_equal(wire->ended, 0);
	close(raw);
	wire_destroy(wire);
}

static void
without_a_route(void)
{
	static const char *const far[] = { "192.0.2.1", "2001:db8::1" };

	for (size_t i = 0; i < 2; i++) {
		struct wire *wire = wire_create("127.0.0.1");
		struct address to;
		struct close_reason reason;

		assert_true(address_parse(far[i], 25, &to));
		assert_false(stream_connect(&wire->stream, &to, NULL, &reason));
		assert_int_equal(reason.end, STREAM_OURS);
		assert_string_equal(reason.outcome, "no_route");
		wire_destroy(wire);
	}
}

/* A connection that comes to be after a while: the moment shows as writability, and then only reading is watched. One
 * that is reset before we look has stood all the same. */
static void
stands_later(void)
{
	for (int reset = 0; reset < 2; reset++) {
		struct wire *wire = wire_create("127.0.0.1");
		struct close_reason reason;

		close(wire->listener);
		wire->listener = wire_listen("127.0.0.1", 0, &wire->at);
		int filler = fill(&wire->at);
		assert_true(stream_connect(&wire->stream, &wire->at, NULL, &reason));
		wire_turn(wire);
		assert_int_equal(wire->connected, 0);
		wire_accept(wire); /* the filler's; the next SYN, a second later, finds a place */
		wire_peer_closes(wire);
		if (reset) {
			wire_accept(wire);
			wire_peer_resets(wire);
			wire_until(wire, &wire->ended, 1);
			assert_int_equal(wire->reason.end, STREAM_RESET);
		} else {
			wire_until(wire, &wire->connected, 1);
			assert_int_equal(wire->stream.io.events & (EV_READ | EV_WRITE), EV_READ);
		}
		assert_int_equal(wire->connected, 1);
		close(filler);
		wire_destroy(wire);
	}
}

/* Runs `part` in a network of its own; the status of the child, -1: this system does not allow one. */
static int
in_own_network(void (*part)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
			_exit(77);
		bring_up_loopback();
		part();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void
try_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		try_row(&rows[i]);
		stands_all_the_same(&rows[i]);
	}
	without_a_route();
}

static void
hears_routers(void **state)
{
	int status;

	(void)state;
	if ((status = in_own_network(try_rows)) == -1)
		skip();
	assert_int_equal(status, 0);
}

static void
connects_late(void **state)
{
	int status;

	(void)state;
	if ((status = in_own_network(stands_later)) == -1)
		skip();
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hears_routers),
		cmocka_unit_test(connects_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
