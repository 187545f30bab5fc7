/* What a keeper holds, given back. Nothing is written here: a death by kill has no time for it either. */
#include <stdlib.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "keeper/asks.h"
#include "keeper/keeper.h"

static void
forget_courier(struct courier *courier)
{
	if (courier->fd >= 0)
		close(courier->fd);
	packet_queue_clear(&courier->out);
	free(courier->handed);
	free(courier->missed);
	zone_close(&courier->zone);
}

static void
forget_outbox(struct keeper *keeper)
{
	struct outbox_of *outbox = &keeper->outbox;

	for (uint32_t i = 0; outbox->couriers != NULL && i < outbox->count; i++)
		forget_courier(&outbox->couriers[i]);
	free(outbox->couriers);
}

void
keeper_fini(struct keeper *keeper)
{
	asks_forget(keeper);
	forget_outbox(keeper);
	free(keeper->files);
	journal_fini(&keeper->journal);
	roll_fini(&keeper->roll);
	unseen_fini(keeper);
	cabinet_destroy(&keeper->cabinet);
	zone_close(&keeper->zone);
	window_clock_fini(&keeper->windows);
	free(keeper->polled);
	if (keeper->monitor >= 0)
		close(keeper->monitor);
	*keeper = (struct keeper){ .monitor = -1 };
}

void
keeper_out_of_memory(struct keeper *keeper, const char *what)
{
	duty_log(keeper->duty, LOG_CRIT, 0, "keeper: no memory for %s: it ends, and the next one goes on from what is kept", what);
	_exit(EX_OSERR);
}
