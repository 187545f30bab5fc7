/*
 * The notifier `webhook`: its settings, and one or two HTTP requests for each notice.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"
#include "post.h"

enum { AUTHORITIES_MAX = 4 * 1024 * 1024 /* bytes */, HEADERS_MAX = 32 /* lines */ };
enum { URL, URL_FILE, SECRET, HEADERS, CA_FILE, FORMAT, ALLOW_PRIVATE }; /* rows of the settings */

static const char *const formats[] = { [FORMAT_POSTWATCH] = "postwatch", [FORMAT_SLACK] = "slack",
    [FORMAT_TEAMS] = "teams",
	[FORMAT_DISCORD] = "discord", [FORMAT_NTFY] = "ntfy", [FORMAT_PAGERDUTY] = "pagerduty",
	[FORMAT_ALERTMANAGER] = "alertmanager", [FORMAT_HEARTBEAT] = "heartbeat", NULL };

static const struct pw_setting settings[] = {
	[URL] = { .key = "url", .type = PW_STRING, .help = "where to: http:// or https://" },
	[URL_FILE] = { .key = "url", .type = PW_SECRET,
	    .help = "in place of url, where it is a secret itself: one line" },
	[SECRET] = { .key = "secret", .type = PW_SECRET,
	    .help = "one line: signs each body; with pagerduty the routing key, which is sent" },
	[HEADERS] = { .key = "headers", .type = PW_SECRET,
	    .help = "headers to send, NAME: VALUE a line, such as a token" },
	[CA_FILE] = { .key = "ca_file", .type = PW_PATH,
	    .help = "authorities for the receiver's certificate, and no others; by default the system's" },
	[FORMAT] = { .key = "format", .type = PW_ENUM, .fallback = "postwatch", .choices = formats,
	    .help = "what the receiver reads; heartbeat: nothing, it is asked by GET" },
	[ALLOW_PRIVATE] = { .key = "allow_private", .type = PW_BOOL, .fallback = "false",
	    .help = "let a name lead to private addresses; an address in the URL itself is always taken" },
	{ .key = NULL },
};

struct session {
	struct post post;
	enum format format;
	const char *topic;
};

static bool
fail(char *why, size_t why_size, const char *what, const char *detail)
{
	snprintf(why, why_size, "%s%s", what, detail);
	return false;
}

static bool
is_url(const char *url)
{
	CURLU *parts = curl_url();
	bool good = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK;

	curl_url_cleanup(parts);
	return good;
}

static bool
url_is_good(const char *url, char *why, size_t why_size)
{
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return fail(why, why_size, "url: begins with https:// or http://", "");
	if (strlen(url) >= URL_MAX || strpbrk(url, " \t\r\n") != NULL)
		return fail(why, why_size, "url: is too long, or has blanks in it", "");
	if (!is_url(url))
		return fail(why, why_size, "url: is none: https://HOST[:PORT]/PATH", "");
	return true;
}

static bool
has_topic(const char *url)
{
	char bytes[URL_MAX];

	snprintf(bytes, sizeof bytes, "%s", url);
	return format_take_topic(bytes) != NULL;
}

static bool
fits_format(enum format format, const char *url, char *why, size_t why_size)
{
	return format != FORMAT_NTFY || has_topic(url)
	    || fail(why, why_size, "url: ends with the topic, as https://ntfy.sh/TOPIC does", "");
}

/* Faults are lines: all of them are shown, not only the first. */
static void
add_fault(char *why, size_t why_size, const char *what)
{
	size_t size = strlen(why);

	snprintf(why + size, why_size - size, "%s%s", size > 0 ? "\n" : "", what);
}

static bool
check(const struct pw_values *values, char *why, size_t why_size)
{
	const struct pw_value *items = values->items;
	const char *url = items[URL].string;
	enum format format = (enum format)items[FORMAT].number;
	char fault[256];

	why[0] = '\0';
	if (url == NULL && items[URL_FILE].string == NULL)
		add_fault(why, why_size, format == FORMAT_HEARTBEAT
		    ? "url or url_file is missing: one of them says which URL is asked"
		    : "url or url_file is missing: one of them says where to");
	if (url != NULL && items[URL_FILE].string != NULL)
		add_fault(why, why_size, "url_file: stands in place of url, and both are given");
	if (format == FORMAT_PAGERDUTY && items[SECRET].string == NULL)
		add_fault(why, why_size,
		    "format: \"pagerduty\" needs secret_file, with the routing key");
	if (url != NULL && (!url_is_good(url, fault, sizeof fault)
	    || !fits_format(format, url, fault, sizeof fault)))
		add_fault(why, why_size, fault);
	return why[0] == '\0';
}

/* Reads a file without its last line ends. One read: longer contents than `room` are a fault
 * anyway. Nothing is waited for, and no terminal taken, whatever the path has become. */
static bool
read_file(const char *path, char *into, size_t room, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	bool regular = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	ssize_t size = regular ? read(fd, into, room) : -1;
	int error = fd >= 0 && !regular ? EINVAL : errno;

	if (fd >= 0)
		close(fd);
	if (size < 0)
		return fail(why, why_size, "a file of its settings cannot be read: ",
		    strerror(error));
	while (size > 0 && (into[size - 1] == '\n' || into[size - 1] == '\r'))
		size--;
	if (size == 0 || size == (ssize_t)room || memchr(into, '\0', (size_t)size) != NULL)
		return fail(why, why_size,
		    "a file of its settings is empty, too large, or no text: ",
		    path);
	into[size] = '\0';
	return true;
}

static bool
read_line(const char *path, char *into, size_t room, char *why, size_t why_size)
{
	if (!read_file(path, into, room, why, why_size))
		return false;
	return strpbrk(into, "\r\n") == NULL || fail(why, why_size, "has to be one line: ", path);
}

/* A line "NAME: VALUE" (RFC 9110 5.1); one that begins with "#" is a comment. A control character
 * in a value could begin another header. */
static bool
take_header(struct post *post, char *line, char *why, size_t why_size)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t name = strspn(line, token);
	struct curl_slist *more;

	if (line[0] != '\0' && line[strlen(line) - 1] == '\r')
		line[strlen(line) - 1] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (name == 0 || line[name] != ':')
		return fail(why, why_size, "headers_file: each line is NAME: VALUE", "");
	for (const char *at = line; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return fail(why, why_size,
			    "headers_file: there is a control character in it", "");
	more = curl_slist_append(post->headers, line);
	post->headers = more == NULL ? post->headers : more;
	return more != NULL;
}

static bool
read_headers(struct post *post, const char *path, char *why, size_t why_size)
{
	static char bytes[16 * 1024];
	bool good = read_file(path, bytes, sizeof bytes, why, why_size);
	int count = 0;

	for (char *line = bytes, *next; good && line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		good = ++count <= HEADERS_MAX
		    ? take_header(post, line, why, why_size)
		    : fail(why, why_size, "headers_file: has too many lines", "");
	}
	explicit_bzero(bytes, sizeof bytes);
	return good;
}

/* libcurl would find a damaged file at each request only, when the notifier cannot tell anybody. */
static bool
holds_certificate(const char *bytes, size_t size)
{
	BIO *memory = BIO_new_mem_buf(bytes, (int)size);
	X509 *first = memory == NULL ? NULL : PEM_read_bio_X509_AUX(memory, NULL, NULL, NULL);

	X509_free(first);
	BIO_free(memory);
	ERR_clear_error();
	return first != NULL;
}

/* Reads ca_file once, as all other files are: after its start a notifier opens none. */
static bool
read_authorities(struct post *post, const char *path, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	bool regular = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	char *bytes = regular ? malloc(AUTHORITIES_MAX) : NULL;
	ssize_t got = bytes == NULL ? -1 : 1;
	size_t size = 0;
	int error;

	while (got > 0 && size < AUTHORITIES_MAX) {
		got = read(fd, bytes + size, AUTHORITIES_MAX - size);
		size += got > 0 ? (size_t)got : 0;
	}
	error = fd >= 0 && !regular ? EINVAL : errno;
	if (fd >= 0)
		close(fd);
	if (got == 0 && holds_certificate(bytes, size)) {
		post->authorities = (struct curl_blob){ bytes, size, CURL_BLOB_NOCOPY };
		return true;
	}
	free(bytes);
	if (got < 0)
		snprintf(why, why_size, "ca_file: %s cannot be read: %s", path, strerror(error));
	else
		snprintf(why, why_size, "ca_file: %s: %s", path,
		    got > 0 ? "is too large" : "no certificates can be read from it");
	return false;
}

/* "https://192.0.2.1/x", "https://[fe80::1%25eth0]/x". */
static bool
holds_address(const char *url)
{
	CURLU *parts = curl_url();
	char *host = NULL, bare[128];
	unsigned char address[16];
	bool literal = false;

	if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK
	    && curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK
	    && strlen(host) < sizeof bare) {
		snprintf(bare, sizeof bare, "%s", host[0] == '[' ? host + 1 : host);
		bare[strcspn(bare, "]%")] = '\0';
		literal = inet_pton(AF_INET, bare, address) == 1
		    || inet_pton(AF_INET6, bare, address) == 1;
	}
	curl_free(host);
	curl_url_cleanup(parts);
	return literal;
}

/* PagerDuty's Events API v2 takes events at /v2/enqueue, change events at /v2/change/enqueue. */
static void
find_change_url(struct post *post)
{
	static const char events[] = "/v2/enqueue";
	size_t size = strlen(post->url), tail = sizeof events - 1;

	if (size > tail && strcmp(post->url + size - tail, events) == 0
	    && (size_t)snprintf(post->change_url, sizeof post->change_url, "%.*s/v2/change/enqueue",
	        (int)(size - tail), post->url) >= sizeof post->change_url)
		post->change_url[0] = '\0';
}

static bool
read_settings(struct session *session, const struct pw_value *items, char *why, size_t why_size)
{
	struct post *post = &session->post;

	if (items[URL].string != NULL)
		snprintf(post->url, sizeof post->url, "%s", items[URL].string);
	else if (!read_line(items[URL_FILE].string, post->url, sizeof post->url, why, why_size))
		return false;
	session->format = (enum format)items[FORMAT].number;
	if (!url_is_good(post->url, why, why_size)
	    || !fits_format(session->format, post->url, why, why_size))
		return false;
	memcpy(post->given_url, post->url, sizeof post->given_url);
	if (items[SECRET].string != NULL
	    && !read_line(items[SECRET].string, post->secret, sizeof post->secret, why, why_size))
		return false;
	if (items[HEADERS].string != NULL
	    && !read_headers(post, items[HEADERS].string, why, why_size))
		return false;
	if (items[CA_FILE].string != NULL
	    && !read_authorities(post, items[CA_FILE].string, why, why_size))
		return false;
	post->allow_private = items[ALLOW_PRIVATE].number != 0;
	post->literal = holds_address(post->url);
	if (session->format == FORMAT_PAGERDUTY)
		find_change_url(post);
	if (session->format == FORMAT_NTFY)
		session->topic = format_take_topic(post->url);
	return true;
}

static bool
open_session(void *memory, const struct pw_values *values, char *why, size_t why_size)
{
	struct session *session = memory;

	if (!check(values, why, why_size) || !read_settings(session, values->items, why, why_size))
		return false;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK
	    || (session->post.share = curl_share_init()) == NULL
	    || curl_share_setopt(session->post.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT)
	        != CURLSHE_OK)
		return fail(why, why_size, "no memory", "");
	return true;
}

/* 0: any. */
static uint16_t
port_of(const char *url)
{
	CURLU *parts = curl_url();
	char *port = NULL;
	uint16_t number = 0;

	if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK
	    && curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
		number = (uint16_t)strtoul(port, NULL, 10);
	curl_free(port);
	curl_url_cleanup(parts);
	return number;
}

/* libcurl looks names up in a thread, and tries by a UDP socket whether there is IPv6. The system's
 * authorities are read at each request; what is in their folder may be links. */
static void
needs(void *memory, struct pw_needs *needs)
{
	static const char *const authorities[] = { "/etc/ssl/certs", "/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates", "/etc/ssl/openssl.cnf" };
	const struct session *session = memory;

	needs->flags = PW_NEEDS_UDP;
	if (!session->post.literal)
		needs->flags |= PW_NEEDS_NAMES | PW_NEEDS_THREADS;
	needs->ports[needs->port_count++] = port_of(session->post.url);
	for (size_t i = 0; session->post.authorities.data == NULL
	     && i < sizeof authorities / sizeof *authorities; i++)
		needs->reads[needs->read_count++] = authorities[i];
}

static void
deliver(void *memory, const struct pw_notice *notice, const struct pw_recipients *recipients,
    struct pw_result *results)
{
	struct session *session = memory;
	struct requests requests;

	(void)recipients; /* one, without a name: the URL */
	if (!format_notice(&requests, session->format, notice, session->topic,
	    session->post.secret)) {
		results[0].fate = PW_AGAIN;
		snprintf(results[0].receipt, sizeof results[0].receipt, "no memory for the body");
		return;
	}
	results[0].fate = PW_SENT;
	for (uint32_t i = 0; i < requests.count && results[0].fate == PW_SENT; i++)
		if (requests.items[i].change && session->post.change_url[0] == '\0')
			snprintf(results[0].receipt, sizeof results[0].receipt,
			    "not sent: it needs nobody, and where change events go is known only "
			    "of a URL that ends with /v2/enqueue");
		else
			post_send(&session->post, notice, &requests.items[i],
			    session->format != FORMAT_PAGERDUTY, &results[0]);
	requests_free(&requests);
}

static uint32_t
receiver(const struct pw_values *values)
{
	return format_receiver((enum format)values->items[FORMAT].number);
}

static void
close_session(void *memory)
{
	struct session *session = memory;

	curl_share_cleanup(session->post.share);
	post_forget(session->post.headers);
	free(session->post.authorities.data);
	curl_global_cleanup();
}

static const struct pw_notifier_ops ops = {
	.size = sizeof ops,
	.session_size = sizeof(struct session),
	.open = open_session,
	.deliver = deliver,
	.close = close_session,
	.check = check,
	.receiver = receiver,
	.needs = needs,
};

PW_PLUGIN_NOTIFIER("webhook", "1.0",
    "an HTTP request a notice: JSON of ours, Slack, Teams, Discord, ntfy, PagerDuty, Alertmanager",
    settings, &ops);
