/* Creates and destroys the prober's DNS resolver, with all files that it reads at its start. */
#include "prober/resolver_query.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "base/clock.h"
#include "config/resolvers.h"
#include "prober/sources.h"

enum {
	SOCKETS_MIN = 16, SOCKETS_MAX = 1024,
	NAMES_MIN = 1024,         /* places in the store of answers */
	NAMES_MAX = 1 << 18
};

uint32_t
resolver_descriptors(void)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };

	(void)getrlimit(RLIMIT_NOFILE, &limit); /* fails for no kind that the kernel knows */
	rlim_t share = limit.rlim_cur / 8;
	if (share > SOCKETS_MAX)
		return SOCKETS_MAX;
	return share < SOCKETS_MIN ? SOCKETS_MIN : (uint32_t)share;
}

static struct answer_age
on_answered(void *arg, const struct dns_name *name, uint16_t type, const struct dns_answer *answer,
    int server)
{
	struct resolver *resolver = arg;
	struct answer_age age = { .is_fresh = false };
	int64_t now = clock_mono();
	struct canary *canary;

	assert(server >= 0 && (uint32_t)server < resolver->server_count);
	canary = &resolver->canaries[server];
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

/* Where the file names none, and never did, it is the resolver of this host. */
static void
find_servers(struct resolver *resolver, const struct config *config, struct sources *sources)
{
	struct address found[RESOLVERS_FOUND_MAX];
	struct source source = source_begin(sources, RESOLV_CONF);
	const struct address *addresses = config->resolver_count > 0 ? config->resolvers : found;
	uint32_t count = config->resolver_count;

	for (const char *from; count == 0 && (from = source_next(&source)) != NULL;)
		if ((count = resolvers_read(from, found, source.why)) > 0)
			source_loaded(&source);
	if (count == 0)
		count = resolvers_find(RESOLV_CONF, found);
	assert(count <= QUESTION_SERVERS_MAX); /* the most that the configuration takes */
	resolver->server_count = count;
	memcpy(resolver->servers, addresses, resolver->server_count * sizeof *addresses);
}

/* A name that stands in a file which cannot be read is not to be asked for elsewhere. */
static bool
find_hosts(struct resolver *resolver, struct sources *sources, struct reason *why)
{
	struct source source = source_begin(sources, "/etc/hosts");

	for (const char *from; (from = source_next(&source)) != NULL;)
		if ((resolver->hosts = hosts_open(from, source.why)) != NULL) {
			source_loaded(&source);
			return true;
		}
	if (sources != NULL)
		sources_note(sources, &source.fault,
		    "there is no copy of what was in it before, and no name is looked up");
	else
		*why = source.fault;
	return sources != NULL;
}

struct resolver *
resolver_create(struct ev_loop *loop, const struct config *config, struct sources *sources,
    struct reason *why)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);
	/* A place in the cache for each target, and for the names of relays and references beside
	 * them. */
	uint32_t names = config->target_count < NAMES_MIN ? NAMES_MIN : config->target_count;

	if (resolver == NULL) {
		reason_set(why, "out of memory");
		return NULL;
	}
	resolver->loop = loop;
	TAILQ_INIT(&resolver->ready);
	find_servers(resolver, config, sources);
	if (!find_hosts(resolver, sources, why)) {
		resolver_destroy(&resolver);
		return NULL;
	}
	resolver->answers = answers_create(names > NAMES_MAX ? NAMES_MAX : names);
	resolver->questions = questions_create(loop, resolver->servers, resolver->server_count,
	    resolver_descriptors(), on_answered, resolver);
	if (resolver->answers == NULL || resolver->questions == NULL) {
		reason_set(why, "out of memory");
		resolver_destroy(&resolver);
	}
	return resolver;
}

void
resolver_destroy(struct resolver **resolver)
{
	if (*resolver == NULL)
		return;
	while (!LIST_EMPTY(&(*resolver)->all))
		resolver_query_free(LIST_FIRST(&(*resolver)->all));
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
