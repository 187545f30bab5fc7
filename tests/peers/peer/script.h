/*
 * The language of the scripts tests/peers/NAME.peer: what a server does, and what must be said of it. A script is read
 * whole before anything listens; a fault in it ends the program with FILE:LINE. tests/peers/README.md is the reference.
 */
#ifndef PEER_SCRIPT_H
#define PEER_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	char *data;
	size_t size;
};

enum op {
	OP_SEND,         /* `bytes` in one segment */
	OP_FLOOD,        /* `bytes`, `count` times (0: until the other side goes away) */
	OP_DRIP,         /* `bytes`, one every `time` */
	OP_EXPECT,       /* a line that matches the pattern `bytes` */
	OP_EXPECT_BYTES, /* any `count` bytes */
	OP_SLEEP,        /* neither read nor write for `time` */
	OP_QUIET,        /* the same, and the other side must be quiet too */
	OP_SILENCE,      /* read and say nothing until the other side goes away */
	OP_DEAF,         /* the same, and do not read */
	OP_TLS,          /* handshake as a server; `bytes`: the certificate and options */
	OP_TLS_FLOOD,    /* `bytes`: of what, `count` */
	OP_HALF_CLOSE,
	OP_CLOSE,
	OP_RESET,
	OP_FAREWELL,     /* QUIT is answered, then both close; also what follows the last command */
	OPS
};

struct command {
	enum op op;
	int line;
	struct bytes bytes;
	int64_t time; /* microseconds, as the script says */
	long count;
};

/* What one connection plays. */
struct part {
	struct command *commands;
	size_t count;
};

enum door {
	DOOR_OPEN,
	DOOR_SHUT, /* bound, and every SYN is answered with RST */
	DOOR_FULL  /* listens with a full queue: every SYN is ignored */
};

struct peer {
	char name[32];
	char address[46];  /* where it listens */
	char port_of[32];  /* the peer whose port number it shares, "" for one of its own */
	int addresses;     /* how many, from `address` upwards, all with the same port number */
	enum door door;
	bool rotating;     /* after the last part comes the first; otherwise the last again */
	int64_t calm;      /* a connection sooner than this after the one before plays the second part, others the first */
	struct part *parts;
	size_t count;
};

/* One line of a `dns` block: what is answered to a question, in words (dns.h). */
struct zone_line {
	char name[256]; /* "*": any */
	uint16_t type;  /* 0: any */
	char *answers;
	unsigned asked; /* how often so far */
};

/* A `run` line and the lines under it, unread but for blanks at their ends. */
struct run {
	int line;
	char *head;
	char **wants;
	int *want_lines;
	size_t count;
};

struct script {
	const char *path;
	struct peer *peers;
	struct zone_line *zone;
	struct run *runs;
	size_t peer_count, zone_count, run_count;
};

/* Never fails: exits with 65 and FILE:LINE on stderr. Lives as long as the process. */
struct script *script_read(const char *path);

/* The peer of this name, or NULL. */
struct peer *script_peer(const struct script *script, const char *name);

/* "40s", "300ms", "2m" in microseconds; false for anything else. */
bool script_time(const char *word, int64_t *time);

/* Whether `text` matches `pattern`, in which * stands for any bytes and every other byte for itself. */
bool script_matches(const char *pattern, size_t pattern_size, const char *text, size_t size);

#endif
