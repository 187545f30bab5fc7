/*
 * Answers of the DNS (RFC 1035) as bytes: who sends them may be anyone. A name is followed through its aliases, and what
 * does not add up is malformed; nothing is guessed.
 */
#ifndef PROBER_DNS_H
#define PROBER_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <postwatch/probe.h>

enum {
	DNS_RECORDS_MAX = 64,
	DNS_CHAIN_MAX = 8,        /* aliases that are followed */
	DNS_NAME_TEXT_MAX = 1024, /* bytes of a name as text with its NUL, if every byte is escaped */
	DNS_EDNS_SIZE = 1232      /* bytes of a UDP answer that pass everywhere */
};

enum { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_AAAA = 28 };
enum { DNS_NOERROR = 0, DNS_NXDOMAIN = 3, DNS_RCODE_NONE = -1 };

enum dns_status {
	DNS_NOT_ASKED,
	DNS_FOUND,
	DNS_NO_DATA,   /* the name exists, without such records */
	DNS_NO_NAME,   /* NXDOMAIN */
	DNS_SERVFAIL,  /* a resolver answered that it cannot; `rcode` */
	DNS_NO_ANSWER, /* nobody answered in time */
	DNS_MALFORMED  /* an answer that is none, a CNAME loop or a chain over 8 */
};

/* A name as it travels: labels with their lengths, without compression, in lower case. */
struct dns_name {
	unsigned char bytes[255];
	uint8_t size;
};

struct dns_answer {
	enum dns_status status;
	int rcode;
	bool authentic;          /* AD: who answered says that it was validated */
	uint32_t ttl;            /* seconds: the least of all that was used; of a negative answer by RFC 2308, 0: not told */
	struct dns_name owner;   /* of the records: behind the aliases */
	size_t count;
	struct pw_bytes records[DNS_RECORDS_MAX]; /* RDATA; views into the packet, or into `space` */
	size_t used;
	char space[16 * 1024];   /* RDATA with compressed names, written out */
};

/* From "mx.example.org", with or without a dot at its end; "" or "." is the root. False: it cannot be a name. */
bool dns_name_parse(const char *text, struct dns_name *);

bool dns_name_equal(const struct dns_name *, const struct dns_name *);

/* As text with its NUL, without a dot at its end; what is not LDH or an underscore as \DDD (RFC 4343). The root: ".". */
void dns_name_text(const struct dns_name *, char text[DNS_NAME_TEXT_MAX]);

enum { DNS_QUERY_MAX = 12 + 255 + 4 + 11 };

/* Writes the query for (name, type), as a resolver takes it: recursion desired, EDNS, and a wish to be told of AD. Its
 * size; the id is left to who sends it. */
size_t dns_query(unsigned char packet[DNS_QUERY_MAX], const struct dns_name *name, uint16_t type);

/* Reads what came in answer to (name, type). The views are good while `packet` and the answer are. */
void dns_read(const void *packet, size_t size, const struct dns_name *name, uint16_t type, struct dns_answer *);

#endif
