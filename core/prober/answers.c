/*
 * The prober's cache of DNS answers: a chained hash table with a fixed number of buckets. A name
 * with one IPv4 address takes about 150 bytes: there may be 100,000 of them.
 */
#include "prober/answers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/hash.h"

enum {
	TTL_MIN = 30, TTL_MAX = 15 * 60, NEGATIVE_TTL_MAX = 60,   /* seconds */
	TTL_STALE = 30,
	ALIKE = 1500 * 1000,                                      /* microseconds: sooner,
	                                                           * nothing shows in whole
	                                                           * seconds */
	GOOD_HOURS = 24,
	LOOKED_AT = 8                                             /* places, when one has to give
	                                                           * way */
};

/* What is known of one type. */
struct part {
	uint8_t status; /* enum dns_status; DNS_NOT_ASKED: nothing */
	uint8_t count;
	int8_t server;                   /* who answered */
	int64_t answered, expires, good; /* good: when `bytes` were answered */
	int64_t first, runs_out;         /* when the same was first answered; when the server's
	                                  * own cache drops it */
	unsigned char *bytes;            /* addresses, 4 or 16 bytes each; the last good ones
	                                  * where the status is not */
	char *canonical;                 /* NULL: the name itself */
};

struct name {
	struct name *next;
	struct part parts[2]; /* A, AAAA */
	uint8_t size;
	unsigned char bytes[]; /* as in struct dns_name */
};

struct answers {
	uint32_t count, max, places; /* places: a power of two */
	uint32_t hand;               /* where a name that gives way is looked for */
	struct name **table;
};

/* A power of two of buckets, and no more than the names may fill: a chain is about one name
 * long. */
struct answers *
answers_create(uint32_t names)
{
	struct answers *answers = calloc(1, sizeof *answers);

	assert(names > 0 && names <= 1u << 20);
	if (answers == NULL)
		return NULL;
	answers->max = names;
	for (answers->places = 64; answers->places < names;)
		answers->places *= 2;
	answers->table = calloc(answers->places, sizeof(struct name *));
	if (answers->table == NULL)
		answers_destroy(&answers);
	return answers;
}

static void
free_name(struct name *name)
{
	for (int i = 0; i < 2; i++) {
		free(name->parts[i].bytes);
		free(name->parts[i].canonical);
	}
	free(name);
}

void
answers_destroy(struct answers **answers)
{
	if (*answers == NULL)
		return;
	for (uint32_t i = 0; (*answers)->table != NULL && i < (*answers)->places; i++)
		for (struct name *name = (*answers)->table[i], *next; name != NULL; name = next) {
			next = name->next;
			free_name(name);
		}
	free((*answers)->table);
	free(*answers);
	*answers = NULL;
}

/* Names come from the operator's configuration. */
static struct name **
place_of(const struct answers *answers, const struct dns_name *name)
{
	return &answers->table[hash_end(hash_add(HASH_BEGIN, name->bytes,
	    name->size)) & (answers->places - 1)];
}

static struct name *
find(const struct answers *answers, const struct dns_name *wanted)
{
	for (struct name *name = *place_of(answers, wanted); name != NULL; name = name->next)
		if (name->size == wanted->size
		    && memcmp(name->bytes, wanted->bytes, name->size) == 0)
			return name;
	return NULL;
}

static int64_t
last_used(const struct name *name)
{
	return name->parts[0].answered > name->parts[1].answered ? name->parts[0].answered
	    : name->parts[1].answered;
}

/* Of the names in a few places, in turn through the table, the one answered longest ago gives
 * way. */
static void
make_room(struct answers *answers)
{
	struct name **stalest = NULL;

	assert(answers->count > 0 && answers->count <= answers->max);
	for (int places = 0; places < LOOKED_AT || stalest == NULL; places++) {
		struct name **link = &answers->table[answers->hand++ & (answers->places - 1)];
		for (; *link != NULL; link = &(*link)->next)
			if (stalest == NULL || last_used(*link) < last_used(*stalest))
				stalest = link;
	}
	struct name *gone = *stalest;
	*stalest = gone->next;
	free_name(gone);
	answers->count--;
}

static struct name *
find_or_add(struct answers *answers, const struct dns_name *wanted)
{
	struct name *name = find(answers, wanted);

	if (name != NULL)
		return name;
	name = calloc(1, sizeof *name + wanted->size);
	if (name == NULL)
		return NULL;
	if (answers->count == answers->max)
		make_room(answers);
	name->size = wanted->size;
	memcpy(name->bytes, wanted->bytes, wanted->size);
	struct name **place = place_of(answers, wanted);
	name->next = *place;
	*place = name;
	answers->count++;
	return name;
}

static size_t
width_of(uint16_t type)
{
	return type == DNS_A ? 4 : 16;
}

static bool
keep_addresses(struct part *part, const struct dns_answer *answer, size_t width)
{
	size_t count = answer->count < RESOLVED_MAX ? answer->count : RESOLVED_MAX;
	unsigned char *bytes = realloc(part->bytes, count * width);

	if (bytes == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		memcpy(bytes + i * width, answer->records[i].data, width);
	part->bytes = bytes;
	part->count = (uint8_t)count;
	part->good = part->answered;
	return true;
}

/* The name behind aliases is evidence alone, so that a lack of memory for it is no failure. */
static void
keep_canonical(struct part *part, const struct dns_name *name, const struct dns_answer *answer)
{
	char text[DNS_NAME_TEXT_MAX];

	free(part->canonical);
	part->canonical = NULL;
	if (dns_name_equal(&answer->owner, name))
		return;
	dns_name_text(&answer->owner, text);
	part->canonical = strdup(text);
}

/*
 * A cache counts the time to live of what it holds down, in whole seconds: it gives the same end
 * each time. Where the end has moved, or the answer is another, it was fetched anew. Answers a
 * moment apart tell nothing; neither do those for 30 s, which is what a cache gives that reaches
 * nobody and serves what has run out (RFC 8767, section 4), nor those without a time, which
 * forwarders make of their own tables.
 */
static struct answer_age
age_of(const struct part *before, const struct dns_answer *answer, int server, int64_t now)
{
	int64_t runs_out = now + (int64_t)answer->ttl * SECOND;
	struct answer_age age = { .is_fresh = false };

	if (before->status == DNS_NOT_ASKED || before->server != server
	    || now - before->answered < ALIKE || answer->ttl == TTL_STALE || answer->ttl == 0)
		return age;
	bool is_same = before->status == (uint8_t)answer->status
	    && runs_out <= before->runs_out + SECOND;
	age.is_fresh = !is_same;
	if (is_same && answer->status != DNS_FOUND)
		age.repeats = now - before->first;
	return age;
}

/* An answer that is the same as before keeps the time at which it first came: a cache that gives
 * it again says nothing new. Where no memory is left for addresses the part is not known any
 * more, rather than known to be empty. */
struct answer_age
answers_keep(struct answers *answers, const struct dns_name *wanted, uint16_t type,
    const struct dns_answer *answer, int server, int64_t now)
{
	struct name *name = find_or_add(answers, wanted);

	assert((type == DNS_A || type == DNS_AAAA)
	    && (answer->status != DNS_FOUND || answer->count > 0));
	if (name == NULL)
		return (struct answer_age){ .is_fresh = false };
	struct part *part = &name->parts[type == DNS_AAAA];
	struct answer_age age = age_of(part, answer, server, now);
	bool is_anew = age.is_fresh || part->status != (uint8_t)answer->status
	    || part->server != server;
	part->status = (uint8_t)answer->status;
	part->server = (int8_t)server;
	part->answered = now;
	uint32_t most = answer->status == DNS_FOUND ? TTL_MAX : NEGATIVE_TTL_MAX;
	uint32_t ttl = answer->ttl < TTL_MIN ? TTL_MIN : answer->ttl > most ? most : answer->ttl;
	part->expires = now + (int64_t)ttl * SECOND;
	if (is_anew) {
		part->first = now;
		part->runs_out = now + (int64_t)answer->ttl * SECOND;
	}
	if (answer->status == DNS_FOUND && !keep_addresses(part, answer, width_of(type)))
		part->status = DNS_NOT_ASKED;
	keep_canonical(part, wanted, answer);
	return age;
}

static uint32_t
give_addresses(const struct part *part, uint16_t type, struct address *addresses, uint32_t room)
{
	uint32_t count = part->count < room ? part->count : room;

	assert((part->count == 0) == (part->bytes == NULL) && part->count <= RESOLVED_MAX);
	for (uint32_t i = 0; i < count; i++) {
		const unsigned char *bytes = part->bytes + i * width_of(type);
		addresses[i] = type == DNS_A ? address_ipv4(bytes, 0) : address_ipv6(bytes, 0);
	}
	return count;
}

/* What has run out is not given, however useful: a name that moved would be watched at its old
 * address. The last good addresses are another matter (answers_last_good), and are told as such. */
bool
answers_find(const struct answers *answers, const struct dns_name *wanted, uint16_t type,
    int64_t now, struct kept *kept)
{
	const struct name *name = find(answers, wanted);
	const struct part *part = name == NULL ? NULL : &name->parts[type == DNS_AAAA];

	if (part == NULL || part->status == DNS_NOT_ASKED || part->expires <= now)
		return false;
	kept->status = (enum dns_status)part->status;
	kept->age = now - part->answered;
	kept->count = part->status == DNS_FOUND
	    ? give_addresses(part, type, kept->addresses, RESOLVED_MAX) : 0;
	kept->canonical[0] = '\0';
	if (part->canonical != NULL && strlen(part->canonical) < sizeof kept->canonical)
		memcpy(kept->canonical, part->canonical, strlen(part->canonical) + 1);
	return true;
}

static void
recall_part(struct part *part, uint16_t type, const struct address *addresses, uint32_t count,
    int64_t good)
{
	size_t width = width_of(type), kept = 0;
	unsigned char *bytes = part->count > 0
	    && part->good >= good ? NULL : malloc(count * width);

	if (bytes == NULL)
		return;
	for (uint32_t i = 0; i < count; i++)
		if (address_is_ipv4(&addresses[i]) == (type == DNS_A))
			memcpy(bytes + kept++ * width,
			    type == DNS_A ? (const void *)&addresses[i].v4.sin_addr
			    : (const void *)&addresses[i].v6.sin6_addr, width);
	if (kept == 0) {
		free(bytes);
		return;
	}
	free(part->bytes);
	part->bytes = bytes;
	part->count = (uint8_t)kept;
	part->good = good;
	part->status = DNS_NOT_ASKED; /* they are no answer, only the last that was */
}

void
answers_recall(struct answers *answers, const struct dns_name *wanted,
    const struct address *addresses, uint32_t count, int64_t good)
{
	struct name *name = find_or_add(answers, wanted);

	if (name == NULL)
		return;
	recall_part(&name->parts[0], DNS_A, addresses, count, good);
	recall_part(&name->parts[1], DNS_AAAA, addresses, count, good);
}

uint32_t
answers_last_good(const struct answers *answers, const struct dns_name *wanted, int64_t now,
    struct address *addresses, uint32_t room)
{
	const struct name *name = find(answers, wanted);
	uint32_t count = 0;

	for (int i = 0; name != NULL && i < 2; i++) {
		const struct part *part = &name->parts[i];
		if (part->count > 0 && now - part->good < (int64_t)GOOD_HOURS * 3600 * SECOND)
			count += give_addresses(part, i == 0 ? DNS_A : DNS_AAAA, addresses + count,
			    room - count);
	}
	return count;
}
