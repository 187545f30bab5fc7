/* A target begins without the parts that only some need; who needs one allocates it. */
#include "monitor/target_state.h"

#include <stdlib.h>

void
target_state_init(struct target_state *target, struct moment now)
{
	*target = (struct target_state){ .since = now, .state = STATE_PENDING, .outcome = CODE_OK };
}

void
target_state_fini(struct target_state *target)
{
	free(target->trouble);
	free(target->conditions);
	free(target->flapping);
	free(target->unsteady);
	*target = (struct target_state){ .state = STATE_NONE };
}

uint8_t
target_phase(const struct policy *policy, const char *name)
{
	uint32_t phase = policy != NULL ? policy_phase(policy, name) : CONFIG_NONE;

	return phase < PHASE_ANY ? (uint8_t)phase : PHASE_ANY;
}
