#include "web/facts.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/messages.h"
#include "base/text.h"

enum { DATE_SIZE = sizeof "2026-12-01T10:00:00Z" - 1 };

/* 0: it is none. */
static int64_t
date_of(struct pw_bytes value)
{
	char bytes[DATE_SIZE + 1] = "";
	struct tm date = { .tm_mday = 0 };
	const char *end;

	if (value.size != DATE_SIZE)
		return 0;
	memcpy(bytes, value.data, DATE_SIZE);
	end = strptime(bytes, "%Y-%m-%dT%H:%M:%SZ", &date);
	return end == NULL || *end != '\0' ? 0 : (int64_t)timegm(&date) * SECOND;
}

static void
copy_shown(char *to, size_t room, struct pw_bytes value)
{
	struct text text = text_over(to, room);

	text_escape(&text, value);
}

/* Of several addresses the certificate that ends first is told, with its own beginning. */
static void
take_leg(struct facts_seen *facts, const struct evidence *leg)
{
	struct pw_bytes list = leg->facts;
	struct evidence_fact fact;
	int64_t from = 0, end = 0, chain = 0;

	while (evidence_next_fact(&list, &fact)) {
		if (strcmp(fact.name, "cert_not_before") == 0)
			from = date_of(fact.value);
		else if (strcmp(fact.name, "cert_not_after") == 0)
			end = date_of(fact.value);
		else if (strcmp(fact.name, "cert_chain_ends") == 0)
			chain = date_of(fact.value);
		else if (strcmp(fact.name, "tls_version") == 0)
			copy_shown(facts->tls_version, sizeof facts->tls_version, fact.value);
		else if (strcmp(fact.name, "tls_cipher") == 0)
			copy_shown(facts->tls_cipher, sizeof facts->tls_cipher, fact.value);
	}
	if (end != 0 && (facts->cert_end == 0 || end < facts->cert_end)) {
		facts->cert_end = end;
		facts->cert_from = from;
	}
	if (chain != 0 && (facts->chain_end == 0 || chain < facts->chain_end))
		facts->chain_end = chain;
}

static uint8_t
ip_of(struct pw_bytes address)
{
	return address.size == 0 ? 0 : memchr(address.data, ':', address.size) != NULL ? 6 : 4;
}

void
facts_take(struct facts_seen *facts, uint64_t run, struct pw_bytes evidence)
{
	struct wire_in in = wire_from(evidence.data, evidence.size);
	struct message_evidence message;

	if (run < facts->run || !message_get_evidence(&in, &message, UINT32_MAX))
		return;
	if (facts->ip == 0 && message.leg.address.size > 0)
		facts->ip = ip_of(message.leg.address);
	if (message.leg.facts.size == 0) /* it got no further than its connection, which denies nothing that was seen before */
		return;
	if (run > facts->run)
		*facts = (struct facts_seen){ .run = run, .at = message.leg.started, .ip = ip_of(message.leg.address) };
	take_leg(facts, &message.leg);
}
