/* The list of the monitor's tables of rules, for `postwatch explain --table`. */
#include "monitor/table.h"

#include "base/refusal.h"
#include "monitor/attempt.h"
#include "monitor/blind.h"
#include "monitor/condition.h"
#include "monitor/flapping.h"
#include "monitor/hold.h"
#include "monitor/pace.h"
#include "monitor/silence.h"
#include "monitor/state.h"

static const struct rule_table refusal_table = {
	.name = "refusals",
	.title = "From a reply with 4xx or 5xx to a verdict: the first row that applies decides",
	.heads = (const char *const[]){ "order", "what a reply says", "verdict" },
	.columns = 3,
	.rows = REFUSAL_ROWS,
	.cell = refusal_cell,
	.note = "Words are whole words and phrases, never parts of words or of names; the "
	"verdict's sentence quotes those that "
	        "decided. A mention of us decides nothing where the reply names a trouble of the "
	            "server's own.",
};

static const struct rule_table *const tables[] = {
	&refusal_table,
	&attempt_table, &state_table,   &pace_table,           &condition_table, &flapping_table,
	&blind_table,   &cause_table,   &hold_table,           &silence_parent_table,
	    &silence_table,
};

const struct rule_table *
rule_table(size_t index)
{
	return index < sizeof tables / sizeof *tables ? tables[index] : NULL;
}
