/* In memory a name's times are on both clocks, in a message monotonic, and in a record UTC: each is
 * what its reader has. */
#include "monitor/target_names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct target_name {
	struct moment public_at, good_at;
	uint32_t count;
	struct address addresses[];
};

static void
keep(struct target_name **name, const struct message_name *said, struct moment public_at,
    struct moment good_at)
{
	size_t size = said->count * sizeof said->addresses[0];
	struct target_name *kept = malloc(sizeof *kept + size);

	assert(said->count <= sizeof said->addresses / sizeof said->addresses[0]);
	if (kept == NULL)
		return;
	*kept = (struct target_name){ .public_at = public_at, .good_at = good_at,
	    .count = said->count };
	memcpy(kept->addresses, said->addresses, size);
	free(*name);
	*name = kept;
}

bool
target_name_learn(struct target_name **name, const struct message_name *said,
    const struct clocks *clocks, int64_t now)
{
	const struct moment never = { 0, 0 };

	if (said->public_at > now + SECOND || said->good_at > now + SECOND)
		return false;
	keep(name, said, said->public_at == 0 ? never : clocks_at(clocks, said->public_at),
	    said->good_at == 0 ? never : clocks_at(clocks, said->good_at));
	return true;
}

static struct message_name
message_of(const struct target_name *name, uint32_t target)
{
	struct message_name message = { .target = target, .public_at = name->public_at.mono,
	    .good_at = name->good_at.mono,
		.count = name->count };

	memcpy(message.addresses, name->addresses, name->count * sizeof message.addresses[0]);
	return message;
}

bool
target_name_send(const struct target_name *name, uint32_t target, int prober)
{
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (name == NULL)
		return false;
	struct message_name message = message_of(name, target);
	message_put_name(&out, &message);
	return packet_send(prober, packet, out.size, -1);
}

void
target_name_forget(struct target_name **name)
{
	free(*name);
	*name = NULL;
}

void
target_name_encode(const struct target_name *name, struct wire_out *out)
{
	struct message_name message = { .count = 0 };

	if (name != NULL)
		message = message_of(name, 0);
	wire_put_i64(out, name != NULL ? name->public_at.utc : 0);
	wire_put_i64(out, name != NULL ? name->good_at.utc : 0);
	wire_put_form(out, &name_addresses_form, &message);
}

static struct moment
get_moment(struct wire_in *in, struct moment now)
{
	int64_t utc = wire_get_i64(in);

	/* What lies ahead would never be too old. */
	return utc > now.utc ? (struct moment){ 0, 0 } : clocks_from_utc(utc, now);
}

void
target_name_decode(struct target_name **name, struct moment now, struct wire_in *in)
{
	struct message_name message = { .count = 0 };
	struct moment public_at = get_moment(in, now), good_at = get_moment(in, now);

	wire_get_form(in, &name_addresses_form, &message, &(struct wire_terms){ .limit = 0 });
	if (in->bad)
		return;
	message.count = moment_is_set(good_at) ? message.count : 0;
	if (message.count == 0)
		good_at = (struct moment){ 0, 0 };
	if (message.count > 0 || moment_is_set(public_at))
		keep(name, &message, public_at, good_at);
}
