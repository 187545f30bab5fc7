/* The list of all tables of rules. */
#include "monitor/table.h"

#include "monitor/attempt.h"
#include "monitor/blind.h"
#include "monitor/condition.h"
#include "monitor/flapping.h"
#include "monitor/hold.h"
#include "monitor/pace.h"
#include "monitor/silence.h"
#include "monitor/state.h"

static const struct rule_table *const tables[] = {
	&attempt_table, &state_table,   &pace_table,           &condition_table, &flapping_table,
	&blind_table,   &cause_table,   &hold_table,           &silence_parent_table, &silence_table,
};

const struct rule_table *
rule_table(size_t index)
{
	return index < sizeof tables / sizeof *tables ? tables[index] : NULL;
}
