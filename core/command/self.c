/* What others see of us. These commands run once by hand: a loop of their own until the answer is there. */
#include "command/self.h"

#include <ev.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "prober/resolver.h"

enum { PATIENCE = 5 * SECOND, NAMES_MAX = 16 };

/* A datagram socket that is connected has an address of ours, and nothing has been sent. The destinations are of the
 * ranges for documentation: no packet ever goes there. */
bool
self_address(int family, struct address *own)
{
	struct address to;
	socklen_t length = sizeof *own;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	if (fd < 0 || !address_parse(family == AF_INET ? "192.0.2.1" : "2001:db8::1", 53, &to))
		return false;
	memset(own, 0, sizeof *own);
	found = connect(fd, &to.any, address_length(&to)) == 0 && getsockname(fd, &own->any, &length) == 0;
	close(fd);
	return found;
}

/* One question, and what came of it. */
struct question {
	struct resolver_query *query; /* NULL when it is done */
	int rcode;
	uint32_t count;
	struct address addresses[NAMES_MAX]; /* of A and AAAA */
	struct dns_name names[NAMES_MAX];    /* of PTR */
	uint16_t type;
};

static void
on_answer(EV_P_ ev_watcher *told, int revents)
{
	struct question *question = told->data;
	struct dns_answer space;
	struct pw_answer answer = resolver_answer(question->query, &space);

	(void)loop, (void)revents;
	question->rcode = answer.rcode;
	for (size_t i = 0; i < answer.count && question->count < NAMES_MAX; i++) {
		const struct pw_bytes *record = &answer.records[i];
		struct dns_name *name = &question->names[question->count];
		if (question->type == DNS_A)
			question->addresses[question->count++] = address_ipv4(record->data, 0);
		else if (question->type == DNS_AAAA)
			question->addresses[question->count++] = address_ipv6(record->data, 0);
		else if (record->size <= sizeof name->bytes) {
			memcpy(name->bytes, record->data, record->size);
			name->size = (uint8_t)record->size;
			question->count++;
		}
	}
	resolver_cancel(&question->query);
}

static void
ask(struct resolver *resolver, struct ev_loop *loop, const char *name, uint16_t type, struct question *question)
{
	ev_watcher told;

	*question = (struct question){ .rcode = DNS_RCODE_NONE, .type = type };
	ev_init(&told, on_answer);
	told.data = question;
	question->query = resolver_look_up(resolver, name, type, PATIENCE, &told);
	while (question->query != NULL)
		ev_run(loop, EVRUN_ONCE);
}

/* The name at which the DNS keeps the way back from an address (RFC 1035, section 3.5; RFC 3596, section 2.5). */
static void
add_reverse_name(const struct address *address, struct text *text)
{
	const unsigned char *bytes = address_is_ipv4(address) ? (const unsigned char *)&address->v4.sin_addr
	    : (const unsigned char *)&address->v6.sin6_addr;

	for (int i = address_is_ipv4(address) ? 3 : 15; i >= 0; i--)
		if (address_is_ipv4(address))
			text_format(text, "%u.", bytes[i]);
		else
			text_format(text, "%x.%x.", bytes[i] & 0xf, bytes[i] >> 4);
	text_add(text, address_is_ipv4(address) ? "in-addr.arpa" : "ip6.arpa");
}

static const char *
why_nothing(int rcode)
{
	switch (rcode) {
	case DNS_RCODE_NONE:
		return "no resolver answers";
	case DNS_NOERROR:
		return "there is no such record";
	case DNS_NXDOMAIN:
		return "NXDOMAIN";
	default:
		return "the resolver cannot tell";
	}
}

static bool
leads_back(const struct question *back, const char *helo, struct text *text)
{
	char name[DNS_NAME_TEXT_MAX];

	if (back->count == 0) {
		text_format(text, "the EHLO name %s leads to us, but our address leads back to no name (%s): ask for a PTR record",
		    helo, why_nothing(back->rcode));
		return false;
	}
	for (uint32_t i = 0; i < back->count; i++) {
		dns_name_text(&back->names[i], name);
		if (strcasecmp(name, helo) == 0) {
			text_format(text, "the EHLO name %s leads to us and back", helo);
			return true;
		}
	}
	dns_name_text(&back->names[0], name);
	text_format(text, "the EHLO name %s leads to us, but our address leads back to %s", helo, name);
	return false;
}

/* Looks for an address of ours among those of the name, and from there back. */
static bool
check_ways(struct resolver *resolver, struct ev_loop *loop, const char *helo, struct text *text)
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA };
	struct question there, back;
	uint32_t found = 0;
	int rcode = DNS_NOERROR;

	for (size_t i = 0; i < sizeof types / sizeof types[0] && rcode != DNS_RCODE_NONE; i++) {
		ask(resolver, loop, helo, types[i], &there);
		found += there.count;
		rcode = there.rcode != DNS_NOERROR ? there.rcode : rcode;
		for (uint32_t at = 0; at < there.count; at++) {
			char bytes[96];
			struct text reverse = TEXT_OVER(bytes);
			struct address own;
			if (!self_address(there.addresses[at].any.sa_family, &own) || address_order(&own, &there.addresses[at]) != 0)
				continue;
			add_reverse_name(&there.addresses[at], &reverse);
			ask(resolver, loop, bytes, DNS_PTR, &back);
			return leads_back(&back, helo, text);
		}
	}
	if (found == 0)
		text_format(text, "the EHLO name %s does not resolve: %s", helo, why_nothing(rcode));
	else
		text_format(text, "the EHLO name %s does not lead to an address of this machine (behind NAT that may be as it should)",
		    helo);
	return false;
}

bool
self_check_helo(const struct config *config, struct text *text)
{
	struct reason why;

	if (config->helo == NULL) {
		text_add(text, "this host has no full name: EHLO will say an address literal, which many servers "
		               "refuse; set `helo`");
		return false;
	}
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	struct resolver *resolver = loop == NULL ? NULL : resolver_create(loop, config, NULL, &why);
	bool good = resolver != NULL && check_ways(resolver, loop, config->helo, text);

	if (resolver == NULL)
		text_format(text, "the EHLO name %s was not looked for: %s", config->helo,
		    loop == NULL ? "no event loop" : why.text);
	resolver_destroy(&resolver);
	if (loop != NULL)
		ev_loop_destroy(loop);
	return good;
}
