/* Creates and destroys the resolver, and tracks which DNS servers answer freshly. */
#include "prober/resolver_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include "base/clock.h"
#include "config/resolvers.h"
#include "prober/sources.h"

enum {
	FRESH_SPAN = 10,          /* seconds for which a fresh answer proves that a server reaches others */
	CANARY_SPAN = 5,          /* seconds after which another name is asked for: a failure may be kept, too */
	SOCKETS_MIN = 16, SOCKETS_MAX = 1024,
	NAMES_MIN = 1024,         /* places in the store of answers */
	NAMES_MAX = 1 << 18
};

uint32_t
resolver_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 8 > SOCKETS_MAX)
		return SOCKETS_MAX;
	return limit.rlim_cur / 8 < SOCKETS_MIN ? SOCKETS_MIN : (uint32_t)(limit.rlim_cur / 8);
}

/* Canaries */

bool
resolver_is_fresh(const struct resolver *resolver, unsigned server, int64_t now)
{
	int64_t answered = resolver->canaries[server].answered;

	return answered != 0 && now - answered <= (int64_t)FRESH_SPAN * SECOND;
}

/* Sixteen random digits below the top-level domain of `below`. */
static bool
make_canary(struct canary *canary, const struct dns_name *below, int64_t now)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[8], label[16];
	size_t last = 0;

	if (getrandom(random, sizeof random, 0) != sizeof random)
		return false;
	for (size_t i = 0; i < sizeof label; i++)
		label[i] = (unsigned char)digits[random[i / 2] >> (i % 2 * 4) & 0xf];
	for (size_t at = 0; below->bytes[at] != 0; at += below->bytes[at] + 1u)
		last = at;
	canary->name.size = 0;
	dns_name_add_label(&canary->name, label, sizeof label);
	dns_name_add_label(&canary->name, below->bytes + last + 1, below->bytes[last]);
	canary->name.bytes[canary->name.size++] = 0;
	canary->made = now;
	return true;
}

bool
resolver_ask_canary(struct resolver *resolver, unsigned server, const struct dns_name *below, struct wait *wait)
{
	struct canary *canary = &resolver->canaries[server];
	int64_t now = clock_mono();

	if (resolver_is_fresh(resolver, server, now))
		return false;
	if ((canary->made == 0 || now - canary->made > (int64_t)CANARY_SPAN * SECOND) && !make_canary(canary, below, now))
		return false;
	return question_join(resolver->questions, &canary->name, DNS_A, ~(1u << server), wait);
}

void
resolver_note_canary(struct resolver *resolver, unsigned server, const struct dns_answer *answer, int64_t now)
{
	if (dns_is_of_name(answer->status))
		resolver->canaries[server].answered = now;
}

static struct answer_age
on_answered(void *arg, const struct dns_name *name, uint16_t type, const struct dns_answer *answer, int server)
{
	struct resolver *resolver = arg;
	struct canary *canary = &resolver->canaries[server];
	struct answer_age age = { .is_fresh = false };
	int64_t now = clock_mono();

	if (dns_name_equal(name, &canary->name) || (type != DNS_A && type != DNS_AAAA))
		return age;
	if (answer->status <= DNS_NO_NAME)
		age = answers_keep(resolver->answers, name, type, answer, server, now);
	if (age.is_fresh)
		canary->answered = now;
	if (answer->status == DNS_FOUND)
		name_failures_answered(&resolver->failures, name, age.is_fresh || answer->ttl == 0);
	return age;
}

/* Life */

struct found {
	uint32_t count;
	struct address addresses[RESOLVERS_FOUND_MAX];
};

static bool
load_resolvers(void *arg, const char *path, struct reason *why)
{
	struct found *found = arg;

	return (found->count = resolvers_read(path, found->addresses, why)) > 0;
}

/* Where the file names none, and never did, it is the resolver of this host. */
static void
find_servers(struct resolver *resolver, const struct config *config, struct sources *sources)
{
	struct found found;
	const struct address *addresses = config->resolvers;
	uint32_t count = config->resolver_count;

	if (count == 0) {
		if (!sources_load(sources, RESOLV_CONF, load_resolvers, &found, NULL))
			found.count = resolvers_find(RESOLV_CONF, found.addresses);
		count = found.count;
		addresses = found.addresses;
	}
	resolver->server_count = count < QUESTION_SERVERS_MAX ? count : QUESTION_SERVERS_MAX;
	for (uint32_t i = 0; i < resolver->server_count; i++)
		resolver->servers[i] = addresses[i];
}

static bool
load_hosts(void *arg, const char *path, struct reason *why)
{
	struct resolver *resolver = arg;

	return (resolver->hosts = hosts_open(path, why)) != NULL;
}

/* A name that stands in a file which cannot be read is not to be asked for elsewhere. */
static bool
find_hosts(struct resolver *resolver, struct sources *sources, struct reason *why)
{
	struct reason fault;

	if (sources_load(sources, "/etc/hosts", load_hosts, resolver, &fault))
		return true;
	if (sources != NULL)
		sources_note(sources, &fault, "there is no copy of what was in it before, and no name is looked up");
	else
		reason_set(why, "%s", fault.text);
	return sources != NULL;
}

static bool
make_rest(struct resolver *resolver, const struct config *config, struct sources *sources, struct reason *why)
{
	uint32_t names = config->target_count < NAMES_MIN ? NAMES_MIN : config->target_count;

	if (!find_hosts(resolver, sources, why))
		return false;
	resolver->answers = answers_create(names > NAMES_MAX ? NAMES_MAX : names);
	resolver->questions = questions_create(resolver->loop, resolver->servers, resolver->server_count,
	    resolver_descriptors(), on_answered, resolver);
	if (resolver->answers == NULL || resolver->questions == NULL) {
		reason_set(why, "out of memory");
		return false;
	}
	return true;
}

struct resolver *
resolver_create(struct ev_loop *loop, const struct config *config, struct sources *sources, struct reason *why)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);

	if (resolver == NULL) {
		reason_set(why, "out of memory");
		return NULL;
	}
	resolver->loop = loop;
	resolver->ready_end = &resolver->ready;
	ev_init(&resolver->on_ready, resolver_on_ready);
	resolver->on_ready.data = resolver;
	find_servers(resolver, config, sources);
	if (!make_rest(resolver, config, sources, why))
		resolver_destroy(&resolver);
	return resolver;
}

void
resolver_destroy(struct resolver **resolver)
{
	if (*resolver == NULL)
		return;
	while ((*resolver)->all != NULL)
		resolver_query_free((*resolver)->all);
	ev_clear_pending((*resolver)->loop, &(*resolver)->on_ready);
	questions_destroy(&(*resolver)->questions);
	answers_destroy(&(*resolver)->answers);
	hosts_close(&(*resolver)->hosts);
	free(*resolver);
	*resolver = NULL;
}

uint32_t
resolver_servers(const struct resolver *resolver, struct address *found, uint32_t max)
{
	uint32_t count = resolver->server_count < max ? resolver->server_count : max;

	memcpy(found, resolver->servers, count * sizeof *found);
	return count;
}
