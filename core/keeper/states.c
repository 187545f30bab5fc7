/* One block of just the size for each target, and behind them one for our own side: most states are small and change
 * seldom. */
#include "keeper/states.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

struct kept {
	uint16_t size;
	unsigned char bytes[];
};

struct states {
	uint32_t targets;
	struct kept *of_target[];
};

struct states *
states_create(uint32_t targets)
{
	struct states *states = calloc(1, sizeof *states + (targets + 1) * sizeof states->of_target[0]);

	if (states != NULL)
		states->targets = targets;
	return states;
}

void
states_destroy(struct states **states)
{
	for (uint32_t i = 0; *states != NULL && i <= (*states)->targets; i++)
		free((*states)->of_target[i]);
	free(*states);
	*states = NULL;
}

bool
states_put(struct states *states, const struct message_state *state)
{
	assert(state->target < states->targets || state->target == CONFIG_NONE);
	struct kept **kept = &states->of_target[state->target == CONFIG_NONE ? states->targets : state->target];

	if (*kept == NULL || (*kept)->size != state->state.size) {
		free(*kept);
		*kept = malloc(sizeof **kept + state->state.size);
	}
	if (*kept == NULL)
		return false;
	(*kept)->size = (uint16_t)state->state.size;
	memcpy((*kept)->bytes, state->state.data, state->state.size);
	return true;
}

bool
states_next(const struct states *states, uint32_t *cursor, struct message_state *state)
{
	for (; *cursor <= states->targets; ++*cursor) {
		const struct kept *kept = states->of_target[*cursor];

		if (kept == NULL)
			continue;
		*state = (struct message_state){ *cursor < states->targets ? *cursor : CONFIG_NONE,
			{ (const char *)kept->bytes, kept->size } };
		++*cursor;
		return true;
	}
	return false;
}
