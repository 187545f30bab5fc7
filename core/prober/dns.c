/*
 * For the prober's resolver: builds DNS questions and parses answers (RFC 1035): every length is
 * checked, every compression pointer leads backwards, every loop has an end.
 */
#include "prober/dns.h"

#include <assert.h>
#include <string.h>

enum { HEADER = 12, ENTRIES_MAX = 1024, LABEL_MAX = 63, JUMPS_MAX = 128, CLASS_IN = 1,
    TYPE_OPT = 41 };
enum { QR = 0x80, OPCODE = 0x78, AA = 0x04, TC = 0x02, RD = 0x01 }; /* of byte 2 */
enum { RA = 0x80, AD = 0x20, RCODE = 0x0f };                        /* of byte 3 */

bool
dns_is_of_name(enum dns_status status)
{
	return status >= DNS_FOUND && status <= DNS_ALIAS_CHAIN;
}

size_t
dns_query(unsigned char packet[DNS_QUERY_MAX], const struct dns_name *name, uint16_t type)
{
	const unsigned char asks_ad = type == DNS_A || type == DNS_AAAA ? 0 : AD;
	const unsigned char header[HEADER] = { 0, 0, RD, asks_ad, 0, 1 };
	const unsigned char question[] = { (unsigned char)(type >> 8), (unsigned char)type, 0,
	    CLASS_IN };
	unsigned char *end = packet;

	assert(name->size > 0 && name->size <= sizeof name->bytes);
	end = (unsigned char *)mempcpy(end, header, sizeof header);
	end = (unsigned char *)mempcpy(end, name->bytes, name->size);
	end = (unsigned char *)mempcpy(end, question, sizeof question);
	return (size_t)(end - packet);
}

/* The name of a question is never compressed, for nothing lies before it. */
static bool
has_question_of(const unsigned char *packet, size_t size, const unsigned char *query,
    size_t query_size)
{
	size_t fixed = query_size - 4; /* where type and class begin */

	if (size < query_size || memcmp(packet + fixed, query + fixed, 4) != 0)
		return false;
	for (size_t i = HEADER; i < fixed; i++)
		if (dns_name_lower(packet[i]) != dns_name_lower(query[i]))
			return false;
	return true;
}

/* RFC 5452, section 9.1: id, question and opcode have to be those that were sent; the source
 * address is the kernel's to compare, as the socket is connected. Some servers leave the
 * question out of an error. */
bool
dns_answers(const void *bytes, size_t size, const unsigned char *query, size_t query_size)
{
	const unsigned char *packet = bytes;

	if (size < HEADER || memcmp(packet, query, 2) != 0 || (packet[2] & (QR | OPCODE)) != QR)
		return false;
	unsigned questions = (unsigned)packet[4] << 8 | packet[5], rcode = packet[3] & RCODE;
	if (questions == 0)
		return rcode != DNS_NOERROR && rcode != DNS_NXDOMAIN;
	return questions == 1 && has_question_of(packet, size, query, query_size);
}

bool
dns_is_truncated(const void *packet, size_t size)
{
	return size >= HEADER && (((const unsigned char *)packet)[2] & TC) != 0;
}

/* A place in a packet. `bad` is remembered, and what is read then is zero. */
struct reader {
	const unsigned char *bytes;
	size_t size, at;
	bool bad;
};

/* A read behind the end is remembered and gives zero, so that a caller may read on and look
 * once, at the end. */
static uint32_t
take(struct reader *reader, size_t bytes)
{
	uint32_t value = 0;

	assert(reader->at <= reader->size && bytes <= sizeof value);
	if (reader->bad || bytes > reader->size - reader->at) {
		reader->bad = true;
		return 0;
	}
	while (bytes-- > 0)
		value = value << 8 | reader->bytes[reader->at++];
	return value;
}

static uint16_t
take16(struct reader *reader)
{
	return (uint16_t)take(reader, 2);
}

/* A name with its compression (section 4.1.4). A pointer has to lead to before the place it was
 * met at, or before the target of the last one: so there is an end. More of them than a name has
 * labels only cost time: a packet has room for thousands, for each of its records. */
static void
take_name(struct reader *reader, struct dns_name *name)
{
	size_t at = reader->at, limit = at, behind = 0;
	unsigned jumps = 0;

	name->size = 0;
	for (;;) {
		if (reader->bad || at >= reader->size)
			break;
		unsigned char length = reader->bytes[at];
		if (length == 0) {
			name->bytes[name->size++] = 0;
			reader->at = behind != 0 ? behind : at + 1;
			return;
		}
		if ((length & 0xc0) == 0xc0 && at + 1 < reader->size) {
			size_t target = (size_t)(length & 0x3f) << 8 | reader->bytes[at + 1];
			if (behind == 0)
				behind = at + 2;
			if (target >= limit || ++jumps > JUMPS_MAX)
				break;
			at = limit = target;
		} else if (length <= LABEL_MAX && length < reader->size - at
		    && dns_name_add_label(name, reader->bytes + at + 1, length)) {
			at += length + 1u;
		} else {
			break;
		}
	}
	reader->bad = true;
	*name = (struct dns_name){ .bytes = { 0 }, .size = 1 };
}

/* One resource record; the reader is left behind it. */
struct record {
	struct dns_name owner;
	uint16_t type, class;
	uint32_t ttl;
	uint32_t opt_ttl; /* the same bytes as an OPT record has them */
	size_t at, size;  /* of its RDATA */
};

/* What a record counts for its RDATA has to lie in the packet; what is in there is read later,
 * and only if it is asked for. */
static bool
take_record(struct reader *reader, struct record *record)
{
	take_name(reader, &record->owner);
	record->type = take16(reader);
	record->class = take16(reader);
	record->ttl = record->opt_ttl = take(reader, 4);
	record->size = take16(reader);
	record->at = reader->at;
	if (reader->bad || record->size > reader->size - reader->at)
		return false;
	if (record->ttl > INT32_MAX)
		record->ttl = 0; /* RFC 2181, section 8 */
	reader->at += record->size;
	return true;
}

/* What the answer section has for one name. */
struct search {
	struct reader start; /* of the section */
	unsigned count;
	uint16_t type;
	struct dns_answer *answer;
	bool has_records; /* whomever they belong to */
};

static void
lower_ttl(struct dns_answer *answer, uint32_t ttl)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

/* RDATA with a name in it may be compressed (RFC 1035, section 4.1.4), which nobody can read
 * without the packet: it is written out. Records beyond our room are left out, as they would be
 * of an answer that was cut. */
static bool
keep(struct search *search, const struct record *record)
{
	struct dns_answer *answer = search->answer;
	struct reader reader = search->start;
	struct dns_name name;
	/* Of a name in RDATA the bytes of numbers before it; -1: it has none that is compressed. */
	int before = record->type == DNS_NS || record->type == DNS_CNAME || record->type == DNS_PTR
	    || record->type == DNS_DNAME ? 0 : record->type == DNS_MX ? 2 : -1;

	assert(answer->count <= DNS_RECORDS_MAX && answer->used <= sizeof answer->space);
	assert(record->at + record->size <= reader.size);
	if ((record->type == DNS_A && record->size != 4)
	    || (record->type == DNS_AAAA && record->size != 16))
		return false;
	if (answer->count == DNS_RECORDS_MAX)
		return true;
	const char *data = (const char *)reader.bytes + record->at;
	struct pw_bytes *kept = &answer->records[answer->count];
	if (before < 0) {
		*kept = (struct pw_bytes){ data, record->size };
	} else {
		reader.at = record->at + (size_t)before;
		if (record->size < (size_t)before + 1)
			return false;
		take_name(&reader, &name);
		if (reader.bad || reader.at != record->at + record->size)
			return false;
		if (answer->used + (size_t)before + name.size > sizeof answer->space)
			return true;
		char *room = answer->space + answer->used;
		memcpy(room, data, (size_t)before);
		memcpy(room + before, name.bytes, name.size);
		*kept = (struct pw_bytes){ room, (size_t)before + name.size };
		answer->used += kept->size;
	}
	answer->count++;
	lower_ttl(answer, record->ttl);
	return true;
}

/* Reads RDATA that is one name. */
static bool
take_target(const struct search *search, const struct record *record, struct dns_name *target)
{
	struct reader inside = search->start;

	inside.at = record->at;
	take_name(&inside, target);
	return !inside.bad && inside.at == record->at + record->size;
}

enum found { FOUND_NOTHING, FOUND_RECORDS, FOUND_ALIAS, FOUND_RUBBISH };

/* An alias of `name`: by a CNAME, or by a DNAME above it, whose server has to add the CNAME and
 * does not always. */
struct alias {
	struct dns_name target; /* size 0: none */
	uint32_t ttl;
	bool is_exact;          /* a CNAME, which goes before a DNAME */
};

/* A CNAME names the name itself and goes before a DNAME above it, wherever each stands: the
 * order of records means nothing (RFC 1034, section 3.6). */
static bool
look_at_alias(const struct search *search, const struct record *record, const struct dns_name *name,
    struct alias *alias)
{
	struct dns_name target, substituted;

	if (record->type == DNS_CNAME && !alias->is_exact && dns_name_equal(&record->owner, name)) {
		if (!take_target(search, record, &target))
			return false;
		*alias = (struct alias){ target, record->ttl, true };
	} else if (record->type == DNS_DNAME && alias->target.size == 0) {
		if (!take_target(search, record, &target))
			return false;
		if (dns_name_substitute(name, &record->owner, &target, &substituted))
			*alias = (struct alias){ substituted, record->ttl, false };
	}
	return true;
}

/* Looks for records of `name`, or else its alias, which then is in `*name`. */
static enum found
search_name(struct search *search, struct dns_name *name)
{
	struct reader reader = search->start;
	struct alias alias = { .target.size = 0 };
	struct record record;

	for (unsigned i = 0; i < search->count; i++) {
		if (!take_record(&reader, &record))
			return FOUND_RUBBISH;
		if (record.type == TYPE_OPT)
			continue;
		search->has_records = true;
		if (record.class != CLASS_IN)
			continue;
		if (record.type == search->type && dns_name_equal(&record.owner, name)) {
			if (!keep(search, &record))
				return FOUND_RUBBISH;
		} else if (!look_at_alias(search, &record, name, &alias)) {
			return FOUND_RUBBISH;
		}
	}
	if (search->answer->count > 0)
		return FOUND_RECORDS;
	if (alias.target.size == 0)
		return FOUND_NOTHING;
	*name = alias.target;
	lower_ttl(search->answer, alias.ttl);
	return FOUND_ALIAS;
}

struct dns_walk
dns_walk_begin(const struct dns_name *name)
{
	return (struct dns_walk){ .waiting = *name, .next_move = 1 };
}

enum dns_status
dns_walk_step(struct dns_walk *walk, const struct dns_name *name, unsigned most)
{
	if (dns_name_equal(name, &walk->waiting))
		return DNS_ALIAS_LOOP;
	if (++walk->steps > most)
		return DNS_ALIAS_CHAIN;
	if (walk->steps == walk->next_move) {
		walk->waiting = *name;
		walk->next_move *= 2;
	}
	return DNS_NOT_ASKED;
}

/* Follows aliases to records, or to the last of them. A longer walk than is allowed goes on for a
 * while, for it may be a circle. */
static enum dns_status
follow(struct search *search, struct dns_name *name)
{
	struct dns_walk walk = dns_walk_begin(name);

	for (;;)
		switch (search_name(search, name)) {
		case FOUND_NOTHING:
			return walk.steps > DNS_CHAIN_MAX ? DNS_ALIAS_CHAIN : DNS_NO_DATA;
		case FOUND_RECORDS:
			return walk.steps > DNS_CHAIN_MAX ? DNS_ALIAS_CHAIN : DNS_FOUND;
		case FOUND_ALIAS: {
			enum dns_status end = dns_walk_step(&walk, name, 8 * DNS_CHAIN_MAX);
			if (end != DNS_NOT_ASKED)
				return end;
			break;
		}
		case FOUND_RUBBISH:
			return DNS_MALFORMED;
		}
}

static struct reader
behind_records(struct reader reader, unsigned count)
{
	struct record record;

	for (unsigned i = 0; i < count && !reader.bad; i++)
		reader.bad = !take_record(&reader, &record);
	return reader;
}

/* What the authority section shows of an answer without records (RFC 2308, section 2.2). */
struct authority {
	bool has_soa, has_ns;
	uint32_t ttl; /* how long a "no" may be kept (section 5); 0: not told */
};

/* Of an SOA the lesser of its own TTL and its MINIMUM counts (RFC 2308, section 5); names in it
 * are passed over, as they may be compressed and of any length. */
static struct authority
read_authority(struct reader reader, unsigned count)
{
	struct authority authority = { .ttl = 0 };
	struct record record;
	struct dns_name name;

	for (unsigned i = 0; i < count && take_record(&reader, &record); i++) {
		authority.has_ns |= record.type == DNS_NS && record.class == CLASS_IN;
		if (record.type != DNS_SOA || record.class != CLASS_IN || authority.has_soa)
			continue;
		authority.has_soa = true;
		struct reader inside = reader;
		inside.at = record.at;
		take_name(&inside, &name);
		take_name(&inside, &name);
		(void)take(&inside, 4), (void)take(&inside, 4), (void)take(&inside, 4),
		    (void)take(&inside, 4);
		uint32_t minimum = take(&inside, 4);
		if (!inside.bad && minimum <= INT32_MAX)
			authority.ttl = record.ttl < minimum ? record.ttl : minimum;
	}
	return authority;
}

/* The upper bits of the rcode, which an OPT record holds (RFC 6891, section 6.1.3). What cannot
 * be read has none. */
static unsigned
extended_rcode(struct reader reader, unsigned count)
{
	struct record record;

	for (unsigned i = 0; i < count && take_record(&reader, &record); i++)
		if (record.type == TYPE_OPT)
			return record.opt_ttl >> 24 << 4;
	return 0;
}

struct header {
	unsigned flags2, flags3, questions, answers, authorities, additions;
};

static struct header
take_header(struct reader *reader)
{
	struct header header;

	(void)take16(reader); /* the id has been compared */
	header.flags2 = take(reader, 1);
	header.flags3 = take(reader, 1);
	header.questions = take16(reader);
	header.answers = take16(reader);
	header.authorities = take16(reader);
	header.additions = take16(reader);
	return header;
}

/* An empty answer is a "no" if it is marked as one, or comes from who knows the zone or asks
 * others for us. Else it is about the server: it was cut off, holds records that were not asked
 * for, sends us elsewhere, or knows nothing. */
static enum dns_status
judge_empty(const struct header *header, bool has_others, const struct authority *authority)
{
	bool is_authoritative = (header->flags2 & AA) != 0;

	if ((header->flags2 & TC) != 0)
		return DNS_TRUNCATED;
	if (authority->has_soa)
		return DNS_NO_DATA;
	if (has_others)
		return DNS_MALFORMED;
	if (is_authoritative)
		return DNS_NO_DATA;
	if (authority->has_ns)
		return DNS_REFERRAL;
	return (header->flags3 & RA) != 0 ? DNS_NO_DATA : DNS_LAME;
}

static void
read_sections(struct reader reader, const struct header *header, struct search *search)
{
	struct dns_answer *answer = search->answer;
	struct dns_name asked = answer->owner;

	answer->status = follow(search, &answer->owner);
	if (answer->status == DNS_MALFORMED
	    || (answer->status == DNS_FOUND && answer->rcode != DNS_NXDOMAIN))
		return;
	struct reader behind = behind_records(reader, header->answers);
	struct authority authority = read_authority(behind,
	    header->authorities > ENTRIES_MAX ? 0 : header->authorities);
	uint32_t of_aliases = answer->ttl;

	answer->ttl = authority.ttl;
	if (answer->status != DNS_NO_DATA || answer->rcode == DNS_NXDOMAIN)
		return;
	bool is_alias = !dns_name_equal(&asked, &answer->owner);
	answer->is_partial = !authority.has_soa && is_alias;
	if (answer->is_partial)
		answer->ttl = of_aliases;
	answer->status = judge_empty(header, search->has_records && !is_alias, &authority);
}

void
dns_read(const void *packet, size_t size, const struct dns_name *name, uint16_t type,
    struct dns_answer *answer)
{
	struct reader reader = { .bytes = packet, .size = size };
	struct dns_name asked;

	answer->status = DNS_MALFORMED;
	answer->count = answer->used = 0;
	answer->rcode = DNS_RCODE_NONE;
	answer->is_partial = false;
	answer->ttl = UINT32_MAX;
	answer->owner = *name;
	struct header header = take_header(&reader);
	if (reader.bad || (header.flags2 & QR) == 0)
		return;
	answer->rcode = header.flags3 & RCODE;
	answer->authentic = (header.flags3 & AD) != 0;
	if (header.questions == 1) {
		take_name(&reader, &asked);
		if (take16(&reader) != type || take16(&reader) != CLASS_IN || reader.bad
		    || !dns_name_equal(&asked, name))
			return;
	}
	unsigned records = header.answers + header.authorities;
	answer->rcode |= (int)extended_rcode(behind_records(reader,
	    records > ENTRIES_MAX ? ENTRIES_MAX : records),
	    header.additions > ENTRIES_MAX ? ENTRIES_MAX : header.additions);
	if (answer->rcode != DNS_NOERROR && answer->rcode != DNS_NXDOMAIN) {
		answer->status = answer->rcode == DNS_SERVER_FAILURE ? DNS_SERVFAIL : DNS_REFUSED;
		return;
	}
	if (header.questions != 1 || header.answers > ENTRIES_MAX)
		return;
	struct search search = { .start = reader, .count = header.answers, .type = type,
	    .answer = answer };
	read_sections(reader, &header, &search);
	assert(answer->status != DNS_FOUND || answer->count > 0);
	if (answer->rcode == DNS_NXDOMAIN && dns_is_of_name(answer->status)
	    && answer->status < DNS_ALIAS_LOOP) {
		answer->status = DNS_NO_NAME;
		answer->count = 0;
	}
}
