/*
 * Messages between processes, and stored records, as data: a form is a table with a row for each
 * member of a struct, which says how it is encoded and within which bounds. Writing, reading and
 * checking are made from the same rows, so that no writer and reader can differ.
 */
#pragma once

#include "base/wire.h"

enum wire_kind {
	WIRE_U8,            /* unsigned numbers of that width, from `min` to `max`; the member is as
	                     * wide or wider: bool, enum, uint32_t */
	WIRE_U16,
	WIRE_U32,
	WIRE_U64,
	WIRE_I64,           /* int64_t, at least `min` */
	WIRE_INDEX,         /* uint32_t below the limit that the reader names */
	WIRE_INDEX_OR_NONE, /* the same, or UINT32_MAX */
	WIRE_NAME,          /* char[]: printable ASCII behind its size (u8) */
	WIRE_STRING,        /* char[]: text without control characters behind its size (u16) */
	WIRE_BYTES,         /* struct pw_bytes, when read a view: any bytes behind their size (u16),
	                     * at most `max` */
	WIRE_TEXT,          /* the same without control characters */
	WIRE_LINES,         /* the same with LF alone of them */
	WIRE_ADDRESS,       /* struct address without its port: 4 or 16 bytes behind their size
	                     * (u16) */
	WIRE_PART,          /* a struct with a form of its own */
	WIRE_BIT,           /* bool: rows of bits behind each other share a u8, the first has its
	                     * lowest bit */
	WIRE_OWN            /* as the row's type says */
};

struct wire_form;

/* What a writer and a reader know beside the bytes. */
struct wire_terms {
	uint32_t limit;      /* indexes are below it */
	uint8_t version;     /* of a record that is read: rows since a later one are not in it */
	const void *context; /* of the types of their rows */
};

/* How members of one meaning are written and read, where that is none of the kinds above. */
struct wire_type {
	void (*put)(struct wire_out *, const void *member, const void *context);
	void (*get)(struct wire_in *, void *member, const void *context);
};

struct wire_field {
	const char *name;         /* of the member */
	enum wire_kind kind;
	uint32_t offset, size;    /* of the member; of an array the size of an item */
	uint32_t room;            /* items of an array, at most 255; 0: it is none */
	uint32_t count, counted;  /* of an array: offset and size of the member that says how many
	                           * items there are (u8 on the wire) */
	int64_t min;
	uint64_t max;             /* 0: whatever fits */
	uint8_t since;            /* the first version of the record that has it */
	bool fixed;               /* an array of which all is used: it has no count */
	const struct wire_form *form;
	const struct wire_type *type;
};

struct wire_form {
	const char *name;
	uint32_t size;                   /* of the struct */
	const struct wire_field *fields; /* ended by one without a name */
	bool (*holds)(const void *);     /* what else must be so, asked when all rows have been
	                                  * read; NULL: nothing */
};

#define WIRE_FORM(type_, ...) \
	.name = #type_, .size = sizeof(struct type_), \
	.fields = (const struct wire_field[]){ __VA_ARGS__, { .name = NULL } }
#define WIRE_MEMBER(type_, member_) ((struct type_ *)NULL)->member_
#define WIRE_ROOM(type_, member_) \
	(sizeof(WIRE_MEMBER(type_, member_)) / sizeof(WIRE_MEMBER(type_, member_)[0]))
#define WIRE_FIELD(kind_, type_, member_, ...) \
	{ .name = #member_, .kind = WIRE_##kind_, .offset = offsetof(struct type_, member_), \
		.size = sizeof(WIRE_MEMBER(type_, member_)), __VA_ARGS__ }
/* An array of which the member `count_` says how much is used. */
#define WIRE_LIST(kind_, type_, member_, count_, ...) \
	{ .name = #member_, .kind = WIRE_##kind_, .offset = offsetof(struct type_, member_), \
		.size = sizeof(WIRE_MEMBER(type_, member_)[0]), .room = WIRE_ROOM(type_, member_), \
		.count = offsetof(struct type_, count_), \
		.counted = sizeof(WIRE_MEMBER(type_, count_)), __VA_ARGS__ }
/* An array that is always full. */
#define WIRE_ARRAY(kind_, type_, member_, ...) \
	{ .name = #member_, .kind = WIRE_##kind_, .offset = offsetof(struct type_, member_), \
		.size = sizeof(WIRE_MEMBER(type_, member_)[0]), .fixed = true, \
		.room = WIRE_ROOM(type_, member_), __VA_ARGS__ }
/* A part that is there where the member `there_`, a bool, is true. */
#define WIRE_OPTIONAL(type_, member_, there_, ...) \
	{ .name = #member_, .kind = WIRE_PART, .offset = offsetof(struct type_, member_), \
		.size = sizeof(WIRE_MEMBER(type_, member_)), .room = 1, \
		.count = offsetof(struct type_, there_), \
		.counted = sizeof(WIRE_MEMBER(type_, there_)), __VA_ARGS__ }
/* A form that is one value. */
#define WIRE_FORM_OF_VALUE(kind_, name_, type_, ...) \
	.name = name_, .size = sizeof(type_), .fields = (const struct wire_field[]){ \
		{ .name = name_, .kind = WIRE_##kind_, .size = sizeof(type_), __VA_ARGS__ }, \
		{ .name = NULL } }

/* Writes a struct by its form; bad where more items are counted than there is room for, and where a
 * number is wider than its row. Bounds are the reader's to check. */
void wire_put_form(struct wire_out *, const struct wire_form *, const void *record);
/* The same for one with types of its own; `context` is theirs. */
void wire_put_form_as(struct wire_out *, const struct wire_form *, const void *record,
    const void *context);

/* Reads it into a struct that the caller has set to zero; members without a row, and such of a
 * later version, are left as they are. Bad where a row is out of its bounds or the form does not
 * hold: no member then counts. */
void wire_get_form(struct wire_in *, const struct wire_form *, void *record,
    const struct wire_terms *);

/* How many items of an array a struct has; 1 of what is none. */
uint32_t wire_count(const struct wire_field *, const void *record);

/* The number that a member of an integer kind holds. */
uint64_t wire_number(const struct wire_field *, const void *member);
