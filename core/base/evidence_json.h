/*
 * Evidence of one leg (the dialogue with one address) as JSON: the stable form for programs, which
 * `--json` of commands and the API of the web process show.
 */
#pragma once

#include "base/evidence.h"
#include "base/json.h"

/* One leg with all that was seen of it, as an object; foreign bytes are escaped. */
void evidence_json(struct json *, const char *key, const struct evidence *);

/* A leg's verdict, EVIDENCE_NOT_CHECKED included: "ok", "not_checked". */
const char *evidence_verdict_name(uint8_t verdict);
