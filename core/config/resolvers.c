/* The file resolv.conf(5), of which only the servers matter: names are absolute, and patience is ours. */
#include "config/resolvers.h"

#include <string.h>

#include "config/input.h"

/* A line "nameserver ADDRESS"; what cannot be read is let pass, as the C library does. */
static bool
take_nameserver(const char *line, struct address *address)
{
	static const char word[] = "nameserver";
	char literal[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(literal);

	if (strncmp(line, word, strlen(word)) != 0)
		return false;
	line += strlen(word);
	if (strspn(line, " \t") == 0)
		return false;
	line += strspn(line, " \t");
	text_add_bytes(&text, line, strcspn(line, " \t\r\n#;"));
	return address_parse(literal, 53, address);
}

uint32_t
resolvers_find(const char *path, struct address found[static RESOLVERS_FOUND_MAX])
{
	uint32_t count = 0;
	struct input input;

	if (input_read(path, &input, NULL)) {
		for (const char *line = input.bytes; line != NULL && count < RESOLVERS_FOUND_MAX; line = strchr(line, '\n')) {
			line += *line == '\n';
			count += take_nameserver(line, &found[count]);
		}
		input_free(&input);
	}
	if (count == 0) /* as the C library does */
		count += address_parse("127.0.0.1", 53, &found[0]);
	return count;
}
