/*
 * A recursive-descent parser of libconfig's grammar that reports every syntax error with its place,
 * recognizes common mistakes, and writes the corrected text for libconfig.
 *
 * libconfig stops at its first error and knows lines alone. Here an error is told and mended as it
 * was most likely meant, and parsing goes on: in targets = ( { host = "a" } { host = "b" } ) the
 * missing ',' is told and written. What is told must not make more be told: after a string without
 * an end, or a '{' that is missing, what follows is judged with that in mind (told_group,
 * told_json, lexer_stop()).
 */
#include "config/grammar.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum { BRACKETS_MAX = 24 };

/* A name that was set: where it stands in the text. */
struct name {
	size_t at, size;
	struct place place;
};

/* One that is open, with the names that were set in it: a group has some ten, so a name is
 * sought by comparing it with all. */
struct bracket {
	char sign; /* '{', '(', '['; 0: the whole, which is the lowest */
	struct place place;
	struct name *names;
	uint32_t count, room;
};

struct parser {
	struct lexer lexer;
	struct plain *out;
	struct bracket open[BRACKETS_MAX + 1];
	unsigned depth;  /* of the innermost */
	bool told_end;   /* that a bracket has none */
	bool told_group; /* that the group just read has no end */
	bool told_json;
};

static void parse_settings(struct parser *);
static void parse_value(struct parser *, const char *key, size_t key_size);

/* '}' of '{'. */
static char
end_of(char sign)
{
	return sign == '{' ? '}' : sign == '(' ? ')' : ']';
}

/*
 * The innermost is left out: that one has just met an end that is not its own, and asks whether a
 * bracket around it waits for that end. In ( { host = "mx1" ) the ')' ends the list, and the group
 * lacks its '}'.
 */
static bool
is_awaited(const struct parser *parser, char end)
{
	for (unsigned i = 1; i < parser->depth; i++)
		if (end_of(parser->open[i].sign) == end)
			return true;
	return false;
}

/* Opens a bracket at `now`. Returns NULL after a fault, with which all stops: there are too
 * many. */
static struct bracket *
enter(struct parser *parser, char sign)
{
	struct bracket *bracket = &parser->open[parser->depth + 1];

	if (parser->depth == BRACKETS_MAX) {
		lexer_blame(&parser->lexer, parser->lexer.now.place,
		    "more than %d brackets within each other", BRACKETS_MAX);
		lexer_stop(&parser->lexer);
		return NULL;
	}
	parser->depth++;
	bracket->sign = sign;
	bracket->place = parser->lexer.now.place;
	bracket->count = 0;
	return bracket;
}

/*
 * All ends while brackets are open. With three of them the innermost is told alone: to write the
 * missing ends is one correction.
 */
static void
blame_end(struct parser *parser)
{
	const struct bracket *bracket = &parser->open[parser->depth];

	if (!parser->told_end)
		lexer_blame(&parser->lexer, bracket->place,
		    "this '%c' has no end: a '%c' is missing", bracket->sign,
		    end_of(bracket->sign));
	parser->told_end = true;
}

/*
 * A group. Its '{' is missing where it is `open`, which has been told; then its '}' may be missing,
 * too.
 */
static void
parse_group(struct parser *parser, bool open)
{
	struct lexer *lexer = &parser->lexer;
	const struct bracket *bracket = enter(parser, '{');

	if (bracket == NULL)
		return;
	if (!open)
		lexer_advance(lexer);
	plain_add(parser->out, "{");
	parse_settings(parser);
	parser->told_group = token_is(&lexer->now, '{');
	if (token_is(&lexer->now, '}'))
		lexer_advance(lexer);
	else if (lexer->now.kind == TOKEN_END)
		blame_end(parser);
	else if (!open)
		lexer_blame(lexer, lexer->now.place,
		    "a '}' is missing before this '%c': the group begins in %s", *lexer->now.bytes,
		    diagnostics_place(lexer->diagnostics, bracket->place));
	plain_begin_line(
	    parser->out, bracket->place); /* libconfig has a group stand where it ends */
	plain_add(parser->out, "}");
	assert(bracket == &parser->open[parser->depth]);
	parser->depth--;
}

/* Bits. */
enum entry {
	ENTRY_STRING = 1, ENTRY_NUMBER = 2, ENTRY_TRUTH = 4, ENTRY_GROUP = 8, ENTRY_LIST = 16
};

/* A word without quotes is meant as a string. */
static enum entry
kind_of_entry(const struct lexer *lexer)
{
	const struct token *token = &lexer->now;

	if (token->kind == TOKEN_NAME && token_sets(&lexer->next))
		return ENTRY_GROUP;
	if (token->kind == TOKEN_SIGN)
		return token_is(token, '{') ? ENTRY_GROUP : ENTRY_LIST;
	if (token->kind == TOKEN_NUMBER && lexer_is_alone(lexer))
		return ENTRY_NUMBER;
	return lexer_is_truth(lexer) ? ENTRY_TRUTH : ENTRY_STRING;
}

/*
 * What is between [ ] is of one kind, and has no brackets of its own. The first entry that differs
 * is told; `before` has the kinds seen so far.
 */
static void
parse_entry(struct parser *parser, unsigned *before)
{
	struct lexer *lexer = &parser->lexer;
	const struct bracket *bracket = &parser->open[parser->depth];
	enum entry entry = kind_of_entry(lexer);

	if (bracket->sign == '[' && (*before & entry) == 0) {
		if (entry & (ENTRY_GROUP | ENTRY_LIST) && !(*before & (ENTRY_GROUP | ENTRY_LIST)))
			lexer_blame(lexer, bracket->place,
			    "[ ] holds strings or numbers: a list of groups is written ( { ... }, "
			    "{ ... } )");
		else if (*before == ENTRY_STRING || *before == ENTRY_NUMBER
		    || *before == ENTRY_TRUTH)
			lexer_blame(lexer, lexer->now.place,
			    "what stands in [ ] is all of one kind, and this is another than what "
			    "stands before it");
	}
	*before |= entry;
	plain_begin_line(parser->out, lexer->now.place);
	if (lexer->now.kind == TOKEN_STRING) {
		/* Alone: libconfig would join a second string to it, and a ',' is what is
		 * missing. */
		plain_add_bytes(parser->out, lexer->now.bytes, lexer->now.size);
		lexer_advance(lexer);
	} else if (lexer->now.kind == TOKEN_NAME && token_sets(&lexer->next)) {
		lexer_blame(lexer, lexer->now.place,
		    "a '{' is missing before this: an entry with settings stands in { }");
		parse_group(parser, true);
	} else {
		parse_value(parser, NULL, 0);
	}
}

/*
 * Passes what separates entries. Returns false if the list is over: `now` is then what is behind
 * it, or the ';' where the list lacks its bracket, as in references = [ "a:25"; helo = "x"; where a
 * key follows.
 */
static bool
parse_separator(struct parser *parser)
{
	struct lexer *lexer = &parser->lexer;
	const struct bracket *bracket = &parser->open[parser->depth];
	struct token sign = lexer->now;

	if (token_is(&sign, ';')) {
		if (lexer->next.kind == TOKEN_END || lexer->next.kind == TOKEN_NAME) {
			lexer_blame(lexer, sign.place,
			    "a '%c' is missing before this ';': the list begins in %s",
			    end_of(bracket->sign),
			    diagnostics_place(lexer->diagnostics, bracket->place));
			return false;
		}
		lexer_blame(lexer, sign.place,
		    token_is_one_of(&lexer->next, ")]}")
		        ? "this ';' is one too many: nothing follows in the list"
		        : "a ',' stands between the entries of a list, and this is a ';'");
		lexer_advance(lexer);
		return true;
	}
	if (!token_is(&sign, ',')) {
		if (sign.kind == TOKEN_NAME && token_sets(&lexer->next))
			return false;
		if (!parser->told_group)
			lexer_blame(lexer, lexer->last.end,
			    "a ',' is missing here, between two entries of a list");
		return true;
	}
	for (lexer_advance(lexer); token_is(&lexer->now, ','); lexer_advance(lexer))
		lexer_blame(lexer, lexer->now.place,
		    "this ',' is one too many: an entry is missing before it");
	if (token_is_one_of(&lexer->now, ")]"))
		lexer_blame(
		    lexer, sign.place, "this ',' is one too many: nothing follows in the list");
	return true;
}

static bool
is_at_end(const struct lexer *lexer)
{
	return lexer->now.kind == TOKEN_END || token_is_one_of(&lexer->now, ")]}");
}

/* A bracket of another kind ends a list, unless one around the list waits for that bracket. */
static void
parse_list(struct parser *parser)
{
	struct lexer *lexer = &parser->lexer;
	const struct bracket *bracket = enter(parser, *lexer->now.bytes);
	unsigned before = 0; /* kinds of entries */
	char sign;

	if (bracket == NULL)
		return;
	sign = end_of(bracket->sign);
	plain_add(parser->out, "("); /* both kinds: of what is in [ ] we see to it ourselves */
	for (lexer_advance(lexer); token_is(&lexer->now, ','); lexer_advance(lexer))
		lexer_blame(lexer, lexer->now.place,
		    "this ',' is one too many: an entry is missing before it");
	while (!is_at_end(lexer)) {
		if (before != 0 && (!parse_separator(parser) || is_at_end(lexer)))
			break;
		plain_add(parser->out, before != 0 ? "," : "");
		parse_entry(parser, &before);
	}
	if (token_is(&lexer->now, sign)) {
		lexer_advance(lexer);
	} else if (lexer->now.kind == TOKEN_END) {
		blame_end(parser);
	} else if (token_is_one_of(&lexer->now, ")]}")
	    && !(token_is(&lexer->now, '}') && is_awaited(parser, '}'))) {
		lexer_blame(lexer, lexer->now.place,
		    "the list begins with '%c' in %s: its end is '%c'", bracket->sign,
		    diagnostics_place(lexer->diagnostics, bracket->place), sign);
		lexer_advance(lexer);
	} else if (!token_is(&lexer->now, ';')) {
		lexer_blame(lexer, lexer->now.place,
		    "a '%c' is missing before this: the list begins in %s", sign,
		    diagnostics_place(lexer->diagnostics, bracket->place));
	}
	plain_add(parser->out, ")");
	assert(bracket == &parser->open[parser->depth]);
	parser->depth--;
}

/* The value of a key, or an entry of a list (`key` NULL). */
static void
parse_value(struct parser *parser, const char *key, size_t key_size)
{
	struct lexer *lexer = &parser->lexer;
	const struct token *now = &lexer->now;

	for (; token_sets(now); lexer_advance(lexer))
		lexer_blame(lexer, now->place, "this '%c' is one too many", *now->bytes);
	if (token_is(now, '{')) {
		parse_group(parser, false);
	} else if (token_is_one_of(now, "([")) {
		parse_list(parser);
	} else if (lexer_is_yaml(lexer) || (key != NULL && now->kind == TOKEN_NAME && now->first
	    && token_is(&lexer->last, ':') && token_sets(&lexer->next))) {
		lexer_blame_language(lexer, "YAML");
		plain_add_no_value(parser->out);
	} else if (now->kind == TOKEN_END || now->kind == TOKEN_SIGN) {
		lexer_blame(lexer, now->place, "%s has no value",
		    key == NULL ? "this entry"
		    : diagnostics_quote_bytes(lexer->diagnostics, key, key_size));
		plain_add_no_value(parser->out);
	} else {
		plain_take_scalar(parser->out, lexer);
	}
}

/*
 * Of two settings of one name libconfig takes the file for broken; here the second is told and left
 * out.
 */
static void
put_key(struct parser *parser, const struct token *name)
{
	struct lexer *lexer = &parser->lexer;
	struct bracket *bracket = &parser->open[parser->depth];
	const struct name *set = bracket->names, *last = set + bracket->count;

	if (*name->bytes == PLAIN_NO_KEY) { /* libconfig takes such a key, and no setting has one */
		lexer_blame(lexer, name->place, "unknown setting %s: a key begins with a letter",
		    lexer_quote(lexer, name));
		plain_add_no_key(parser->out);
		return;
	}
	while (set < last
	    && (set->size != name->size
	        || memcmp(parser->out->text + set->at, name->bytes, name->size) != 0))
		set++;
	if (set < last) {
		diagnostics_error(lexer->diagnostics, name->place,
		    "%s is set twice, here and in %s",
		    lexer_quote(lexer, name), diagnostics_place(lexer->diagnostics, set->place));
		plain_add_no_key(parser->out);
		return;
	}
	VEC_REQUIRE(bracket->names, bracket->count, bracket->room);
	assert(bracket->count < bracket->room);
	bracket->names[bracket->count++] = (struct name){ parser->out->size, name->size,
		name->place };
	plain_add_bytes(parser->out, name->bytes, name->size);
}

/*
 * Skips to the end of what cannot be a setting: to its ';' or the end of its line, whichever comes
 * first.
 */
static void
skip_setting(struct parser *parser)
{
	struct lexer *lexer = &parser->lexer;
	uint32_t line = lexer->now.place.line;

	while (lexer->now.kind != TOKEN_END && lexer->now.place.line == line
	    && !token_is_one_of(&lexer->now, ";{}()[]"))
		lexer_advance(lexer);
	if (token_is(&lexer->now, ';'))
		lexer_advance(lexer);
}

static void
parse_setting(struct parser *parser)
{
	struct lexer *lexer = &parser->lexer;
	struct token name = lexer->now;
	bool dotted, begins_value;

	lexer_advance(lexer);
	dotted = lexer->now.glued && lexer->now.kind == TOKEN_OTHER;
	begins_value = lexer->now.kind == TOKEN_STRING || lexer->now.kind == TOKEN_NUMBER
	    || token_is_one_of(&lexer->now, "{([");
	if (!dotted && !token_sets(&lexer->now) && !begins_value) {
		lexer_blame(lexer, name.place, "%s is followed by no '=' and value",
		    lexer_quote(lexer, &name));
		skip_setting(parser);
		return;
	}
	plain_begin_line(parser->out, name.place);
	if (dotted) {
		/* "limits.banner = ..." is how the command line has it. */
		struct token bare = name;

		for (; lexer->now.glued && !token_is_one_of(&lexer->now, "=:;,{}()[]")
		     && lexer->now.kind != TOKEN_END;
		     lexer_advance(lexer))
			bare.size = (size_t)(lexer->now.bytes + lexer->now.size - bare.bytes);
		lexer_blame(lexer, bare.place,
		    "%s: in a file a setting within a group is written %.*s = { ... = ...; };",
		    lexer_quote(lexer, &bare), (int)name.size, name.bytes);
		plain_add_no_key(parser->out);
	} else {
		put_key(parser, &name);
	}
	if (token_sets(&lexer->now))
		lexer_advance(lexer);
	else if (!dotted)
		lexer_blame(lexer, name.end, "a '=' is missing here, between %s and its value",
		    lexer_quote(lexer, &name));
	plain_add(parser->out, " = ");
	parse_value(parser, name.bytes, name.size);
	if (token_is_one_of(&lexer->now, ";,"))
		lexer_advance(lexer);
	plain_add(parser->out, ";");
}

/* A key in quotes, as in JSON: told once for a file, and taken as if it had none. */
static void
parse_quoted_key(struct parser *parser)
{
	struct lexer *lexer = &parser->lexer;

	if (!parser->told_json)
		lexer_blame(lexer, lexer->now.place,
		    "%s: a key stands without quotes; this looks like JSON, and the form is key = "
		    "value;", lexer_quote(lexer, &lexer->now));
	parser->told_json = true;
	assert(lexer->now.size >= 2 && *lexer->now.bytes == '"');
	lexer->now.kind = TOKEN_NAME;
	lexer->now.bytes++;
	lexer->now.size -= 2;
	if (isalpha((unsigned char)*lexer->now.bytes)
	    && strspn(lexer->now.bytes, LEXER_LETTERS LEXER_DIGITS "-_") >= lexer->now.size)
		parse_setting(parser);
	else
		skip_setting(parser);
}

/* What stands where a setting or the end of its group should. */
static void
parse_stray(struct parser *parser)
{
	struct lexer *lexer = &parser->lexer;
	const struct token *now = &lexer->now;
	bool is_first = lexer->last.bytes == NULL;

	if (is_first && token_is(now, '{')) {
		lexer_blame_language(lexer, "JSON");
	} else if (lexer_is_yaml(lexer)) {
		lexer_blame_language(lexer, "YAML");
	} else if (parser->depth == 0 && token_is(now, '[') && now->first) {
		lexer_blame_language(lexer, "TOML or an INI file");
	} else if (token_is_one_of(now, ";,")) {
		lexer_blame(lexer, now->place, "this '%c' is one too many", *now->bytes);
		lexer_advance(lexer);
	} else if (token_is_one_of(now, "})]")) {
		lexer_blame(lexer, now->place,
		    "this '%c' is one too many: nothing that it could end is open", *now->bytes);
		lexer_advance(lexer);
		if (token_is(now, ';'))
			lexer_advance(lexer);
	} else {
		lexer_blame(lexer, now->place, "%s stands where a setting should: key = value;",
		    lexer_quote(lexer, now));
		lexer_advance(lexer);
		skip_setting(parser);
	}
}

/* Up to what ends the group, or cannot be in it: '{' where the next entry of a list begins. */
static void
parse_settings(struct parser *parser)
{
	struct lexer *lexer = &parser->lexer;

	while (lexer->now.kind != TOKEN_END) {
		if (token_is(&lexer->now, '}') && parser->depth > 0)
			return;
		if (token_is_one_of(&lexer->now, ")]")
		    && is_awaited(parser, *lexer->now.bytes))
			return;
		if (token_is(&lexer->now, '{') && parser->depth > 1
		    && parser->open[parser->depth].sign == '{'
		    && parser->open[parser->depth - 1].sign != '{')
			return;
		if (lexer->now.kind == TOKEN_NAME)
			parse_setting(parser);
		else if (lexer->now.kind == TOKEN_STRING && token_sets(&lexer->next))
			parse_quoted_key(parser);
		else
			parse_stray(parser);
	}
}

bool
grammar_read(struct plain *plain, struct diagnostics *diagnostics, const char *path, bool *torn)
{
	struct parser parser = { .out = plain };
	bool good = lexer_open(&parser.lexer, diagnostics, path);

	if (good) {
		plain_begin(plain, (struct place){ diagnostics_file(diagnostics, path), 1, 0 });
		parse_settings(&parser);
		good = !parser.lexer.spoilt;
	}
	*torn = !good || parser.lexer.torn;
	for (unsigned i = 0; i <= BRACKETS_MAX; i++)
		free(parser.open[i].names);
	lexer_close(&parser.lexer);
	return good;
}
