/*
 * `postwatch whoami`: finds out which addresses and which name other hosts see of this one, and
 * prints what to ask the administrators of servers to allow. It runs once by hand, with a loop of
 * its own until the answer is there.
 */
#include "command/self.h"

#include <assert.h>
#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "base/units.h"
#include "command/command.h"
#include "command/config_options.h"
#include "command/layout.h"
#include "prober/port.h"
#include "prober/resolver.h"

enum { PATIENCE = 5 * SECOND, NAMES_MAX = 16, SECONDS_A_DAY = 86400 };

/* A line of what others are told: what it is, and how it stands. */
#define ROW "  %-14s " LAYOUT_HANG

/* Our address towards the internet for a family (AF_INET, AF_INET6), by the routing table. A
 * datagram socket that is connected has an address of ours, and nothing has been sent; the
 * destinations are of the ranges for documentation: no packet ever goes there. Returns false
 * where there is no route. */
static bool
own_address(int family, struct address *own)
{
	struct address to;
	socklen_t length = sizeof *own;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	if (fd < 0 || !address_parse(family == AF_INET ? "192.0.2.1" : "2001:db8::1", 53, &to))
		return false;
	memset(own, 0, sizeof *own);
	found = connect(fd, &to.any, address_length(&to)) == 0
	    && getsockname(fd, &own->any, &length) == 0;
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
	assert(question->count <= NAMES_MAX && question->query != NULL);
	resolver_cancel(&question->query);
}

static void
ask(struct resolver *resolver, struct ev_loop *loop, const char *name, uint16_t type,
    struct question *question)
{
	ev_watcher told;

	*question = (struct question){ .rcode = DNS_RCODE_NONE, .type = type };
	ev_init(&told, on_answer);
	told.data = question;
	question->query = resolver_look_up(resolver, name, type, PATIENCE, &told);
	while (question->query != NULL)
		ev_run(loop, EVRUN_ONCE);
}

/* The name at which the DNS keeps the way back from an address (RFC 1035, section 3.5; RFC 3596,
 * section 2.5). */
static void
add_reverse_name(const struct address *address, struct text *text)
{
	const unsigned char *v4 = (const unsigned char *)&address->v4.sin_addr;
	const unsigned char *v6 = address->v6.sin6_addr.s6_addr;
	bool is_ipv4 = address_is_ipv4(address);

	for (int i = is_ipv4 ? 3 : 15; i >= 0; i--)
		if (is_ipv4)
			text_format(text, "%u.", v4[i]);
		else
			text_format(text, "%x.%x.", v6[i] & 0xf, v6[i] >> 4);
	text_add(text, is_ipv4 ? "in-addr.arpa" : "ip6.arpa");
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
		text_format(text,
		    "the EHLO name %s leads to us, but our address leads back to no name (%s): ask "
		    "for a PTR record", helo, why_nothing(back->rcode));
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
	text_format(text, "the EHLO name %s leads to us, but our address leads back to %s", helo,
	    name);
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
			const struct address *address = &there.addresses[at];
			struct text reverse = TEXT_ROOM(96);
			struct address own;

			if (!own_address(address->any.sa_family, &own)
			    || address_order(&own, address) != 0)
				continue;
			add_reverse_name(address, &reverse);
			ask(resolver, loop, reverse.bytes, DNS_PTR, &back);
			return leads_back(&back, helo, text);
		}
	}
	if (found == 0)
		text_format(
		    text, "the EHLO name %s does not resolve: %s", helo, why_nothing(rcode));
	else
		text_format(text,
		    "the EHLO name %s does not lead to an address of this machine (behind NAT "
		    "that may be as it should)", helo);
	return false;
}

bool
self_check_helo(const struct config *config, struct text *text)
{
	struct reason why;

	if (config->helo == NULL) {
		text_add(text, "this host has no full name: EHLO will say an address literal, "
		               "which many servers refuse; set `helo`");
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

static void
print_address(const char *family, int number)
{
	struct text text = TEXT_ROOM(ADDRESS_TEXT_MAX);
	struct address own;

	if (own_address(number, &own)) {
		address_add(&text, &own);
		printf(ROW "%s%s\n", family, text.bytes,
		    address_class(&own) == ADDRESS_PUBLIC
		        ? ""
		        : "  (not a public address: others see your router's)");
	} else
		printf(ROW "none: no route\n", family);
}

/* The sources that targets bind to, each once. */
static void
print_sources(const struct config *config)
{
	const struct policy *last = NULL;

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct policy *policy = config->targets[i].policy;
		struct text text = TEXT_ROOM(2 * ADDRESS_TEXT_MAX);

		if (policy == last || (!policy->has_source4 && !policy->has_source6))
			continue;
		last = policy;
		if (policy->has_source4)
			address_add(&text, &policy->source4);
		if (policy->has_source4 && policy->has_source6)
			text_add(&text, ", ");
		if (policy->has_source6)
			address_add(&text, &policy->source6);
		printf(ROW "%s (from %s on)\n", "source", text.bytes, config->targets[i].name);
	}
}

static void
print_pace(const struct config *config)
{
	double a_day = 0;
	int64_t shortest = INT64_MAX;

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct policy *policy = config->targets[i].policy;

		a_day += (double)SECONDS_A_DAY * SECOND / (double)policy->interval;
		if (policy->interval < shortest)
			shortest = policy->interval;
	}
	if (config->target_count == 0)
		return;
	printf(ROW "%u, each address at most every %s while all is well\n", "targets",
	    config->target_count, DURATION(shortest));
	printf(ROW "about %.0f a day in all, for targets with one address each\n", "connections",
	    a_day);
	printf(ROW "at most %u at once to one address\n", "at once", config->per_address);
}

static int
whoami(const struct command *command, int argc, char **argv)
{
	static struct config_diagnostics diagnostics;
	struct config_source source = { .path = NULL, .own_name = true };
	const struct config *config;
	struct text text = TEXT_ROOM(512);
	int at = command_take_options(command, argc, argv, &source);

	if (at != argc)
		return command_misused(command, "%s: `whoami` takes no words", argv[at]);
	config = config_read(&source, &diagnostics);
	if (config == NULL) {
		print_diagnostics(stderr, &diagnostics);
		return EXIT_CONFIG;
	}
	puts("To be let in by others, tell them:\n");
	print_address("IPv4", AF_INET);
	print_address("IPv6", AF_INET6);
	print_sources(config);
	printf(ROW "%s\n", "EHLO name", config->helo != NULL ? config->helo : "[our address]");
	self_check_helo(config, &text);
	printf(ROW "%s\n", "", text.bytes);
	print_pace(config);
	text = TEXT_ROOM(512);
	if (port_check(config, &text))
		printf(ROW "%s\n", "port 25", text.bytes);
	text = TEXT_ROOM(512);
	if (sandbox_lacks(&text))
		printf(ROW "this system has %s\n", "confinement", text.bytes);
	puts("\nWe greet, say EHLO, perhaps STARTTLS, and QUIT. We send no mail, name no "
	     "recipient, and never log in.");
	return 0;
}

static const struct option_row options[] = {
	{ "config", 'c', "FILE",
	    "a configuration, for its EHLO name, sources, intervals and targets",
	    offsetof(struct config_source, path) },
	{ .name = NULL },
};

const struct command command_whoami = {
	.name = "whoami", .arguments = "",
	.summary = "what to tell others to allow: our addresses, EHLO name, pace",
	.help = "Prints by which addresses and under which EHLO name we appear at the servers we "
	    "watch, whether that name leads to us and back, and how often we come: what a "
	    "postmaster wants to know before he lets us in. With targets on port 25 it connects to "
	    "a few of them, and says whether the port is open for us.",
	.options = options, .run = whoami,
};
