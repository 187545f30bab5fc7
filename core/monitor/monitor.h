/*
 * The monitor: what is true. It orders runs, learns from their reports, decides by the rules, and tells the keeper. It
 * opens nothing and waits for nobody. All parts get the time from monitor->now, which the loop (monitor.c) or a test
 * sets; sockets are written without waiting, and read by the loop alone.
 *
 *   watch.c     the whole, its targets, when each is run next
 *   orders.c    ticks, orders, probers that come and go
 *   reports.c   what probers say
 *   apart.c     who is run in a prober of its own
 *   judge.c     a run, the rules, and all that follows
 *   kin.c       parents and children
 *   record.c    what is kept of a target for the next monitor; names.c: where its name has led
 *   ourselves.c blindness and holds; ipv6.c: our own way over IPv6
 *   own_record.c what is kept of them for the next monitor
 *   together.c  what was held and is told at last, in one notice
 *   clocks.c    clocks that are set, hosts that were suspended
 *   witness.c   who is asked for a word before a silent failure is confirmed
 *   herald.c      changes to the keeper and lines to the log; sentence.c has the words
 *   keeper_link.c what the keeper is told, until it is committed; keeper_messages.c: what it says
 *   control.c   who asks for what; verbs.c has what is done
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "base/duty.h"
#include "base/spread.h"
#include "config/config.h"
#include "monitor/blind.h"
#include "monitor/facts.h"
#include "monitor/hearing.h"
#include "monitor/hold.h"
#include "monitor/learn.h"
#include "monitor/renewal.h"
#include "monitor/schedule.h"
#include "monitor/unheard.h"

enum {
	WATCHED_PATIENT = 1, /* the run in hand is patient */
	WATCHED_LOCAL = 2,   /* its addresses are of this host: it says nothing about the network */
	WATCHED_BY_HAND = 8, /* the run in hand was asked for while none was due: it is no attempt */
	WATCHED_MARKED = 4,  /* its state is to be sent to the keeper */
	WATCHED_IN_DIGEST = 16, /* its down is to be told in the next digest */
	WATCHED_SILENCED = 32   /* something of it was kept silent for a reason from outside that has not ended */
};

/* The runs of an open suspicion or incident, and what the last failing one said. */
struct series {
	char *text; /* NULL: none */
	uint8_t count, room;
	uint64_t runs[];
};

struct watched {
	struct target_state state;
	uint64_t run;   /* in a prober's hands, 0: none */
	int64_t due;    /* of that run, or of the next one */
	struct series *series;
	struct facts *facts; /* NULL: none seen yet */
	struct renewal renewal;
	struct name_kept *name; /* where its name has led; NULL: nowhere, or it has none */
	uint32_t full;  /* seconds of the monotonic clock: when the next full report is asked for */
	uint32_t blurred, blurred_end; /* seconds of it: failures that overlap blind spells, the first one's and the last one's end */
	uint8_t blurred_runs;          /* of those such before which somebody was heard since the one before; up to 255 */
	uint8_t flags;
	bool answers;                  /* in its last run it was heard */
	uint8_t ipv6;                  /* enum ipv6: what its last run told of our way over it */
	bool in_private;               /* it was last seen at private addresses alone */
	bool unheard;                  /* its last run ended in silence, and it was not down */
	bool named;                    /* its prober knows what is known of its name */
	bool was_held;                 /* as quarantined, when its record was written */
	bool apart;                    /* run in a prober of its own, or in line for one */
	uint64_t network;              /* address_network() of where it was last seen, 0: nowhere yet */
};

/* A target in its family; only where the configuration has parents at all. */
struct kin {
	uint32_t first_child, next_sibling; /* CONFIG_NONE: none */
	int64_t looked;     /* when its last run that ended had begun */
	int64_t wanted;     /* a run that begins later is wanted by a child; 0: none */
	int64_t began;      /* its last suspicion: the first failing attempt */
	int64_t waits;      /* until when its own `down` waits for its parents; 0: it does not */
};

struct prober_link {
	int fd; /* -1: none */
	uint32_t in_hand;
	uint32_t waiting; /* connections that wait until others have ended, as it said last */
	struct wire_out orders;
	unsigned char *bytes;
};

/* Which facts the evidence that came just now has changed. */
struct lately {
	uint64_t run;
	char *facts; /* NULL: none */
};
enum { LATELY = 4096 };

struct control;
struct keeper_link;

/* Suspicion of our way out to one port. */
struct port_hold {
	uint16_t port;
	int64_t heard;    /* when anybody was last heard there, by a refusal as well */
	bool passed;      /* a target has, since we began */
	uint64_t turned_away; /* the likeness of the last words with which a target there turned us away */
	struct moment refused; /* since when all are turned away in the same words, where that was told; 0: it was not */
	struct hold hold; /* only a target that passes ends it */
};

/* A target whose last attempts failed often enough: whether anybody is heard after them decides. */
struct awaiting {
	uint32_t target;
	int64_t since;          /* it awaits a word */
	int64_t started, ended; /* the last attempt */
	int64_t silent;         /* since when nothing was heard in it */
	bool unanswered;        /* it was not even connected */
	bool spoken;            /* the peer, or somebody in its place, refused us */
	bool enough;            /* it counts though it overlaps a spell */
};

enum { CONFIRMING_MAX = 16 };

struct witness {
	struct awaiting *items;
	uint32_t count, room;
	uint32_t asking;        /* how many of them others were asked for in this tick */
	struct confirming { uint32_t target; uint64_t run; } confirming[CONFIRMING_MAX]; /* attempts under way that may confirm */
	uint32_t confirming_count;
	bool beginning;         /* one of them began since the last tick */
	int64_t accompanied;    /* when others were last run beside them */
	int64_t wanted;         /* a round over the references that begins at this time or later is wanted */
	int64_t sent, began;    /* when one was asked for; when the last one that ended had begun */
	int64_t near_sent;      /* when one over the near ones, too */
	bool open;              /* the one that was asked for has not ended */
};

/* Targets that a prober died of. */
struct apart {
	uint32_t alone[PROBERS_APART]; /* each prober's one, CONFIG_NONE: it has none */
	uint32_t *line, count;         /* for one of them */
};

struct counts {
	uint64_t runs_ever, runs, verdicts[PW_UNKNOWN + 1], passed_over, avoided, stray, lines_withheld;
	struct spread late;
};

enum { CLOCKS_BEFORE = 4 };

struct monitor {
	struct duty *duty;
	const struct config *config;
	int64_t now;
	struct codes *codes;
	struct schedule schedule;
	struct blind blind;
	struct hold hold;        /* of all targets */
	struct port_hold *ports; /* one for each port that is watched */
	uint32_t port_count;
	struct hearing hearing;
	/* What the parent said before we had begun. */
	struct account_put_off { struct account_put_off *next; struct message_account account; } *accounts;
	uint32_t in_public;      /* targets that were last seen elsewhere than at private addresses */
	int64_t private_heard;   /* when anybody at a private address was last heard, where others are watched that are not */
	struct unheard unheard;  /* of targets that were not down */
	struct witness witness;
	struct apart apart;
	struct watched *targets;
	struct kin *kin; /* NULL: nobody has a parent */
	struct prober_link *probers;
	struct keeper_link *keeper;
	struct health {
		struct spread late;  /* of runs since it was said last */
		uint64_t runs, passed_over;
		int64_t next;
		bool blind;          /* as was said last */
	} health;
	struct lately *lately;
	struct news news;        /* of the run that is judged: too large for many frames */
	uint64_t run, own_change; /* the last number given */
	int64_t newest;          /* UTC: the newest time in the store, where it is later than our clock says; 0: it is not */
	char unusable[SOURCES_TEXT_MAX]; /* files that probers cannot use, as was told; "": none */
	struct moment unusable_since;
	int64_t clock_wrong;     /* when a run last showed that our clock is wrong, 0: none did */
	uint32_t random;
	uint32_t waiting;        /* targets whose `down` waits for a parent */
	uint32_t digest_count;   /* downs stamped with `digest` that no digest has told yet */
	int64_t digest_due;
	uint16_t digest_port;    /* 0: not of one port alone */
	struct together {        /* what digests have told and nothing has ended yet */
		struct moment began, told; /* told: the last of them */
		uint32_t count, apart; /* targets, 0: none; those of them that were told by themselves since */
	} together;
	struct moment blind_since; /* for the words when it is over */
	uint64_t blind_change;   /* the number under which it was told; 0: a monitor before us has told it */
	struct own_record {
		bool known;          /* a monitor before us left one */
		bool unseen;         /* what it had told of us has ended because it did not show itself again */
		uint64_t likeness;   /* of what was written last */
		int64_t written;     /* when */
	} own;
	bool references_doubted; /* and that was said */
	struct clock_before { int64_t until, offset; } clock_before[CLOCKS_BEFORE]; /* of the monotonic clock: up to then the wall
	                                                                              * clock was so far from it; oldest first, 0: none */
	int64_t clocks_looked;   /* when those below were last looked at */
	int64_t clock_offset, boot_offset; /* wall and boot time minus monotonic; the latter is 0 where nobody slept */
	bool clocks_known;       /* those two have been looked at */
	int64_t interrupted;     /* when we were last suspended: failures of runs begun before say nothing */
	int64_t second, hour;    /* when we last did what is done so often */
	int64_t lines_since;     /* the log's budget for lines about single attempts */
	uint32_t lines;
	bool begun;              /* states have been recovered, and runs are ordered */
	bool stopping;
	struct control *control; /* NULL: nobody can ask for anything */
	struct counts counts;
};

/* watch.c */

/* Everything in its first state; `seed`: any number. NULL where there is no memory. */
struct monitor *monitor_create(struct duty *, int64_t now, uint32_t seed);
void monitor_destroy(struct monitor **);

/* What the keeper knew has come (or never will): the schedule begins. */
void monitor_begin(struct monitor *);

/* Every tick: what time alone brings about. */
void monitor_tick(struct monitor *);

/* After every packet: sends what has gathered, and after a tick also what can wait that long. */
void monitor_flush(struct monitor *, bool tick);

/* No more orders. */
void monitor_stop(struct monitor *);

/* Nothing is in hand, and the keeper has all. */
bool monitor_is_done(const struct monitor *);

void monitor_account(struct monitor *, const struct message_account *);

/* The target's next run is due then; what is due before the horizon is ordered at once. */
void watch_plan(struct monitor *, uint32_t target, int64_t due);
uint32_t watch_prober(const struct monitor *, uint32_t target);
/* How many links to probers there may be. */
static inline uint32_t
watch_prober_count(const struct monitor *monitor)
{
	return monitor->config->probers + PROBERS_APART;
}
/* Gives back its run, if one is in hand: a report on it will not be taken. */
void watch_release(struct monitor *, uint32_t target);
bool watch_is_quiet(const struct watched *);
/* Reasons for silence from outside that the monitor knows: its parents. */
uint32_t watch_silence(const struct monitor *, uint32_t target);
/* They may be others than before: if so, that is written down and told. */
void watch_hush(struct monitor *, uint32_t target);

/* The record that the keeper keeps: the state and the series. */
void watch_encode(const struct monitor *, uint32_t target, struct wire_out *);
bool watch_decode(struct monitor *, uint32_t target, struct wire_in *);
/* At which it is run, as in message_run. */
int64_t watch_interval(const struct monitor *, uint32_t target);

/* That number has been given: runs are numbered behind it. */
void watch_number_behind(struct monitor *, uint64_t run);

/* Adds a run to the series, making one. Where there is no memory it is left out. */
/* Pending since now, as at the first start. */
void watch_begin_anew(const struct monitor *, struct target_state *);
/* What a keeper has said of all of them. */
void watch_forget(struct monitor *);
void series_add(struct series **, uint64_t run);
void series_say(struct series **, struct pw_bytes text);
void series_restart(struct series *);
void series_keep_last(struct series *);
void series_destroy(struct series **);

/* names.c */

/* What a prober says; false: it cannot be. */
bool names_heard(struct monitor *, const struct message_name *);
/* Tells the prober at that socket, where it may not know. */
void names_tell(struct monitor *, uint32_t target, int prober);
void names_forget(struct watched *);
/* As part of its record. */
void names_encode(const struct watched *, struct wire_out *);
void names_decode(const struct monitor *, struct watched *, struct wire_in *);

/* orders.c */

void orders_collect(struct monitor *);
void orders_order(struct monitor *, uint32_t target);
void orders_flush(struct monitor *);
/* Takes the socket. What the prober before had in hand is due again, with the same attempt number. */
void orders_linked(struct monitor *, uint32_t prober, int fd);
void orders_lost(struct monitor *, uint32_t prober);

/* apart.c */

bool apart_init(struct monitor *);
void apart_fini(struct monitor *);
/* A prober died with it in hand: it waits for one of its own. */
void apart_add(struct monitor *, uint32_t target);
/* It is not to be run at all any more. */
void apart_remove(struct monitor *, uint32_t target);
/* The prober that it has for itself; CONFIG_NONE: it waits in line, or is not kept apart. */
uint32_t apart_prober(const struct monitor *, uint32_t target);
/* A run of it has ended: it is run among the others again, and the next has its turn. */
void apart_reported(struct monitor *, uint32_t target, const struct report *);
/* A prober has come, or runs are ordered from now on. */
void apart_give_out(struct monitor *);

/* reports.c: a packet of a prober; false: it is malformed. */
bool reports_heard(struct monitor *, uint32_t prober, const void *packet, size_t size);
bool reports_explain_by_files(const struct monitor *, const char *outcome); /* for want of a file that was told to be unusable */

/* judge.c: the run of a report that was asked for, with its times on our clock. */
void judge_run(struct monitor *, struct sighting *, struct report *);
/* Where its confirmation was held it is down now; `silence`: as in struct outlook; `alone`: nobody was there to ask. */
void judge_confirm(struct monitor *, uint32_t target, uint32_t silence, bool alone);

/* kin.c */

bool kin_init(struct monitor *);
/* Reasons for silence that come from its parents. */
uint32_t kin_silence(const struct monitor *, uint32_t target);
/* It turned suspect, or is about to: its first failing attempt began at `began`. Its parents are looked at. */
void kin_suspected(struct monitor *, uint32_t target, int64_t began);
/* Who waited for its parents when a monitor before us ended waits for them again. */
void kin_begin(struct monitor *);
/* A run of it ended that had begun at `started`: what that means for its children. */
void kin_learnt(struct monitor *, uint32_t target, int64_t started, bool moved);
/* It went down without a run: what that means for its children. */
void kin_moved(struct monitor *, uint32_t target);
void kin_tick(struct monitor *);
uint32_t kin_count_behind(const struct monitor *, uint32_t target);

/* ourselves.c */

/* What a run says of ourselves. */
void ourselves_before(struct monitor *, struct sighting *, struct report *);
struct outlook ourselves_outlook(struct monitor *, const struct sighting *, const struct report *);
void ourselves_references(struct monitor *, const struct message_references *);
void ourselves_tick(struct monitor *);
/* Who keeps what we tell knows nothing of it: what was told of us and has not ended is told again. */
void ourselves_say_again(struct monitor *);
/* NULL: there is none of that port. */
struct port_hold *ourselves_port(const struct monitor *, uint16_t port);
/* Nobody who was asked since then has given a word: nothing is confirmed for a while. */
void ourselves_begin_hold(struct monitor *, int64_t since);
/* Whether a hold is in force that keeps its confirmation back. */
bool ourselves_hold(const struct monitor *, uint32_t target);
/* The run came farther than to a greeting. */
bool ourselves_in_dialogue(const struct monitor *, uint32_t target, const struct sighting *);
/* After the rules: a confirmation that is held waits for a word, and what was heard may decide others. */
void ourselves_after(struct monitor *, const struct sighting *, const struct report *, const struct outlook *);
/* Whether we were, or may have been, unable to see the target at some time between these two. */
bool ourselves_overlap(const struct monitor *, uint32_t target, int64_t from, int64_t to);
/* A failure of the target between these two overlaps a spell, or others fell silent in its time and came back. Returns
 * whether such failures have gone on for so long, with others heard between them, that they count. */
bool ourselves_are_blurred(struct monitor *, uint32_t target, int64_t from, int64_t to);
/* What a monitor before us knew of targets has come. */
void ourselves_begin(struct monitor *);
/* It is at private addresses alone, while others are watched that are not: whoever is heard there says nothing of the way to
 * those, and the way to it is another than theirs. */
static inline bool
ourselves_are_apart(const struct monitor *monitor, uint32_t target)
{
	return monitor->in_public > 0 && monitor->targets[target].in_private;
}
/* What is watched beside it: on `port`, or on all (0). */
struct hold_all ourselves_all(const struct monitor *, uint16_t port);

/* own_record.c */

void own_record_encode(const struct monitor *, struct wire_out *);
/* False where it is malformed: then it is as if there had been none. */
bool own_record_decode(struct monitor *, struct wire_in *);
/* As if no monitor had been before us. */
void own_record_forget(struct monitor *);
/* About once a second: has it written where it is to be. */
void own_record_tick(struct monitor *);

/* clocks.c */

void clocks_look(struct monitor *);
/* An instant of the monotonic clock, not long ago, on both; the present one. Before the host was suspended it is what the
 * wall clock said then; before that was set, what it would have said. */
struct moment clocks_at(const struct monitor *, int64_t mono);
struct moment clocks_now(const struct monitor *);
/* Gives a run the times that its prober saw on the wall clock where they can be true, and else ours: so its evidence, its
 * result and what is told of it have the same. `due`: before that it did not begin. */
void clocks_date(const struct monitor *, struct sighting *, const struct report *, int64_t due);
/* Whether our clock says less than a time that is stored. */
bool clocks_are_behind(const struct monitor *);
/* A run may have shown that our clock is wrong: that is told, once. */
void clocks_heard(struct monitor *, const struct report *);
/* A run that failed for our suspension becomes unknown(interrupted). */
void clocks_void(const struct monitor *, struct sighting *, struct report *);

/* together.c */

/* A down was stamped with `digest`. */
void together_add(struct monitor *, uint32_t target);
/* All that have been are told in the next tick; `port`: that of all of them, 0: of several. */
void together_now(struct monitor *, uint16_t port);
/* The hold of a port has run out for those that are turned away in the same words: they are told, and nothing of each. */
void together_refused(struct monitor *, struct port_hold *);
/* A target that was told in a digest is told by itself. */
void together_apart(struct monitor *);
/* What a monitor before us told is known. */
void together_begin(struct monitor *);
/* About once a second. */
void together_end(struct monitor *);
void together_tick(struct monitor *);

/* witness.c */

void witness_fini(struct monitor *);
/* An attempt was ordered that may confirm an outage: somebody else is to be heard in its time. */
void witness_accompany(struct monitor *, uint32_t target);
/* Whether such a failure is confirmed only with a word of somebody else. */
bool witness_needed(const struct monitor *, uint32_t target, const struct sighting *);
/* The confirmation of a failure is held, for want of such a word. */
void witness_await(struct monitor *, uint32_t target, const struct sighting *, bool enough);
/* Somebody was heard, or might have been by now: confirms whom that decides. */
void witness_settle(struct monitor *);
/* A round over the references is wanted that begins from now on. */
void witness_look(struct monitor *);
/* A round ended, and its prober is free for the next. */
void witness_looked(struct monitor *, const struct message_references *);
/* Every tick: asks whom there is to ask. */
void witness_tick(struct monitor *);

/* herald.c */

/* `report`: the run it came of, NULL: none. */
void herald_change(struct monitor *, uint32_t target, const struct change *, const struct report *);
/* The reasons for silence of a target are others than before. */
void herald_silence(struct monitor *, uint32_t target, uint32_t was);
/* Of our own. */
void herald_ours(struct monitor *, enum notice_kind, const char *code, struct moment since, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Steady facts are others than before. */
void herald_facts(struct monitor *, const struct report *, const char *facts);
/* What happened to an attempt, for the log only. */
void herald_attempt(struct monitor *, uint32_t target, const struct report *);
/* What was done since the last time: every hour, and at the end. */
void herald_counts(struct monitor *);
void herald_hour(struct monitor *);
/* What the heartbeat goes by, every 10 s. */
void herald_health(struct monitor *);

/* sentence.c */

void sentence_add_change(struct text *, const struct monitor *, uint32_t target, const struct change *,
    const struct report *);
/* What the run said, or else what its outcome means. */
void sentence_add_report(struct text *, const struct monitor *, const struct report *);

#endif
