/*
 * For settings that are regular expressions: compiles and matches them (PCRE2). The compiled
 * expression lies in the arena of the configuration, which all processes share and none can change.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "config/regex.h"

#include <string.h>

/* A greeting is at most 64 KiB; these limits end the worst expression on it within some 10 ms. */
enum { PATTERN_MAX = 1000, NESTING_MAX = 50, STEPS_MAX = 200000 };
enum { DEPTH_MAX = 2000, HEAP_MAX_KIB = 1024 };

struct pw_regex {
	const char *pattern;
	pcre2_code *code;
};

static void *
take(size_t size, void *arena)
{
	return arena_alloc(arena, size);
}

static void
keep(void *memory, void *arena)
{
	(void)memory, (void)arena;
}

const struct pw_regex *
regex_compile(struct arena *arena, const char *pattern, struct reason *why)
{
	/* The contexts lie in the arena and need no end. */
	pcre2_general_context *general = pcre2_general_context_create(take, keep, arena);
	pcre2_compile_context *context = pcre2_compile_context_create(general);
	struct pw_regex *regex;
	struct text rest = TEXT_ROOM(60);
	PCRE2_UCHAR words[120] = "";
	pcre2_code *code;
	size_t offset = 0, size = strlen(pattern);
	int error = 0;

	pcre2_set_parens_nest_limit(context, NESTING_MAX);
	pcre2_set_max_pattern_length(context, PATTERN_MAX);
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, context);
	if (code == NULL) {
		(void)pcre2_get_error_message(error, words, sizeof words);
		offset = offset > size ? size : offset;
		text_escape(&rest, (struct pw_bytes){ pattern + offset, size - offset });
		reason_set(why, "not a regular expression: %s, at character %zu%s%s%s",
		    (const char *)words, offset + 1, offset < size ? ": '" : "", rest.bytes,
		    offset < size ? "'" : "");
		return NULL;
	}
	regex = arena_alloc(arena, sizeof *regex);
	*regex = (struct pw_regex){ arena_intern(arena, pattern), code };
	return regex;
}

const char *
regex_pattern(const struct pw_regex *regex)
{
	return regex->pattern;
}

/* PCRE2 writes no more pairs than the expression has groups. */
uint32_t
regex_find(const struct pw_regex *regex, struct pw_bytes bytes, struct pw_bytes *groups,
    uint32_t room, bool *limited)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(room, NULL);
	const PCRE2_SIZE *pairs = NULL;
	int found = PCRE2_ERROR_NOMEMORY;
	uint32_t count = 0;

	if (context != NULL && data != NULL) {
		pcre2_set_match_limit(context, STEPS_MAX);
		pcre2_set_depth_limit(context, DEPTH_MAX);
		pcre2_set_heap_limit(context, HEAP_MAX_KIB);
		found = pcre2_match(
		    regex->code, (PCRE2_SPTR)bytes.data, bytes.size, 0, 0, data, context);
	}
	if (found >= 0) {
		pairs = pcre2_get_ovector_pointer(data);
		(void)pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &count);
		count = count + 1 < room ? count + 1 : room; /* the whole match is one */
	}
	for (uint32_t i = 0; i < count; i++)
		groups[i] = pairs[2 * i] == PCRE2_UNSET
		    ? (struct pw_bytes){ "", 0 }
		    : (struct pw_bytes){ bytes.data + pairs[2 * i],
			      pairs[2 * i + 1] - pairs[2 * i] };
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	if (limited != NULL)
		*limited = found < 0 && found != PCRE2_ERROR_NOMATCH;
	return count;
}

bool
regex_matches(const struct pw_regex *regex, struct pw_bytes bytes, bool *limited)
{
	struct pw_bytes all;

	return regex_find(regex, bytes, &all, 1, limited) > 0;
}
