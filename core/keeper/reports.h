/*
 * Reports of availability that are sent by themselves (config/reports.h). When a period is over and
 * its runs are summed up, the keeper records a notice of the kind `report` with its deliveries, and
 * in the same transaction that the period was reported. The text of the report is made when it goes
 * out, by a process of its own (parent/reporter.h).
 */
#pragma once

#include "keeper/ask.h"

void reports_recover(struct keeper *);
/* Of each report that is due the oldest period; once a second. */
void reports_turn(struct keeper *);
/* `postwatch report --send NOTIFIER`: words are the notifier, the tag of the report ("": the first
 * of that notifier), and the name of the period ("": the last one). Its receipts are the answer. */
void reports_send(struct keeper *, struct ask *, const struct message_ask *);
