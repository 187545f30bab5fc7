/*
 * Known blindness: what our own side is known to lack (route, resolver, descriptors, IPv6 ...),
 * since when, and the spells in which nothing could be seen at all. own_side.h holds it for the
 * monitor. Each cause has what shows it and what ends it (blind_table, cause_table). Only runs
 * beyond this host, and the references (hosts that are asked only whether our line works), show
 * something; a target on this host itself shows only that its name resolved and that there are
 * descriptors.
 */
#pragma once

#include "base/messages.h"
#include "base/text.h"
#include "monitor/spells.h"
#include "monitor/table.h"

enum blind_stage { BLIND_NONE, BLIND_SEEING, BLIND_CUT_OFF, BLIND_TOLD, BLIND_STAGES };
enum blind_sign { SIGN_CLEAR, SIGN_CUT_OFF, SIGN_CUT_OFF_LONG, BLIND_SIGNS };
enum blind_tell { BLIND_TELL_NOBODY, BLIND_TELL_BLIND, BLIND_TELL_OVER };
struct blind_move {
	enum blind_stage to;
	enum blind_tell tell;
};
struct blind_move blind_move(enum blind_stage from, enum blind_sign sign);

enum blind_cause {
	CAUSE_REFERENCES,
	CAUSE_NEAR,
	CAUSE_ROUTE,
	CAUSE_RESOLVER,
	CAUSE_DESCRIPTORS,
	CAUSE_MEMORY,
	CAUSE_LOCAL_PORT,
	CAUSE_FORBIDDEN,
	CAUSE_IPV6,
	BLIND_CAUSES
};

/* What a run has shown to work, by having used it. */
enum blind_use { USED_NETWORK = 1, USED_RESOLVER = 2, USED_SOCKET = 4, USED_IPV6 = 8 };

struct blind {
	enum blind_stage stage;
	struct standing_cause {
		int64_t since, shown; /* first and last seen; since 0: it does not stand */
		uint32_t target;      /* whose run showed it first: it is looked at again soon */
		uint16_t port;        /* the one that is forbidden */
	} causes[BLIND_CAUSES];
	enum blind_cause told;   /* while the stage is BLIND_TOLD */
	int64_t heard;           /* when anybody beyond this host was last heard; the begin, where
	                          * nobody was yet */
	struct spells spells;    /* in which all references were silent, or all near ones */
	int64_t failed_began, failed_at; /* the last round, where all were silent; 0: it was not so
	                                  * */
	uint8_t contradicted;    /* such rounds in a row that began right after a target had been
	                          * heard */
	bool doubted;            /* the references are dead, not we blind */
	int64_t near_began, near_at; /* as failed_began and failed_at, of the near ones */
	bool near_doubted;
	int64_t taken_over;      /* when it was taken over from a monitor before: causes are to
	                          * show themselves again; 0: never, or all of them have, or
	                          * ended */
};

void blind_init(struct blind *, int64_t now);

/* A run used these things with success; `port` is that of its target. */
void blind_used(struct blind *, unsigned uses, uint16_t port, int64_t at);

/* Somebody beyond this host was heard at that instant. True: it contradicts the references, which
 * are to be asked anew. */
bool blind_heard(struct blind *, int64_t at);

/* A run of the target ended with this outcome: where it is a local fact, its cause stands. Returns
 * whether it is one. */
bool blind_show(struct blind *, const char *outcome, uint32_t target, uint16_t port, int64_t at);

/* The run that showed a standing cause first is the one to be repeated soon. */
bool blind_asks_for(const struct blind *, uint32_t target);

/*
 * The cause of this outcome has stood for so long that it is told for itself, or soon is: nobody
 * need hear of single targets what it means for them. `patience`: for how long one may know nothing
 * of a target.
 */
bool blind_explains(const struct blind *, const char *outcome, int64_t patience);

/* A round over the references ended. */
void blind_references(struct blind *, const struct message_references *);

/* Ends causes that were taken over and have not shown themselves since; true where that was the one
 * that had been told. */
bool blind_end_unseen(struct blind *, int64_t at);

enum { CAUSE_NAME_MAX = 32 }; /* bytes of a cause's name with its NUL */

/* The name of a cause in what is kept, BLIND_CAUSES where it is none. */
const char *blind_name(enum blind_cause);
enum blind_cause blind_named(const char *name);

bool blind_stands(const struct blind *, enum blind_cause);

/* What is worth telling by now; to be called about once a second. */
enum blind_tell blind_tick(struct blind *);

/* We are known to see nothing now. */
bool blind_is_known(const struct blind *);

/* The code and the words of a cause; `span`: how long it has lasted. */
const char *blind_code(enum blind_cause);
void blind_add_words(struct text *, const struct blind *, enum blind_cause, const char *span);

extern const struct rule_table blind_table, cause_table;
