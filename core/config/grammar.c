/*
 * A recursive-descent parser of libconfig's grammar that reports every syntax error with its place,
 * recognizes common mistakes, and writes the corrected text for libconfig.
 *
 * libconfig stops at its first error and knows lines alone. Here an error is told and mended as it
 * was most likely meant, and parsing goes on: in targets = ( { host = "a" } { host = "b" } ) the
 * missing ',' is told and written. What is told must not make more be told: after a string without
 * an end, or a '{' that is missing, what follows is judged with that in mind (told_group,
 * told_json, tokens_stop()).
 */
#include "config/grammar.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "config/brackets.h"
#include "config/scalar.h"

struct parser {
	struct tokens tokens;
	struct brackets brackets;
	struct plain *out;
	bool told_group; /* that the group just read has no end */
	bool told_json;
};

static void parse_settings(struct parser *);
static void parse_value(struct parser *, const char *key, size_t key_size);

/*
 * A group. Its '{' is missing where it is `open`, which has been told; then its '}' may be missing,
 * too.
 */
static void
parse_group(struct parser *parser, bool open)
{
	struct tokens *tokens = &parser->tokens;
	struct place begun = tokens->now.place;
	unsigned depth = parser->brackets.depth;

	if (!brackets_enter(&parser->brackets, tokens, '{'))
		return;
	if (!open)
		tokens_advance(tokens);
	plain_add(parser->out, "{");
	parse_settings(parser);
	parser->told_group = token_is(&tokens->now, '{');
	if (token_is(&tokens->now, '}'))
		tokens_advance(tokens);
	else if (tokens->now.kind == TOKEN_END)
		brackets_blame_end(&parser->brackets, tokens);
	else if (!open)
		tokens_blame(tokens, tokens->now.place,
		    "a '}' is missing before this '%c': the group begins in %s", *tokens->now.bytes,
		    faults_place(tokens->faults, begun));
	plain_begin_line(parser->out, begun); /* libconfig has a group stand where it ends */
	plain_add(parser->out, "}");
	brackets_leave(&parser->brackets);
	assert(parser->brackets.depth == depth);
}

/* Bits. */
enum entry {
	ENTRY_STRING = 1, ENTRY_NUMBER = 2, ENTRY_TRUTH = 4, ENTRY_GROUP = 8, ENTRY_LIST = 16
};

/* A word without quotes is meant as a string. */
static enum entry
kind_of_entry(const struct parser *parser)
{
	const struct tokens *tokens = &parser->tokens;
	const struct token *token = &tokens->now;

	if (token->kind == TOKEN_NAME && token_sets(&tokens->next))
		return ENTRY_GROUP;
	if (token->kind == TOKEN_SIGN)
		return token_is(token, '{') ? ENTRY_GROUP : ENTRY_LIST;
	if (token->kind == TOKEN_NUMBER && scalar_is_alone(tokens))
		return ENTRY_NUMBER;
	return scalar_is_truth(tokens) ? ENTRY_TRUTH : ENTRY_STRING;
}

/*
 * What is between [ ] is of one kind, and has no brackets of its own. The first entry that differs
 * is told; `before` has the kinds seen so far.
 */
static void
check_array(struct parser *parser, unsigned before)
{
	struct tokens *tokens = &parser->tokens;
	const struct bracket *bracket = brackets_innermost(&parser->brackets);
	enum entry entry = kind_of_entry(parser);

	if (bracket->sign != '[' || (before & entry) == entry)
		return;
	if (entry & (ENTRY_GROUP | ENTRY_LIST) && !(before & (ENTRY_GROUP | ENTRY_LIST)))
		tokens_blame(tokens, bracket->place,
		    "[ ] holds strings or numbers: a list of groups is written ( { ... }, { ... } "
		    ")");
	else if (before == ENTRY_STRING || before == ENTRY_NUMBER || before == ENTRY_TRUTH)
		tokens_blame(tokens, tokens->now.place,
		    "what stands in [ ] is all of one kind, and this is another than what stands "
		    "before it");
}

static void
parse_entry(struct parser *parser, unsigned *before)
{
	struct tokens *tokens = &parser->tokens;

	check_array(parser, *before);
	*before |= kind_of_entry(parser);
	plain_begin_line(parser->out, tokens->now.place);
	if (tokens->now.kind == TOKEN_STRING) {
		/* Alone: libconfig would join a second string to it, and a ',' is what is missing.
		 */
		plain_add_bytes(parser->out, tokens->now.bytes, tokens->now.size);
		tokens_advance(tokens);
	} else if (tokens->now.kind == TOKEN_NAME && token_sets(&tokens->next)) {
		tokens_blame(tokens, tokens->now.place,
		    "a '{' is missing before this: an entry with settings stands in { }");
		parse_group(parser, true);
	} else {
		parse_value(parser, NULL, 0);
	}
}

/*
 * Passes a ';' within a list. Returns false if the list is over and its bracket is missing, as in
 * references = [ "a:25"; helo = "x"; where a key follows.
 */
static bool
pass_semicolon(struct parser *parser)
{
	struct tokens *tokens = &parser->tokens;
	const struct bracket *bracket = brackets_innermost(&parser->brackets);

	if (tokens->next.kind == TOKEN_END || tokens->next.kind == TOKEN_NAME) {
		tokens_blame(tokens, tokens->now.place,
		    "a '%c' is missing before this ';': the list begins in %s",
		    bracket_end(bracket->sign), faults_place(tokens->faults, bracket->place));
		return false;
	}
	tokens_blame(tokens, tokens->now.place,
	    token_is_one_of(&tokens->next, ")]}")
	        ? "this ';' is one too many: nothing follows in the list"
	        : "a ',' stands between the entries of a list, and this is a ';'");
	tokens_advance(tokens);
	return true;
}

/*
 * Passes what separates entries. Returns false if the list is over: `now` is then what is behind
 * it.
 */
static bool
parse_separator(struct parser *parser)
{
	struct tokens *tokens = &parser->tokens;
	struct token comma = tokens->now;

	if (token_is(&tokens->now, ';'))
		return pass_semicolon(parser);
	if (!token_is(&tokens->now, ',')) {
		if (tokens->now.kind == TOKEN_NAME && token_sets(&tokens->next))
			return false;
		if (!parser->told_group)
			tokens_blame(tokens, tokens->last.end,
			    "a ',' is missing here, between two entries of a list");
		return true;
	}
	for (tokens_advance(tokens); token_is(&tokens->now, ','); tokens_advance(tokens))
		tokens_blame(tokens, tokens->now.place,
		    "this ',' is one too many: an entry is missing before it");
	if (token_is_one_of(&tokens->now, ")]"))
		tokens_blame(
		    tokens, comma.place, "this ',' is one too many: nothing follows in the list");
	return true;
}

/*
 * The end of a list, or what stands there instead. A bracket of another kind ends it, unless one
 * around the list waits for that bracket.
 */
static void
end_list(struct parser *parser)
{
	struct tokens *tokens = &parser->tokens;
	const struct bracket *bracket = brackets_innermost(&parser->brackets);
	char sign = bracket_end(bracket->sign);

	if (token_is(&tokens->now, sign)) {
		tokens_advance(tokens);
	} else if (tokens->now.kind == TOKEN_END) {
		brackets_blame_end(&parser->brackets, tokens);
	} else if (token_is_one_of(&tokens->now, ")]}")
	    && !(token_is(&tokens->now, '}') && brackets_await(&parser->brackets, '}'))) {
		tokens_blame(tokens, tokens->now.place,
		    "the list begins with '%c' in %s: its end is '%c'", bracket->sign,
		    faults_place(tokens->faults, bracket->place), sign);
		tokens_advance(tokens);
	} else if (!token_is(&tokens->now, ';')) {
		tokens_blame(tokens, tokens->now.place,
		    "a '%c' is missing before this: the list begins in %s", sign,
		    faults_place(tokens->faults, bracket->place));
	}
}

static bool
is_at_end(const struct tokens *tokens)
{
	return tokens->now.kind == TOKEN_END || token_is_one_of(&tokens->now, ")]}");
}

static void
parse_list(struct parser *parser)
{
	struct tokens *tokens = &parser->tokens;
	unsigned before = 0, depth = parser->brackets.depth; /* `before`: kinds of entries */

	if (!brackets_enter(&parser->brackets, tokens, *tokens->now.bytes))
		return;
	plain_add(parser->out, "("); /* both kinds: of what is in [ ] we see to it ourselves */
	for (tokens_advance(tokens); token_is(&tokens->now, ','); tokens_advance(tokens))
		tokens_blame(tokens, tokens->now.place,
		    "this ',' is one too many: an entry is missing before it");
	while (!is_at_end(tokens)) {
		if (before != 0 && (!parse_separator(parser) || is_at_end(tokens)))
			break;
		plain_add(parser->out, before != 0 ? "," : "");
		parse_entry(parser, &before);
	}
	end_list(parser);
	plain_add(parser->out, ")");
	brackets_leave(&parser->brackets);
	assert(parser->brackets.depth == depth);
}

/* The value of a key, or an entry of a list (`key` NULL). */
static void
parse_value(struct parser *parser, const char *key, size_t key_size)
{
	struct tokens *tokens = &parser->tokens;
	const struct token *now = &tokens->now;

	for (; token_sets(now); tokens_advance(tokens))
		tokens_blame(tokens, now->place, "this '%c' is one too many", *now->bytes);
	if (token_is(now, '{')) {
		parse_group(parser, false);
	} else if (token_is_one_of(now, "([")) {
		parse_list(parser);
	} else if (tokens_are_yaml(tokens) || (key != NULL && now->kind == TOKEN_NAME && now->first
	    && token_is(&tokens->last, ':') && token_sets(&tokens->next))) {
		tokens_blame_language(tokens, "YAML");
		plain_add_no_value(parser->out);
	} else if (now->kind == TOKEN_END || now->kind == TOKEN_SIGN) {
		tokens_blame(tokens, now->place, "%s has no value",
		    key == NULL ? "this entry" : faults_quote_bytes(tokens->faults, key, key_size));
		plain_add_no_value(parser->out);
	} else {
		scalar_parse(tokens, parser->out);
	}
}

/*
 * Of two settings of one name libconfig takes the file for broken; here the second is told and left
 * out.
 */
static void
put_key(struct parser *parser, const struct token *name)
{
	struct tokens *tokens = &parser->tokens;
	const struct place *first = brackets_find(&parser->brackets, parser->out->text, name);

	if (*name->bytes == PLAIN_NO_KEY) { /* libconfig takes such a key, and no setting has one */
		tokens_blame(tokens, name->place, "unknown setting %s: a key begins with a letter",
		    tokens_quote(tokens, name));
		plain_add_no_key(parser->out);
		return;
	}
	if (first != NULL) {
		faults_add(tokens->faults, name->place, "%s is set twice, here and in %s",
		    tokens_quote(tokens, name), faults_place(tokens->faults, *first));
		plain_add_no_key(parser->out);
		return;
	}
	brackets_add(
	    &parser->brackets, (struct name){ parser->out->size, name->size, name->place });
	plain_add_bytes(parser->out, name->bytes, name->size);
}

/* "limits.banner = ..." is how the command line has it. */
static void
blame_dotted(struct parser *parser, const struct token *name)
{
	struct tokens *tokens = &parser->tokens;
	struct token bare = *name;

	while (tokens->now.glued && !token_is_one_of(&tokens->now, "=:;,{}()[]")
	    && tokens->now.kind != TOKEN_END) {
		bare.size = (size_t)(tokens->now.bytes + tokens->now.size - bare.bytes);
		tokens_advance(tokens);
	}
	tokens_blame(tokens, bare.place,
	    "%s: in a file a setting within a group is written %.*s = { ... = ...; };",
	    tokens_quote(tokens, &bare), (int)name->size, name->bytes);
}

/*
 * Skips to the end of what cannot be a setting: to its ';' or the end of its line, whichever comes
 * first.
 */
static void
skip_setting(struct parser *parser)
{
	struct tokens *tokens = &parser->tokens;
	uint32_t line = tokens->now.place.line;

	while (tokens->now.kind != TOKEN_END && tokens->now.place.line == line
	    && !token_is_one_of(&tokens->now, ";{}()[]"))
		tokens_advance(tokens);
	if (token_is(&tokens->now, ';'))
		tokens_advance(tokens);
}

static void
parse_setting(struct parser *parser)
{
	struct tokens *tokens = &parser->tokens;
	struct token name = tokens->now;
	bool dotted, begins_value;

	tokens_advance(tokens);
	dotted = tokens->now.glued && tokens->now.kind == TOKEN_OTHER;
	begins_value = tokens->now.kind == TOKEN_STRING || tokens->now.kind == TOKEN_NUMBER
	    || token_is_one_of(&tokens->now, "{([");
	if (!dotted && !token_sets(&tokens->now) && !begins_value) {
		tokens_blame(tokens, name.place, "%s is followed by no '=' and value",
		    tokens_quote(tokens, &name));
		skip_setting(parser);
		return;
	}
	plain_begin_line(parser->out, name.place);
	if (dotted) {
		blame_dotted(parser, &name);
		plain_add_no_key(parser->out);
	} else {
		put_key(parser, &name);
	}
	if (token_sets(&tokens->now))
		tokens_advance(tokens);
	else if (!dotted)
		tokens_blame(tokens, name.end, "a '=' is missing here, between %s and its value",
		    tokens_quote(tokens, &name));
	plain_add(parser->out, " = ");
	parse_value(parser, name.bytes, name.size);
	if (token_is_one_of(&tokens->now, ";,"))
		tokens_advance(tokens);
	plain_add(parser->out, ";");
}

static bool
is_name(const struct token *token)
{
	for (size_t i = 0; i < token->size; i++)
		if (!isalpha((unsigned char)token->bytes[i])
		    && (i == 0
		        || (!isdigit((unsigned char)token->bytes[i]) && token->bytes[i] != '-'
		            && token->bytes[i] != '_')))
			return false;
	return token->size > 0;
}

/* A key in quotes, as in JSON: told once for a file, and taken as if it had none. */
static void
parse_quoted_key(struct parser *parser)
{
	struct tokens *tokens = &parser->tokens;

	if (!parser->told_json)
		tokens_blame(tokens, tokens->now.place,
		    "%s: a key stands without quotes; this looks like JSON, and the form is key = "
		    "value;",
		    tokens_quote(tokens, &tokens->now));
	parser->told_json = true;
	assert(tokens->now.size >= 2 && *tokens->now.bytes == '"');
	tokens->now.kind = TOKEN_NAME;
	tokens->now.bytes++;
	tokens->now.size -= 2;
	if (is_name(&tokens->now))
		parse_setting(parser);
	else
		skip_setting(parser);
}

/* What stands where a setting or the end of its group should. */
static void
parse_stray(struct parser *parser)
{
	struct tokens *tokens = &parser->tokens;
	const struct token *now = &tokens->now;
	bool is_first = tokens->last.bytes == NULL;

	if (is_first && token_is(now, '{')) {
		tokens_blame_language(tokens, "JSON");
	} else if (tokens_are_yaml(tokens)) {
		tokens_blame_language(tokens, "YAML");
	} else if (parser->brackets.depth == 0 && token_is(now, '[') && now->first) {
		tokens_blame_language(tokens, "TOML or an INI file");
	} else if (token_is_one_of(now, ";,")) {
		tokens_blame(tokens, now->place, "this '%c' is one too many", *now->bytes);
		tokens_advance(tokens);
	} else if (token_is_one_of(now, "})]")) {
		tokens_blame(tokens, now->place,
		    "this '%c' is one too many: nothing that it could end is open", *now->bytes);
		tokens_advance(tokens);
		if (token_is(now, ';'))
			tokens_advance(tokens);
	} else {
		tokens_blame(tokens, now->place, "%s stands where a setting should: key = value;",
		    tokens_quote(tokens, now));
		tokens_advance(tokens);
		skip_setting(parser);
	}
}

/* Up to what ends the group, or cannot be in it: '{' where the next entry of a list begins. */
static void
parse_settings(struct parser *parser)
{
	struct tokens *tokens = &parser->tokens;

	while (tokens->now.kind != TOKEN_END) {
		if (token_is(&tokens->now, '}') && parser->brackets.depth > 0)
			return;
		if (token_is_one_of(&tokens->now, ")]")
		    && brackets_await(&parser->brackets, *tokens->now.bytes))
			return;
		if (token_is(&tokens->now, '{') && brackets_are_entry(&parser->brackets))
			return;
		if (tokens->now.kind == TOKEN_NAME)
			parse_setting(parser);
		else if (tokens->now.kind == TOKEN_STRING && token_sets(&tokens->next))
			parse_quoted_key(parser);
		else
			parse_stray(parser);
	}
}

bool
grammar_read(struct plain *plain, struct faults *faults, const char *path, bool *torn)
{
	struct parser parser = { .out = plain };
	bool good;

	*torn = !tokens_open(&parser.tokens, faults, path);
	if (*torn)
		return false;
	plain_begin(plain, (struct place){ faults_file(faults, path), 1, 0 });
	parse_settings(&parser);
	good = !parser.tokens.spoilt;
	*torn = !good || lexer_is_torn(parser.tokens.lexer);
	brackets_fini(&parser.brackets);
	tokens_close(&parser.tokens);
	return good;
}
