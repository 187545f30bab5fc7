/*
 * The names of DNS block lists (DNSBL), and a search for one of them in a text: where a server
 * names one in its reply, the refusal is about us (base/phrase.h).
 */
#include "base/block_list.h"

#include <string.h>
#include <strings.h>

static const char *const domains[] = {
	"spamhaus.org", "spamcop.net", "barracudacentral.org", "barracudanetworks.com", "sorbs.net",
	    "uceprotect.net",
	"abuseat.org", "mailspike.net", "senderscore.org", "cloudmark.com", "invaluement.com",
	    "surriel.com", "manitu.net",
	"mail-abuse.com", "mail-abuse.org", "ipcheck.proofpoint.com", "support.proofpoint.com",
	    "ers.trendmicro.com",
	"sender.office.com", "senderbase.org", "talosintelligence.com", "trustedsource.org",
	    "backscatterer.org", "gbudb.com",
	"dnswl.org", "abusix.com", "abusix.zone", "0spam.org", "spfbl.net", "spamrats.com",
	    "hostedemail.com",
};
static const char *const labels[] = {
	"dnsbl", "dnsbls", "rbl", "urbl", "bl", "sbl", "xbl", "pbl", "cbl", "zen", "blacklist",
	    "blocklist", "dnsblacklist",
};

/* The host of a URL, or the name itself, without what follows it. */
static struct pw_bytes
host_of(struct pw_bytes name)
{
	const char *behind = memmem(name.data, name.size, "://", 3);

	if (behind != NULL) {
		name.size -= (size_t)(behind + 3 - name.data);
		name.data = behind + 3;
	}
	for (size_t i = 0; i < name.size; i++)
		if (strchr("/?:", name.data[i]) != NULL)
			name.size = i;
	return name;
}

/* By the end of the host: lists are named with zones before them, as zen.spamhaus.org. */
bool
block_list_is_known(struct pw_bytes name)
{
	struct pw_bytes host = host_of(name);

	for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
		size_t size = strlen(domains[i]);

		if (host.size >= size && strncasecmp(host.data + host.size - size, domains[i],
		    size) == 0
		    && (host.size == size || host.data[host.size - size - 1] == '.'))
			return true;
	}
	return false;
}

static bool
is_label(const char *bytes, size_t size)
{
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (strlen(labels[i]) == size && strncasecmp(bytes, labels[i], size) == 0)
			return true;
	return false;
}

bool
block_list_is_likely(struct pw_bytes name)
{
	struct pw_bytes host = host_of(name);

	for (size_t from = 0, at = 0; at <= host.size; at++)
		if (at == host.size || host.data[at] == '.') {
			if (is_label(host.data + from, at - from))
				return true;
			from = at + 1;
		}
	return block_list_is_known(name);
}
