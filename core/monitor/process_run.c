/*
 * For the monitor: takes the report of one run through all steps: what it shows of our own network,
 * the rules, the messages to the keeper, and the next run that is planned.
 *
 * The order matters: what the run says of ourselves is learnt before it is judged, since it may be
 * the run that shows that we see again; and what follows for other targets comes behind what it has
 * changed at its own.
 */
#include "monitor/process_run.h"

#include <stdio.h>
#include <syslog.h>

#include "monitor/apply_run.h"
#include "monitor/effects.h"
#include "monitor/monitor.h"
#include "monitor/notify.h"
#include "monitor/pace.h"
#include "monitor/self_check.h"
#include "monitor/observe.h"

/*
 * The attempts are the runs whose evidence belongs to what may be told next: all failing attempts
 * of a suspicion; while down, the last failing one and the passing ones behind it.
 */
static void
keep_attempts(struct watched *watched, const struct run_effects *effects,
    const struct report *report)
{
	bool failed = effects->signal == SIGNAL_FAILED || effects->signal == SIGNAL_FAILED_ENOUGH
	    || effects->signal == SIGNAL_FAILED_OTHERWISE;
	enum state state = (enum state)watched->state.state;

	if (effects->signal == SIGNAL_NONE)
		return;
	if (!failed && (report->flags & REPORT_NAME_MISSING) && !state_is_down(state))
		/* the first attempts at a name that is gone */
		attempts_add(&watched->attempts, report->run);
	if (failed && state_is_down(effects->from))
		attempts_restart(watched->attempts);
	if (failed)
		attempts_say(&watched->attempts, report->text);
	if (failed && state == STATE_SUSPECT && watched->state.trouble->repeating)
		return; /* it is made again, and stands for both */
	if (failed || state_is_down(effects->from) || state_is_down(state))
		attempts_add(&watched->attempts, report->run);
}

/* What the next run is to be compared with. */
static void
keep_last_seen(struct target_state *state, const struct report *report)
{
	state->fingerprint = report->fingerprint;
	/* What a run did not come to see stays as it was. */
	if ((report->flags & REPORT_HAS_STARTTLS)
	    || (report->verdict == PW_OK && (report->flags & REPORT_REACHED_EHLO)))
		state->had_starttls = report->flags & REPORT_HAS_STARTTLS;
	if ((report->flags & REPORT_PASSED_ASKED) || report->verdict == PW_OK)
		state->passed_asked = report->flags & REPORT_PASSED_ASKED;
}

/* Changes of pace are nothing that anybody is told; in the log they explain why a target is run
 * less often. */
static void
log_pace(const struct watch *watch, uint32_t target, const struct run_effects *effects)
{
	const struct target *configured = watch_target(watch, target);

	if (effects->slow)
		duty_log(watch->duty, LOG_INFO, 0,
		    "%s is slow: it gets the patient limits in every run", configured->name);
	if (effects->swift)
		duty_log(watch->duty, LOG_INFO, 0, "%s is within the routine limits again",
		    configured->name);
	if (effects->backed_off)
		duty_log(watch->duty, LOG_NOTICE, 0,
		    "%s says that we connect too often: it is run every %s for now",
		    configured->name,
		    SPAN(pace_interval(&watch->targets[target].state, configured->policy)));
}

void
process_run(struct monitor *monitor, struct observation *run, struct report *report,
    const char *facts)
{
	const struct watch *watch = &monitor->watch;
	uint32_t target = report->target;
	struct watched *watched = &watch->targets[target];
	const struct policy *policy = watch_target(watch, target)->policy;
	uint32_t silence_was = watched->state.silence;
	struct run_effects effects;

	self_check_before(monitor, run, report);
	struct run_context context = self_check_context(monitor, run, report);
	if (run->verdict == PW_FAILED && !context.blind
	    && (watched->state.state == STATE_PENDING || watched->state.state == STATE_UP))
		dependencies_suspected(monitor, target, run->started);
	context.silence |= dependencies_silence(monitor, target);
	if (!apply_run(&watched->state, run, policy, &context, &effects)) {
		duty_log(watch->duty, LOG_ERR, 0, "out of memory: a run of %s was dropped",
		    watch_target(watch, target)->name);
		orders_plan(monitor->orders, target, watch->now + policy->interval);
		return;
	}
	activity_add_run(&monitor->activity, &effects, report->verdict);
	keep_last_seen(&watched->state, report);
	keep_attempts(watched, &effects, report);
	if (effects.suspected)
		dependencies_suspected(monitor, target, run->started);
	attempt_log_add(&monitor->activity.log, watch, &monitor->own, &effects, report);
	effects_tell(monitor, target, &effects, report, silence_was);
	if (facts != NULL)
		notify_facts(monitor, report, facts);
	log_pace(watch, target, &effects);
	/* What was not theirs is not passed on as theirs. */
	if (context.blind && report->verdict == PW_FAILED) {
		report->verdict = PW_UNKNOWN;
		snprintf(report->outcome, sizeof report->outcome, "blind");
	}
	report->flags |= run_context_flags(&context) | (run->due ? 0 : RESULT_BY_HAND);
	keeper_link_add_result(monitor->keeper, report);
	effects_plan(monitor, target, run->ended);
	dependencies_learnt(monitor, target, run->started, effects.from != effects.to);
	self_check_after(monitor, run, report, &context);
}
