/* An acknowledgement is part of its incident's row. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/asks.h"
#include "keeper/keeper.h"
#include "keeper/withhold.h"

static bool
on_incident(void *arg, const struct store_incident *row)
{
	*(int64_t *)arg = row->ended;
	return false;
}

static void
refuse(const struct keeper *keeper, struct ask *ask, uint64_t number)
{
	int64_t ended = 0;

	store_read_incident(keeper->reader, number, on_incident, &ended);
	if (ended == 0)
		ask_refuse(ask, ASK_REFUSED, "there is no incident %" PRIu64 ": `postwatch incidents` lists them", number);
	else
		ask_refuse(ask, ASK_REFUSED, "incident %" PRIu64 " is over since <utc %" PRId64 ">: there is nothing to acknowledge",
		    number, ended);
}

static void
acknowledge(struct keeper *keeper, struct ask *ask, uint32_t target, const char *who, const char *why)
{
	struct incident *incident = keeper->files[target].incident;
	const char *name = keeper->config->targets[target].name;
	char *by = strdup(who), *reason = strdup(why);

	if (by == NULL || reason == NULL) {
		free(by);
		free(reason);
		ask_refuse(ask, ASK_BUSY, "no memory");
		return;
	}
	if (incident->acknowledged != 0)
		ask_say(ask, 'o', "it was acknowledged before, by %s: %s", incident->ack_by, incident->ack_why);
	free(incident->ack_by);
	free(incident->ack_why);
	incident->ack_by = by;
	incident->ack_why = reason;
	incident->acknowledged = clock_wall();
	struct store_incident row = incident_row(keeper, target, incident);
	store_put_incident(journal_main(keeper), &row);
	withhold_acknowledged(keeper, target);
	ask->serial = keeper->journal.serial;
	duty_log(keeper->duty, LOG_NOTICE, 0, "incident %" PRIu64 " of %s is acknowledged by %s: %s", incident->number, name, who,
	    why);
	ask_say(ask, 'o', "incident %" PRIu64 " of %s is acknowledged until it ends", incident->number, name);
	ask_end(ask, 0);
}

void
ack_incident(struct keeper *keeper, struct ask *ask, const struct message_ask *message)
{
	uint64_t number = message->word_count == 2 ? ask_number(message->words[0]) : 0;
	char reason[ASK_REASON_ROOM];
	struct text why = TEXT_OVER(reason);

	if (number == 0 || !ask_reason(message->words[1], &why)) {
		ask_refuse(ask, ASK_USAGE, "`ack` takes the number of an incident and a reason of 1 to %d bytes", ASK_REASON_MAX);
		return;
	}
	for (uint32_t i = 0; i < keeper->config->target_count; i++)
		if (keeper->files[i].incident != NULL && keeper->files[i].incident->number == number) {
			acknowledge(keeper, ask, i, message->who, reason);
			return;
		}
	refuse(keeper, ask, number);
}
