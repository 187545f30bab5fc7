/*
 * The settings of the e-mail notifier (relay, TLS, AUTH, from ...), and which of them go together.
 * Used by both of its processes and by the check of the configuration, so no file is opened here.
 */
#ifndef EMAIL_SETTINGS_H
#define EMAIL_SETTINGS_H

#include <postwatch/notifier.h>

enum settings_tls {
	TLS_REQUIRE,       /* STARTTLS, else nothing is sent */
	TLS_IMPLICIT,      /* from the first byte (RFC 8314) */
	TLS_OPPORTUNISTIC, /* STARTTLS where it is offered and succeeds, no certificate is checked */
	TLS_NONE
};

enum settings_verify { VERIFY_FULL, VERIFY_CHAIN, VERIFY_NONE };

struct settings {
	char host[256];           /* a name, or an address without brackets */
	char place[280];          /* "host:port", "[v6]:port" */
	char port[6];
	enum settings_tls tls;
	enum settings_verify verify;
	const char *ca_file;       /* NULL: the system's */
	const char *user;          /* NULL: no AUTH */
	const char *password_file; /* one of these two, with `user` */
	const char *token_file;
	bool auth_unprotected;     /* AUTH also where nothing, or nobody known, protects it */
	const char *from, *envelope_from; /* the latter NULL: the address of the former */
	const struct pw_strings *to;
};

extern const struct pw_setting settings_table[];

/* Fills the settings; strings are views into `values`. Returns false with all faults in `why`, a
 * line each: a relay that is not HOST:PORT, settings that do not go together. */
bool settings_take(struct settings *, const struct pw_values *values, char *why, size_t why_size);

/* Appends a line to `why` and returns false. */
bool settings_fail(char *why, size_t why_size, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* Writes how mails will be sent: "mails through mail.example.org:465, TLS from the first byte,
 * …". */
void settings_tell(const struct settings *, char *words, size_t size);

#endif
