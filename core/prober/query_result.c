/*
 * For the prober's resolver: computes the result of a query for a name: the status of each address
 * family, the addresses, and the words for what is missing.
 */
#include "prober/query_result.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool
query_may_be_of_name(const struct opinion *opinion)
{
	return opinion->status == DNS_SERVFAIL || opinion->status == DNS_NO_ANSWER;
}

bool
query_is_proven(const struct resolver_query *query, int64_t now)
{
	for (unsigned i = 0; i < query->resolver->server_count; i++)
		for (enum part part = PART_A; part <= PART_AAAA; part++)
			if (query_may_be_of_name(&query->parts[part].opinions[i])
			    && canary_is_fresh(&query->resolver->canaries[i], now))
				return true;
	return false;
}

static int
order(const void *a, const void *b)
{
	return address_order(a, b);
}

/* Sorted, each once. */
static uint32_t
sort_addresses(struct address *addresses, uint32_t count)
{
	uint32_t kept = 0;

	qsort(addresses, count, sizeof *addresses, order);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || address_order(&addresses[kept - 1], &addresses[i]) != 0)
			addresses[kept++] = addresses[i];
	return kept;
}

/* What the servers said */

/* By their names in IANA's registry of DNS RCODEs where a resolver gives them; others by number. */
static void
add_rcode(struct text *text, int rcode)
{
	static const struct {
		int rcode;
		const char *name;
	} names[] = { { 1, "FORMERR" }, { 4, "NOTIMP" }, { 5, "REFUSED" }, { 6, "YXDOMAIN" },
	    { 9, "NOTAUTH" }, { 16, "BADVERS" } };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].rcode == rcode) {
			text_add(text, names[i].name);
			return;
		}
	text_format(text, "response code %d", rcode);
}

/* Why TCP did not bring what was truncated over UDP. */
static const char *
words_of_tcp(int error)
{
	switch (error) {
	case 0:
		return "closed";
	case -1:
	case ETIMEDOUT:
		return "silent";
	case EBADMSG:
		return "something else";
	case EMSGSIZE:
		return "truncated as well";
	case ECONNREFUSED:
		return "refused";
	case ECONNRESET:
	case EPIPE:
		return "reset";
	default:
		return strerror(error);
	}
}

static void
add_opinion(struct text *text, const struct opinion *opinion)
{
	static const char *const words[] = {
		[DNS_FOUND] = "found", [DNS_NO_DATA] = "NODATA", [DNS_NO_NAME] = "NXDOMAIN",
		    [DNS_ALIAS_LOOP] = "aliases in a circle",
		[DNS_ALIAS_CHAIN] = "too many aliases", [DNS_SERVFAIL] = "SERVFAIL",
		    [DNS_NO_ANSWER] = "no answer",
		[DNS_REFERRAL] = "a referral to other servers",
		    [DNS_LAME] = "an empty answer without recursion",
		[DNS_MALFORMED] = "a malformed answer", [DNS_CLOSED] = "nothing listens there",
	};

	switch ((enum dns_status)opinion->status) {
	case DNS_REFUSED:
		add_rcode(text, opinion->rcode);
		return;
	case DNS_TRUNCATED:
		text_add(text, opinion->rcode == DNS_RCODE_NONE ? "wrong ids" : "truncated");
		text_format(text, ", and TCP: %s", words_of_tcp(opinion->error));
		return;
	case DNS_UNREACHABLE:
		text_format(text, "unreachable: %s", strerror(opinion->error));
		return;
	case DNS_OURS:
		text_format(text, "%snot asked: %s",
		    opinion->rcode == DNS_NOERROR ? "truncated, and TCP " : "",
		    strerror(opinion->error));
		return;
	default:
		text_add(text, words[opinion->status]);
	}
}

/* Whether what a server said of a type is worth telling: why it is missing, or that the server
 * says that it is where another gave addresses. Where there are addresses, that there are none of
 * the other family is no trouble. */
static bool
is_worth_telling(const struct resolver_query *query, enum part part, unsigned server)
{
	enum dns_status status = query->parts[part].status,
	    said = query->parts[part].opinions[server].status;

	if (said == DNS_NOT_ASKED || said == DNS_FOUND)
		return false;
	if (status == DNS_FOUND)
		return dns_is_of_name(said);
	return query->resolved.count == 0 || !dns_is_of_name(status);
}

/* "127.0.0.1: SERVFAIL; 192.0.2.1: A NODATA, AAAA no answer" */
static void
say_opinions(const struct resolver_query *query, struct resolved *resolved)
{
	struct text text = TEXT_OVER(resolved->said);

	for (unsigned i = 0; i < query->resolver->server_count; i++) {
		const struct opinion *a = &query->parts[PART_A].opinions[i],
		    *aaaa = &query->parts[PART_AAAA].opinions[i];
		bool has_a = is_worth_telling(query, PART_A, i),
		    has_aaaa = is_worth_telling(query, PART_AAAA, i);
		if (!has_a && !has_aaaa)
			continue;
		text_add(&text, text.size > 0 ? "; " : "");
		if (address_port(&query->resolver->servers[i]) == 53)
			address_add(&text, &query->resolver->servers[i]);
		else
			address_add_port(&text, &query->resolver->servers[i]);
		text_add(&text, ": ");
		bool both_alike = has_a && has_aaaa && a->status == aaaa->status
		    && a->rcode == aaaa->rcode && a->error == aaaa->error;
		if (has_a) {
			text_add(&text, both_alike ? "" : "A ");
			add_opinion(&text, a);
		}
		if (has_aaaa && !both_alike) {
			text_add(&text, has_a ? ", AAAA " : "AAAA ");
			add_opinion(&text, aaaa);
		}
	}
}

static const char *
outcome_of_error(int error)
{
	switch (error) {
	case ENOMEM:
	case ENOBUFS:
		return "no_memory";
	case EMFILE:
	case ENFILE:
		return "no_descriptors";
	case EAGAIN:
	case EADDRNOTAVAIL:
		return "no_local_port";
	case ENETUNREACH:
	case ENETDOWN:
		return "no_route";
	default:
		return "not_permitted";
	}
}

/* The outcome where no server could be asked because of us; NULL: one could. */
static const char *
find_own_fault(const struct resolver_query *query)
{
	const char *outcome = NULL;

	if (query->resolver->hosts == NULL)
		return "hosts_file";
	for (enum part part = PART_A; part <= PART_AAAA; part++)
		for (unsigned i = 0; i < query->resolver->server_count; i++) {
			const struct opinion *opinion = &query->parts[part].opinions[i];
			if (opinion->status != DNS_NOT_ASKED && opinion->status != DNS_OURS)
				return NULL;
			if (opinion->status == DNS_OURS)
				outcome = outcome_of_error(opinion->error);
		}
	if (outcome == NULL && (query->parts[PART_A].status == DNS_OURS
	    || query->parts[PART_AAAA].status == DNS_OURS))
		return "no_memory";
	return outcome;
}

/* In what way the name has no address, for comparison with others; DNS_NOT_ASKED: nothing is said
 * of it. */
static enum dns_status
way_of_failing(const struct resolver_query *query)
{
	static const enum dns_status ways[] = { DNS_NO_NAME, DNS_ALIAS_LOOP, DNS_ALIAS_CHAIN,
	    DNS_SERVFAIL, DNS_NO_ANSWER,
		DNS_NO_DATA };
	enum dns_status a = query->parts[PART_A].status, aaaa = query->parts[PART_AAAA].status;
	const enum dns_status *way = ways;

	if (a > DNS_NO_ANSWER || aaaa > DNS_NO_ANSWER)
		return DNS_NOT_ASKED;
	while (a != *way && aaaa != *way) {
		way++;
		assert(way < ways + sizeof ways / sizeof ways[0]); /* one was asked, and has no address */
	}
	return *way;
}

/* A "no" counts as a repetition where each type's does. */
static int64_t
find_repeats(const struct resolver_query *query)
{
	int64_t repeats = 0;

	for (enum part part = PART_A; part <= PART_AAAA; part++) {
		const struct found_part *found = &query->parts[part];
		if (found->status == DNS_NOT_ASKED)
			continue;
		if (found->repeats == 0)
			return 0;
		repeats = repeats == 0 || found->repeats < repeats ? found->repeats : repeats;
	}
	return repeats;
}

/* Made from the state of the query and leaving it as it was, so that a query may be told early
 * and goes on. */
struct resolved
query_result(const struct resolver_query *query, int64_t now)
{
	struct resolved resolved = query->resolved;

	resolved.status4 = query->parts[PART_A].status;
	resolved.status6 = query->parts[PART_AAAA].status;
	resolved.count = sort_addresses(resolved.addresses, resolved.count);
	resolved.resolver_alive = query_is_proven(query, now);
	if (resolved.count == 0) {
		enum dns_status way = way_of_failing(query);
		resolved.ours = find_own_fault(query);
		resolved.repeats = find_repeats(query);
		if (way != DNS_NOT_ASKED && query->name.size > 0)
			resolved.alike = name_failures_add(&query->resolver->failures, &query->name,
			    way, now);
	}
	assert(query->type == 0 && resolved.count <= RESOLVED_MAX);
	assert(resolved.ours == NULL || resolved.count == 0);
	say_opinions(query, &resolved);
	resolved.last_good_count = sort_addresses(resolved.last_good,
	    answers_last_good(query->resolver->answers, &query->name, now, resolved.last_good,
	    RESOLVED_MAX));
	resolved.last_good_public = resolved.last_good_count > 0;
	for (uint32_t i = 0; i < resolved.last_good_count; i++)
		resolved.last_good_public &= address_class(&resolved.last_good[i])
		    == ADDRESS_PUBLIC;
	return resolved;
}

/* The code that a server gave where none gave records. */
int
query_rcode(const struct found_part *part)
{
	for (unsigned i = 0; i < QUESTION_SERVERS_MAX; i++)
		if (part->opinions[i].status == part->status
		    && part->opinions[i].status != DNS_NOT_ASKED)
			return part->opinions[i].rcode;
	return DNS_RCODE_NONE;
}
