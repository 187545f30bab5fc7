/*
 * For the probes `smtp` and `starttls`, which differ only in whether TLS is required: defines
 * their settings, and the table of functions that the prober calls for them. Of these only the
 * beginning is here, which hands the settings on; the dialogue itself is in dialogue.c.
 */
#include "dialogue.h"

enum { REQUIRE, REJECT_IS }; /* rows of the settings */

const struct pw_setting smtp_settings[] = {
	[REQUIRE] = { .key = "require", .type = PW_LIST, .max = SMTP_REQUIRE_MAX,
	    .help = "capabilities that EHLO must offer, such as \"SIZE\" or \"AUTH PLAIN\"; one that is "
	            "missing degrades" },
	[REJECT_IS] = { .key = "reject_is", .type = PW_ENUM, .fallback = "blocked",
	    .choices = smtp_reject_is,
	    .help = "what a plain 5xx greeting means: \"blocked\" (alive, refuses us) or \"down\"" },
	{ .key = NULL },
};

static void
begin(void *session, struct pw_turn *turn)
{
	const struct smtp_options options = {
		.require = turn->values->items[REQUIRE].list,
		.reject_is_down = turn->values->items[REJECT_IS].number == 1,
	};

	smtp_begin(session, turn, &options);
}

const struct pw_probe_ops smtp_probe = {
	.size = sizeof smtp_probe,
	.default_port = 25,
	.framing = PW_REPLIES,
	.session_size = sizeof(struct smtp),
	.phases = smtp_phases,
	.outcomes = smtp_outcomes,
	.facts = smtp_facts,
	.farewell = "QUIT",
	.begin = begin,
	.on_reply = smtp_on_reply,
	.on_secured = smtp_on_secured,
};
