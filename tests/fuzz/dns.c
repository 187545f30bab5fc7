/* An answer of the DNS, whatever it is, has a status, holds only what lies within it, and can be kept and told; it is taken
 * for the answer to a question only if that stands in it. The first two bytes choose the name and the type. */
#include <assert.h>
#include <string.h>

#include "prober/answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool
lies_in(const void *at, size_t size, const void *room, size_t room_size)
{
	const char *from = at, *begin = room;

	return from >= begin && from + size <= begin + room_size;
}

static void
check_kept(const struct dns_name *name, uint16_t type, const struct dns_answer *answer)
{
	struct answers *answers = answers_create(4);
	struct kept kept;

	assert(answers != NULL);
	answers_keep(answers, name, type, answer, 0, 1);
	assert(answers_find(answers, name, type, 2, &kept));
	assert(kept.status == answer->status && kept.count <= RESOLVED_MAX);
	answers_destroy(&answers);
}

/* The packet is let in by its id, and by its question or as an error without one. */
static void
check_question(const uint8_t *bytes, size_t size, const struct dns_name *name, uint16_t type)
{
	unsigned char query[DNS_QUERY_MAX];
	size_t query_size = dns_query(query, name, type);

	assert(query_size <= sizeof query);
	if (size < 2)
		return;
	memcpy(query, bytes, 2);
	if (!dns_answers(bytes, size, query, query_size))
		return;
	assert(size >= 12 && (bytes[2] & 0x80) != 0);
	assert(bytes[5] == 0 || size >= query_size);
	(void)dns_is_truncated(bytes, size);
	query[0] ^= 1;
	assert(!dns_answers(bytes, size, query, query_size));
}

static void
check_name(const struct dns_name *name)
{
	struct dns_name domain = dns_name_registered(name);
	char text[DNS_NAME_TEXT_MAX];

	dns_name_text(name, text);
	assert(strlen(text) < sizeof text);
	assert(domain.size <= name->size && domain.bytes[domain.size - 1] == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const names[] = { "mx.example.org", "example.org", ".", "a.b.c.d" };
	static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_NS, DNS_CNAME, 16, 52 };
	struct dns_name name;
	struct dns_answer answer;

	if (size < 2)
		return 0;
	bool valid = dns_name_parse(names[bytes[0] % 4], &name);
	uint16_t type = types[bytes[1] % 7];
	assert(valid);
	dns_read(bytes + 2, size - 2, &name, type, &answer);
	assert(answer.status != DNS_NOT_ASKED && answer.status != DNS_NO_ANSWER);
	assert((answer.status == DNS_FOUND) == (answer.status == DNS_FOUND && answer.count > 0));
	assert(answer.count <= DNS_RECORDS_MAX && answer.used <= sizeof answer.space);
	for (size_t i = 0; i < answer.count; i++)
		assert(lies_in(answer.records[i].data, answer.records[i].size, bytes, size)
		    || lies_in(answer.records[i].data, answer.records[i].size, answer.space, answer.used));
	check_name(&answer.owner);
	check_question(bytes + 2, size - 2, &name, type);
	if ((type == DNS_A || type == DNS_AAAA) && dns_is_of_name(answer.status) && answer.status <= DNS_NO_NAME)
		check_kept(&name, type, &answer);
	return 0;
}
