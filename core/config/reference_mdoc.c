/* Writes the setting lists of the manual pages in mdoc(7). */
#include "config/reference.h"

#include <ctype.h>
#include <string.h>

#include "config/tables.h"

enum { COLUMNS = 78 };

/* One word for mdoc: quotes and backslashes have names there. */
static void
add_roff(struct text *text, const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (word[i] == '\\')
			text_add(text, "\\e");
		else if (word[i] == '"')
			text_add(text, "\\(dq");
		else
			text_add_bytes(text, &word[i], 1);
	}
}

/* What add_roff() makes of a word has so many bytes. */
static size_t
roff_size(const char *word, size_t size)
{
	size_t all = size;

	for (size_t i = 0; i < size; i++)
		all += word[i] == '"' ? 3 : word[i] == '\\';
	return all;
}

/* A sentence: the words with a capital and a full stop, in lines of their own, none of which begins like a macro. */
static void
add_sentence(struct text *text, const char *words)
{
	size_t column = 0;

	for (size_t size; *(words += strspn(words, " ")) != '\0'; words += size) {
		char first = column == 0 ? (char)toupper((unsigned char)*words) : *words;

		size = strcspn(words, " ");
		if (column > 0 && column + 1 + roff_size(words, size) > COLUMNS) {
			text_add(text, "\n");
			column = 0;
			first = *words;
		} else if (column > 0) {
			text_add(text, " ");
			column++;
		}
		if (column == 0 && (first == '.' || first == '\''))
			text_add(text, "\\&");
		add_roff(text, &first, 1);
		add_roff(text, words + 1, size - 1);
		column += roff_size(words, size);
	}
	text_add(text, ".\n");
}

static void
add_default(struct text *text, const struct pw_setting *row)
{
	char room[300];
	struct text words = TEXT_OVER(room);

	if (row->fallback == NULL)
		return;
	text_add(&words, "by default ");
	reference_add_default(&words, row);
	add_sentence(text, room);
}

void
reference_add_mdoc(struct text *text, const struct pw_setting *rows)
{
	text_add(text, ".Bl -tag -width Ds\n");
	for (; rows->key != NULL; rows++) {
		char room[300];
		struct text kind = TEXT_OVER(room);

		text_add(text, ".It Ic ");
		reference_add_key(text, rows);
		text_add(text, "\n");
		add_sentence(text, rows->help);
		reference_add_kind(&kind, rows);
		add_sentence(text, room);
		if (rows->flags & PW_REQUIRED)
			text_add(text, "It has to be set.\n");
		add_default(text, rows);
	}
	text_add(text, ".El\n");
}

void
reference_add_mdoc_limits(struct text *text)
{
	text_add(text, ".Bl -column handshake limits patient_limits slow\n.It Em phase Ta Em limits Ta Em patient_limits Ta Em slow\n");
	for (int i = 0; limit_settings[LIMIT_ROUTINE][i].key != NULL; i++) {
		text_format(text, ".It Ic %s", limit_settings[LIMIT_ROUTINE][i].key);
		for (int kind = 0; kind < LIMIT_KINDS; kind++)
			text_format(text, " Ta %s", limit_settings[kind][i].fallback);
		text_add(text, "\n");
	}
	text_add(text, ".El\n.Bl -tag -width Ds\n");
	for (int i = 0; limit_settings[LIMIT_ROUTINE][i].key != NULL; i++) {
		text_format(text, ".It Ic %s\n", limit_settings[LIMIT_ROUTINE][i].key);
		add_sentence(text, limit_settings[LIMIT_ROUTINE][i].help);
	}
	text_add(text, ".El\n");
}
