/*
 * For the keeper: carries out `postwatch test NOTIFIER`, which sends a notice by that notifier; the
 * receipts of its receivers are the answer to the command.
 */
#pragma once

#include "keeper/ask.h"

void test_notice_begin(struct keeper *, struct ask *, const struct message_ask *);
/* A notice of that kind, which was put, goes out through the notifier, and its receipts are the
 * answer. */
void test_notice_wait(struct keeper *, struct ask *, struct notifier *, uint64_t notice,
    enum notice_kind);
/* Whether the receipts of that notice are waited for. */
bool test_notice_waits(const struct keeper *, const struct notifier *, uint64_t notice);
/* A receipt came, and its delivery's row was written; or the notifier was lost with the notice in
 * hand. */
void test_notice_receipt(struct keeper *, struct notifier *, const struct delivery *,
    const struct message_receipt *);
void test_notice_lost(struct keeper *, struct notifier *, uint64_t notice);
/* What takes too long is told so. */
void test_notice_turn(struct keeper *);
