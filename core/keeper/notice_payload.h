/*
 * For the keeper: what is stored of a notice beside the columns that the store knows (its runs, the
 * states before and after, the notices that it stands for, names), as one column of opaque bytes.
 */
#pragma once

#include "base/messages_outbox.h"

enum { PAYLOAD_COVERS_MAX = 50 };

struct notice_payload {
	char from[16], to[16];    /* states, "" where none changed */
	uint32_t covered;         /* how many notices it stands for, 0: only itself */
	uint32_t covers_count;
	uint64_t covers[PAYLOAD_COVERS_MAX]; /* the first of them */
	uint32_t attempt_count;
	/* runs whose evidence belongs to it, oldest first */
	uint64_t attempts[CHANGE_ATTEMPTS_MAX];
	char tag[NOTICE_TAG_MAX]; /* as in struct message_notice */
	bool named;               /* what follows is known */
	struct notice_names names; /* what its target and we were called when it was recorded */
};

enum { NOTICE_PAYLOAD_MAX = 4096 };

void payload_put(const struct notice_payload *, struct wire_out *);
/* False where malformed: it is then empty. */
bool payload_get(struct notice_payload *, struct pw_bytes);
