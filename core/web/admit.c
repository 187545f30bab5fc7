/*
 * For the web process's HTTP server: decides by host names, passwords, tokens and shared secrets
 * whether a request is let in, and whether to all pages or to those of one shared tag alone.
 */
#include "web/admit.h"

#include <stdio.h>
#include <string.h>

#include "web/http_library.h"

enum { CREDENTIALS_MAX = 512 };

/* Whether both are the same; takes the same time wherever the first difference is. The length of ours may be learned. */
static bool
is_secret(const char *given, const char *ours)
{
	size_t size = strlen(ours), given_size = strlen(given);
	volatile unsigned char difference = size != given_size;

	for (size_t i = 0; i < size; i++)
		difference |= (unsigned char)(ours[i] ^ given[given_size == 0 ? 0 : i % given_size]);
	return difference == 0;
}

/* Whether Host (RFC 9110, 7.2), with or without a port, is one of our names, localhost or an address literal; NULL, which was not given, is
 * none. Any name would do for a server that others reach through the reader's browser by a
 * name of theirs (DNS rebinding): so only names of ours, and what no DNS has answered. */
static bool
has_name(const struct access *access, const char *host)
{
	size_t size = host == NULL ? 0 : host[0] == '[' ? 1 + strspn(host + 1, "0123456789abcdefABCDEF:.") : strcspn(host, ":");

	if (size == 0)
		return false;
	if (host[0] == '[')
		return host[size] == ']' && (host[size + 1] == '\0' || host[size + 1] == ':');
	if (strspn(host, "0123456789.") == size)
		return true;
	if (size == strlen("localhost") && strncasecmp(host, "localhost", size) == 0)
		return true;
	for (uint32_t i = 0; i < access->name_count; i++)
		if (strlen(access->names[i]) == size && strncasecmp(host, access->names[i], size) == 0)
			return true;
	return false;
}

static bool
knows_credentials(const struct access *access, struct MHD_Connection *connection)
{
	char *password = NULL, *user = http_library()->basic_auth_get_username_password(connection, &password), both[CREDENTIALS_MAX];
	bool knows;

	snprintf(both, sizeof both, "%s:%s", user == NULL ? "" : user, password == NULL ? "" : password);
	knows = user != NULL && is_secret(both, access->credentials);
	http_library()->free(user);
	http_library()->free(password);
	return knows;
}

static enum MHD_Result
count_hosts(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	int *count = arg;

	(void)kind, (void)value;
	*count += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	return MHD_YES;
}

/* Whether it is one that we answer at all, whoever asks. */
static bool
is_proper(const struct admitted *admitted, const struct server_request *request, struct server_answer *answer)
{
	const char *host = http_library()->lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	int hosts = 0;

	if (admitted->origin[0] != '\0')
		host = admitted->origin;
	http_library()->get_connection_values(request->connection, MHD_HEADER_KIND, count_hosts, &hosts);
	if (hosts > 1) /* RFC 9112, 3.2 */
		server_problem(request, answer, MHD_HTTP_BAD_REQUEST, "a request has one Host");
	else if (admitted->is_malformed)
		server_problem(request, answer, MHD_HTTP_BAD_REQUEST, "the address is not one of a URL");
	else if (strcmp(admitted->method, "GET") != 0 && strcmp(admitted->method, "HEAD") != 0)
		server_problem(request, answer, MHD_HTTP_METHOD_NOT_ALLOWED, "pages are only read: GET or HEAD");
	else if (!admitted->entrance->is_unix && !has_name(admitted->access, host))
		server_problem(request, answer, MHD_HTTP_MISDIRECTED_REQUEST,
		    "this server is not known by that name: `names` of the configuration lists those that it is known by");
	else
		return true;
	return false;
}

/* The first segment of a path becomes its prefix, so that links lead below it. */
static void
take_prefix(struct admitted *admitted, struct server_request *request, size_t size)
{
	snprintf(admitted->prefix, sizeof admitted->prefix, "%.*s", (int)size, request->path);
	request->prefix = admitted->prefix;
	request->path = request->path[size] == '/' ? request->path + size : "/";
}

static bool
admit_shared(struct admitted *admitted, struct server_request *request, struct server_answer *answer, size_t before)
{
	const struct access *access = admitted->access;
	size_t size = strcspn(request->path + before, "/");
	char secret[SHARE_SECRET_MAX + 2];

	snprintf(secret, sizeof secret, "%.*s", (int)(size < sizeof secret ? size : sizeof secret), request->path + before);
	for (uint32_t i = 0; i < access->share_count; i++) /* it takes the same time whichever it is */
		if (is_secret(secret, access->shares[i].secret))
			request->tag = access->shares[i].tag;
	if (request->tag == NULL) {
		server_problem(request, answer, MHD_HTTP_NOT_FOUND, "nothing is here");
		return false;
	}
	take_prefix(admitted, request, before + size);
	answer->is_secret = true;
	return true;
}

bool
admit(struct admitted *admitted, struct server_request *request, struct server_answer *answer)
{
	static const char shared[] = "/share/";
	const struct access *access = admitted->access;

	if (!is_proper(admitted, request, answer))
		return false;
	if (access->token == NULL && admitted->entrance->serves_shares && strncmp(request->path, shared, sizeof shared - 1) == 0)
		return admit_shared(admitted, request, answer, sizeof shared - 1);
	if (!admitted->entrance->serves_page) {
		server_problem(request, answer, MHD_HTTP_NOT_FOUND, "nothing is here");
		return false;
	}
	if (admitted->entrance->is_unix)
		return true;
	if (access->token != NULL) {
		size_t size = 1 + strcspn(request->path + 1, "/");
		char given[ADMIT_PREFIX_MAX];

		snprintf(given, sizeof given, "%.*s", (int)(size < sizeof given ? size - 1 : sizeof given), request->path + 1);
		if (!is_secret(given, access->token)) {
			server_problem(request, answer, MHD_HTTP_NOT_FOUND, "nothing is here");
			return false;
		}
		take_prefix(admitted, request, size);
	} else if (!access->is_public && (access->credentials == NULL || !knows_credentials(access, request->connection))) {
		server_problem(request, answer, MHD_HTTP_UNAUTHORIZED, "a user and a password are needed");
		return false;
	}
	return true;
}
