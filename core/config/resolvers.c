/*
 * For the prober's resolver, where the configuration names none: parses resolv.conf(5), of which
 * only the servers are followed: names are absolute, and time limits are ours.
 */
#include "config/resolvers.h"

#include <assert.h>
#include <string.h>

#include "config/input.h"

/* What stands behind `word` at the begin of a line; NULL: another word does. */
static const char *
behind(const char *line, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(line, word, size) != 0 || strspn(line + size, " \t") == 0)
		return NULL;
	return line + size + strspn(line + size, " \t");
}

uint32_t
resolvers_read(
    const char *path, struct address found[static RESOLVERS_FOUND_MAX], struct reason *why)
{
	uint32_t count = 0;
	struct input input;
	struct reason fault = { .text = "" };

	if (!input_read(path, &input, &fault)) {
		reason_set(why, "%s cannot be used: %s", path, fault.text);
		return 0;
	}
	for (const char *line = input.bytes; line != NULL && count < RESOLVERS_FOUND_MAX;
	     line = strchr(line, '\n')) {
		struct text literal = TEXT_ROOM(ADDRESS_TEXT_MAX);
		const char *server;

		/* What cannot be read is let pass, as the C library does. */
		line += *line == '\n';
		server = behind(line, "nameserver");
		if (server == NULL)
			continue;
		text_add_bytes(&literal, server, strcspn(server, " \t\r\n#;"));
		count += address_parse(literal.bytes, 53, &found[count]);
	}
	assert(count <= RESOLVERS_FOUND_MAX);
	input_free(&input);
	if (count == 0)
		reason_set(why, "%s names no resolver (a line \"nameserver ADDRESS\")", path);
	return count;
}

uint32_t
resolvers_find(const char *path, struct address found[static RESOLVERS_FOUND_MAX])
{
	uint32_t count = resolvers_read(path, found, NULL);

	if (count == 0) /* as the C library does */
		count += address_parse("127.0.0.1", 53, &found[0]);
	return count;
}

void
resolvers_add_search(const char *path, struct text *text)
{
	const char *last = NULL;
	struct input input;

	if (!input_read(path, &input, NULL))
		return;
	for (const char *line = input.bytes; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		const char *search = behind(line, "search"), *domain = behind(line, "domain");
		last = search != NULL ? search : domain != NULL ? domain : last;
	}
	/* Its domains, each with a blank before it but the first. */
	for (int i = 0; last != NULL && i < RESOLVERS_SEARCH_MAX; i++) {
		last += strspn(last, " \t");
		size_t size = strcspn(last, " \t\r\n#;");
		if (size == 0)
			break;
		text_add(text, i > 0 ? " " : "");
		text_escape(text, (struct pw_bytes){ last, size });
		last += size;
	}
	input_free(&input);
}
