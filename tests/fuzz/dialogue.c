/*
 * A whole dialogue with the probe smtp: bytes, events and time in any order. It must come to an end by its limits, with
 * one verdict, evidence that travels, and a transcript that never goes back in time.
 *
 * The first byte chooses TLS and pace; then a byte for what happens, for bytes one for how many, and those.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/smtp/dialogue.c"
#include "../../plugins/smtp/ehlo.c"
#include "../../plugins/smtp/smtp.c"
#include "../../plugins/smtp/reply_text.c"
#include "../../plugins/smtp/software.c"
#include "prober/dialogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct phase_plan plans[] = {
	{ "resolve", 5000000, 10000000, 1000000, 0 }, { "connect", 15000000, 30000000, 3000000, 0 },
	{ "banner", 30000000, 60000000, 8000000, 0 }, { "ehlo", 15000000, 60000000, 3000000, 0 },
	{ "starttls", 15000000, 30000000, 3000000, PW_PHASE_TLS }, { "handshake", 15000000, 30000000, 3000000, PW_PHASE_TLS },
	{ "ehlo_tls", 15000000, 60000000, 3000000, PW_PHASE_TLS }, { "quit", 5000000, 5000000, 0, 0 },
};

static const char *const required[] = { "SIZE", "AUTH PLAIN" };
static const struct pw_strings require_list = { 2, required };

static const struct pw_values given = { .count = 2, .items = { { .list = &require_list }, { .number = 0 } } };

struct game {
	struct dialogue *dialogue;
	struct dialogue_step step;
	int64_t now;
	bool connected, looked_twice;
};

static void
happen(struct game *game, const struct close_reason *reason)
{
	dialogue_ended(game->dialogue, game->now, reason, &game->step);
	if (game->step.next == DIALOGUE_CLOSE && reason->may_be_outdated && !game->looked_twice) {
		game->looked_twice = true;
		dialogue_again(game->dialogue, game->now, LOOK_LEGACY);
		game->connected = false;
		game->step.next = DIALOGUE_WAIT;
	}
}

/* How a connection may end: by what OpenSSL says only where TLS is. */
static void
end(struct game *game, uint8_t how)
{
	struct close_reason reason = { .end = (enum stream_end)(how % 9), .text = "words" };

	if (reason.end == STREAM_OURS)
		reason.outcome = "no_descriptors";
	if (reason.end == STREAM_TLS_FAILED && game->step.next != DIALOGUE_SECURE)
		reason.end = STREAM_CLOSED;
	if (reason.end == STREAM_TLS_FAILED) {
		reason.outcome = "tls_version";
		reason.may_be_outdated = true;
	}
	happen(game, &reason);
}

static void
secure_it(struct game *game, uint8_t how)
{
	struct tls_judgement judgement = { .failed = (how & 1) != 0, .outcome = "cert_expired", .text = "it has expired",
		.version = "TLSv1.3", .cipher = "X", .verified = (how & 1) == 0, .client_cert_asked = (how & 2) != 0 };

	dialogue_secured(game->dialogue, game->now, &judgement,
	    (struct pw_bytes){ "250-mx\r\n250 SI", how & 4 ? 14 : 0 }, &game->step);
}

static size_t
move(struct game *game, const uint8_t *bytes, size_t size)
{
	uint8_t what = bytes[0];
	size_t used = 1;

	if (what < 0xc0 && game->connected) {
		size_t count = what < size - 1 ? what : size - 1;
		char *copy = malloc(count > 0 ? count : 1);

		memcpy(copy, bytes + 1, count);
		dialogue_received(game->dialogue, game->now, copy, count, &game->step);
		free(copy);
		used += count;
	} else if (what < 0xd0) {
		end(game, what);
	} else if (!game->connected) {
		dialogue_connected(game->dialogue, game->now, NULL, &game->step);
		game->connected = true;
	} else if (what < 0xe8 && game->step.next == DIALOGUE_SECURE) {
		secure_it(game, what);
	} else {
		game->now += (int64_t)what * 50000;
		dialogue_expired(game->dialogue, game->now, &game->step);
	}
	return used;
}

static void
look_at(struct dialogue *dialogue)
{
	static unsigned char message[WIRE_MAX];
	struct wire_out out = wire_over(message, sizeof message);
	struct evidence evidence = { .legs = 1 }, back = { .legs = 0 };
	struct evidence_line line;
	int64_t at = INT64_MIN;

	dialogue_evidence(dialogue, &evidence);
	assert(dialogue_verdict(dialogue) <= PW_UNKNOWN && evidence.outcome[0] != '\0');
	wire_put_form(&out, &evidence_form, &evidence);
	assert(!out.bad);
	struct wire_in in = wire_from(message, out.size);
	wire_get_form(&in, &evidence_form, &back, &(struct wire_terms){ .limit = 0 });
	assert(wire_is_whole(&in));
	while (evidence_next_line(&back.transcript, &line)) {
		assert(line.at >= at);
		at = line.at;
	}
	dialogue_fingerprint(dialogue, 1);
	dialogue_reached(dialogue);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct tls_settings tls = { .mode = size > 0 ? (enum pw_tls_mode)(bytes[0] % 4) : PW_TLS_NONE };
	const struct plugin plugin = { &pw_plugin, "smtp" };
	const struct policy asked = { .probe = &plugin, .values = &given, .tls = &tls, .phases = plans,
		.phase_count = sizeof plans / sizeof *plans, .leg = { "leg", 90000000, 240000000, 20000000, 0 } };
	const struct target target = { .name = "mx", .host = "mx", .policy = &asked, .port = 25 };
	const struct dialogue_setup setup = { .target = &target, .address = "192.0.2.1", .resolve = 5, .epoch = 100,
		.patient = size > 0 && (bytes[0] & 4) != 0, .had_starttls = size > 0 && (bytes[0] & 8) != 0 };
	struct game game = { .now = 100 };
	size_t at = 1;

	game.dialogue = dialogue_create(&setup, game.now);
	for (; at < size && game.step.next != DIALOGUE_CLOSE; game.now += 10)
		at += move(&game, bytes + at, size - at);
	/* Then nothing happens any more: its limits end it. */
	for (int i = 0; game.step.next != DIALOGUE_CLOSE; i++) {
		assert(i < 10);
		game.now = dialogue_deadline(game.dialogue);
		dialogue_expired(game.dialogue, game.now, &game.step);
	}
	assert(dialogue_deadline(game.dialogue) == INT64_MAX);
	look_at(game.dialogue);
	dialogue_destroy(&game.dialogue);
	return 0;
}
