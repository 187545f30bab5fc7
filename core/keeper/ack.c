/* An acknowledgement is part of its incident's row. */
#include <inttypes.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/asks.h"
#include "keeper/keeper.h"
#include "keeper/withhold.h"

static void
refuse(struct ask *ask, uint64_t number, int64_t ended)
{
	if (ended == 0)
		ask_refuse(ask, ASK_REFUSED, "there is no incident %" PRIu64 ": `postwatch incidents` lists them", number);
	else
		ask_refuse(ask, ASK_REFUSED, "incident %" PRIu64 " is over since <utc %" PRId64 ">: there is nothing to acknowledge",
		    number, ended);
}

void
ack_incident(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	struct store_incident incident = { .number = message->word_count == 2 ? ask_number(message->words[0]) : 0 };
	char reason[ASK_REASON_ROOM];
	struct text why = TEXT_OVER(reason);
	uint32_t target = CONFIG_NONE;

	if (incident.number == 0 || !ask_reason(message->words[1], &why)) {
		ask_refuse(ask, ASK_USAGE, "`ack` takes the number of an incident and a reason of 1 to %d bytes", ASK_REASON_MAX);
		return;
	}
	if (store_find_incident(keeper->journal.store, incident.number, &incident))
		target = roll_target(&keeper->roll, incident.target);
	if (target == CONFIG_NONE || incident.ended != 0) {
		refuse(ask, incident.number, incident.ended);
		return;
	}
	if (incident.acknowledged != 0)
		ask_say(ask, 'o', "it was acknowledged before, by %.*s: %.*s", (int)incident.ack_by.size, incident.ack_by.data,
		    (int)incident.ack_why.size, incident.ack_why.data);
	incident.acknowledged = clock_wall();
	incident.ack_by = text_view(message->who);
	incident.ack_why = text_view(reason);
	store_put_incident(journal_main(keeper), &incident);
	withhold_acknowledged(keeper, target);
	ask->serial = keeper->journal.serial;
	const char *name = keeper->config->targets[target].name;
	duty_log(keeper->duty, LOG_NOTICE, 0, "incident %" PRIu64 " of %s is acknowledged by %s: %s", incident.number, name,
	    message->who, reason);
	ask_say(ask, 'o', "incident %" PRIu64 " of %s is acknowledged until it ends", incident.number, name);
	ask_end(ask, 0);
}
