/*
 * A dialogue on a virtual clock: a plugin as it was built, a target with the standard limits, and a server that is a
 * list of lines. The same script is run whole and cut at every byte.
 */
#ifndef TESTS_PROBE_WORLD_H
#define TESTS_PROBE_WORLD_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/messages.h"
#include "prober/dialogue.h"

struct world {
	struct target target;
	struct policy policy;
	struct plugin plugin;
	struct tls_settings tls;
	struct phase_plan phases[PHASES_MAX];
	struct pw_values *values;
	struct pw_value items[8];
	bool patient, had_starttls, passed_asked;
	int64_t stalled;
};

static inline const struct pw_plugin *
world_plugin(const char *name)
{
	char path[4096];
	ssize_t size = readlink("/proc/self/exe", path, sizeof path - 64);

	assert_true(size > 0);
	path[size] = '\0';
	snprintf(strstr(path, "/tests/unit/"), 64, "/plugins/%s.so", name);
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		fail_msg("%s", dlerror());
	const struct pw_plugin *plugin = dlsym(handle, "pw_plugin");
	assert_non_null(plugin);
	return plugin;
}

static inline void
world_add_phase(struct world *world, const char *name, uint32_t flags)
{
	const struct pw_phase *standard = phase_standard(name);

	assert_non_null(standard);
	world->phases[world->policy.phase_count++] = (struct phase_plan){ name, (int64_t)standard->limit,
		(int64_t)standard->patient, (int64_t)standard->slow, flags };
}

static inline void
world_init(struct world *world, const char *probe, enum pw_tls_mode mode)
{
	*world = (struct world){ .plugin = { world_plugin(probe), probe } };
	const struct pw_probe_ops *ops = world->plugin.descriptor->ops;

	world_add_phase(world, "resolve", 0);
	world_add_phase(world, "connect", 0);
	for (const struct pw_phase *phase = ops->phases; phase->name != NULL; phase++)
		world_add_phase(world, phase->name, phase->flags);
	if (ops->farewell != NULL)
		world_add_phase(world, "quit", 0);
	const struct pw_phase *leg = phase_standard("leg");
	world->policy.leg = (struct phase_plan){ "leg", (int64_t)leg->limit, (int64_t)leg->patient, (int64_t)leg->slow, 0 };
	world->policy.phases = world->phases;
	world->policy.probe = &world->plugin;
	world->tls = (struct tls_settings){ .mode = mode, .verify = TLS_VERIFY_WARN, .min_version = 0x0303 };
	world->policy.tls = (world->plugin.descriptor->flags & PW_USES_TLS) != 0 ? &world->tls : NULL;
	world->values = calloc(1, sizeof *world->values + sizeof world->items);
	world->values->count = 8;
	world->policy.values = world->values;
	world->target = (struct target){ .name = "mx.example.org:25", .host = "mx.example.org", .shown = "mx.example.org",
		.policy = &world->policy, .parent = CONFIG_NONE, .port = 25 };
}

static inline void
world_fini(struct world *world)
{
	free(world->values);
}

/*
 * What the server does at its turns: first when the connection stands, then after each line of ours, after TLS stood
 * too. A turn is bytes, or one of these; WAIT(ms) may stand before others and is followed in the same turn.
 */
#define CLOSE "\1close"
#define RESET "\1reset"
#define SILENT "\1silent"
#define TLS "\1tls"           /* the answer to our handshake: all is well */
#define TLS_EXPIRED "\1tlsx"  /* an expired certificate, judged by `verify` */
#define TLS_UNDATED "\1tlsu"  /* the same, while our own clock cannot be right */
#define TLS_GARBAGE "\1tlsg"
#define TLS_OLD "\1tlso"      /* no common version */
#define TLS_REFUSED "\1tlsr"  /* an alert that says no more than no */
#define TLS_OUTDATED "\1tlsv" /* an old version, when asked again for any */
#define TLS_ASKED "\1tlsc"    /* the server asks for a certificate of ours */
#define TLS_EARLY "\1tlse"    /* followed by what lies inside TLS before we have spoken there */
#define WAIT(ms) "\2" #ms ";"

enum { TURNS_MAX = 24 };

struct conversation {
	struct dialogue *dialogue;
	int64_t now;
	const char *const *turns;
	size_t at;
	char said[4096]; /* all that we said */
	size_t said_size;
	int cut;         /* -1: whole; 0: byte by byte; n: first n bytes, then the rest */
	bool over;
	bool asked;      /* for a certificate of ours */
	unsigned again;
	struct world *world;
};

static inline void converse_step(struct conversation *, struct dialogue_step *);

static inline void
converse_feed(struct conversation *c, const char *bytes, size_t size)
{
	size_t done = 0;

	while (done < size && !c->over) {
		size_t part = c->cut < 0 || (size_t)c->cut >= size || (c->cut > 0 && done > 0) ? size - done
		    : c->cut == 0 ? 1 : (size_t)c->cut;
		struct dialogue_step step = { .next = DIALOGUE_WAIT };
		size_t before = c->at;

		dialogue_received(c->dialogue, c->now, bytes + done, part, &step);
		done += part;
		if (done < size && step.next == DIALOGUE_SEND) {
			/* the server had not finished its turn; what it says comes first */
			memcpy(c->said + c->said_size, step.bytes, step.size);
			c->said_size += step.size;
			continue;
		}
		converse_step(c, &step);
		if (c->at != before)
			return;
	}
}

static inline void
converse_end(struct conversation *c, enum stream_end end, const char *outcome, bool version)
{
	struct close_reason reason = { .end = end, .outcome = outcome, .may_be_outdated = version,
		.cert_asked = c->asked, .alert = end == STREAM_TLS_FAILED };
	struct dialogue_step step = { .next = DIALOGUE_WAIT };

	if (outcome != NULL)
		snprintf(reason.text, sizeof reason.text, "TLS said no");
	dialogue_ended(c->dialogue, c->now, &reason, &step);
	if (version && step.next == DIALOGUE_CLOSE && c->again++ == 0) {
		struct address local;

		address_parse("192.0.2.9", 40113, &local);
		dialogue_again(c->dialogue, c->now, LOOK_LEGACY);
		dialogue_connected(c->dialogue, c->now, &local, &step);
	}
	converse_step(c, &step);
}

static inline void
converse_secure(struct conversation *c, const char *turn)
{
	struct tls_judgement judgement = { .version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .verified = true };
	struct dialogue_step step = { .next = DIALOGUE_WAIT };

	if (strcmp(turn, TLS_GARBAGE) == 0) {
		converse_end(c, STREAM_TLS_FAILED, "tls_protocol", false);
		return;
	}
	if (strcmp(turn, TLS_OLD) == 0) {
		converse_end(c, STREAM_TLS_FAILED, "tls_version", true);
		return;
	}
	if (strcmp(turn, TLS_REFUSED) == 0) {
		converse_end(c, STREAM_TLS_FAILED, "tls_failed", true);
		return;
	}
	if (strcmp(turn, TLS_OUTDATED) == 0) {
		snprintf(judgement.version, sizeof judgement.version, "TLSv1");
		snprintf(judgement.outdated, sizeof judgement.outdated, "tls_version");
		snprintf(judgement.outdated_text, sizeof judgement.outdated_text, "TLSv1 is the newest version it speaks");
	}
	const char *early = strncmp(turn, TLS_EARLY, strlen(TLS_EARLY)) == 0 ? turn + strlen(TLS_EARLY) : "";
	c->asked = judgement.client_cert_asked = strcmp(turn, TLS_ASKED) == 0;
	if (strcmp(turn, TLS_UNDATED) == 0) {
		judgement.doubt = CLOCK_BEFORE_BUILD;
		snprintf(judgement.undated, sizeof judgement.undated, "it has expired; but our own clock is wrong");
	}
	if (strcmp(turn, TLS_EXPIRED) == 0) {
		judgement.failed = c->world->tls.verify >= TLS_VERIFY_CHAIN;
		judgement.verified = false;
		snprintf(judgement.outcome, sizeof judgement.outcome, "cert_expired");
		snprintf(judgement.text, sizeof judgement.text, "the certificate has expired on 2020-01-01");
		if (!judgement.failed)
			evidence_add_warning(dialogue_log(c->dialogue), "cert_expired", "handshake", judgement.text);
	}
	dialogue_secured(c->dialogue, c->now, &judgement, (struct pw_bytes){ early, strlen(early) }, &step);
	converse_step(c, &step);
}

static inline bool
is_tls_turn(const char *turn)
{
	return strncmp(turn, TLS, strlen(TLS)) == 0;
}

/* Time passes until the dialogue has had enough. */
static inline void
converse_silence(struct conversation *c)
{
	struct dialogue_step step = { .next = DIALOGUE_WAIT };

	c->now = dialogue_deadline(c->dialogue);
	dialogue_expired(c->dialogue, c->now, &step);
	converse_step(c, &step);
}

static inline const char *
converse_delay(struct conversation *c, const char *turn)
{
	while (*turn == '\2' && !c->over) {
		int64_t until = c->now + strtoll(turn + 1, NULL, 10) * MILLISECOND;
		struct dialogue_step step = { .next = DIALOGUE_WAIT };

		while (dialogue_deadline(c->dialogue) <= until && !c->over) {
			c->now = dialogue_deadline(c->dialogue);
			dialogue_expired(c->dialogue, c->now, &step);
			converse_step(c, &step);
		}
		if (until > c->now && !c->over)
			c->now = until;
		turn = strchr(turn, ';') + 1;
	}
	return turn;
}

static inline void
converse_turn(struct conversation *c)
{
	const char *turn = c->turns[c->at] != NULL ? c->turns[c->at++] : SILENT;

	turn = converse_delay(c, turn);
	if (c->over)
		return;
	if (strcmp(turn, CLOSE) == 0)
		converse_end(c, STREAM_CLOSED, NULL, false);
	else if (strcmp(turn, RESET) == 0)
		converse_end(c, STREAM_RESET, NULL, false);
	else if (strcmp(turn, SILENT) == 0)
		converse_silence(c);
	else if (is_tls_turn(turn))
		converse_secure(c, turn);
	else
		converse_feed(c, turn, strlen(turn));
}

static inline void
converse_step(struct conversation *c, struct dialogue_step *step)
{
	switch (step->next) {
	case DIALOGUE_WAIT:
		return;
	case DIALOGUE_SEND:
		assert_true(c->said_size + step->size < sizeof c->said);
		memcpy(c->said + c->said_size, step->bytes, step->size);
		c->said_size += step->size;
		return;
	case DIALOGUE_SECURE:
	case DIALOGUE_LOOK_UP:
		return;
	case DIALOGUE_CLOSE:
		c->over = true;
		return;
	}
}

/* Runs a script to its end; the dialogue is the caller's to destroy. */
static inline void
converse(struct conversation *c, struct world *world, const char *const *turns, int cut)
{
	const struct dialogue_setup setup = { .target = &world->target, .address = "192.0.2.1",
		.helo = "watch.example.net", .resolve = 2000, .resolved = true, .epoch = 1000, .patient = world->patient,
		.had_starttls = world->had_starttls, .passed_asked = world->passed_asked, .stalled = &world->stalled };
	struct dialogue_step step = { .next = DIALOGUE_WAIT };
	struct address local;

	*c = (struct conversation){ .now = 1000, .turns = turns, .cut = cut, .world = world };
	assert_true(address_parse("192.0.2.9", 40112, &local));
	c->dialogue = dialogue_create(&setup, c->now);
	assert_non_null(c->dialogue);
	c->now += 500;
	dialogue_connected(c->dialogue, c->now, &local, &step);
	converse_step(c, &step);
	for (unsigned i = 0; i < 100000 && !c->over; i++)
		converse_turn(c);
	assert_true(c->over);
	assert_true(dialogue_deadline(c->dialogue) == INT64_MAX);
}

static inline void
world_print(struct dialogue *dialogue)
{
	struct evidence evidence = { .leg = 0 };
	struct evidence_line line;
	struct evidence_warning warning;
	static const char *const dirs[] = { "***", "-->", "<--", "~~>", "<~~" };

	dialogue_evidence(dialogue, &evidence);
	printf("# %s(%s): %.*s\n", verdict_name(dialogue_verdict(dialogue)), evidence.outcome, (int)evidence.text.size,
	    evidence.text.data);
	for (uint32_t i = 0; i < evidence.phase_count; i++)
		printf("#   %s %d %ld of %ld\n", evidence.phases[i].name, evidence.phases[i].status,
		    (long)evidence.phases[i].micros, (long)evidence.phases[i].limit);
	while (evidence_next_warning(&evidence.warnings, &warning))
		printf("#   warning %s: %.*s\n", warning.code, (int)warning.text.size, warning.text.data);
	while (evidence_next_line(&evidence.transcript, &line))
		printf("#   %.6f %s %.*s\n", (double)line.at / 1e6, dirs[line.dir], (int)line.bytes.size, line.bytes.data);
}

#endif
