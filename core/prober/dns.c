/* Reading answers of the DNS: every length is checked, every jump goes backwards, every loop has an end. */
#include "prober/dns.h"

#include <stdio.h>
#include <string.h>

enum { HEADER = 12, ENTRIES_MAX = 1024, LABEL_MAX = 63, CLASS_IN = 1 };

static unsigned char
lower(unsigned char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + 'a' - 'A') : byte;
}

static bool
add_label(struct dns_name *name, const unsigned char *label, size_t size)
{
	if (size == 0 || size > LABEL_MAX || name->size + size + 2 > sizeof name->bytes)
		return false;
	name->bytes[name->size++] = (unsigned char)size;
	for (size_t i = 0; i < size; i++)
		name->bytes[name->size++] = lower(label[i]);
	return true;
}

bool
dns_name_parse(const char *text, struct dns_name *name)
{
	name->size = 0;
	if (strcmp(text, ".") == 0)
		text = "";
	while (*text != '\0') {
		size_t size = strcspn(text, ".");
		if (!add_label(name, (const unsigned char *)text, size))
			return false;
		text += size + (text[size] == '.');
	}
	name->bytes[name->size++] = 0;
	return true;
}

void
dns_name_text(const struct dns_name *name, char text[DNS_NAME_TEXT_MAX])
{
	char *end = text;

	for (size_t at = 0; at < name->size && name->bytes[at] != 0; at += name->bytes[at] + 1u) {
		if (at > 0)
			*end++ = '.';
		for (size_t i = 1; i <= name->bytes[at]; i++) {
			unsigned char byte = name->bytes[at + i];
			if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_')
				*end++ = (char)byte;
			else
				end += snprintf(end, 5, "\\%03u", byte);
		}
	}
	if (end == text)
		*end++ = '.';
	*end = '\0';
}

bool
dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

size_t
dns_query(unsigned char packet[DNS_QUERY_MAX], const struct dns_name *name, uint16_t type)
{
	static const unsigned char header[HEADER] = { 0, 0, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1 }; /* RD, AD, OPT */
	const unsigned char question[] = { (unsigned char)(type >> 8), (unsigned char)type, 0, CLASS_IN };
	const unsigned char edns[] = { 0, 0, 41, DNS_EDNS_SIZE >> 8, DNS_EDNS_SIZE & 0xff, 0, 0, 0, 0, 0, 0 };
	unsigned char *end = packet;

	end = (unsigned char *)mempcpy(end, header, sizeof header);
	end = (unsigned char *)mempcpy(end, name->bytes, name->size);
	end = (unsigned char *)mempcpy(end, question, sizeof question);
	end = (unsigned char *)mempcpy(end, edns, sizeof edns);
	return (size_t)(end - packet);
}

/* A place in a packet. `bad` is remembered, and what is read then is zero. */
struct reader {
	const unsigned char *bytes;
	size_t size, at;
	bool bad;
};

static uint32_t
take(struct reader *reader, size_t bytes)
{
	uint32_t value = 0;

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

/* A name with its compression (section 4.1.4). A pointer has to lead to before the place it was met at, or before the
 * target of the last one: so there is an end. */
static void
take_name(struct reader *reader, struct dns_name *name)
{
	size_t at = reader->at, limit = at, behind = 0;

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
			if (target >= limit)
				break;
			at = limit = target;
		} else if (length <= LABEL_MAX && length < reader->size - at
		    && add_label(name, reader->bytes + at + 1, length)) {
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
	size_t at, size; /* of its RDATA */
};

static bool
take_record(struct reader *reader, struct record *record)
{
	take_name(reader, &record->owner);
	record->type = take16(reader);
	record->class = take16(reader);
	record->ttl = take(reader, 4);
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
};

static void
lower_ttl(struct dns_answer *answer, uint32_t ttl)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

/* Where RDATA is a name, before it so many bytes of numbers; -1: it has none that is compressed. */
static int
bytes_before_name(uint16_t type)
{
	if (type == DNS_NS || type == DNS_CNAME || type == DNS_PTR)
		return 0;
	return type == DNS_MX ? 2 : -1;
}

static bool
keep(struct search *search, const struct record *record)
{
	struct dns_answer *answer = search->answer;
	struct reader reader = search->start;
	struct dns_name name;
	int before = bytes_before_name(record->type);

	if ((record->type == DNS_A && record->size != 4) || (record->type == DNS_AAAA && record->size != 16))
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

enum found { FOUND_NOTHING, FOUND_RECORDS, FOUND_ALIAS, FOUND_RUBBISH };

/* Looks for records of `name`, or else its alias, which then is in `*name`. */
static enum found
search_name(struct search *search, struct dns_name *name)
{
	struct reader reader = search->start;
	struct dns_name alias = { .size = 0 };
	uint32_t alias_ttl = 0;
	struct record record;

	for (unsigned i = 0; i < search->count; i++) {
		if (!take_record(&reader, &record))
			return FOUND_RUBBISH;
		if (record.class != CLASS_IN || !dns_name_equal(&record.owner, name))
			continue;
		if (record.type == search->type) {
			if (!keep(search, &record))
				return FOUND_RUBBISH;
		} else if (record.type == DNS_CNAME && alias.size == 0) {
			struct reader inside = search->start;
			inside.at = record.at;
			take_name(&inside, &alias);
			if (inside.bad || inside.at != record.at + record.size)
				return FOUND_RUBBISH;
			alias_ttl = record.ttl;
		}
	}
	if (search->answer->count > 0)
		return FOUND_RECORDS;
	if (alias.size == 0)
		return FOUND_NOTHING;
	*name = alias;
	lower_ttl(search->answer, alias_ttl);
	return FOUND_ALIAS;
}

/* How long a "no" may be kept: RFC 2308, section 5. Zero where it is not told. */
static uint32_t
negative_ttl(struct reader reader, unsigned count)
{
	struct record record;
	struct dns_name name;

	for (unsigned i = 0; i < count && take_record(&reader, &record); i++) {
		if (record.type != DNS_SOA || record.class != CLASS_IN)
			continue;
		struct reader inside = reader;
		inside.at = record.at;
		take_name(&inside, &name);
		take_name(&inside, &name);
		(void)take(&inside, 4), (void)take(&inside, 4), (void)take(&inside, 4), (void)take(&inside, 4);
		uint32_t minimum = take(&inside, 4);
		if (!inside.bad && minimum <= INT32_MAX)
			return record.ttl < minimum ? record.ttl : minimum;
	}
	return 0;
}

/* Whether the packet answers just our question. The reader is left at its answers. */
static bool
is_for(struct reader *reader, const struct dns_name *name, uint16_t type)
{
	struct dns_name asked;

	take_name(reader, &asked);
	return take16(reader) == type && take16(reader) == CLASS_IN && !reader->bad && dns_name_equal(&asked, name);
}

static enum dns_status
follow(struct search *search, struct dns_name *name)
{
	for (int hop = 0; hop <= DNS_CHAIN_MAX; hop++)
		switch (search_name(search, name)) {
		case FOUND_NOTHING:
			return DNS_NO_DATA;
		case FOUND_RECORDS:
			return DNS_FOUND;
		case FOUND_ALIAS:
			break;
		case FOUND_RUBBISH:
			return DNS_MALFORMED;
		}
	return DNS_MALFORMED;
}

static struct reader
behind_records(struct reader reader, unsigned count)
{
	struct record record;

	for (unsigned i = 0; i < count; i++)
		if (!take_record(&reader, &record))
			break;
	return reader;
}

void
dns_read(const void *packet, size_t size, const struct dns_name *name, uint16_t type, struct dns_answer *answer)
{
	struct reader reader = { .bytes = packet, .size = size };

	answer->status = DNS_MALFORMED;
	answer->count = answer->used = 0;
	answer->rcode = DNS_RCODE_NONE;
	answer->ttl = UINT32_MAX;
	answer->owner = *name;
	(void)take16(&reader); /* the id has been compared */
	unsigned flags = take16(&reader), questions = take16(&reader), answers = take16(&reader);
	unsigned authorities = take16(&reader);
	(void)take16(&reader);
	if (reader.bad || (flags & 0x8000) == 0)
		return;
	answer->rcode = flags & 0xf;
	answer->authentic = (flags & 0x20) != 0;
	if (answer->rcode != DNS_NOERROR && answer->rcode != DNS_NXDOMAIN) {
		answer->status = DNS_SERVFAIL; /* some leave out the question then */
		return;
	}
	if (questions != 1 || !is_for(&reader, name, type) || answers > ENTRIES_MAX)
		return;
	struct search search = { .start = reader, .count = answers, .type = type, .answer = answer };
	answer->status = follow(&search, &answer->owner);
	if (answer->status == DNS_MALFORMED)
		return;
	if (answer->rcode == DNS_NXDOMAIN) {
		answer->status = DNS_NO_NAME;
		answer->count = 0;
	}
	if (answer->status != DNS_FOUND)
		answer->ttl = negative_ttl(behind_records(reader, answers), authorities > ENTRIES_MAX ? 0 : authorities);
}
