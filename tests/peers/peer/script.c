/* Reads a script: blocks that start at the margin (peer, dns, run), each with its indented lines. */
#include "script.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

static void
read_nothing(struct reader *reader, struct command *command)
{
	(void)reader;
	(void)command;
}

/* send "a" "b": each text is a line. */
static void
read_lines(struct reader *reader, struct command *command)
{
	do {
		reader_text(reader, &command->bytes);
		bytes_append(&command->bytes, "\r\n", 2, 1);
	} while (!reader_ends(reader));
}

static void
read_raw(struct reader *reader, struct command *command)
{
	reader_text(reader, &command->bytes);
}

static void
read_flood(struct reader *reader, struct command *command)
{
	reader_text(reader, &command->bytes);
	if (!reader_ends(reader))
		command->count = reader_number(reader);
}

static void
read_drip(struct reader *reader, struct command *command)
{
	reader_text(reader, &command->bytes);
	if (!reader_takes(reader, "every"))
		reader_fault(reader, "drip TEXT every TIME");
	command->time = reader_time(reader);
}

static void
read_expect(struct reader *reader, struct command *command)
{
	if (reader_takes(reader, "closed")) {
		command->op = OP_FAREWELL;
	} else if (reader_takes(reader, "bytes")) {
		command->op = OP_EXPECT_BYTES;
		command->count = reader_number(reader);
	} else {
		reader_text(reader, &command->bytes);
	}
}

static void
read_time(struct reader *reader, struct command *command)
{
	command->time = reader_time(reader);
}

/* tls CERTIFICATE [OPTION…]: kept as words, tls.c reads them. */
static void
read_words(struct reader *reader, struct command *command)
{
	char word[200];

	while (!reader_ends(reader)) {
		reader_word(reader, word, sizeof word);
		bytes_append(&command->bytes, word, strlen(word), 1);
		bytes_append(&command->bytes, " ", 1, 1);
	}
	if (command->bytes.size == 0)
		reader_fault(reader, "tls CERTIFICATE [OPTION...]");
}

static void
read_tls_flood(struct reader *reader, struct command *command)
{
	char word[32];

	reader_word(reader, word, sizeof word);
	bytes_append(&command->bytes, word, strlen(word), 1);
	command->count = reader_number(reader);
}

static const struct verb {
	const char *word;
	enum op op;
	void (*read)(struct reader *, struct command *);
} verbs[] = {
	{ "send", OP_SEND, read_lines },
	{ "raw", OP_SEND, read_raw },
	{ "flood", OP_FLOOD, read_flood },
	{ "drip", OP_DRIP, read_drip },
	{ "expect", OP_EXPECT, read_expect },
	{ "sleep", OP_SLEEP, read_time },
	{ "quiet", OP_QUIET, read_time },
	{ "silence", OP_SILENCE, read_nothing },
	{ "deaf", OP_DEAF, read_nothing },
	{ "tls", OP_TLS, read_words },
	{ "tls_flood", OP_TLS_FLOOD, read_tls_flood },
	{ "half_close", OP_HALF_CLOSE, read_nothing },
	{ "close", OP_CLOSE, read_nothing },
	{ "reset", OP_RESET, read_nothing },
};

/* Room for one more behind `count` items of `size` bytes, zeroed. */
static void *
grow(void *items, size_t count, size_t size)
{
	char *grown = realloc(items, (count + 1) * size);

	if (grown == NULL)
		err(71, "realloc");
	memset(grown + count * size, 0, size);
	return grown;
}

static struct part *
add_part(struct peer *peer)
{
	peer->parts = grow(peer->parts, peer->count, sizeof *peer->parts);
	return &peer->parts[peer->count++];
}

static void
read_command(struct reader *reader, struct peer *peer)
{
	struct part *part = &peer->parts[peer->count - 1];
	struct command *command;

	if (reader_takes(reader, "connection")) {
		if (part->count > 0)
			add_part(peer);
		return;
	}
	part->commands = grow(part->commands, part->count, sizeof *part->commands);
	command = &part->commands[part->count++];
	command->line = reader->line;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (reader_takes(reader, verbs[i].word)) {
			command->op = verbs[i].op;
			verbs[i].read(reader, command);
			if (!reader_ends(reader))
				reader_fault(reader, "what is this: %s", reader->at);
			return;
		}
	}
	reader_fault(reader, "no such command: %s", reader->at);
}

/* peer NAME [shut | full] [rotating | calm TIME] [at ADDRESS [x N]] [port OF] */
static void
read_peer(struct reader *reader, struct script *script)
{
	struct peer *peer;

	script->peers = grow(script->peers, script->peer_count, sizeof *peer);
	peer = &script->peers[script->peer_count++];
	reader_word(reader, peer->name, sizeof peer->name);
	memcpy(peer->address, "127.0.0.1", sizeof "127.0.0.1");
	peer->addresses = 1;
	add_part(peer);
	while (!reader_ends(reader)) {
		if (reader_takes(reader, "shut"))
			peer->door = DOOR_SHUT;
		else if (reader_takes(reader, "full"))
			peer->door = DOOR_FULL;
		else if (reader_takes(reader, "rotating"))
			peer->rotating = true;
		else if (reader_takes(reader, "calm"))
			peer->calm = reader_time(reader);
		else if (reader_takes(reader, "at"))
			reader_word(reader, peer->address, sizeof peer->address);
		else if (reader_takes(reader, "x"))
			peer->addresses = (int)reader_number(reader);
		else if (reader_takes(reader, "port"))
			reader_word(reader, peer->port_of, sizeof peer->port_of);
		else
			reader_fault(reader, "what is this: %s", reader->at);
	}
	if (peer->port_of[0] != '\0' && script_peer(script, peer->port_of) == NULL)
		reader_fault(reader, "no peer %s above", peer->port_of);
}

static uint16_t
read_type(struct reader *reader)
{
	static const struct { const char *word; uint16_t type; } types[] = {
		{ "*", 0 }, { "A", 1 }, { "NS", 2 }, { "CNAME", 5 }, { "MX", 15 }, { "AAAA", 28 },
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (reader_takes(reader, types[i].word))
			return types[i].type;
	reader_fault(reader, "no such type of record: %s", reader->at);
}

/* NAME TYPE ANSWER… */
static void
read_zone_line(struct reader *reader, struct script *script)
{
	struct zone_line *line;

	script->zone = grow(script->zone, script->zone_count, sizeof *line);
	line = &script->zone[script->zone_count++];
	reader_word(reader, line->name, sizeof line->name);
	line->type = read_type(reader);
	if (reader_ends(reader))
		reader_fault(reader, "NAME TYPE ANSWER...");
	line->answers = strdup(reader->at);
	if (line->answers == NULL)
		err(71, "strdup");
}

static void
read_want(struct reader *reader, struct run *run)
{
	run->wants = grow(run->wants, run->count, sizeof *run->wants);
	run->want_lines = grow(run->want_lines, run->count, sizeof *run->want_lines);
	run->want_lines[run->count] = reader->line;
	run->wants[run->count] = strdup(reader->at);
	if (run->wants[run->count++] == NULL)
		err(71, "strdup");
}

static void
read_run(struct reader *reader, struct script *script)
{
	struct run *run;

	script->runs = grow(script->runs, script->run_count, sizeof *run);
	run = &script->runs[script->run_count++];
	run->line = reader->line;
	if (reader_ends(reader) || (run->head = strdup(reader->at)) == NULL)
		reader_fault(reader, "run PEER [KEY=VALUE...]");
}

enum block { BLOCK_NONE, BLOCK_PEER, BLOCK_DNS, BLOCK_RUN };

static enum block
read_margin(struct reader *reader, struct script *script)
{
	if (reader_takes(reader, "peer")) {
		read_peer(reader, script);
		return BLOCK_PEER;
	}
	if (reader_takes(reader, "dns"))
		return BLOCK_DNS;
	if (reader_takes(reader, "run")) {
		read_run(reader, script);
		return BLOCK_RUN;
	}
	reader_fault(reader, "a block begins with peer, dns or run");
}

static enum block
read_line(struct reader *reader, struct script *script, enum block block)
{
	bool indented = *reader->at == '\t' || *reader->at == ' ';

	if (reader_ends(reader))
		return block;
	if (!indented)
		return read_margin(reader, script);
	switch (block) {
	case BLOCK_NONE: reader_fault(reader, "an indented line before any block");
	case BLOCK_PEER: read_command(reader, &script->peers[script->peer_count - 1]); break;
	case BLOCK_DNS: read_zone_line(reader, script); break;
	case BLOCK_RUN: read_want(reader, &script->runs[script->run_count - 1]); break;
	}
	return block;
}

struct script *
script_read(const char *path)
{
	struct script *script = grow(NULL, 0, sizeof *script);
	struct reader reader = { .path = path };
	enum block block = BLOCK_NONE;
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;

	if (file == NULL)
		err(66, "%s", path);
	script->path = path;
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		reader.line++;
		reader.at = line;
		block = read_line(&reader, script, block);
	}
	free(line);
	fclose(file);
	return script;
}

struct peer *
script_peer(const struct script *script, const char *name)
{
	for (size_t i = 0; i < script->peer_count; i++)
		if (strcmp(script->peers[i].name, name) == 0)
			return &script->peers[i];
	return NULL;
}

bool
script_time(const char *word, int64_t *time)
{
	static const struct { const char *unit; int64_t size; } units[] = {
		{ "us", 1 }, { "ms", 1000 }, { "s", 1000 * 1000 }, { "m", 60 * 1000 * 1000 },
	};
	char *unit;
	double number = strtod(word, &unit);

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (unit != word && strcmp(unit, units[i].unit) == 0) {
			*time = (int64_t)(number * (double)units[i].size);
			return true;
		}
	}
	return false;
}

bool
script_matches(const char *pattern, size_t pattern_size, const char *text, size_t size)
{
	if (pattern_size == 0)
		return size == 0;
	if (*pattern == '*')
		return script_matches(pattern + 1, pattern_size - 1, text, size)
		    || (size > 0 && script_matches(pattern, pattern_size, text + 1, size - 1));
	return size > 0 && *pattern == *text && script_matches(pattern + 1, pattern_size - 1, text + 1, size - 1);
}
