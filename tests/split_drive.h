/*
 * A script of tests/peers played to the dialogue engine in process: no socket, a virtual clock, the script's own times,
 * and the standard limits. What the peer says arrives whole, byte by byte, or cut once at any byte.
 */
#ifndef TESTS_SPLIT_DRIVE_H
#define TESTS_SPLIT_DRIVE_H

#include <string.h>

#include "base/messages.h"
#include "peers/peer/play.h"
#include "prober/dialogue.h"

enum { READ_MAX = 16 * 1024 }; /* what a stream hands over at once */
enum { CUT_NOWHERE = -1, CUT_EVERYWHERE = 0 }; /* n: after the n-th byte of all that the peer says */

struct drive {
	struct play *play;
	struct dialogue *dialogue;
	struct dialogue_step step;
	int64_t now;
	long cut, arrived;
	bool securing, helloed, over, gone; /* gone: the peer has closed */
	char said[4096];  /* what the dialogue said, until the peer reads */
	size_t said_size;
	char heard[512]; /* the lines that the peer expected and got */
};

/* What the dialogue wants next is done at once. */
static inline void
drive_step(struct drive *drive)
{
	switch (drive->step.next) {
	case DIALOGUE_WAIT: break;
	case DIALOGUE_SEND:
		assert_true(drive->said_size + drive->step.size < sizeof drive->said);
		memcpy(drive->said + drive->said_size, drive->step.bytes, drive->step.size);
		drive->said_size += drive->step.size;
		break;
	case DIALOGUE_SECURE: drive->securing = true; break;
	case DIALOGUE_LOOK_UP: fail_msg("a dialogue of SMTP looks names up"); break;
	case DIALOGUE_CLOSE: drive->over = true; break;
	}
}

static inline void
drive_end(struct drive *drive, enum stream_end end, const char *outcome)
{
	struct close_reason reason = { .end = end, .outcome = outcome, .text = "this is no TLS" };

	drive->securing = false;
	drive->gone = end != STREAM_TLS_FAILED;
	dialogue_ended(drive->dialogue, drive->now, &reason, &drive->step);
	drive_step(drive);
}

static inline size_t
drive_piece(const struct drive *drive, size_t left)
{
	if (drive->cut == CUT_EVERYWHERE)
		return 1;
	if (left > READ_MAX)
		left = READ_MAX;
	if (drive->cut > drive->arrived && (size_t)(drive->cut - drive->arrived) < left)
		return (size_t)(drive->cut - drive->arrived);
	return left;
}

/* A segment of the peer's. Where TLS is awaited, what lies in the socket behind the consent is still handed over, and
 * what comes later is no handshake. */
static inline void
drive_write(struct drive *drive, const struct bytes *bytes)
{
	if (drive->securing && bytes->size >= 5)
		drive_end(drive, STREAM_TLS_FAILED, "tls_protocol");
	if (drive->securing)
		return;
	for (size_t at = 0, size; at < bytes->size && !drive->over; at += size) {
		size = drive_piece(drive, bytes->size - at);
		dialogue_received(drive->dialogue, drive->now, bytes->data + at, size, &drive->step);
		drive->arrived += (long)size;
		drive_step(drive);
	}
}

static inline void
drive_secure(struct drive *drive)
{
	const struct tls_judgement good = { .version = "TLSv1.3", .cipher = "TLS_AES_128_GCM_SHA256", .verified = true };

	assert_true(drive->securing);
	drive->securing = false;
	dialogue_secured(drive->dialogue, drive->now, &good, (struct pw_bytes){ "", 0 }, &drive->step);
	drive_step(drive);
}

/* True: there was something for the peer to read. */
static inline bool
drive_read(struct drive *drive)
{
	size_t size = drive->said_size;

	play_take(drive->play, drive->said, size);
	drive->said_size = 0;
	return size > 0;
}

/* Time goes on to what comes first: the peer's next deed, or the dialogue's deadline. */
static inline void
drive_wait(struct drive *drive, const struct deed *deed)
{
	int64_t deadline = dialogue_deadline(drive->dialogue);

	if (deed->reads && drive_read(drive))
		return;
	if (drive->securing && deed->reads && !drive->helloed) {
		play_take(drive->play, "\x16\x03\x01\x02\x00hello", 10);
		drive->helloed = true;
		return;
	}
	if (deed->until < deadline) {
		drive->now = deed->until;
		return;
	}
	assert_true(deadline < INT64_MAX);
	drive->now = deadline;
	dialogue_expired(drive->dialogue, drive->now, &drive->step);
	drive_step(drive);
}

static inline void
drive_deed(struct drive *drive)
{
	struct deed deed = play_next(drive->play, drive->now);
	const char *heard = play_heard(drive->play);

	if (heard != NULL && strlen(drive->heard) + strlen(heard) + 2 < sizeof drive->heard) {
		strncat(drive->heard, heard, sizeof drive->heard - strlen(drive->heard) - 1);
		strncat(drive->heard, "\n", sizeof drive->heard - strlen(drive->heard) - 1);
	}
	switch (deed.kind) {
	case DEED_WAIT: drive_wait(drive, &deed); break;
	case DEED_WRITE: drive_write(drive, &deed.bytes); break;
	case DEED_TLS: drive_secure(drive); break;
	case DEED_TLS_FLOOD: fail_msg("a flood in TLS needs TLS"); break;
	case DEED_HALF_CLOSE:
	case DEED_CLOSE: drive_end(drive, STREAM_CLOSED, NULL); break;
	case DEED_RESET: drive_end(drive, STREAM_RESET, NULL); break;
	}
}

/* The end of the peer's part, after the dialogue has closed: it may only go. */
static inline void
drive_leave(struct drive *drive)
{
	struct deed deed = { .kind = DEED_CLOSE };

	if (!drive->gone)
		deed = play_next(drive->play, drive->now);
	while (deed.kind != DEED_CLOSE && deed.kind != DEED_RESET) {
		if (deed.kind != DEED_WAIT || !deed.reads || !drive_read(drive))
			play_take_end(drive->play);
		deed = play_next(drive->play, drive->now);
	}
}

/* To the end of the dialogue; then the caller looks, and calls drive_fini(). */
static inline void
drive_all(struct drive *drive, const struct part *part, const struct target *target, bool patient, long cut)
{
	const struct dialogue_setup setup = { .target = target, .address = "127.0.0.1", .helo = "watch.example.net",
		.resolve = -1, .epoch = 1000, .patient = patient };
	struct address local;

	*drive = (struct drive){ .play = play_create(part, 1), .now = 1000, .cut = cut };
	assert_true(address_parse("127.0.0.9", 40112, &local));
	drive->dialogue = dialogue_create(&setup, drive->now);
	assert_non_null(drive->dialogue);
	drive->now += 500;
	dialogue_connected(drive->dialogue, drive->now, &local, &drive->step);
	drive_step(drive);
	while (!drive->over)
		drive_deed(drive);
	drive_leave(drive);
}

static inline void
drive_fini(struct drive *drive)
{
	dialogue_destroy(&drive->dialogue);
	play_destroy(&drive->play);
}

#endif
