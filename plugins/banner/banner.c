/*
 * The probe `banner`: the greeting, and whether it is as expected. The only command is QUIT.
 */
#include "../smtp/dialogue.h"

enum { EXPECT, STRICT, REJECT_IS }; /* rows of the settings */

static const struct pw_setting settings[] = {
	[EXPECT] = { .key = "expect", .type = PW_REGEX,
	    .help = "regular expression to be found in a line of the greeting as the transcript shows it: "
	            "\"^220 .*ESMTP\"" },
	[STRICT] = { .key = "strict", .type = PW_BOOL, .fallback = "false",
	    .help = "whether a greeting that is not as expected fails; else it degrades" },
	[REJECT_IS] = { .key = "reject_is", .type = PW_ENUM, .fallback = "blocked",
	    .choices = smtp_reject_is,
	    .help = "what a plain 5xx greeting means: \"blocked\" (alive, refuses us) or \"down\"" },
	{ .key = NULL },
};

static const struct pw_phase phases[] = {
	{ .name = "banner" },
	{ .name = NULL },
};

static const struct pw_outcome outcomes[] = {
	{ .name = "greeting_rejected", .severity = PW_FAILED, .text = "greeted with a refusal",
	    .hint = "The server refuses every transaction; with reject_is = \"blocked\" this counts as alive." },
	{ .name = "banner_mismatch", .severity = PW_FAILED,
	    .text = "the greeting is not as expected",
	    .hint = "Was the server changed, or does another one answer?", .phase = "banner" },
	{ .name = NULL },
};

static const struct pw_fact_kind facts[] = {
	{ "banner", 0, "the whole greeting, without its code" },
	{ "software", PW_STEADY, "the mail server that the greeting names" },
	{ .name = NULL },
};

static void
begin(void *session, struct pw_turn *turn)
{
	const struct smtp_options options = {
		.expect = turn->values->items[EXPECT].regex,
		.strict = turn->values->items[STRICT].number != 0,
		.reject_is_down = turn->values->items[REJECT_IS].number == 1,
		.greeting_only = true,
	};

	smtp_begin(session, turn, &options);
}

static const struct pw_probe_ops ops = {
	.size = sizeof ops,
	.default_port = 25,
	.framing = PW_REPLIES,
	.session_size = sizeof(struct smtp),
	.phases = phases,
	.outcomes = outcomes,
	.facts = facts,
	.farewell = "QUIT",
	.begin = begin,
	.on_reply = smtp_on_reply,
};

PW_PLUGIN_PROBE("banner", "1.0",
    "a server's greeting, and whether it is as expected; nothing is said but QUIT", 0,
    settings, &ops);
