/*
 * For both processes of the e-mail notifier: reads its settings and finds the faults that show
 * without opening a file.
 */
#include "settings.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the settings. */
enum { RELAY, TLS, VERIFY, CA_FILE, USER, PASSWORD, TOKEN, AUTH_UNPROTECTED, FROM, ENVELOPE_FROM, TO };

static const char *const tls_choices[] = { [TLS_REQUIRE] = "require", [TLS_IMPLICIT] = "implicit",
	[TLS_OPPORTUNISTIC] = "opportunistic", [TLS_NONE] = "none", NULL };
static const char *const verify_choices[] = { [VERIFY_FULL] = "full", [VERIFY_CHAIN] = "chain",
    [VERIFY_NONE] = "none", NULL };

const struct pw_setting settings_table[] = {
	[RELAY] = { .key = "relay", .type = PW_STRING, .flags = PW_REQUIRED | PW_RELAY,
	    .help = "HOST:PORT or [IPV6]:PORT that takes mails; the port is 587 with user, else 25, where "
	            "it is not written" },
	[TLS] = { .key = "tls", .type = PW_ENUM, .fallback = "require", .choices = tls_choices,
	    .help = "require: STARTTLS; implicit: from the first byte, the default on port 465; opportunistic: "
	            "STARTTLS where it is offered and works, unchecked, else in clear" },
	[VERIFY] = { .key = "verify", .type = PW_ENUM, .fallback = "full",
	    .choices = verify_choices,
	    .help = "of the relay's certificate, with tls = \"require\" and \"implicit\": chain and name, the "
	            "chain alone, nothing" },
	[CA_FILE] = { .key = "ca_file", .type = PW_PATH,
	    .help = "authorities for the relay's certificate; by default the system's" },
	[USER] = { .key = "user", .type = PW_STRING,
	    .help = "for AUTH, with password_file or token_file" },
	[PASSWORD] = { .key = "password", .type = PW_SECRET,
	    .help = "one line: the user's password" },
	[TOKEN] = { .key = "token", .type = PW_SECRET,
	    .help = "one line: an access token, for AUTH XOAUTH2" },
	[AUTH_UNPROTECTED] = { .key = "auth_unprotected", .type = PW_BOOL, .fallback = "false",
	    .help = "AUTH also in clear text, and to a relay whose certificate is not checked" },
	[FROM] = { .key = "from", .type = PW_STRING, .flags = PW_REQUIRED,
	    .help = "what From says: \"ADDRESS\" or \"NAME <ADDRESS>\"" },
	[ENVELOPE_FROM] = { .key = "envelope_from", .type = PW_STRING,
	    .help = "address that bounces go to, \"\" for none; by default that of from" },
	[TO] = { .key = "to", .type = PW_LIST, .flags = PW_REQUIRED | PW_RECIPIENTS, .min = 1,
	    .max = 64,
	    .help = "addresses; each gets every notice, and is tried again on its own" },
	{ .key = NULL },
};

bool
settings_fail(char *why, size_t why_size, const char *format, ...)
{
	size_t size = strlen(why);
	va_list arguments;

	if (size > 0 && size + 1 < why_size)
		why[size++] = '\n';
	va_start(arguments, format);
	vsnprintf(why + size, why_size - size, format, arguments);
	va_end(arguments);
	return false;
}

/* Splits "host", "host:port", "[v6]", "[v6]:port" and a bare "v6". Returns the port as written,
 * NULL where there is none, "" where something else follows the bracket. */
static const char *
split(const char *relay, const char **host, size_t *size)
{
	const char *end, *colon = strchr(relay, ':');

	*host = relay;
	if (relay[0] == '[' && (end = strchr(relay, ']')) != NULL) {
		*host = relay + 1;
		*size = (size_t)(end - relay - 1);
		return end[1] == ':' ? end + 2 : end[1] == '\0' ? NULL : "";
	}
	if (colon == NULL || strchr(colon + 1, ':') != NULL) {
		*size = strlen(relay);
		return NULL;
	}
	*size = (size_t)(colon - relay);
	return colon + 1;
}

/* Also with a zone: "fe80::1%eth0" (RFC 4007 11). */
static bool
is_ipv6(const char *host)
{
	char bytes[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t size = strcspn(host, "%");

	if (size >= sizeof bytes)
		return false;
	memcpy(bytes, host, size);
	bytes[size] = '\0';
	return inet_pton(AF_INET6, bytes, &address) == 1 && strcmp(host + size, "%") != 0;
}

static bool
is_name(const char *host)
{
	for (; *host != '\0'; host++)
		if (!isalnum((unsigned char)*host) && strchr("-._", *host) == NULL)
			return false;
	return true;
}

static bool
take_relay(struct settings *settings, const char *relay, const char *usual_port, char *why,
    size_t why_size)
{
	static const char form[] = "relay: write HOST:PORT or [IPV6]:PORT, such as \"mail.example.org:587\"";
	const char *host, *port;
	size_t size, digits;
	bool brackets;
	long number;

	port = split(relay, &host, &size);
	port = port == NULL ? usual_port : port;
	digits = strspn(port, "0123456789");
	number = digits > 0 && digits < 6 && port[digits] == '\0' ? strtol(port, NULL, 10) : 0;
	if (size == 0 || size >= sizeof settings->host || number < 1 || number > 65535)
		return settings_fail(why, why_size, "%s", form);
	memcpy(settings->host, host, size);
	settings->host[size] = '\0';
	brackets = is_ipv6(settings->host);
	if (!brackets && (relay[0] == '[' || !is_name(settings->host)))
		return settings_fail(why, why_size, "%s", form);
	snprintf(settings->port, sizeof settings->port, "%ld", number);
	snprintf(settings->place, sizeof settings->place, brackets ? "[%s]:%s" : "%s:%s",
	    settings->host, settings->port);
	return true;
}

static bool
check_tls(const struct settings *settings, bool verify_given, char *why, size_t why_size)
{
	bool checks = settings->tls == TLS_REQUIRE || settings->tls == TLS_IMPLICIT;

	if (settings->tls == TLS_NONE && settings->ca_file != NULL)
		return settings_fail(why, why_size,
		    "ca_file: there is nothing to check where tls = \"none\"");
	if (!checks && verify_given && settings->verify != VERIFY_NONE)
		return settings_fail(why, why_size,
		    "verify: no certificate is checked where tls = \"%s\"",
		    tls_choices[settings->tls]);
	return true;
}

static bool
check_auth(const struct settings *settings, char *why, size_t why_size)
{
	bool has_secret = settings->password_file != NULL || settings->token_file != NULL;

	if (settings->password_file != NULL && settings->token_file != NULL)
		return settings_fail(why, why_size,
		    "password_file and token_file: AUTH is by one of them");
	if (has_secret != (settings->user != NULL))
		return settings_fail(why, why_size,
		    "user and password_file go together, or user and token_file: one of them is missing");
	if (has_secret && settings->verify == VERIFY_NONE && !settings->auth_unprotected)
		return settings_fail(why, why_size,
		    "user: a password is sent to a relay only where tls = \"require\" or \"implicit\" and its "
		    "certificate is checked, or auth_unprotected = true allows it");
	return true;
}

bool
settings_take(struct settings *settings, const struct pw_values *values, char *why, size_t why_size)
{
	const struct pw_value *items = values->items;
	const char *user = items[USER].string;
	bool good;

	why[0] = '\0';
	*settings = (struct settings){ .tls = (enum settings_tls)items[TLS].number,
		.verify = (enum settings_verify)items[VERIFY].number,
		    .ca_file = items[CA_FILE].string,
		.user = user != NULL
		    && user[0] != '\0' ? user : NULL, .password_file = items[PASSWORD].string,
		.token_file = items[TOKEN].string,
		    .auth_unprotected = items[AUTH_UNPROTECTED].number != 0,
		.from = items[FROM].string, .envelope_from = items[ENVELOPE_FROM].string,
		    .to = items[TO].list };
	good = take_relay(settings, items[RELAY].string, settings->user != NULL ? "587" : "25", why,
	    why_size);
	if (!items[TLS].given && strcmp(settings->port, "465") == 0)
		settings->tls = TLS_IMPLICIT;
	good &= check_tls(settings, items[VERIFY].given, why, why_size);
	if (settings->tls == TLS_OPPORTUNISTIC || settings->tls == TLS_NONE)
		settings->verify = VERIFY_NONE;
	return check_auth(settings, why, why_size) && good;
}

void
settings_tell(const struct settings *settings, char *words, size_t size)
{
	static const char *const ways[] = { [TLS_REQUIRE] = "STARTTLS",
	    [TLS_IMPLICIT] = "TLS from the first byte",
		[TLS_OPPORTUNISTIC] = "STARTTLS where it works, else in clear",
		    [TLS_NONE] = "in clear" };
	static const char *const checks[] = { [VERIFY_FULL] = ", certificate for its name",
		[VERIFY_CHAIN] = ", certificate for any name",
		    [VERIFY_NONE] = ", certificate not checked" };

	snprintf(words, size, "mails through %s, %s%s%s%s", settings->place, ways[settings->tls],
	    strcmp(settings->port, "465") == 0 && settings->tls != TLS_IMPLICIT
	        ? " (though on this port TLS begins with the connection: tls = \"implicit\")" : "",
	    settings->tls == TLS_NONE ? "" : checks[settings->verify],
	    settings->user != NULL ? ", AUTH" : "");
}
