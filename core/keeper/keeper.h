/*
 * The keeper writes the store, decides who is told of what, and hands notices to the notifiers.
 * This header is for its own files.
 *
 * It has four modules over the store, each of which calls only what is below it. What a module
 * holds is known to its own files alone (service_private.h and its like).
 *
 *   service   what people ask, the links, what we notice of ourselves: keeper.c, monitor_link.c,
 *             dispatch.c, ask.c, asks.c, outbox_admin.c,
 *             test_notice.c, reports.c, heartbeat.c, channel.c, store_repair.c,
 *             stale_targets.c, watch_time.c
 *   record    a run as rows, and their evidence: record.c, evidence.c, removed_targets.c,
 *             remind.c, servers.c
 *   policy    who is told what, and when: policy.c, notify_policy.c, next_delivery.c, repeat.c,
 *             withhold.c, notifier_filters.c, silences.c, shadow.c, ledgers.c, ledger.c
 *   outbox    notices, deliveries, links to notifiers: outbox.c, notifier_link.c,
 *             notice_message.c, notice_context.c, dependents.c, notice_payload.c
 *   below     target_registry.c: targets; evidence_cache.c: evidence in memory; commit_queue.c:
 *             group commits; change_log.c, lines.c: the log
 *
 * What is open is in the store alone, and is looked up and changed there.
 */
#pragma once

#include "base/duty.h"
#include "config/config.h"
#include "keeper/evidence_cache.h"
#include "keeper/commit_queue.h"
#include "keeper/outbox.h"
#include "keeper/target_registry.h"
#include "store/find.h"
#include "store/reader.h"

struct keeper {
	struct duty *duty;
	const struct config *config;
	struct store *store;     /* the commit queue's */
	struct commit_queue *commits;
	struct target_registry *registry;
	struct evidence_cache *cache;
	struct outbox *outbox;
	struct policy_state *policy;
	struct record *record;
	struct service *service;
	struct {
		int64_t by;      /* clock_mono(); 0: not told to stop */
		int status;      /* of the process; -1: it goes on */
		bool begin_anew; /* the store is not what this process knows: the next keeper
		                  * begins with what is there */
	} end;
};

/* A line for the log. */
#define keeper_log(keeper, level, ...) duty_log((keeper)->duty, (level), 0, __VA_ARGS__)
/* Has the parent replace the sender of a malformed packet. */
#define keeper_blame(keeper, whom, index) \
	duty_blame((keeper)->duty, (whom), (index), "to the keeper")

/* Opens the store and makes all that memory holds. Returns false with a reason if we cannot
 * begin. */
bool keeper_recover(struct keeper *, struct reason *why);
/* Frees and closes all; what was not committed is lost. */
void keeper_fini(struct keeper *);
