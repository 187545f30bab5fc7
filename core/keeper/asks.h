/* What people ask for: ack, pause and resume; hands.h: the outbox; trial.h: a test. */
#pragma once

#include "keeper/ask.h"

/* A MESSAGE_ASK. Returns false if it is malformed. */
bool asks_hear(struct keeper *, struct wire_in *);
