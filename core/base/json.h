/*
 * Writes JSON (RFC 8259), one value after the other, into a file or a buffer. What comes out is
 * valid, whatever the strings hold: commas, quotes and nesting are the writer's own business, and a
 * caller that misses a key or an end meets an assertion. Where memory or disk runs out it goes on
 * harmlessly and says so at the end.
 *
 *     struct json json = json_to_file(stdout);
 *     json_begin_object(&json, NULL);
 *     json_string(&json, "target", "mx1.example.org:25");
 *     json_begin_array(&json, "legs");
 *     json_end(&json);
 *     json_end(&json);
 *     if (!json_finish_line(&json)) …
 *
 * `key`: NULL inside an array and at the top, never NULL inside an object.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <postwatch/probe.h>

struct buffer;

enum { JSON_DEPTH_MAX = 32 };

struct json {
	FILE *file; /* or */
	struct buffer *buffer;
	size_t max;      /* bytes of the buffer */
	uint32_t arrays; /* bit i: what is open at depth i is an array */
	uint8_t depth;
	bool has_items;  /* the next item needs a comma */
	bool bad;
};

/* Neither is closed or emptied by the writer. */
struct json json_to_file(FILE *);
struct json json_to_buffer(struct buffer *, size_t max);

void json_begin_object(struct json *, const char *key);
void json_begin_array(struct json *, const char *key);
void json_end(struct json *); /* of the object or array opened last */

/* Our own text, or text that was escaped already (a sentence of evidence): a newline is a newline,
 * a backslash a backslash. NULL is null. */
void json_string(struct json *, const char *key, const char *text);
void json_text(struct json *, const char *key, struct pw_bytes text);

/* Raw bytes of others, as text_escape() shows them. */
void json_foreign(struct json *, const char *key, struct pw_bytes foreign);

void json_int(struct json *, const char *key, int64_t);
void json_seconds(struct json *, const char *key, int64_t microseconds); /* 0.004213 */
/* Microseconds UTC as RFC 3339, "2026-11-23T15:43:43.123456Z"; null for 0. */
void json_time(struct json *, const char *key, int64_t utc);
void json_bool(struct json *, const char *key, bool);
void json_null(struct json *, const char *key);

/* An object on a line of its own: json_to_file() with the object begun, and its end with that of
 * the line. */
struct json json_begin_line(FILE *);
bool json_end_line(struct json *);
/*
 * Ends the value with a newline; the writer may then begin another. False: something of what was
 * written since the last time is missing, for want of memory or disk. Whether a file's own buffer
 * reaches the disk, fflush() tells.
 */
bool json_finish_line(struct json *);
