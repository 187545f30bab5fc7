/*
 * One connection playing its part, without socket and without clock: bytes go in, deeds come out, time is an argument.
 * So the same script serves over TCP (link.c) and against the dialogue engine in process (tests/unit/peers_split.c).
 *
 * The other side "breaks" the script when it says something else than an `expect` wants, or speaks where it should be
 * quiet: that is told by play_broken, and the connection is closed. To go away breaks nothing: where it went is what
 * its own verdict says.
 */
#ifndef PEER_PLAY_H
#define PEER_PLAY_H

#include "script.h"

enum deed_kind {
	DEED_WAIT,       /* until `until` (INT64_MAX: for ever), and for input where `reads` */
	DEED_WRITE,      /* `bytes`, as one segment; good until the next call */
	DEED_TLS,        /* handshake as `command` says; then play_secured */
	DEED_TLS_FLOOD,  /* as `command` says */
	DEED_HALF_CLOSE,
	DEED_CLOSE,
	DEED_RESET
};

struct deed {
	enum deed_kind kind;
	bool reads;
	int64_t until;
	struct bytes bytes;
	const struct command *command;
};

struct play;

/* The part that the connection of this number plays, from 1, when it comes so long after the one before. */
const struct part *play_part(const struct peer *peer, unsigned long connection, int64_t pause);

/* `scale`: every time of the script is divided by it. Ends the program where there is no memory. */
struct play *play_create(const struct part *part, int64_t scale);
void play_destroy(struct play **play);

/* What to do now. After DEED_CLOSE and DEED_RESET nothing comes. */
struct deed play_next(struct play *play, int64_t now);

/* What the other side said; and that it closed, went away or failed the handshake. */
void play_take(struct play *play, const char *bytes, size_t size);
void play_take_end(struct play *play);

/* How the other side broke the script, with the line; NULL if it did not. Belongs to the play. */
const char *play_broken(const struct play *play);

/* The last line that was expected and came since this was last asked; NULL for none. Belongs to the play. */
const char *play_heard(struct play *play);

#endif
