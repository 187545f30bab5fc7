/* Reads a script: blocks that start at the margin (peer, dns, run), each with its indented lines. */
#include "script.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phrase.h"

static void
read_nothing(struct phrase *phrase, struct command *command)
{
	(void)phrase;
	(void)command;
}

/* send "a" "b": each text is a line. */
static void
read_lines(struct phrase *phrase, struct command *command)
{
	do {
		phrase_text(phrase, &command->bytes);
		bytes_append(&command->bytes, "\r\n", 2, 1);
	} while (!phrase_ends(phrase));
}

static void
read_raw(struct phrase *phrase, struct command *command)
{
	phrase_text(phrase, &command->bytes);
}

static void
read_flood(struct phrase *phrase, struct command *command)
{
	phrase_text(phrase, &command->bytes);
	if (!phrase_ends(phrase))
		command->count = phrase_number(phrase);
}

static void
read_drip(struct phrase *phrase, struct command *command)
{
	phrase_text(phrase, &command->bytes);
	if (!phrase_takes(phrase, "every"))
		phrase_fault(phrase, "drip TEXT every TIME");
	command->time = phrase_time(phrase);
}

static void
read_expect(struct phrase *phrase, struct command *command)
{
	if (phrase_takes(phrase, "closed")) {
		command->op = OP_FAREWELL;
	} else if (phrase_takes(phrase, "bytes")) {
		command->op = OP_EXPECT_BYTES;
		command->count = phrase_number(phrase);
	} else {
		phrase_text(phrase, &command->bytes);
	}
}

static void
read_time(struct phrase *phrase, struct command *command)
{
	command->time = phrase_time(phrase);
}

/* tls CERTIFICATE [OPTION…]: kept as words, tls.c reads them. */
static void
read_words(struct phrase *phrase, struct command *command)
{
	char word[200];

	while (!phrase_ends(phrase)) {
		phrase_word(phrase, word, sizeof word);
		bytes_append(&command->bytes, word, strlen(word), 1);
		bytes_append(&command->bytes, " ", 1, 1);
	}
	if (command->bytes.size == 0)
		phrase_fault(phrase, "tls CERTIFICATE [OPTION...]");
}

static void
read_tls_flood(struct phrase *phrase, struct command *command)
{
	char word[32];

	phrase_word(phrase, word, sizeof word);
	bytes_append(&command->bytes, word, strlen(word), 1);
	command->count = phrase_number(phrase);
}

static const struct verb {
	const char *word;
	enum op op;
	void (*read)(struct phrase *, struct command *);
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
read_command(struct phrase *phrase, struct peer *peer)
{
	struct part *part = &peer->parts[peer->count - 1];
	struct command *command;

	if (phrase_takes(phrase, "connection")) {
		if (part->count > 0)
			add_part(peer);
		return;
	}
	part->commands = grow(part->commands, part->count, sizeof *part->commands);
	command = &part->commands[part->count++];
	command->line = phrase->line;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (phrase_takes(phrase, verbs[i].word)) {
			command->op = verbs[i].op;
			verbs[i].read(phrase, command);
			if (!phrase_ends(phrase))
				phrase_fault(phrase, "what is this: %s", phrase->at);
			return;
		}
	}
	phrase_fault(phrase, "no such command: %s", phrase->at);
}

/* peer NAME [shut | full] [rotating | calm TIME] [at ADDRESS [x N]] [port OF] */
static void
read_peer(struct phrase *phrase, struct script *script)
{
	struct peer *peer;

	script->peers = grow(script->peers, script->peer_count, sizeof *peer);
	peer = &script->peers[script->peer_count++];
	phrase_word(phrase, peer->name, sizeof peer->name);
	memcpy(peer->address, "127.0.0.1", sizeof "127.0.0.1");
	peer->addresses = 1;
	add_part(peer);
	while (!phrase_ends(phrase)) {
		if (phrase_takes(phrase, "shut"))
			peer->door = DOOR_SHUT;
		else if (phrase_takes(phrase, "full"))
			peer->door = DOOR_FULL;
		else if (phrase_takes(phrase, "rotating"))
			peer->rotating = true;
		else if (phrase_takes(phrase, "calm"))
			peer->calm = phrase_time(phrase);
		else if (phrase_takes(phrase, "at"))
			phrase_word(phrase, peer->address, sizeof peer->address);
		else if (phrase_takes(phrase, "x"))
			peer->addresses = (int)phrase_number(phrase);
		else if (phrase_takes(phrase, "port"))
			phrase_word(phrase, peer->port_of, sizeof peer->port_of);
		else
			phrase_fault(phrase, "what is this: %s", phrase->at);
	}
	if (peer->port_of[0] != '\0' && script_peer(script, peer->port_of) == NULL)
		phrase_fault(phrase, "no peer %s above", peer->port_of);
}

static uint16_t
read_type(struct phrase *phrase)
{
	static const struct { const char *word; uint16_t type; } types[] = {
		{ "*", 0 }, { "A", 1 }, { "NS", 2 }, { "CNAME", 5 }, { "MX", 15 }, { "AAAA", 28 },
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (phrase_takes(phrase, types[i].word))
			return types[i].type;
	phrase_fault(phrase, "no such type of record: %s", phrase->at);
}

/* NAME TYPE ANSWER… */
static void
read_zone_line(struct phrase *phrase, struct script *script)
{
	struct zone_line *line;

	script->zone = grow(script->zone, script->zone_count, sizeof *line);
	line = &script->zone[script->zone_count++];
	phrase_word(phrase, line->name, sizeof line->name);
	line->type = read_type(phrase);
	if (phrase_ends(phrase))
		phrase_fault(phrase, "NAME TYPE ANSWER...");
	line->answers = strdup(phrase->at);
	if (line->answers == NULL)
		err(71, "strdup");
}

static void
read_want(struct phrase *phrase, struct run *run)
{
	run->wants = grow(run->wants, run->count, sizeof *run->wants);
	run->want_lines = grow(run->want_lines, run->count, sizeof *run->want_lines);
	run->want_lines[run->count] = phrase->line;
	run->wants[run->count] = strdup(phrase->at);
	if (run->wants[run->count++] == NULL)
		err(71, "strdup");
}

static void
read_run(struct phrase *phrase, struct script *script)
{
	struct run *run;

	script->runs = grow(script->runs, script->run_count, sizeof *run);
	run = &script->runs[script->run_count++];
	run->line = phrase->line;
	if (phrase_ends(phrase) || (run->head = strdup(phrase->at)) == NULL)
		phrase_fault(phrase, "run PEER [KEY=VALUE...]");
}

enum block { BLOCK_NONE, BLOCK_PEER, BLOCK_DNS, BLOCK_RUN };

static enum block
read_margin(struct phrase *phrase, struct script *script)
{
	if (phrase_takes(phrase, "peer")) {
		read_peer(phrase, script);
		return BLOCK_PEER;
	}
	if (phrase_takes(phrase, "dns"))
		return BLOCK_DNS;
	if (phrase_takes(phrase, "run")) {
		read_run(phrase, script);
		return BLOCK_RUN;
	}
	phrase_fault(phrase, "a block begins with peer, dns or run");
}

static enum block
read_line(struct phrase *phrase, struct script *script, enum block block)
{
	bool indented = *phrase->at == '\t' || *phrase->at == ' ';

	if (phrase_ends(phrase))
		return block;
	if (!indented)
		return read_margin(phrase, script);
	switch (block) {
	case BLOCK_NONE: phrase_fault(phrase, "an indented line before any block");
	case BLOCK_PEER: read_command(phrase, &script->peers[script->peer_count - 1]); break;
	case BLOCK_DNS: read_zone_line(phrase, script); break;
	case BLOCK_RUN: read_want(phrase, &script->runs[script->run_count - 1]); break;
	}
	return block;
}

struct script *
script_read(const char *path)
{
	struct script *script = grow(NULL, 0, sizeof *script);
	struct phrase phrase = { .path = path };
	enum block block = BLOCK_NONE;
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;

	if (file == NULL)
		err(66, "%s", path);
	script->path = path;
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		phrase.line++;
		phrase.at = line;
		block = read_line(&phrase, script, block);
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
