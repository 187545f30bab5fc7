/*
 * Where the names of targets have led: kept with their states, since probers come and go, and what a name means that does
 * not resolve depends on it.
 */
#include "monitor/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/keeper_link.h"

struct name_kept {
	struct moment public_at, good_at;
	uint32_t count;
	struct address addresses[];
};

static void
keep(struct watched *watched, const struct message_name *name, struct moment public_at, struct moment good_at)
{
	size_t size = name->count * sizeof name->addresses[0];
	struct name_kept *kept = malloc(sizeof *kept + size);

	if (kept == NULL)
		return;
	*kept = (struct name_kept){ .public_at = public_at, .good_at = good_at, .count = name->count };
	memcpy(kept->addresses, name->addresses, size);
	free(watched->name);
	watched->name = kept;
}

static struct moment
moment_of(const struct monitor *monitor, int64_t mono)
{
	return mono == 0 ? (struct moment){ 0, 0 } : clocks_at(monitor, mono);
}

bool
names_heard(struct monitor *monitor, const struct message_name *name)
{
	int64_t latest = monitor->now + SECOND;

	if (name->public_at > latest || name->good_at > latest)
		return false;
	keep(&monitor->targets[name->target], name, moment_of(monitor, name->public_at), moment_of(monitor, name->good_at));
	/* It is from the prober that is asked next. */
	monitor->targets[name->target].named = true;
	keeper_link_mark(monitor, name->target);
	return true;
}

static struct message_name
message_of(const struct name_kept *kept, uint32_t target)
{
	struct message_name name = { .target = target, .public_at = kept->public_at.mono, .good_at = kept->good_at.mono,
		.count = kept->count };

	memcpy(name.addresses, kept->addresses, kept->count * sizeof name.addresses[0]);
	return name;
}

void
names_tell(struct monitor *monitor, uint32_t target, int prober)
{
	struct watched *watched = &monitor->targets[target];
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (watched->name == NULL || watched->named)
		return;
	struct message_name name = message_of(watched->name, target);
	message_put_name(&out, &name);
	watched->named = packet_send(prober, packet, out.size, -1);
}

void
names_forget(struct watched *watched)
{
	free(watched->name);
	watched->name = NULL;
}

void
names_encode(const struct watched *watched, struct wire_out *out)
{
	const struct name_kept *kept = watched->name;
	struct message_name name = { .count = 0 };

	if (kept != NULL)
		name = message_of(kept, 0);
	wire_put_i64(out, kept != NULL ? kept->public_at.utc : 0);
	wire_put_i64(out, kept != NULL ? kept->good_at.utc : 0);
	wire_put_form(out, &name_addresses_form, &name, NULL);
}

static struct moment
moment_from(const struct monitor *monitor, int64_t utc)
{
	const struct moment now = clocks_now(monitor);

	/* What lies ahead would never be too old. */
	if (utc == 0 || utc > now.utc)
		return (struct moment){ 0, 0 };
	return (struct moment){ now.mono - (now.utc - utc), utc };
}

void
names_decode(const struct monitor *monitor, struct watched *watched, struct wire_in *in)
{
	struct message_name name = { .count = 0 };
	struct moment public_at = moment_from(monitor, wire_get_i64(in)), good_at = moment_from(monitor, wire_get_i64(in));

	wire_get_form(in, &name_addresses_form, &name, &(struct wire_terms){ .limit = 0 });
	if (in->bad)
		return;
	name.count = moment_is_set(good_at) ? name.count : 0;
	if (name.count == 0)
		good_at = (struct moment){ 0, 0 };
	if (name.count > 0 || moment_is_set(public_at))
		keep(watched, &name, public_at, good_at);
}
