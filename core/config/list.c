/*
 * Reads targets from a list file, a line each: host[:port] [name]. Nothing is allocated for a line
 * but its strings.
 */
#include "config/reader.h"

#include <string.h>

#include "config/accepted.h"
#include "config/input.h"

struct list {
	struct reader *reader;
	struct draft *draft;     /* what all lines have in common, and the line at hand */
	const struct layer *layer;
	uint16_t port;
	const struct policy *policies[PORT_CLASSES];
	struct place entry;      /* of the group that names the file */
	char name[256];          /* of the line at hand */
};

static const struct policy *
policy_for(struct list *list, uint16_t port)
{
	enum port_class class = port_class(port);

	if (list->policies[class] == NULL)
		list->policies[class] = policy_of_layer(list->reader, list->draft->probe, list->layer, class, list->entry);
	return list->policies[class];
}

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The end of a line without its comment and the blanks before it. A '#' within a word is no comment. */
static const char *
content_end(const char *line, const char *end)
{
	for (const char *at = line; at < end; at++) {
		if (*at == '#' && (at == line || is_blank(at[-1]))) {
			end = at;
			break;
		}
	}
	while (end > line && is_blank(end[-1]))
		end--;
	return end;
}

static bool
take_name(struct list *list, const char *name, const char *end)
{
	struct draft *draft = list->draft;
	size_t size = (size_t)(end - name);

	draft->name = NULL;
	if (size == 0)
		return true;
	if (strspn(name, "0123456789") >= size) {
		faults_add(&list->reader->faults, draft->place, "%s stands where a name may stand; a port is written host:port",
		    faults_quote_bytes(&list->reader->faults, name, size));
		return false;
	}
	if (size >= sizeof list->name) {
		faults_add(&list->reader->faults, draft->place, "the name %s is too long",
		    faults_quote_bytes(&list->reader->faults, name, size));
		return false;
	}
	memcpy(list->name, name, size);
	list->name[size] = '\0';
	draft->name = list->name;
	return true;
}

static void
take_line(struct list *list, const char *line, const char *end)
{
	struct reader *reader = list->reader;
	struct draft *draft = list->draft;
	const char *word = line;

	while (line < end && !is_blank(*line))
		line++;
	draft->port = list->port;
	if (!reader_take_endpoint(reader, "", word, (size_t)(line - word), draft->place, &draft->host, &draft->port))
		return;
	while (line < end && is_blank(*line))
		line++;
	if (!take_name(list, line, end))
		return;
	draft->policy = policy_for(list, draft->port);
	reader_finish_target(reader, draft, list->layer);
}

void
reader_take_list(struct reader *reader, const struct node *file, uint16_t port, struct draft *draft,
    const struct layer *layer)
{
	const char *path = path_beside(reader->scratch, faults_file_name(&reader->faults, file->place.file), file->text);
	struct list list = { .reader = reader, .draft = draft, .layer = layer, .port = port, .entry = file->place };
	struct input input;
	struct reason why;

	if (!accepted_input(reader->faults.accepted, path, &input, &why)) {
		faults_add(&reader->faults, file->place, "the list %s cannot be read: %s", QUOTE(reader, path), why.text);
		return;
	}
	draft->place = (struct place){ .file = faults_file(&reader->faults, path) };
	for (const char *line = input.bytes, *stop = input.bytes + input.size, *next; line < stop; line = next) {
		const char *end = memchr(line, '\n', (size_t)(stop - line));

		next = end == NULL ? stop : end + 1;
		draft->place.line++;
		while (line < next && is_blank(*line))
			line++;
		end = content_end(line, end == NULL ? stop : end);
		if (end > line)
			take_line(&list, line, end);
	}
	input_free(&input);
}
