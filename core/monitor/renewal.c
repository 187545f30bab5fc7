/* What is known of renewals goes by the dates that certificates show, which the probers make facts
 * of. */
#include "monitor/renewal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/wire_form.h"

enum { DATE_SIZE = sizeof "2026-12-01T10:00:00Z" - 1, PERCENT = 100 };

/* The fact `name` of the leg as a time; 0: it has none. */
static int64_t
date_of(const struct evidence *leg, const char *name)
{
	struct pw_bytes list = leg->facts;
	struct evidence_fact fact;
	char bytes[DATE_SIZE + 1] = "";

	while (evidence_next_fact(&list, &fact))
		if (strcmp(fact.name, name) == 0 && fact.value.size == DATE_SIZE)
			memcpy(bytes, fact.value.data, DATE_SIZE);
	struct tm date = { .tm_mday = 0 };
	const char *end = strptime(bytes, "%Y-%m-%dT%H:%M:%SZ", &date);
	return end == NULL || *end != '\0' ? 0 : (int64_t)timegm(&date) * SECOND;
}

bool
renewal_learn(struct renewal *renewal, const struct evidence *leg, int64_t now)
{
	int64_t from = date_of(leg, "cert_not_before"), end = date_of(leg, "cert_not_after");

	if (from == 0 || end <= from || renewal->several
	    || (from == renewal->from && end == renewal->end))
		return false;
	if (renewal->end != 0 && (end < renewal->end || from < renewal->from)) {
		renewal->several = true;
		renewal->left = 0;
		return true;
	}
	if (renewal->from <= now && now < renewal->end)
		renewal->left = (uint8_t)((renewal->end
		    - now) / ((renewal->end - renewal->from) / PERCENT + 1));
	renewal->from = from;
	renewal->end = end;
	return true;
}

static bool
is_renewal(const void *record)
{
	const struct renewal *renewal = record;

	return renewal->end == 0 || renewal->end > renewal->from;
}

static const struct wire_form renewal_form = { .holds = is_renewal, WIRE_FORM(renewal,
	WIRE_FIELD(I64, renewal, from, .min = INT64_MIN),
	WIRE_FIELD(I64, renewal, end, .min = INT64_MIN),
	WIRE_FIELD(U8, renewal, left, .max = PERCENT),
	WIRE_FIELD(U8, renewal, several, .max = 1)) };

void
renewal_encode(const struct renewal *renewal, struct wire_out *out)
{
	wire_put_form(out, &renewal_form, renewal);
}

void
renewal_decode(struct renewal *renewal, struct wire_in *in)
{
	wire_get_form(in, &renewal_form, renewal, &(struct wire_terms){ .limit = 0 });
}
