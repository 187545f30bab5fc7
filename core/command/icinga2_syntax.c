/*
 * For `postwatch import`: parses files of Icinga 2 into a tree by recursive descent, with the
 * operators by their precedence. Depth is bounded, since files of others may nest without end.
 */
#include "command/icinga2_syntax.h"

#include <string.h>

#include "command/icinga2_lexer.h"
#include "config/input.h"

enum { DEPTH_MAX = 64, OPERATORS_MAX = 1000 };

struct parser {
	struct icinga_lexer lexer;
	int depth;
};

static struct icinga_node *parse_expression(struct parser *, int least);
static struct icinga_node *parse_body(struct parser *);

static struct icinga_node *
make(struct parser *parser, enum icinga_kind kind)
{
	struct icinga_node *node = arena_alloc(parser->lexer.arena, sizeof *node);

	*node = (struct icinga_node){ .kind = kind, .file = parser->lexer.path,
		.line = parser->lexer.line, .text = "" };
	return node;
}

static bool
at(const struct parser *parser, const char *word)
{
	return icinga_at(&parser->lexer, word);
}

static bool
take(struct parser *parser, const char *word)
{
	if (!at(parser, word))
		return false;
	icinga_advance(&parser->lexer);
	return true;
}

static void
expect(struct parser *parser, const char *word, const char *fault)
{
	if (!take(parser, word))
		icinga_blame(&parser->lexer, fault);
}

static void
pass_newlines(struct parser *parser)
{
	while (take(parser, "\n"))
		continue;
}

/* "(" or "[": newlines do not count until it is closed. */
static void
open(struct parser *parser)
{
	parser->lexer.within++;
	icinga_advance(&parser->lexer);
}

static void
close(struct parser *parser, const char *sign)
{
	if (!at(parser, sign))
		icinga_blame(
		    &parser->lexer, sign[0] == ')' ? "a ) is missing here" : "a ] is missing here");
	parser->lexer.within--;
	icinga_advance(&parser->lexer);
}

/* Expressions with commas between them, up to the sign. */
static struct icinga_node *
parse_list(struct parser *parser, const char *sign)
{
	struct icinga_node *first = NULL, **end = &first;

	while (!at(parser, sign) && parser->lexer.fault == NULL) {
		*end = parse_expression(parser, 0);
		end = &(*end)->next;
		if (!take(parser, ","))
			break;
	}
	return first;
}

/* The same from "(" or "[" on to its end. */
static struct icinga_node *
parse_within(struct parser *parser, const char *sign)
{
	struct icinga_node *list;

	open(parser);
	list = parse_list(parser, sign);
	close(parser, sign);
	return list;
}

/* What follows "=>" or a function's head. */
static struct icinga_node *
parse_function(struct parser *parser)
{
	struct icinga_node *node = make(parser, ICINGA_OTHER);

	if (at(parser, "{") || at(parser, "{{"))
		icinga_skip_body(&parser->lexer);
	else
		parse_expression(parser, 0);
	return node;
}

/* An expression in parentheses, or the parameters of a lambda. */
static struct icinga_node *
parse_parentheses(struct parser *parser)
{
	struct icinga_node *node = make(parser, ICINGA_OTHER), *list = parse_within(parser, ")");

	if (take(parser, "use"))
		parse_within(parser, ")");
	if (take(parser, "=>"))
		return parse_function(parser);
	if (list == NULL || list->next != NULL)
		icinga_blame(&parser->lexer, "no expression within ( )");
	return list == NULL ? node : list;
}

static struct icinga_node *
parse_word(struct parser *parser)
{
	static const char *const functions[] = { "function", "if", "for", "while", "throw", "try" };
	struct icinga_node *node = make(parser, ICINGA_NAME);

	node->text = parser->lexer.text;
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		if (at(parser, functions[i])) {
			do {
				while (!at(parser, "{") && !at(parser, "{{")
				    && parser->lexer.token != ICINGA_END)
					icinga_advance(&parser->lexer);
				node = parse_function(parser);
			} while (at(parser, "else") || at(parser, "except"));
			return node;
		}
	if (at(parser, "true") || at(parser, "false")) {
		node->kind = ICINGA_BOOL;
		node->number = at(parser, "true");
	} else if (at(parser, "null"))
		node->kind = ICINGA_NULL;
	icinga_advance(&parser->lexer);
	return node;
}

static struct icinga_node *
parse_primary(struct parser *parser)
{
	struct icinga_lexer *lexer = &parser->lexer;
	struct icinga_node *node = make(parser, ICINGA_OTHER);

	if (lexer->token == ICINGA_TEXT || lexer->token == ICINGA_DIGITS) {
		node->kind = lexer->token == ICINGA_TEXT ? ICINGA_STRING : ICINGA_NUMBER;
		node->text = lexer->text;
		node->number = lexer->number;
		icinga_advance(lexer);
	} else if (lexer->token == ICINGA_WORD)
		node = parse_word(parser);
	else if (at(parser, "("))
		node = parse_parentheses(parser);
	else if (at(parser, "[")) {
		node->kind = ICINGA_ARRAY;
		node->list = parse_within(parser, "]");
	} else if (at(parser, "{")) {
		node->kind = ICINGA_DICT;
		node->list = parse_body(parser);
	} else if (at(parser, "{{"))
		icinga_skip_body(lexer);
	else if (at(parser, "!") || at(parser, "-") || at(parser, "+") || at(parser, "~")) {
		node->kind = at(parser, "!") ? ICINGA_NOT
		    : at(parser, "-")        ? ICINGA_MINUS
					     : ICINGA_OTHER;
		icinga_advance(lexer);
		node->left = parse_expression(parser, 7);
	} else
		icinga_blame(lexer, "an expression is missing here");
	return node;
}

static struct icinga_node *
parse_postfix(struct parser *parser)
{
	struct icinga_node *node = parse_primary(parser), *left;

	for (int count = 0; at(parser, ".") || at(parser, "[") || at(parser, "("); count++) {
		if (count > OPERATORS_MAX)
			icinga_blame(&parser->lexer, "more than 1,000 operators in a row");
		left = node;
		node = make(parser, at(parser, "(") ? ICINGA_CALL : ICINGA_INDEX);
		node->left = left;
		if (take(parser, ".")) {
			node->right = make(parser, ICINGA_STRING);
			node->right->text = parser->lexer.text;
			if (parser->lexer.token != ICINGA_WORD)
				icinga_blame(&parser->lexer, "a name is missing behind the dot");
			icinga_advance(&parser->lexer);
			continue;
		}
		if (node->kind == ICINGA_CALL) {
			node->list = parse_within(parser, ")");
			continue;
		}
		open(parser);
		node->right = parse_expression(parser, 0);
		close(parser, "]");
	}
	return node;
}

/* How tightly the operator at hand binds; 0: it is none. */
static int
precedence(const struct parser *parser)
{
	static const struct {
		const char *sign;
		int binds;
	} operators[] = { { "||", 1 }, { "&&", 2 }, { "in", 4 }, { "!in", 4 }, { "==", 4 },
		{ "!=", 4 }, { "<", 4 }, { ">", 4 }, { "<=", 4 }, { ">=", 4 }, { "|", 3 },
		{ "&", 3 }, { "^", 3 }, { "+", 5 }, { "-", 5 }, { "*", 6 }, { "/", 6 },
		{ "%", 6 } };

	for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
		if (at(parser, operators[i].sign))
			return operators[i].binds;
	return at(parser, "!") ? 4 : 0;
}

/* Operators that bind at least so tightly. */
static struct icinga_node *
parse_expression(struct parser *parser, int least)
{
	struct icinga_node *left;
	int binds, count = 0;

	if (++parser->depth > DEPTH_MAX)
		icinga_blame(&parser->lexer, "expressions are nested more than 64 deep");
	left = parse_postfix(parser);
	while ((binds = precedence(parser)) > 0 && binds >= least) {
		struct icinga_node *node = make(parser, ICINGA_BINARY);

		if (++count > OPERATORS_MAX)
			icinga_blame(&parser->lexer, "more than 1,000 operators in a row");
		node->text = parser->lexer.text;
		node->left = left;
		icinga_advance(&parser->lexer);
		if (strcmp(node->text, "!") == 0) {
			expect(parser, "in", "an operator is missing here");
			node->text = "!in";
		}
		pass_newlines(parser);
		node->right = parse_expression(parser, binds + 1);
		left = node;
	}
	parser->depth--;
	return left;
}

/* What stands between the type of an object and its body. */
static void
parse_head(struct parser *parser, struct icinga_node *node)
{
	bool is_for = false;

	if (!at(parser, "for") && !at(parser, "{") && !at(parser, "to"))
		node->left = parse_expression(parser, 0);
	while (!at(parser, "{") && parser->lexer.fault == NULL) {
		if (take(parser, "to")) {
			node->to = parser->lexer.text;
			icinga_advance(&parser->lexer);
		} else if (!is_for && take(parser, "for")) {
			is_for = true;
			open(parser);
			node->value = parser->lexer.text;
			icinga_advance(&parser->lexer);
			if (take(parser, "=>")) {
				node->key = node->value;
				node->value = parser->lexer.text;
				icinga_advance(&parser->lexer);
			}
			expect(parser, "in", "`for` is followed by (key => value in expression)");
			node->right = parse_expression(parser, 0);
			close(parser, ")");
		} else if (take(parser, "use"))
			parse_within(parser, ")");
		else if (take(parser, "default"))
			node->is_default = true;
		else if (!take(parser, "ignore_on_error"))
			icinga_blame(&parser->lexer, "an object's { is missing here");
	}
}

static void
parse_if(struct parser *parser, struct icinga_node *node)
{
	node->kind = ICINGA_IF;
	if (++parser->depth > DEPTH_MAX)
		icinga_blame(&parser->lexer, "expressions are nested more than 64 deep");
	open(parser);
	node->left = parse_expression(parser, 0);
	close(parser, ")");
	node->list = parse_body(parser);
	if (take(parser, "else")) {
		if (at(parser, "if")) {
			node->other = make(parser, ICINGA_IF);
			icinga_advance(&parser->lexer);
			parse_if(parser, node->other);
		} else
			node->other = parse_body(parser);
	}
	parser->depth--;
}

/* A statement that begins with one of the words of the language; NULL: none of these. */
static struct icinga_node *
parse_keyword(struct parser *parser)
{
	struct icinga_node *node = make(parser, ICINGA_OTHER);

	node->text = parser->lexer.text;
	if (take(parser, "object") || take(parser, "template") || take(parser, "apply")) {
		node->kind = ICINGA_DEFINE;
		node->type = parser->lexer.text;
		if (parser->lexer.token != ICINGA_WORD)
			icinga_blame(&parser->lexer, "the type of an object is missing here");
		icinga_advance(&parser->lexer);
		parse_head(parser, node);
		node->list = parse_body(parser);
	} else if (take(parser, "import")) {
		node->kind = ICINGA_IMPORT;
		node->left = parse_expression(parser, 0);
	} else if (at(parser, "assign") || at(parser, "ignore")) {
		node->kind = at(parser, "assign") ? ICINGA_ASSIGN : ICINGA_IGNORE;
		icinga_advance(&parser->lexer);
		expect(parser, "where", "`where` is missing here");
		node->left = parse_expression(parser, 0);
	} else if (take(parser, "const") || take(parser, "var")) {
		node->kind = ICINGA_CONST;
		node->left = parse_postfix(parser);
		if (take(parser, "="))
			node->right = parse_expression(parser, 0);
	} else if (take(parser, "if"))
		parse_if(parser, node);
	else if (at(parser, "include") || at(parser, "include_recursive")
	    || at(parser, "include_zones")) {
		node->text = at(parser, "include") ? "" : "recursive";
		node->kind = at(parser, "include_zones") ? ICINGA_OTHER : ICINGA_INCLUDE;
		icinga_advance(&parser->lexer);
		if (take(parser, "<")) {
			node->kind = ICINGA_NULL;
			while (!take(parser, ">") && parser->lexer.token != ICINGA_END)
				icinga_advance(&parser->lexer);
		} else
			node->left = parse_list(parser, "\n");
	} else if (take(parser, "library") || take(parser, "return") || take(parser, "throw"))
		node->left =
		    at(parser, "\n") || at(parser, "}") ? NULL : parse_expression(parser, 0);
	else
		return NULL;
	return node;
}

static struct icinga_node *
parse_statement(struct parser *parser)
{
	static const char *const sets[] = { "=", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=" };
	struct icinga_node *node =
	    parser->lexer.token == ICINGA_WORD ? parse_keyword(parser) : NULL;
	struct icinga_node *left;

	if (node != NULL)
		return node;
	left = parse_expression(parser, 0);
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
		if (at(parser, sets[i])) {
			node = make(parser, ICINGA_SET);
			node->line = left->line;
			node->text = sets[i];
			node->left = left;
			icinga_advance(&parser->lexer);
			pass_newlines(parser);
			node->right = parse_expression(parser, 0);
			return node;
		}
	node = make(parser, ICINGA_OTHER);
	node->line = left->line;
	node->left = left;
	return node;
}

/* Statements up to the end, which is "}" or that of the file. */
static struct icinga_node *
parse_statements(struct parser *parser)
{
	struct icinga_node *first = NULL, **end = &first;

	for (;;) {
		while (at(parser, "\n") || at(parser, ";") || at(parser, ","))
			icinga_advance(&parser->lexer);
		if (at(parser, "}") || parser->lexer.token == ICINGA_END)
			return first;
		*end = parse_statement(parser);
		end = &(*end)->next;
		if (!at(parser, "\n") && !at(parser, ";") && !at(parser, ",") && !at(parser, "}")
		    && parser->lexer.token != ICINGA_END)
			icinga_blame(&parser->lexer,
			    "a statement ends here, and this does not belong to it");
	}
}

static struct icinga_node *
parse_body(struct parser *parser)
{
	int within = parser->lexer.within;
	struct icinga_node *list;

	if (++parser->depth > DEPTH_MAX)
		icinga_blame(&parser->lexer, "expressions are nested more than 64 deep");
	parser->lexer.within = 0;
	expect(parser, "{", "a { is missing here");
	list = parse_statements(parser);
	parser->lexer.within = within;
	expect(parser, "}", "a } is missing here");
	parser->depth--;
	return list;
}

bool
icinga_parse(
    struct arena *arena, const char *path, struct icinga_node **statements, struct reason *why)
{
	struct parser parser = { .depth = 0 };
	struct input input;
	struct reason own;

	if (!input_read(path, &input, &own)) {
		reason_set(why, "%s: %s", path, own.text);
		return false;
	}
	icinga_lex(&parser.lexer, arena, arena_strdup(arena, path), input.bytes);
	*statements = parse_statements(&parser);
	if (at(&parser, "}"))
		icinga_blame(&parser.lexer, "this } closes nothing");
	input_free(&input);
	if (parser.lexer.fault != NULL)
		reason_set(why, "%s:%u: %s", path, parser.lexer.line, parser.lexer.fault);
	return parser.lexer.fault == NULL;
}
