/*
 * Names of outcomes and conditions as small numbers, within the monitor's process only: a target's
 * state then has two bytes in place of a name of forty. With each name the table holds what the
 * rules ask of it, such as whether it goes by the dates of a certificate.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/outcome.h"

enum {
	CODE_NONE,     /* also what is given where memory ran out or the table is full */
	CODE_OK,
	CODE_UNSTABLE  /* the monitor's own condition */
};

struct code {
	char name[OUTCOME_NAME_MAX];
	bool at_once;      /* stands as a condition at its first sight */
	uint8_t threshold; /* of a certificate's end, each replaces those below it:
	                    * cert_expires_soon, cert_expires_urgent, cert_expired; 0: none */
	bool dated;        /* it goes by the dates of a certificate, and by our clock */
};

struct codes;

/* NULL where there is no memory. */
struct codes *codes_create(void);
void codes_destroy(struct codes **);

/*
 * The number of `name`, made at its first mention (`own`: the outcomes of its probe, NULL: none); a
 * name of an earlier version has the number of the current one. At most 65,535 different names;
 * those behind are CODE_NONE.
 */
uint16_t codes_of(struct codes *, const char *name, const struct pw_outcome *own);

/* What stands behind a number that codes_of gave; good until the next codes_of. */
const struct code *codes_get(const struct codes *, uint16_t code);
