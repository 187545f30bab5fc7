/* For `postwatch import`: keeps the targets, notifiers and windows that an import has found, and
 * writes them as a configuration of Postwatch when all was read. */
#include "command/import_draft.h"

#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "command/command.h"
#include "config/config.h"
#include "config/host.h"
#include "config/input.h"
#include "config/tables.h"

struct word {
	struct word *next;
	const char *key, *text; /* text NULL: of a list that may be empty */
};

struct draft_entry {
	struct draft *draft;
	enum draft_kind kind;
	struct draft_place place;
	const char *name; /* NULL: none */
	bool is_literal;  /* its host is an address */
	const struct draft_entry *parent;
	FILE *body, *comments;
	char *body_bytes, *comment_bytes;
	size_t body_size, comment_size;
	struct word *words, **words_end;
};

struct draft {
	struct arena *arena;
	struct {
		FILE *file;
		char *bytes;
		size_t size;
		unsigned count;
		void *names; /* tsearch(3) */
	} sections[DRAFT_KINDS];
	unsigned left_out;
};

struct draft *
draft_create(void)
{
	struct draft *draft = must(calloc(1, sizeof *draft));

	draft->arena = arena_create();
	for (int i = 0; i < DRAFT_KINDS; i++)
		draft->sections[i].file = must(open_memstream(
		    &draft->sections[i].bytes, &draft->sections[i].size));
	return draft;
}

static void
leave_name(void *name)
{
	(void)name; /* of the arena */
}

void
draft_destroy(struct draft **draft)
{
	for (int i = 0; i < DRAFT_KINDS; i++) {
		fclose((*draft)->sections[i].file);
		free((*draft)->sections[i].bytes);
		tdestroy((*draft)->sections[i].names, leave_name);
	}
	arena_destroy(&(*draft)->arena);
	free(*draft);
	*draft = NULL;
}

struct arena *
draft_arena(const struct draft *draft)
{
	return draft->arena;
}

void
draft_print(struct draft *draft, const char *from)
{
	static const char *const heads[DRAFT_KINDS][2] = {
		[DRAFT_TARGET] = { "targets", "" },
		[DRAFT_NOTIFIER] = { "notifiers", "\n# Who was told. What reaches them is to be "
		    "looked at: `postwatch test` sends to each.\n" },
		[DRAFT_WINDOW] = { "windows", "\n# Hours in which nobody is told of these.\n" },
	};

	printf("# Made by `postwatch import %s`. What has no counterpart is a comment, with its\n"
	    "# place. `postwatch check -c FILE` tells what is to be looked at; postwatch.conf(5)\n"
	    "# has all settings.\n\n", from);
	for (int i = 0; i < DRAFT_KINDS; i++) {
		fflush(draft->sections[i].file);
		if (draft->sections[i].size > 0 || i == DRAFT_TARGET)
			printf("%s%s = (\n%s);\n", heads[i][1], heads[i][0],
			    draft->sections[i].bytes);
	}
	fprintf(stderr, "postwatch: %u target%s; %u thing%s without a counterpart, each a "
	    "comment\n", draft->sections[DRAFT_TARGET].count,
	    plural(draft->sections[DRAFT_TARGET].count), draft->left_out, plural(draft->left_out));
}

struct draft_entry *
draft_begin(struct draft *draft, enum draft_kind kind, struct draft_place place)
{
	struct draft_entry *entry = arena_alloc(draft->arena, sizeof *entry);

	*entry = (struct draft_entry){ .draft = draft, .kind = kind, .place = place };
	entry->body = must(open_memstream(&entry->body_bytes, &entry->body_size));
	entry->comments = must(open_memstream(&entry->comment_bytes, &entry->comment_size));
	entry->words_end = &entry->words;
	return entry;
}

/* Bytes that the configuration does not take become \xNN; the caller frees it. */
static char *
clean(const char *string)
{
	size_t size = strlen(string);
	struct text text = text_over(must(malloc(4 * size + 1)), 4 * size + 1);

	text_add_shown(&text, (struct pw_bytes){ string, size });
	return text.bytes;
}

static void
put_quoted(FILE *file, const char *string)
{
	char *bytes = clean(string);

	fputc('"', file);
	for (const char *c = bytes; *c != '\0'; c++)
		fprintf(file, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	fputc('"', file);
	free(bytes);
}

/* Each key once, with all its words. */
static void
put_words(FILE *file, const struct draft_entry *entry)
{
	for (const struct word *first = entry->words; first != NULL; first = first->next) {
		const struct word *before = entry->words;
		const char *separator = "";

		while (before != first && strcmp(before->key, first->key) != 0)
			before = before->next;
		if (before != first)
			continue;
		fprintf(file, " %s = [ ", first->key);
		for (const struct word *word = first; word != NULL; word = word->next)
			if (word->text != NULL && strcmp(word->key, first->key) == 0) {
				fputs(separator, file);
				put_quoted(file, word->text);
				separator = ", ";
			}
		fputs(separator[0] == '\0' ? "];" : " ];", file);
	}
}

/* How many are above an entry, itself included; too many where `self` is among them. */
static int
count_parents(const struct draft_entry *entry, const struct draft_entry *self)
{
	int count = 0;

	for (; entry != NULL && count <= CONFIG_PARENTS_MAX; entry = entry->parent, count++)
		if (entry == self)
			return CONFIG_PARENTS_MAX + 1;
	return count;
}

void
draft_parent(struct draft_entry *entry, const struct draft_entry *parent, struct draft_place place,
    const char *what)
{
	if (entry->parent != NULL && entry->parent != parent)
		draft_leave_out_at(entry, place, what, "a target has one parent");
	else if (count_parents(parent, entry) > CONFIG_PARENTS_MAX)
		draft_leave_out_at(entry, place, what, "parents are in a circle, or too many");
	else
		entry->parent = parent;
}

static void
finish(struct draft_entry *entry, bool is_kept)
{
	FILE *file = entry->draft->sections[entry->kind].file;

	if (entry->parent != NULL && count_parents(entry->parent, NULL) > CONFIG_PARENTS_MAX) {
		draft_leave_out(entry, entry->parent->name, "parents are more than 8 deep");
		entry->parent = NULL;
	}
	fclose(entry->body);
	fclose(entry->comments);
	fputs(entry->comment_bytes, file);
	if (is_kept) {
		unsigned count = entry->draft->sections[entry->kind].count++;

		fprintf(file, "\t%s{", count == 0 ? "  " : ", ");
		if (entry->name != NULL) {
			fputs(" name = ", file);
			put_quoted(file, entry->name);
			fputc(';', file);
		}
		fputs(entry->body_bytes, file);
		if (entry->parent != NULL) {
			fputs(" parent = ", file);
			put_quoted(file, entry->parent->name);
			fputc(';', file);
		}
		put_words(file, entry);
		fputs(" }\n", file);
	}
	free(entry->body_bytes);
	free(entry->comment_bytes);
}

void
draft_end(struct draft_entry *entry)
{
	finish(entry, true);
}

void
draft_drop(struct draft_entry *entry)
{
	finish(entry, false);
}

void
draft_reject(struct draft_entry *entry, const char *what, const char *why)
{
	draft_leave_out(entry, what, why);
	draft_drop(entry);
}

void
draft_leave_out_at(
    struct draft_entry *entry, struct draft_place place, const char *what, const char *why)
{
	struct text shown = TEXT_ROOM(600);
	char *reason;

	text_escape(&shown, text_view(place.file));
	if (place.line > 0)
		text_format(&shown, ":%u", place.line);
	text_add(&shown, ": ");
	if (place.path != NULL) {
		text_escape(&shown, text_view(place.path));
		text_add(&shown, ": ");
	}
	text_escape(&shown, text_view(what));
	reason = clean(why); /* it may have words of the file in it, and is to end with the line */
	fprintf(entry->comments, "\t# %s: %s\n", shown.bytes, reason);
	free(reason);
	entry->draft->left_out++;
}

void
draft_leave_out(struct draft_entry *entry, const char *what, const char *why)
{
	draft_leave_out_at(entry, entry->place, what, why);
}

static int
compare(const void *left, const void *right)
{
	return strcmp(left, right);
}

const char *
draft_name(struct draft_entry *entry, const char *name)
{
	void **names = &entry->draft->sections[entry->kind].names;
	struct text clean = TEXT_ROOM(400), unique = TEXT_ROOM(420);

	size_t size;

	name += strspn(name, " ");
	for (size = strlen(name); size > 0 && name[size - 1] == ' '; size--)
		continue;
	text_add_shown(&clean, size == 0 ? text_view("?") : (struct pw_bytes){ name, size });
	text_add(&unique, clean.bytes);
	for (unsigned i = 2; tfind(unique.bytes, names, compare) != NULL; i++) {
		unique = text_over(unique.bytes, unique.room);
		text_format(&unique, "%s %u", clean.bytes, i);
	}
	if (unique.size != clean.size)
		draft_leave_out(
		    entry, clean.bytes, "this name was there before, so it has a number");
	entry->name = arena_strdup(entry->draft->arena, unique.bytes);
	must(tsearch(entry->name, names, compare));
	return entry->name;
}

bool
draft_host(struct draft_entry *entry, const char *host)
{
	size_t size = strlen(host);
	struct host parsed;
	struct reason why;

	if (size > 2 && host[0] == '[' && host[size - 1] == ']') {
		host++;
		size -= 2;
	}
	if (!host_parse(entry->draft->arena, host, size, &parsed, &why)) {
		draft_leave_out(entry, host, why.text);
		return false;
	}
	draft_string(entry, "host", arena_bytes(entry->draft->arena, host, size));
	entry->is_literal = parsed.is_literal;
	return true;
}

void
draft_family(struct draft_entry *entry, const char *family)
{
	if (!entry->is_literal)
		draft_string(entry, "family", family);
}

bool
draft_sni(struct draft_entry *entry, const char *name)
{
	struct host parsed;
	struct reason why;

	if (!host_parse(entry->draft->arena, name, strlen(name), &parsed, &why)
	    || parsed.is_literal)
		return false;
	draft_string(entry, "sni", name);
	return true;
}

void
draft_string(struct draft_entry *entry, const char *key, const char *value)
{
	fprintf(entry->body, " %s = ", key);
	put_quoted(entry->body, value);
	fputc(';', entry->body);
}

void
draft_settings(struct draft_entry *entry, const char *settings)
{
	fputs(settings, entry->body);
}

static const struct pw_setting *
find_setting(const struct pw_setting *row, const char *key)
{
	while (strcmp(row->key, key) != 0)
		row++;
	return row;
}

/* Within the range of the setting, with a comment where that is another number. */
static double
bound(struct draft_entry *entry, const struct pw_setting *row, double unit, double value)
{
	double within = fmin(fmax(value, (double)row->min / unit), (double)row->max / unit);

	if (within != value)
		draft_leave_out(entry, FORMAT(100, "%s %.12g", row->key, value),
		    "out of the range of this setting");
	return within;
}

void
draft_number(struct draft_entry *entry, const char *key, double value)
{
	const struct pw_setting *row = find_setting(target_settings, key);

	fprintf(entry->body, " %s = %.0f;", key, bound(entry, row, 1, value));
}

static void
put_duration(struct draft_entry *entry, const struct pw_setting *row, double seconds)
{
	fprintf(entry->body, " %s = \"%s\";", row->key,
	    DURATION(llround(bound(entry, row, SECOND, seconds) * 1000) * MILLISECOND));
}

void
draft_seconds(struct draft_entry *entry, const char *key, double seconds)
{
	put_duration(entry, find_setting(target_settings, key), seconds);
}

void
draft_leg(struct draft_entry *entry, const char *group, double seconds)
{
	enum limit_kind kind = strcmp(group, "slow") == 0 ? LIMIT_SLOW : LIMIT_ROUTINE;

	fprintf(entry->body, " %s = {", group);
	put_duration(entry, find_setting(limit_settings[kind], "leg"), seconds);
	fputs(" };", entry->body);
}

void
draft_file(struct draft_entry *entry, const char *key, const char *path, const char *beside)
{
	const char *whole = path_absolute(entry->draft->arena, beside, path);

	if (access(whole, R_OK) == 0)
		draft_string(entry, key, whole);
	else
		draft_leave_out(entry, FORMAT(600, "%s %s", key, whole),
		    "this file cannot be read here");
}

void
draft_word(struct draft_entry *entry, const char *key, const char *word)
{
	struct arena *arena = entry->draft->arena;
	char *text = word == NULL ? NULL : arena_strdup(arena, word);
	int most = entry->kind == DRAFT_WINDOW ? 1000 : strcmp(key, "tags") == 0 ? 32 : 64;
	struct word *made;

	for (char *c = text; c != NULL && strcmp(key, "tags") == 0 && *c != '\0'; c++)
		*c = *c == ' ' || *c == '\t' ? '-' : *c;
	for (const struct word *each = entry->words; each != NULL; each = each->next) {
		if (strcmp(each->key, key) != 0 || text == NULL || each->text == NULL)
			continue;
		if (strcmp(each->text, text) == 0)
			return;
		if (--most == 0) {
			draft_leave_out(entry, text, "the list is full");
			return;
		}
	}
	made = arena_alloc(arena, sizeof *made);
	*made = (struct word){ NULL, arena_strdup(arena, key), text };
	*entry->words_end = made;
	entry->words_end = &made->next;
}

void
draft_email(struct draft_entry *entry, const char *address)
{
	draft_settings(entry, " plugin = \"email\"; relay = \"127.0.0.1:25\"; tls = \"none\";\n"
	    "\t    from = \"postwatch@localhost.localdomain\";");
	draft_word(entry, "to", address);
}

void
draft_kinds(struct draft_entry *entry, char what)
{
	static const struct {
		char what;
		const char *kinds[3];
	} rows[] = { { 'c', { "down", "reminder" } }, { 'w', { "degraded", "blocked", "changed" } },
		{ 'u', { "blind", "impaired" } }, { 'r', { "up", "cleared" } },
		{ 'f', { "flapping", "settled" } } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int j = 0; rows[i].what == what && j < 3 && rows[i].kinds[j] != NULL; j++)
			draft_word(entry, "kinds", rows[i].kinds[j]);
}

bool
draft_knows(const char *const *list, const char *word)
{
	while (*list != NULL && strcmp(*list, word) != 0)
		list++;
	return *list != NULL;
}

bool
draft_is_host(const struct draft_entry *entry, const char *host)
{
	struct host parsed;
	struct reason why;

	return host_parse(entry->draft->arena, host, strlen(host), &parsed, &why);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

bool
draft_is_mailbox(const char *text)
{
	size_t local = strspn(text, LETTERS "_!#$%&'*+/=?^`{|}~");
	const char *domain = text + local + 1;

	return local > 0 && local <= 64 && text[local] == '@' && domain[0] != '\0'
	    && domain[strspn(domain, LETTERS)] == '\0' && strlen(domain) < 250;
}

bool
draft_is_url(const char *text)
{
	size_t scheme = strncmp(text, "http://", 7) == 0 ? 7
	    : strncmp(text, "https://", 8) == 0          ? 8
							 : 0;
	const char *host = text + scheme, *port;
	size_t size = strspn(host, LETTERS);

	port = host[size] == ':' ? host + size + 1 : NULL;
	if (port != NULL)
		size += 1 + strspn(port, "0123456789");
	if (scheme == 0 || size == 0 || port == host + 1
	    || (host[size] != '\0' && host[size] != '/')
	    || (port != NULL && (strtol(port, NULL, 10) < 1 || strtol(port, NULL, 10) > 65535)))
		return false;
	for (text = host + size; *text > ' ' && *text < 0x7f; text++)
		continue;
	return *text == '\0';
}
