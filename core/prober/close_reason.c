/*
 * For the prober: maps errno values and ICMP errors of a connection to outcomes, and says whether
 * they are the server's, the path's or our own fault. Two tables, because the same errno means our
 * own routing table when connect() returns it and a router on the way when it comes later, and
 * because ICMP knows more than errno keeps.
 */
#include "prober/close_reason.h"

#include <assert.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

#include "prober/route.h"

static const struct {
	int error;
	enum stream_end at_call, later;
	const char *outcome; /* where it is ours */
	const char *text;
} errors[] = {
	{ 0, STREAM_CLOSED, STREAM_CLOSED, NULL, "the peer closed the connection" },
	{ ECONNREFUSED, STREAM_REFUSED, STREAM_REFUSED, NULL, "connection refused" },
	{ ECONNRESET, STREAM_RESET, STREAM_RESET, NULL, "connection reset by the peer" },
	{ EPIPE, STREAM_RESET, STREAM_RESET, NULL, "connection reset by the peer" },
	{ ECONNABORTED, STREAM_RESET, STREAM_RESET, NULL, "connection aborted" },
	{ ETIMEDOUT, STREAM_TIMED_OUT, STREAM_TIMED_OUT, NULL,
	    "no answer to what was sent again and again" },
	{ ENETUNREACH, STREAM_OURS, STREAM_UNREACHABLE, "no_route", "network unreachable" },
	{ EHOSTUNREACH, STREAM_OURS, STREAM_UNREACHABLE, "no_route", "host unreachable" },
	{ EAFNOSUPPORT, STREAM_OURS, STREAM_UNREACHABLE, "no_route",
	    "this system does not know such addresses" },
	{ EINVAL, STREAM_OURS, STREAM_UNREACHABLE, "no_route",
	    "the address cannot be reached without an interface" },
	{ EHOSTDOWN, STREAM_UNREACHABLE, STREAM_UNREACHABLE, NULL, "host unreachable" },
	{ ENONET, STREAM_UNREACHABLE, STREAM_UNREACHABLE, NULL, "host unreachable" },
	{ ENOPROTOOPT, STREAM_UNREACHABLE, STREAM_UNREACHABLE, NULL, "protocol unreachable" },
	{ EPROTO, STREAM_UNREACHABLE, STREAM_UNREACHABLE, NULL, "a router rejects the packet" },
	{ EACCES, STREAM_OURS, STREAM_FILTERED, "not_permitted", "prohibited" },
	{ EPERM, STREAM_OURS, STREAM_OURS, "not_permitted",
	    "our own system forbids the connection" },
	{ ENETDOWN, STREAM_OURS, STREAM_OURS, "network_down", "our network is down" },
	{ EMFILE, STREAM_OURS, STREAM_OURS, "no_descriptors",
	    "no descriptor is left in this process" },
	{ ENFILE, STREAM_OURS, STREAM_OURS, "no_descriptors",
	    "no descriptor is left in this system" },
	{ ENOBUFS, STREAM_OURS, STREAM_OURS, "no_memory",
	    "our system has no memory for a connection" },
	{ ENOMEM, STREAM_OURS, STREAM_OURS, "no_memory",
	    "our system has no memory for a connection" },
	{ ENOKEY, STREAM_OURS, STREAM_OURS, "ca_file",
	    "the file with the CA certificates to verify by cannot be used" },
	{ EADDRNOTAVAIL, STREAM_OURS, STREAM_OURS, "no_local_port",
	    "no local port is free, or the source is not ours" },
	{ EADDRINUSE, STREAM_OURS, STREAM_OURS, "no_local_port", "no local port is free" },
};

/* An errno that no row knows is our own system's where a call of ours returned it, and the end
 * of the connection where it came later. */
struct close_reason
close_reason_of_error(int error, enum close_stage stage)
{
	struct close_reason reason = { .error = error };
	struct text text = TEXT_OVER(reason.text);

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].error == error) {
			reason.end = stage == CLOSE_AT_CALL ? errors[i].at_call : errors[i].later;
			reason.outcome = reason.end == STREAM_OURS ? errors[i].outcome : NULL;
			text_add(&text, errors[i].text);
			assert((reason.outcome != NULL) == (reason.end == STREAM_OURS));
			return reason;
		}
	reason.end = stage == CLOSE_AT_CALL ? STREAM_OURS : STREAM_RESET;
	reason.outcome = stage == CLOSE_AT_CALL ? "not_permitted" : NULL;
	text_add(&text, strerror(error));
	return reason;
}

/* What a router can say, by family, type and code; code -1: any. */
static const struct saying {
	uint8_t origin, type;
	int code;
	enum stream_end end;
	const char *text;
} sayings[] = {
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_NET_ANO, STREAM_FILTERED,
	    "network prohibited" },
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_HOST_ANO, STREAM_FILTERED, "host prohibited" },
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, STREAM_FILTERED,
	    "administratively prohibited" },
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_PREC_VIOLATION, STREAM_FILTERED,
	    "precedence violation" },
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_PREC_CUTOFF, STREAM_FILTERED,
	    "precedence cutoff" },
	/* TCP refuses by RST: a port unreachable is a filter's word. */
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, STREAM_FILTERED,
	    "port unreachable" },
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_NET_UNREACH, STREAM_UNREACHABLE,
	    "network unreachable" },
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, STREAM_UNREACHABLE,
	    "host unreachable" },
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, STREAM_UNREACHABLE,
	    "protocol unreachable" },
	{ SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, -1, STREAM_UNREACHABLE, "destination unreachable" },
	{ SO_EE_ORIGIN_ICMP, ICMP_TIME_EXCEEDED, -1, STREAM_UNREACHABLE,
	    "time exceeded in transit (a routing loop)" },
	{ SO_EE_ORIGIN_ICMP, ICMP_PARAMETERPROB, -1, STREAM_UNREACHABLE, "parameter problem" },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, STREAM_FILTERED,
	    "administratively prohibited" },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, STREAM_FILTERED,
	    "port unreachable" },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, 5, STREAM_FILTERED, "prohibited by policy" },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, 6, STREAM_FILTERED, "the route rejects it" },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, STREAM_UNREACHABLE,
	    "no route" },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, STREAM_UNREACHABLE,
	    "address unreachable" },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, -1, STREAM_UNREACHABLE,
	    "destination unreachable" },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_TIME_EXCEEDED, -1, STREAM_UNREACHABLE,
	    "time exceeded in transit (a routing loop)" },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_PARAM_PROB, -1, STREAM_UNREACHABLE, "parameter problem" },
};

static const struct saying *
find_saying(const struct sock_extended_err *said)
{
	for (size_t i = 0; i < sizeof sayings / sizeof *sayings; i++)
		if (sayings[i].origin == said->ee_origin && sayings[i].type == said->ee_type
		    && (sayings[i].code == -1 || sayings[i].code == said->ee_code))
			return &sayings[i];
	return NULL;
}

/* Takes the next entry off the error queue: what it says (NULL: nothing we know) and who says it.
 * False: empty. */
static bool
take_icmp(int fd, const struct saying **what, struct address *from)
{
	union {
		char bytes[256];
		struct cmsghdr align;
	} control;
	struct msghdr message = { .msg_control = control.bytes,
	    .msg_controllen = sizeof control.bytes };

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	*what = NULL;
	for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head != NULL;
	     head = CMSG_NXTHDR(&message, head)) {
		if (!(head->cmsg_level == IPPROTO_IP && head->cmsg_type == IP_RECVERR)
		    && !(head->cmsg_level == IPPROTO_IPV6 && head->cmsg_type == IPV6_RECVERR))
			continue;
		struct {
			struct sock_extended_err said;
			struct sockaddr_in6 offender;
		} entry = { .offender = { .sin6_family = AF_UNSPEC } };
		size_t size = head->cmsg_len - CMSG_LEN(0);

		memcpy(&entry, CMSG_DATA(head), size < sizeof entry ? size : sizeof entry);
		*what = find_saying(&entry.said);
		memset(from, 0, sizeof *from);
		memcpy(&from->v6, &entry.offender, sizeof from->v6);
		if (from->any.sa_family == AF_INET)
			*from = address_ipv4(&from->v4.sin_addr, 0);
		else if (from->any.sa_family == AF_INET6)
			*from = address_ipv6(&from->v6.sin6_addr, 0);
	}
	return true;
}

void
close_reason_drop_icmp(int fd)
{
	const struct saying *what;
	struct address from;

	for (int i = 0; i < 16 && take_icmp(fd, &what, &from); i++)
		continue;
}

/* Our own kernel says it: no answer from the next hop, or a filter of our own. */
static void
judge_own(struct close_reason *reason, const struct saying *what, const struct address *to)
{
	if (address_order(to, &reason->from) == 0)
		return; /* it is the target, too */
	struct text text = TEXT_OVER(reason->text);
	if (what->end == STREAM_FILTERED) {
		reason->end = STREAM_OURS;
		reason->outcome = "not_permitted";
		text_format(&text, "a filter of our own system forbids the connection (ICMP %s)",
		    what->text);
	} else if (route_has_router(to)) {
		reason->end = STREAM_OURS;
		reason->outcome = "network_down";
		text_add(&text, "our router does not answer");
	} else {
		text_add(&text, "host unreachable: it does not answer on our own network");
	}
}

/* errno keeps one number of what ICMP said; the queue keeps type, code and who said it. Several
 * errors may lie there: the last is what the kernel gave up for. */
struct close_reason
close_reason_of_connecting(int fd, int error, const struct address *to)
{
	struct close_reason reason = close_reason_of_error(error, CLOSE_LATER);
	const struct saying *what, *last = NULL;
	struct address from;

	for (int i = 0; i < 16 && take_icmp(fd, &what, &from); i++)
		if (what != NULL && from.any.sa_family != AF_UNSPEC) {
			last = what;
			reason.from = from;
		}
	if (last == NULL || error == ECONNRESET)
		return reason;
	struct text text = TEXT_OVER(reason.text);
	reason.has_from = true;
	reason.end = last->end;
	reason.outcome = NULL;
	text_format(&text, "ICMP %s", last->text);
	struct address local = { .any.sa_family = AF_UNSPEC };
	socklen_t size = sizeof local;
	if (getsockname(fd, &local.any, &size) == 0 && address_order(&local, &reason.from) == 0)
		judge_own(&reason, last, to);
	return reason;
}
