/* A walk over the operations of a batch. */
#include "store/batch.h"
#include "store/unwritten.h"

/* The next row of its kind, from `operation` on; NULL: there is none. */
static const struct operation *
find(const struct operation *operation, enum row_kind kind)
{
	while (operation != NULL && (operation->kind != OPERATION_ROW || operation->row != kind))
		operation = operation->next;
	return operation;
}

#define UNWRITTEN(name, kind, type)                                                                                    \
	void store_unwritten_##name(const struct store_batch *batch, store_on_##type *on_row, void *arg)                \
	{                                                                                                              \
		const struct operation *at = find(batch->first, kind);                                                 \
		while (at != NULL && on_row(arg, (const void *)at->is.bytes))                                          \
			at = find(at->next, kind);                                                                     \
	}
UNWRITTEN(notices, ROW_NOTICE, notice)
UNWRITTEN(incidents, ROW_INCIDENT, incident)
UNWRITTEN(evidence, ROW_EVIDENCE, evidence)
UNWRITTEN(notice_evidence, ROW_NOTICE_EVIDENCE, notice_evidence)
UNWRITTEN(deliveries, ROW_DELIVERY, delivery)
