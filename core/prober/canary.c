/*
 * For the prober's resolver: makes random names that are in no DNS server's cache, and remembers
 * how lately a server answered for one (canary.h).
 */
#include "prober/canary.h"

#include <sys/random.h>

#include "base/clock.h"

#define FRESH_SPAN (10 * (int64_t)SECOND) /* for which a fresh answer proves that a server
                                           * reaches others */
#define NAME_SPAN (5 * (int64_t)SECOND)   /* after which another name is asked for */

bool
canary_is_fresh(const struct canary *canary, int64_t now)
{
	return canary->answered != 0 && now - canary->answered <= FRESH_SPAN;
}

bool
canary_renew(struct canary *canary, const struct dns_name *below, int64_t now)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[8], label[16];
	size_t last = 0;

	if (canary->made != 0 && now - canary->made <= NAME_SPAN)
		return true;
	if (getrandom(random, sizeof random, 0) != sizeof random)
		return false;
	for (size_t i = 0; i < sizeof label; i++)
		label[i] = (unsigned char)digits[random[i / 2] >> (i % 2 * 4) & 0xf];
	for (size_t at = 0; below->bytes[at] != 0; at += below->bytes[at] + 1u)
		last = at;
	canary->name.size = 0;
	dns_name_add_label(&canary->name, label, sizeof label);
	dns_name_add_label(&canary->name, below->bytes + last + 1, below->bytes[last]);
	canary->name.bytes[canary->name.size++] = 0;
	canary->made = now;
	return true;
}
