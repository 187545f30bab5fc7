/*
 * For the keeper: takes the TLS version and certificate of each server out of the evidence of its
 * runs, and stores them as a row of the server.
 */
#include "keeper/servers.h"

#include <string.h>

#include "keeper/record_private.h"
#include "store/list.h"

enum { NAME_MAX_BYTES = 512, TARGETS_A_STEP = 16, LEGS_LOOKED_AT = 40 };

/* What one run saw; the row points into it. */
struct sight {
	struct store_server row;
	char tls_version[12], tls_cipher[48], subject[NAME_MAX_BYTES], issuer[NAME_MAX_BYTES];
};

static void
copy_shown(char *to, size_t room, struct pw_bytes value)
{
	struct text text = text_over(to, room);

	text_escape(&text, value);
}

static struct pw_bytes
copy_bytes(char *to, size_t room, struct pw_bytes value)
{
	size_t size = value.size < room ? value.size : text_whole(value.data, room);

	memcpy(to, value.data, size);
	return (struct pw_bytes){ to, size };
}

static void
take_fact(struct sight *sight, const struct evidence_fact *fact)
{
	if (strcmp(fact->name, "cert_not_before") == 0)
		sight->row.not_before = evidence_time(fact->value);
	else if (strcmp(fact->name, "cert_not_after") == 0)
		sight->row.not_after = evidence_time(fact->value);
	else if (strcmp(fact->name, "cert_chain_ends") == 0)
		sight->row.chain_ends = evidence_time(fact->value);
	else if (strcmp(fact->name, "cert_subject") == 0)
		sight->row.subject = copy_bytes(sight->subject, sizeof sight->subject, fact->value);
	else if (strcmp(fact->name, "cert_issuer") == 0)
		sight->row.issuer = copy_bytes(sight->issuer, sizeof sight->issuer, fact->value);
	else if (strcmp(fact->name, "tls_version") == 0)
		copy_shown(sight->tls_version, sizeof sight->tls_version, fact->value);
	else if (strcmp(fact->name, "tls_cipher") == 0)
		copy_shown(sight->tls_cipher, sizeof sight->tls_cipher, fact->value);
}

static void
copy_sight(struct sight *to, const struct sight *from)
{
	*to = *from;
	to->row.tls_version = to->tls_version;
	to->row.tls_cipher = to->tls_cipher;
	to->row.subject.data = to->subject;
	to->row.issuer.data = to->issuer;
}

/* The leg tells something where TLS stood, or it passed without; of several that do, the one whose
 * certificate ends first. */
static void
take_leg(struct sight *sight, const struct message_evidence *evidence)
{
	const struct evidence *leg = &evidence->leg;
	struct pw_bytes list = leg->facts;
	struct evidence_fact fact;
	struct sight seen = { .row = { .run = evidence->run, .at = leg->started,
	    .tls_version = "" } };

	if (evidence_is_of_program(leg))
		return; /* it saw a server, or none */
	if (leg->address.size > 0)
		seen.row.ip = memchr(leg->address.data, ':', leg->address.size) != NULL ? 6 : 4;
	while (evidence_next_fact(&list, &fact))
		take_fact(&seen, &fact);
	if (seen.tls_version[0] == '\0' && (leg->facts.size == 0 || leg->verdict > PW_DEGRADED))
		return;
	if (sight->row.run == 0 || (seen.row.not_after != 0
	    && (sight->row.not_after == 0 || seen.row.not_after < sight->row.not_after)))
		copy_sight(sight, &seen);
}

static void
put(struct keeper *keeper, uint64_t target, const struct sight *sight)
{
	struct store_server row = sight->row, known;

	if (store_find_server(keeper->store, target, &known)
	    && (known.run >= row.run || (known.ip == row.ip && known.not_before == row.not_before
	    && known.not_after == row.not_after && known.chain_ends == row.chain_ends
	    && strcmp(known.tls_version, row.tls_version) == 0
	    && strcmp(known.tls_cipher, row.tls_cipher) == 0
	    && text_same(known.subject, row.subject)
	    && text_same(known.issuer, row.issuer))))
		return;
	row.target = target;
	store_put_server(commit_queue_main(keeper), &row);
}

void
servers_learn(struct keeper *keeper, uint32_t target, uint64_t run)
{
	struct sight sight = { .row = { .run = 0 } };
	struct message_evidence evidence;
	const struct cached_leg *leg;

	for (uint32_t i = 0; (leg = cache_leg(keeper->cache, target, run, i)) != NULL; i++)
		if (message_read_evidence(leg->packet, &evidence))
			take_leg(&sight, &evidence);
	if (sight.row.run != 0)
		put(keeper, registry_number(keeper->registry, target), &sight);
}

/* From the legs of the newest run that tells something. */
static void
read_sight(struct keeper *keeper, uint64_t target, struct sight *sight)
{
	struct message_evidence evidence;
	struct store_trace row;
	struct store_list list;

	store_list_open(&list, store_inside(keeper->store), STORE_LIST_TRACES_OF, target);
	store_list_limit(&list, LEGS_LOOKED_AT);
	while (store_list_next(&list, &row) && (sight->row.run == 0 || row.run == sight->row.run)) {
		if (message_read_evidence(row.bytes, &evidence))
			take_leg(sight, &evidence);
	}
	(void)store_list_close(&list);
}

bool
servers_fill(struct keeper *keeper)
{
	uint32_t *next = &keeper->record->servers_filled;

	if (commit_queue_is_unread(keeper->commits))
		return false;
	for (int i = 0; i < TARGETS_A_STEP && *next < keeper->config->target_count; i++, ++*next) {
		uint64_t target = registry_number(keeper->registry, *next);
		struct sight sight = { .row = { .run = 0 } };

		read_sight(keeper, target, &sight);
		if (sight.row.run != 0)
			put(keeper, target, &sight);
	}
	return *next < keeper->config->target_count;
}
