/* The commands of a part as steps of a machine: each either has a deed to do, or is over and the next one follows. */
#include "play.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	INPUT_MAX = 64 * 1024, /* what the other side may say ahead of us */
	FLOOD_BLOCK = 16 * 1024,
	LINE_MAX_SHOWN = 200
};

struct play {
	const struct part *part;
	int64_t scale;
	size_t at;          /* the command */
	bool begun;         /* its first step was made */
	bool ended;         /* the other side has gone */
	bool bye;           /* QUIT was answered */
	int64_t now, wake;
	struct deed deed;
	size_t sent;        /* bytes or rounds of the command so far */
	struct bytes block; /* of a flood */
	size_t input_size;
	bool tells;         /* what was heard last has not been asked for */
	char broken[2 * LINE_MAX_SHOWN + 100], heard[LINE_MAX_SHOWN];
	char input[INPUT_MAX];
};

/* True: play->deed is to be done. False: the command is over. */
typedef bool step(struct play *, const struct command *);

const struct part *
play_part(const struct peer *peer, unsigned long connection, int64_t pause)
{
	size_t index = connection - 1;

	if (peer->calm > 0)
		index = pause < peer->calm;
	if (peer->rotating)
		index %= peer->count;
	return &peer->parts[index < peer->count ? index : peer->count - 1];
}

struct play *
play_create(const struct part *part, int64_t scale)
{
	struct play *play = calloc(1, sizeof *play);

	if (play == NULL)
		err(71, "calloc");
	play->part = part;
	play->scale = scale;
	return play;
}

void
play_destroy(struct play **play)
{
	if (*play != NULL)
		free((*play)->block.data);
	free(*play);
	*play = NULL;
}

const char *
play_broken(const struct play *play)
{
	return play->broken[0] != '\0' ? play->broken : NULL;
}

const char *
play_heard(struct play *play)
{
	bool tells = play->tells;

	play->tells = false;
	return tells ? play->heard : NULL;
}

void
play_take_end(struct play *play)
{
	play->ended = true;
}

static void
show(char *shown, size_t room, const char *bytes, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < size && at + 5 < room; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		at += (size_t)snprintf(shown + at, room - at, byte < ' ' || byte > '~' ? "\\x%02x" : "%c", byte);
	}
	shown[at] = '\0';
}

static bool
breaks(struct play *play, int line, const char *what, const char *bytes, size_t size)
{
	char shown[LINE_MAX_SHOWN];

	show(shown, sizeof shown, bytes, size);
	if (play->broken[0] == '\0')
		snprintf(play->broken, sizeof play->broken, "line %d: %s%s%s%s", line, what, size > 0 ? " \"" : "",
		    shown, size > 0 ? "\"" : "");
	return false;
}

void
play_take(struct play *play, const char *bytes, size_t size)
{
	if (size > sizeof play->input - play->input_size) {
		breaks(play, 0, "it sends without end", bytes, 40);
		return;
	}
	memcpy(play->input + play->input_size, bytes, size);
	play->input_size += size;
}

static void
drop_input(struct play *play, size_t size)
{
	play->input_size -= size;
	memmove(play->input, play->input + size, play->input_size);
}

static bool
wait_for_input(struct play *play)
{
	play->deed = (struct deed){ .kind = DEED_WAIT, .reads = true, .until = INT64_MAX };
	return true;
}

static bool
wait_until(struct play *play, int64_t until)
{
	play->deed = (struct deed){ .kind = DEED_WAIT, .until = until };
	return true;
}

static bool
write_bytes(struct play *play, char *data, size_t size)
{
	play->deed = (struct deed){ .kind = DEED_WRITE, .bytes = { data, size } };
	return true;
}

static bool
step_send(struct play *play, const struct command *command)
{
	if (play->begun || play->ended)
		return false;
	return write_bytes(play, command->bytes.data, command->bytes.size);
}

/* Many copies go out at a time, or a flood of short lines would cost us more than whom it floods. */
static bool
step_flood(struct play *play, const struct command *command)
{
	size_t size = command->bytes.size, copies = size < FLOOD_BLOCK ? FLOOD_BLOCK / size : 1;

	if (play->ended || (command->count > 0 && play->sent >= (size_t)command->count)) {
		free(play->block.data);
		play->block = (struct bytes){ 0 };
		return false;
	}
	if (play->block.data == NULL) {
		play->block.data = malloc(copies * size);
		if (play->block.data == NULL)
			err(71, "malloc");
		for (size_t i = 0; i < copies; i++)
			memcpy(play->block.data + i * size, command->bytes.data, size);
	}
	if (command->count > 0 && copies > (size_t)command->count - play->sent)
		copies = (size_t)command->count - play->sent;
	play->sent += copies;
	return write_bytes(play, play->block.data, copies * size);
}

static bool
step_drip(struct play *play, const struct command *command)
{
	if (play->ended || play->sent == command->bytes.size)
		return false;
	if (play->sent > 0 && play->now < play->wake)
		return wait_until(play, play->wake);
	play->wake = (play->sent > 0 ? play->wake : play->now) + command->time / play->scale;
	return write_bytes(play, command->bytes.data + play->sent++, 1);
}

/* The size of the first whole line of the input without CRLF; -1 where there is none, or the script is broken by it. */
static long
first_line(struct play *play, int line)
{
	char *end = memchr(play->input, '\n', play->input_size);

	if (end == NULL)
		return -1;
	if (end == play->input || end[-1] != '\r') {
		breaks(play, line, "a line does not end in CRLF:", play->input, (size_t)(end - play->input) + 1);
		return -1;
	}
	return end - play->input - 1;
}

static bool
is_quit(const struct play *play, long size)
{
	return size == 4 && memcmp(play->input, "QUIT", 4) == 0;
}

static bool
step_expect(struct play *play, const struct command *command)
{
	const struct bytes *pattern = &command->bytes;
	long size = first_line(play, command->line);
	char what[LINE_MAX_SHOWN];

	if (size < 0 && !play->ended && play->broken[0] == '\0')
		return wait_for_input(play);
	snprintf(what, sizeof what, "expected \"%s\", and it said", pattern->data);
	if (size < 0 && play->input_size > 0)
		return breaks(play, command->line, what, play->input, play->input_size);
	if (size < 0)
		return false;
	if (!script_matches(pattern->data, pattern->size, play->input, (size_t)size) && is_quit(play, size)) {
		play->at = play->part->count; /* a farewell is never wrong */
		return false;
	}
	if (!script_matches(pattern->data, pattern->size, play->input, (size_t)size))
		return breaks(play, command->line, what, play->input, (size_t)size);
	show(play->heard, sizeof play->heard, play->input, (size_t)size);
	play->tells = true;
	drop_input(play, (size_t)size + 2);
	return false;
}

static bool
step_expect_bytes(struct play *play, const struct command *command)
{
	if (play->input_size < (size_t)command->count && !play->ended)
		return wait_for_input(play);
	drop_input(play, play->input_size);
	return false;
}

static bool
step_sleep(struct play *play, const struct command *command)
{
	if (!play->begun)
		play->wake = play->now + command->time / play->scale;
	return !play->ended && play->now < play->wake && wait_until(play, play->wake);
}

static bool
step_quiet(struct play *play, const struct command *command)
{
	bool waits = step_sleep(play, command);

	play->deed.reads = true;
	if (play->input_size > 0)
		return breaks(play, command->line, "it should wait, and said", play->input, play->input_size);
	return waits;
}

static bool
step_silence(struct play *play, const struct command *command)
{
	(void)command;
	play->input_size = 0;
	return !play->ended && wait_for_input(play);
}

static bool
step_deaf(struct play *play, const struct command *command)
{
	(void)command;
	return !play->ended && wait_until(play, INT64_MAX);
}

/* What the caller does at once, and once. */
static bool
once(struct play *play, const struct command *command, enum deed_kind kind)
{
	if (play->begun)
		return false;
	play->deed = (struct deed){ .kind = kind, .command = command };
	return true;
}

static bool
step_tls(struct play *play, const struct command *command)
{
	return !play->ended && once(play, command, DEED_TLS);
}

static bool
step_tls_flood(struct play *play, const struct command *command)
{
	if (play->ended || play->sent == (size_t)command->count)
		return false;
	play->sent++;
	play->deed = (struct deed){ .kind = DEED_TLS_FLOOD, .command = command };
	return true;
}

static bool
step_half_close(struct play *play, const struct command *command)
{
	return once(play, command, DEED_HALF_CLOSE);
}

static bool
step_close(struct play *play, const struct command *command)
{
	return once(play, command, DEED_CLOSE);
}

static bool
step_reset(struct play *play, const struct command *command)
{
	return once(play, command, DEED_RESET);
}

static bool
answer_quit(struct play *play, int line)
{
	static char bye[] = "221 bye\r\n";

	drop_input(play, 6);
	if (play->input_size > 0)
		return breaks(play, line, "after QUIT it said", play->input, play->input_size);
	play->bye = true;
	return write_bytes(play, bye, sizeof bye - 1);
}

static bool
step_farewell(struct play *play, const struct command *command)
{
	bool over = play->bye || play->broken[0] != '\0';
	long size = over ? -1 : first_line(play, command->line);

	if (is_quit(play, size) && answer_quit(play, command->line))
		return true;
	if (!over && size < 0 && !play->ended)
		return wait_for_input(play);
	if (!over && play->input_size > 0)
		breaks(play, command->line, "expected QUIT or nothing, and it said", play->input, play->input_size);
	play->deed = (struct deed){ .kind = DEED_CLOSE, .command = command };
	return true;
}

static step *const steps[OPS] = {
	[OP_SEND] = step_send,
	[OP_FLOOD] = step_flood,
	[OP_DRIP] = step_drip,
	[OP_EXPECT] = step_expect,
	[OP_EXPECT_BYTES] = step_expect_bytes,
	[OP_SLEEP] = step_sleep,
	[OP_QUIET] = step_quiet,
	[OP_SILENCE] = step_silence,
	[OP_DEAF] = step_deaf,
	[OP_TLS] = step_tls,
	[OP_TLS_FLOOD] = step_tls_flood,
	[OP_HALF_CLOSE] = step_half_close,
	[OP_CLOSE] = step_close,
	[OP_RESET] = step_reset,
	[OP_FAREWELL] = step_farewell,
};

struct deed
play_next(struct play *play, int64_t now)
{
	static const struct command farewell = { .op = OP_FAREWELL };
	const struct command *command;

	play->now = now;
	for (;;) {
		bool over = play->at >= play->part->count || play->broken[0] != '\0';

		command = over ? &farewell : &play->part->commands[play->at];
		if (steps[command->op](play, command)) {
			play->begun = true;
			return play->deed;
		}
		if (play->broken[0] == '\0' && play->at < play->part->count)
			play->at++;
		play->begun = false;
		play->sent = 0;
	}
}
