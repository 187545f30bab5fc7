/* What the newest attempt that showed its facts saw of a server's TLS and certificate: attempts that look like the one before
 * them keep none. */
#ifndef WEB_FACTS_H
#define WEB_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <postwatch/probe.h>

struct facts_seen {
	uint64_t run;         /* 0: none */
	int64_t at;           /* UTC */
	int64_t cert_from, cert_end; /* of the server's own certificate, the earliest end of its addresses; 0: not known */
	int64_t chain_end;    /* the earliest end of the chain; 0: not known */
	char tls_version[12]; /* "TLSv1.3"; "": it was not spoken */
	char tls_cipher[48];
	uint8_t ip;           /* 4 or 6; 0: not known */
};

/* Takes those of one leg of a run, as history.db has its evidence: a leg of a newer run in place of what is known, one of
 * the same run beside it. Malformed bytes, and runs before the one that is known, change nothing. */
void facts_take(struct facts_seen *, uint64_t run, struct pw_bytes evidence);

#endif
