/*
 * For the keeper: carries out what people ask for on the command line: `ack`, `pause` and `resume`
 * here, `outbox retry` and `drop` in outbox_admin.h, `test` in test_notice.h.
 */
#pragma once

#include "keeper/ask.h"

/* A MESSAGE_ASK. Returns false if it is malformed. */
bool asks_hear(struct keeper *, struct wire_in *);
