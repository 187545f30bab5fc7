/*
 * Splits the text of a server's reply into words and searches phrases among them, to classify
 * refusals (base/refusal.h); no state, no allocation.
 */
#include "base/phrase.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/block_list.h"

enum {
	LITERAL_MAX = 46,
	SIGN = 3,          /* bytes of a Chinese or Japanese sign in UTF-8 */
	SIGNS_A_WORD = 4,  /* as long as a word of other languages */
	GAP_MAX = 3 * SIGNS_A_WORD
};

/* The byte in small letters, of Latin and of Russian: there А to П are 0xd0 0x90 on, Р to Я 0xd0
 * 0xa0 on, Ё 0xd0 0x81, and small ones are 0xd0 0xb0 on, 0xd1 0x80 on, and 0xd1 0x91. */
static unsigned char
small_at(const char *bytes, size_t size, size_t at)
{
	unsigned char byte = (unsigned char)bytes[at],
	    next = at + 1 < size ? (unsigned char)bytes[at + 1] : 0;
	bool is_second = at > 0 && (unsigned char)bytes[at - 1] == 0xd0;

	if (byte >= 'A' && byte <= 'Z')
		return (unsigned char)(byte + 'a' - 'A');
	if (byte == 0xd0 && (next == 0x81 || (next >= 0xa0 && next <= 0xaf)))
		return 0xd1;
	if (is_second && byte == 0x81)
		return 0x91;
	if (is_second && byte >= 0x90 && byte <= 0x9f)
		return (unsigned char)(byte + 0x20);
	return is_second && byte >= 0xa0 && byte <= 0xaf ? (unsigned char)(byte - 0x20) : byte;
}

static bool
are_equal(const char *bytes, size_t size, const char *word, size_t word_size)
{
	if (size != word_size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (small_at(bytes, size, i) != small_at(word, size, i))
			return false;
	return true;
}

static bool
equals(const char *bytes, size_t size, const char *word)
{
	return are_equal(bytes, size, word, strlen(word));
}

/* From U+3000 to U+9FFF, and the marks of full width from U+FF00 on. */
static bool
is_sign(const char *bytes, size_t size)
{
	const unsigned char *at = (const unsigned char *)bytes;

	return size >= SIGN && ((at[0] >= 0xe3 && at[0] <= 0xe9) || (at[0] == 0xef
	    && at[1] >= 0xbc)) && (at[1] & 0xc0) == 0x80 && (at[2] & 0xc0) == 0x80;
}

static bool
is_one_of(const char *bytes, size_t size, const char *set)
{
	for (size_t i = 0; i < size; i++)
		if (strchr(set, bytes[i]) != NULL)
			return true;
	return false;
}

static bool
begins_with(const char *bytes, size_t size, const char *prefix)
{
	size_t length = strlen(prefix);

	return size >= length && strncasecmp(bytes, prefix, length) == 0;
}

/* Whether "://" stands in it, or it begins like an address of the web. */
static bool
is_url(const char *bytes, size_t size)
{
	return memmem(bytes, size, "://", 3) != NULL || begins_with(bytes, size, "www.");
}

/* An address literal, also as RFC 5321 writes one for IPv6. */
static bool
parse_address(const char *bytes, size_t size, struct address *address)
{
	char literal[LITERAL_MAX];

	if (begins_with(bytes, size, "IPv6:"))
		bytes += 5, size -= 5;
	if (size < 2 || size >= sizeof literal || !is_one_of(bytes, size, ".:"))
		return false;
	snprintf(literal, sizeof literal, "%.*s", (int)size, bytes);
	return address_parse(literal, 0, address);
}

/* Whether the last four numbers of a name are the octets, in their order or the other way round. */
static bool
are_octets(const unsigned numbers[4], const unsigned char octets[4])
{
	bool forward = true, backward = true;

	for (int i = 0; i < 4; i++) {
		forward = forward && numbers[i] == octets[i];
		backward = backward && numbers[i] == octets[3 - i];
	}
	return forward || backward;
}

/* Whether the name has our address in it, as generic reverse names have:
 * "dsl-192-0-2-9.example.net". */
static bool
is_made_of(const char *bytes, size_t size, const struct address *address)
{
	unsigned char octets[4];
	unsigned numbers[4] = { 0 }, number = 0, digits = 0, count = 0;

	if (address->any.sa_family != AF_INET)
		return false;
	memcpy(octets, &address->v4.sin_addr, sizeof octets);
	for (size_t i = 0; i <= size; i++) {
		if (i < size && bytes[i] >= '0' && bytes[i] <= '9') {
			number = digits < 4 ? number * 10 + (unsigned)(bytes[i] - '0') : number;
			digits++;
			continue;
		}
		memmove(numbers, numbers + 1, 3 * sizeof *numbers);
		numbers[3] = number;
		count = digits > 0 && digits <= 3 ? count + 1 : 0;
		if (count >= 4 && are_octets(numbers, octets))
			return true;
		if (i < size && bytes[i] != '.' && bytes[i] != '-')
			count = 0;
		number = digits = 0;
	}
	return false;
}

static bool
is_host(const char *bytes, size_t size, const char *host)
{
	size_t label = host == NULL ? 0 : strcspn(host, ".");

	return host != NULL && (equals(bytes, size, host)
	    || (size == label && strncasecmp(bytes, host, size) == 0));
}

/* A reply on its way to words. */
struct splitter {
	struct phrase_text *text;
	const struct phrase_names *names;
	uint8_t line;
	bool leads;  /* nothing of the line has been taken yet */
	bool begins; /* a clause does: the last one was ended by a mark */
};

/*
 * The word that a line begins with may be what the server calls itself (RFC 5321, section 4.2.2:
 * "421 <domain> Service not available"), even where that is our own name: whoever watches the
 * server that it runs on has the same.
 */
static enum phrase_kind
kind_of(const struct splitter *splitter, const char *bytes, size_t size)
{
	const struct phrase_names *names = splitter->names;
	struct address address;

	if (is_url(bytes, size))
		return PHRASE_URL;
	if (parse_address(bytes, size, &address)) {
		bool ours = address_order(&address, &names->ours) == 0,
		    theirs = address_order(&address, &names->theirs) == 0;

		if (theirs && (splitter->leads || !ours))
			return PHRASE_THEIRS;
		return ours ? PHRASE_OURS : PHRASE_ADDRESS;
	}
	if (splitter->leads && is_host(bytes, size, names->host))
		return PHRASE_THEIRS;
	if (!splitter->leads && names->helo != NULL && strchr(names->helo, '.') != NULL
	    && equals(bytes, size, names->helo)
	    && (names->host == NULL || strcasecmp(names->helo, names->host) != 0))
		return PHRASE_HELO;
	if (is_made_of(bytes, size, &names->ours))
		return PHRASE_OURS;
	return bytes[0] == '/' || is_one_of(bytes, size, "._@\\") ? PHRASE_NAME : PHRASE_WORD;
}

static void
add_word(struct splitter *splitter, const char *bytes, size_t size)
{
	static const char around[] = ".:'`-#*~";
	struct phrase_text *text = splitter->text;
	bool ends = false;

	while (size > 0 && strchr(around, bytes[0]) != NULL)
		bytes++, size--;
	for (; size > 0 && strchr(around, bytes[size - 1]) != NULL; size--)
		ends |= strchr(".:", bytes[size - 1]) != NULL;
	if (size > 0 && size <= UINT16_MAX && text->count < PHRASE_WORDS_MAX) {
		text->words[text->count++] = (struct phrase_word){ bytes, (uint16_t)size,
		    (uint8_t)kind_of(splitter, bytes, size), splitter->line, splitter->begins };
		splitter->begins = false;
	}
	splitter->begins |= ends;
	splitter->leads = false;
}

/* Chinese and Japanese are written without blanks: each sign is a word. A mark ends a clause; no
 * byte within a sign begins one, so a sign is found among the marks only as a whole. */
static void
add_signs(struct splitter *splitter, const char *bytes, size_t size)
{
	static const char marks[] = "、。，．：；！？（）「」【】";
	size_t from = 0, at = 0;

	while (at < size) {
		if (!is_sign(bytes + at, size - at)) {
			at++;
			continue;
		}
		if (at > from)
			add_word(splitter, bytes + from, at - from);
		if (memmem(marks, sizeof marks - 1, bytes + at, SIGN) != NULL)
			splitter->begins = true;
		else
			add_word(splitter, bytes + at, SIGN);
		at += SIGN;
		from = at;
	}
	if (size > from)
		add_word(splitter, bytes + from, size - from);
}

static bool
are_capitals(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] < 'A' || bytes[i] > 'Z')
			return false;
	return true;
}

/* "HELO/EHLO" and "RBL:listed" are two words each, unless it is an address, a path or a code, as
 * "HL:REP", by which NetEase numbers its reasons. */
static void
add_parts(struct splitter *splitter, const char *bytes, size_t size)
{
	bool is_code = size == 6 && bytes[2] == ':' && are_capitals(bytes, 2)
	    && are_capitals(bytes + 3, 3);
	struct address address;
	size_t from = 0;

	if (bytes[0] == '/' || parse_address(bytes, size, &address) || is_code) {
		add_word(splitter, bytes, size);
		return;
	}
	for (size_t i = 0; i <= size; i++)
		if (i == size || bytes[i] == '/' || bytes[i] == ':') {
			if (i > from)
				add_signs(splitter, bytes + from, i - from);
			splitter->begins |= i < size && bytes[i] == ':';
			from = i + 1;
		}
}

/* What stands between blanks; brackets and marks divide it further. */
static void
add_chunk(struct splitter *splitter, const char *bytes, size_t size)
{
	size_t from = 0;

	while (strchr("(<[{\"", bytes[0]) != NULL && is_url(bytes, size))
		bytes++, size--;
	if (is_url(bytes, size)) {
		add_word(splitter, bytes, size);
		return;
	}
	for (size_t i = 0; i <= size; i++)
		if (i == size || strchr(",;!?\"()<>[]{}|=", bytes[i]) != NULL) {
			if (i > from)
				add_parts(splitter, bytes + from, i - from);
			splitter->leads = false;
			splitter->begins |= i < size && strchr(",;!?", bytes[i]) != NULL;
			from = i + 1;
		}
}

/* "4.7.1", perhaps with the number sign or in the brackets that some put around it. */
static bool
is_enhanced(const char *bytes, size_t size)
{
	size_t points = 0;

	while (size > 0 && strchr("(#", bytes[0]) != NULL)
		bytes++, size--;
	while (size > 0 && strchr("):", bytes[size - 1]) != NULL)
		size--;
	if (size < 5 || (bytes[0] != '4' && bytes[0] != '5') || bytes[1] != '.')
		return false;
	for (size_t i = 0; i < size; i++)
		if (bytes[i] == '.')
			points++;
		else if (bytes[i] < '0' || bytes[i] > '9')
			return false;
	return points == 2;
}

void
phrase_split(struct phrase_text *text, const struct pw_reply *reply,
    const struct phrase_names *names)
{
	struct splitter splitter = { .text = text, .names = names, .begins = true };

	text->count = 0;
	for (size_t i = 0; i < reply->count && i < UINT8_MAX; i++) {
		struct pw_bytes line = reply->lines[i];

		splitter.line = (uint8_t)i;
		splitter.leads = true;
		for (size_t at = 0, end; at < line.size; at = end + 1) {
			for (end = at; end < line.size /* and no NUL, which strchr() finds as well */
			     && strchr(" \t\r", line.data[end]) == NULL;)
				end++;
			if (end > at && !(splitter.leads && is_enhanced(line.data + at, end - at)))
				add_chunk(&splitter, line.data + at, end - at);
		}
	}
	assert(text->count <= PHRASE_WORDS_MAX);
}

/* Whether the word is what `wanted`, one choice of a phrase, asks for. */
static bool
is_wanted(const struct phrase_word *word, const char *wanted, size_t size)
{
	if (wanted[0] != '#')
		return word->kind == PHRASE_WORD
		    && are_equal(word->bytes, word->size, wanted, size);
	if (equals(wanted, size, "#ip"))
		return word->kind == PHRASE_ADDRESS || word->kind == PHRASE_OURS;
	if (equals(wanted, size, "#us"))
		return word->kind == PHRASE_OURS;
	if (equals(wanted, size, "#name"))
		return word->kind == PHRASE_HELO;
	const struct pw_bytes name = { word->bytes, word->size };
	return (word->kind == PHRASE_NAME || word->kind == PHRASE_URL)
	    && (equals(wanted, size, "#known_list") ? block_list_is_known(name)
	                                            : block_list_is_likely(name));
}

/* How many of the words from `at` on are what `wanted` asks for: several where it is written in
 * signs; 0: they are not. */
static size_t
count_wanted(const struct phrase_text *text, size_t at, const char *wanted, size_t size)
{
	size_t count = is_sign(wanted, size) ? size / SIGN : 1;

	if (count == 1)
		return is_wanted(&text->words[at], wanted, size) ? 1 : 0;
	if (count > text->count - at)
		return 0;
	for (size_t i = 0; i < count; i++)
		if ((i > 0 && text->words[at + i].begins)
		    || !is_wanted(&text->words[at + i], wanted + i * SIGN, SIGN))
			return 0;
	return count;
}

/* The same of several choices. */
static size_t
match_one(const struct phrase_text *text, size_t at, const char *choices, size_t size)
{
	for (;;) {
		const char *bar = memchr(choices, '|', size);
		size_t length = bar != NULL ? (size_t)(bar - choices) : size;
		size_t count = count_wanted(text, at, choices, length);

		if (count > 0 || bar == NULL)
			return count;
		choices += length + 1;
		size -= length + 1;
	}
}

/* The word behind the last that the phrase covers, where it begins at `at`; 0: it does not. A
 * phrase ends with its clause: what is said of two things is not said of one. */
static size_t
match_at(const struct phrase_text *text, size_t at, const char *phrase, bool first)
{
	size_t size = strcspn(phrase, " ");
	const char *rest = phrase[size] == '\0' ? phrase + size : phrase + size + 1;

	if (size == 0)
		return at;
	if (size == 1 && phrase[0] == '*') {
		size_t room = GAP_MAX, end;

		for (; at < text->count && (end = match_at(text, at, rest, false)) == 0; at++) {
			size_t cost = is_sign(text->words[at].bytes, text->words[at].size) ? 1
			    : SIGNS_A_WORD;

			if (text->words[at].begins || cost > room)
				return 0;
			room -= cost;
		}
		return at < text->count ? end : 0;
	}
	if (at >= text->count || (!first && text->words[at].begins))
		return 0;
	size_t count = match_one(text, at, phrase, size);
	return count > 0 ? match_at(text, at + count, rest, false) : 0;
}

/* From the first of the words to the last of them that is on the same line. */
static struct pw_bytes
span(const struct phrase_text *text, size_t at, size_t end)
{
	const struct phrase_word *first = &text->words[at];

	assert(at < end && end <= text->count);
	while (text->words[end - 1].line != first->line)
		end--;
	const struct phrase_word *last = &text->words[end - 1];
	return (struct pw_bytes){ first->bytes, (size_t)(last->bytes + last->size - first->bytes) };
}

bool
phrase_find_any(const struct phrase_text *text, const char *const *phrases, struct pw_bytes *found)
{
	for (; *phrases != NULL; phrases++)
		for (size_t at = 0; at < text->count; at++) {
			size_t end = match_at(text, at, *phrases, true);

			if (end == 0)
				continue;
			*found = span(text, at, end);
			return true;
		}
	return false;
}

void
phrase_drop(struct phrase_text *text, const char *const *phrases)
{
	for (; *phrases != NULL; phrases++)
		for (size_t at = 0; at < text->count; at++) {
			size_t end = match_at(text, at, *phrases, true);

			for (size_t i = at; i < end; i++)
				text->words[i].kind = PHRASE_THEIRS;
		}
}
