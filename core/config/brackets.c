/*
 * The stack of open brackets while a configuration is parsed, with the names set in each. A group
 * has some ten names and a list none, so a name is sought by comparing it with all.
 */
#include "config/brackets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

void
brackets_fini(struct brackets *brackets)
{
	for (unsigned i = 0; i <= BRACKETS_MAX; i++)
		free(brackets->open[i].names);
	*brackets = (struct brackets){ 0 };
}

const struct bracket *
brackets_innermost(const struct brackets *brackets)
{
	return &brackets->open[brackets->depth];
}

char
bracket_end(char sign)
{
	return sign == '{' ? '}' : sign == '(' ? ')' : ']';
}

/*
 * The innermost is left out: that one has just met an end that is not its own, and asks whether a
 * bracket around it waits for that end. In ( { host = "mx1" ) the ')' ends the list, and the group
 * lacks its '}'.
 */
bool
brackets_await(const struct brackets *brackets, char end)
{
	for (unsigned i = 1; i < brackets->depth; i++)
		if (bracket_end(brackets->open[i].sign) == end)
			return true;
	return false;
}

bool
brackets_are_entry(const struct brackets *brackets)
{
	return brackets->depth > 1 && brackets->open[brackets->depth].sign == '{'
	    && brackets->open[brackets->depth - 1].sign != '{';
}

bool
brackets_enter(struct brackets *brackets, struct tokens *tokens, char sign)
{
	struct bracket *bracket;

	if (brackets->depth == BRACKETS_MAX) {
		tokens_blame(tokens, tokens->now.place, "more than %d brackets within each other",
		    BRACKETS_MAX);
		tokens_stop(tokens);
		return false;
	}
	bracket = &brackets->open[++brackets->depth];
	assert(brackets->depth <= BRACKETS_MAX);
	bracket->sign = sign;
	bracket->place = tokens->now.place;
	bracket->count = 0;
	return true;
}

void
brackets_leave(struct brackets *brackets)
{
	assert(brackets->depth > 0);
	brackets->depth--;
}

/*
 * With three open brackets at the end of a file the first is told alone: to write the missing ends
 * is one correction.
 */
void
brackets_blame_end(struct brackets *brackets, struct tokens *tokens)
{
	const struct bracket *bracket = brackets_innermost(brackets);

	if (!brackets->told_end)
		tokens_blame(tokens, bracket->place, "this '%c' has no end: a '%c' is missing",
		    bracket->sign, bracket_end(bracket->sign));
	brackets->told_end = true;
}

const struct place *
brackets_find(const struct brackets *brackets, const char *text, const struct token *name)
{
	const struct bracket *bracket = brackets_innermost(brackets);

	for (size_t i = 0; i < bracket->count; i++)
		if (bracket->names[i].size == name->size
		    && memcmp(text + bracket->names[i].at, name->bytes, name->size) == 0)
			return &bracket->names[i].place;
	return NULL;
}

void
brackets_add(struct brackets *brackets, struct name name)
{
	struct bracket *bracket = &brackets->open[brackets->depth];

	VEC_REQUIRE(bracket->names, bracket->count, bracket->room);
	assert(bracket->count < bracket->room);
	bracket->names[bracket->count++] = name;
}
