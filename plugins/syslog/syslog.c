/*
 * The notifier `syslog`: one message for each notice, over the local socket, UDP or TCP.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "message.h"

enum { ADDRESS, FACILITY, FORMAT, TAG }; /* rows of the settings */

static const char *const facilities[] = { "kern", "user", "mail", "daemon", "auth", "syslog", "lpr",
    "news", "uucp", "cron",
	"authpriv", "ftp", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
	    "local7", NULL };
static const int facility_numbers[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20,
    21, 22, 23 };
static const char *const formats[] = { [MESSAGE_RFC5424] = "rfc5424", [MESSAGE_RFC3164] = "rfc3164",
    NULL };

static const struct pw_setting settings[] = {
	[ADDRESS] = { .key = "address", .type = PW_STRING, .fallback = "unix:/dev/log",
	    .help = "receiver: unix:/PATH, udp:HOST:PORT or tcp:HOST:PORT (framed as in RFC 6587)" },
	[FACILITY] = { .key = "facility", .type = PW_ENUM, .fallback = "daemon",
	    .choices = facilities,
	    .help = "syslog facility; the severity goes by the kind of notice" },
	[FORMAT] = { .key = "format", .type = PW_ENUM, .fallback = "rfc5424", .choices = formats,
	    .help = "rfc5424, with structured data; rfc3164 for older receivers" },
	[TAG] = { .key = "tag", .type = PW_STRING, .fallback = "postwatch",
	    .help = "name of the program in each line" },
	{ .key = NULL },
};

struct session {
	struct channel channel;
	struct message_head head;
	char host[256];
};

static bool
open_session(void *memory, const struct pw_values *values, char *why, size_t why_size)
{
	struct session *session = memory;

	if (gethostname(session->host, sizeof session->host - 1) < 0)
		session->host[0] = '\0';
	session->head = (struct message_head){
		.format = (enum message_format)values->items[FORMAT].number,
		.facility = facility_numbers[values->items[FACILITY].number],
		.host = session->host,
		.tag = values->items[TAG].string,
	};
	return channel_init(&session->channel, values->items[ADDRESS].string, why, why_size);
}

static void
needs(void *memory, struct pw_needs *needs)
{
	struct session *session = memory;

	channel_needs(&session->channel, needs);
}

static void
deliver(void *memory, const struct pw_notice *notice, const struct pw_recipients *recipients,
    struct pw_result *results)
{
	struct session *session = memory;
	char line[MESSAGE_MAX];
	size_t size = message_write(line, &session->head, notice, (long)getpid());

	for (uint32_t i = 0; i < recipients->count; i++) {
		struct pw_result *result = &results[i];

		if (channel_send(&session->channel, line, size, result->receipt,
		    sizeof result->receipt)) {
			result->fate = PW_SENT;
		} else {
			result->fate = PW_AGAIN;
			result->channel = true;
		}
	}
}

static void
close_session(void *memory)
{
	struct session *session = memory;

	channel_fini(&session->channel);
}

static const struct pw_notifier_ops ops = {
	.size = sizeof ops,
	.session_size = sizeof(struct session),
	.open = open_session,
	.deliver = deliver,
	.close = close_session,
	.needs = needs,
};

PW_PLUGIN_NOTIFIER("syslog", "1.0",
    "a line a notice to syslog, RFC 5424, over the local socket, UDP or TCP", settings, &ops);
