/*
 * What a batch for STORE_MAIN holds, for who has to know it before it is written. Rows come in the order in which they were
 * put: of two with the same key the later one holds. They and their views are good until the batch is cleared, and putting
 * more into it meanwhile is fine. False from on_row ends it.
 */
#ifndef STORE_UNWRITTEN_H
#define STORE_UNWRITTEN_H

#include "store/reader.h"
#include "store/store.h"

void store_unwritten_notices(const struct store_batch *, store_on_notice *, void *arg);
void store_unwritten_incidents(const struct store_batch *, store_on_incident *, void *arg);
void store_unwritten_evidence(const struct store_batch *, store_on_evidence *, void *arg);
void store_unwritten_notice_evidence(const struct store_batch *, store_on_notice_evidence *, void *arg);
void store_unwritten_deliveries(const struct store_batch *, store_on_delivery *, void *arg);

#endif
