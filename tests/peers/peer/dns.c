/* Questions and answers of RFC 1035, as few of them as a test needs, and some that break it. */
#include "dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "phrase.h"

enum { HEADER = 12, TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };
enum { QR = 0x80, AA = 0x04, TC = 0x02, RA = 0x80 }; /* in bytes 2, 2, 2 and 3 */
enum { SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5 };

struct question {
	char name[256];
	uint16_t type;
	size_t end; /* of its bytes, header included */
};

struct writing {
	unsigned char *bytes;
	size_t size;
	unsigned ttl;
	unsigned count; /* of answers */
};

static bool
read_question(const unsigned char *bytes, size_t size, struct question *question)
{
	size_t at = HEADER, out = 0;

	while (at < size && bytes[at] != 0 && bytes[at] < 64 && at + bytes[at] < size) {
		memcpy(question->name + out, bytes + at + 1, bytes[at]);
		out += bytes[at];
		question->name[out++] = '.';
		at += 1u + bytes[at];
		if (out + 64 > sizeof question->name)
			return false;
	}
	if (out == 0)
		question->name[out++] = '.'; /* the root, which keeps its dot */
	question->name[out > 1 ? out - 1 : out] = '\0';
	if (at + 5 > size || bytes[at] != 0)
		return false;
	question->type = (uint16_t)(bytes[at + 1] << 8 | bytes[at + 2]);
	question->end = at + 5;
	return true;
}

void
dns_describe(const unsigned char *question, size_t size, char *text, size_t room)
{
	struct question asked;

	if (!read_question(question, size, &asked)) {
		snprintf(text, room, "(not a question)");
		return;
	}
	switch (asked.type) {
	case TYPE_A: snprintf(text, room, "%s A", asked.name); return;
	case TYPE_AAAA: snprintf(text, room, "%s AAAA", asked.name); return;
	}
	snprintf(text, room, "%s TYPE%d", asked.name, asked.type);
}

static bool
is_for(const struct zone_line *line, const struct question *question)
{
	return (strcmp(line->name, "*") == 0 || strcasecmp(line->name, question->name) == 0)
	    && (line->type == 0 || line->type == question->type);
}

/* The line that answers; with none, whether the name is known for another type. */
static struct zone_line *
find_line(struct script *script, const struct question *question, bool *known)
{
	*known = strcmp(question->name, ".") == 0;
	for (size_t i = 0; i < script->zone_count; i++) {
		struct zone_line *line = &script->zone[i];

		if (is_for(line, question) || (line->type == TYPE_CNAME && strcasecmp(line->name, question->name) == 0))
			return line;
		if (strcasecmp(line->name, question->name) == 0)
			*known = true;
	}
	return NULL;
}

/* The answer whose turn it is: what stands between two `then`. */
static void
take_turn(const char *answers, unsigned turn, char *text, size_t room)
{
	const char *next;

	while ((next = strstr(answers, " then ")) != NULL && turn-- > 0)
		answers = next + 6;
	snprintf(text, room, "%.*s", next != NULL ? (int)(next - answers) : (int)strlen(answers), answers);
}

static void
put(struct writing *writing, const void *bytes, size_t size)
{
	memcpy(writing->bytes + writing->size, bytes, size);
	writing->size += size;
}

static void
put_u16(struct writing *writing, unsigned number)
{
	unsigned char bytes[2] = { (unsigned char)(number >> 8), (unsigned char)number };

	put(writing, bytes, sizeof bytes);
}

static void
put_record(struct writing *writing, size_t owner, unsigned type, const void *data, size_t size)
{
	put_u16(writing, 0xc000u | (unsigned)owner);
	put_u16(writing, type);
	put_u16(writing, 1);
	put_u16(writing, 0);
	put_u16(writing, writing->ttl);
	put_u16(writing, (unsigned)size);
	put(writing, data, size);
	writing->count++;
}

static size_t
encode_name(const char *name, unsigned char *out)
{
	size_t at = 0;

	while (*name != '\0' && strcmp(name, ".") != 0) {
		size_t label = strcspn(name, ".");

		out[at++] = (unsigned char)label;
		memcpy(out + at, name, label);
		at += label;
		name += label + (name[label] == '.');
	}
	out[at++] = 0;
	return at;
}

static bool
put_address(struct writing *writing, size_t owner, const struct question *question, const char *word)
{
	unsigned char address[16];

	if (question->type == TYPE_A && inet_pton(AF_INET, word, address) == 1)
		put_record(writing, owner, TYPE_A, address, 4);
	else if (question->type == TYPE_AAAA && inet_pton(AF_INET6, word, address) == 1)
		put_record(writing, owner, TYPE_AAAA, address, 16);
	else
		return false;
	return true;
}

/* The alias, and the records of its target where the zone has some: a resolver follows the chain for its client. */
static void
put_alias(struct writing *writing, struct script *script, struct question question, const char *target, size_t owner,
    int depth)
{
	unsigned char name[256];
	struct zone_line *line;
	char text[256], *rest = text, *word;
	bool known;
	size_t at;

	put_record(writing, owner, TYPE_CNAME, name, encode_name(target, name));
	at = writing->size - encode_name(target, name);
	snprintf(question.name, sizeof question.name, "%s", target);
	line = find_line(script, &question, &known);
	if (line == NULL || depth == 0)
		return;
	take_turn(line->answers, line->asked++, text, sizeof text);
	if (line->type == TYPE_CNAME) {
		put_alias(writing, script, question, text, at, depth - 1);
		return;
	}
	while ((word = strsep(&rest, " ")) != NULL)
		put_address(writing, at, &question, word);
}

/* The rcode of a word that is one; -1 for others. */
static int
rcode_of(const char *word)
{
	static const struct { const char *word; int rcode; } codes[] = {
		{ "nodata", 0 }, { "nxdomain", NXDOMAIN }, { "servfail", SERVFAIL }, { "refused", REFUSED },
	};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(word, codes[i].word) == 0)
			return codes[i].rcode;
	return -1;
}

static void
put_word(struct writing *writing, struct script *script, const struct zone_line *line, const struct question *question,
    const char *word, enum dns_way way)
{
	struct phrase where = { .path = script->path };
	unsigned char *flags = writing->bytes + 2;

	if (rcode_of(word) >= 0)
		flags[1] = (unsigned char)(RA | rcode_of(word));
	else if (strncmp(word, "ttl=", 4) == 0)
		writing->ttl = (unsigned)strtoul(word + 4, NULL, 10);
	else if (strcmp(word, "wrong_id") == 0)
		writing->bytes[0] ^= 0xff, put_address(writing, HEADER, question, "127.9.9.9");
	else if (strcmp(word, "truncated") == 0)
		flags[0] |= way == DNS_UDP ? TC : 0;
	else if (line->type == TYPE_CNAME)
		put_alias(writing, script, *question, word, HEADER, 40);
	else if ((flags[0] & TC) == 0 && !put_address(writing, HEADER, question, word) && line->type != 0)
		phrase_fault(&where, "dns: no such answer: %s", word);
}

static size_t
answer_by_line(struct script *script, struct zone_line *line, const struct question *question, enum dns_way way,
    struct writing *writing)
{
	char text[1024], *rest = text, *word;

	take_turn(line->answers, line->asked++, text, sizeof text);
	if (strcmp(text, "silence") == 0)
		return 0;
	if (strcmp(text, "mangled") == 0) {
		memset(writing->bytes + HEADER, 0xc0, 20); /* a name that points to itself, for ever */
		return HEADER + 20;
	}
	while ((word = strsep(&rest, " \t")) != NULL)
		if (*word != '\0')
			put_word(writing, script, line, question, word, way);
	writing->bytes[7] = (unsigned char)writing->count;
	return writing->size;
}

size_t
dns_answer(struct script *script, enum dns_way way, const unsigned char *bytes, size_t size,
    unsigned char answer[DNS_MAX])
{
	struct writing writing = { .bytes = answer, .ttl = 60 };
	struct question question = { 0 };
	struct zone_line *line;
	bool known;

	if (size < HEADER || size > 512 || !read_question(bytes, size, &question))
		return 0;
	put(&writing, bytes, question.end);
	memset(answer + 6, 0, 6); /* no records yet; what came in the additional section is not kept */
	answer[2] = (unsigned char)(QR | AA | (bytes[2] & 1));
	answer[3] = RA;
	line = find_line(script, &question, &known);
	if (line != NULL)
		return answer_by_line(script, line, &question, way, &writing);
	if (!known)
		answer[3] |= NXDOMAIN;
	return writing.size;
}
