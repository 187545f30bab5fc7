/*
 * The HTTP server (libmicrohttpd) of the web process: connections, limits, and the call of the
 * function that makes a page.
 */
#include "web/server.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/hash.h"
#include "web/emit.h"
#include "web/gzip.h"
#include "web/http_library.h"

enum { HEADER_ROOM = 8 * 1024, GZIP_FROM = 1024, URI_MAX = 4096 };

/* For an answer to be taken before its visitor may be turned away for others. */
static const int64_t grace = SECOND;

/* What is known of a request from its first line on. */
struct exchange {
	bool is_malformed;
	bool has_begun; /* its headers were seen */
	size_t origin;  /* bytes before its path, in which nothing is encoded */
	uint32_t held;  /* of its answer */
};

/* libmicrohttpd's own timeout counts idleness alone: who sends a byte now and then would never be cut off. */
struct visitor {
	LIST_ENTRY(visitor) others;
	int socket;
	int64_t since;     /* when the connection, or the wait for its next request, began */
	bool is_answering; /* between the first byte of a request and the last of its answer */
	struct exchange exchange; /* the last one */
};

struct listener {
	struct server *server;
	struct MHD_Daemon *daemon;
	int events; /* its epoll descriptor */
	struct entrance entrance;
};

struct server {
	struct access access;
	server_handler *handler;
	void *arg;
	uint32_t listener_count;
	struct listener listeners[SERVER_LISTENERS_MAX];
	LIST_HEAD(visitor_list, visitor) visitors; /* the newest first */
	uint32_t visitor_count;
	int64_t next_sweep;
	size_t held; /* bytes of answers that were not taken yet */
	struct parts_list parts;
	struct buffer body, packed; /* of the answer at hand; memory is kept for the next */
	uint64_t requests;
};

void
server_destroy(struct server **server)
{
	if (*server == NULL)
		return;
	parts_wake(&(*server)->parts); /* libmicrohttpd ends no connection that is suspended */
	for (uint32_t i = 0; i < (*server)->listener_count; i++)
		http_library()->stop_daemon((*server)->listeners[i].daemon);
	assert(LIST_EMPTY(&(*server)->visitors) && (*server)->visitor_count == 0);
	buffer_fini(&(*server)->body);
	buffer_fini(&(*server)->packed);
	free(*server);
	*server = NULL;
}

/* The peer is told by the end of its stream; libmicrohttpd sees the same, and lets go of the connection. */
static void
turn_away(struct visitor *visitor)
{
	if (visitor->socket >= 0)
		shutdown(visitor->socket, SHUT_RDWR);
	visitor->since = INT64_MAX;
}

/* Of those that take an answer, or of those that do not. */
static void
turn_away_oldest(struct server *server, bool is_answering, int64_t before)
{
	struct visitor *oldest = NULL, *visitor;

	LIST_FOREACH(visitor, &server->visitors, others)
		if (visitor->is_answering == is_answering && visitor->since <= before && visitor->since != INT64_MAX && (oldest == NULL || visitor->since <= oldest->since))
			oldest = visitor;
	if (oldest != NULL)
		turn_away(oldest);
}

static void
release(struct server *server, struct exchange *exchange)
{
	assert(server->held >= exchange->held);
	server->held -= exchange->held;
	exchange->held = 0;
}

static void
on_connection(void *arg, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct listener *listener = arg;
	struct server *server = listener->server;
	struct visitor *visitor = *context;
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		if (server->visitor_count >= SERVER_CONNECTIONS_MAX)
			turn_away_oldest(server, false, INT64_MAX);
		visitor = calloc(1, sizeof *visitor);
		if (visitor == NULL)
			return; /* its first request ends it */
		info = http_library()->get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		visitor->socket = info == NULL ? -1 : info->connect_fd;
		visitor->since = clock_mono();
		LIST_INSERT_HEAD(&server->visitors, visitor, others);
		server->visitor_count++;
	} else if (visitor != NULL) {
		LIST_REMOVE(visitor, others);
		assert(server->visitor_count > 0);
		server->visitor_count--;
		release(server, &visitor->exchange);
		free(visitor);
		visitor = NULL;
	}
	*context = visitor;
}

static struct visitor *
visitor_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = http_library()->get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

/* The line as it came: libmicrohttpd decodes "%00" into the end of a string. It tells of no end of a request that it refuses by
 * itself, so what is known of one is kept with the connection. */
static void *
on_request_line(void *arg, const char *uri, struct MHD_Connection *connection)
{
	struct visitor *visitor = visitor_of(connection);
	struct exchange *exchange = visitor == NULL ? NULL : &visitor->exchange;
	size_t size = strlen(uri), scheme = strncasecmp(uri, "http://", 7) == 0 ? 7 : strncasecmp(uri, "https://", 8) == 0 ? 8 : 0;

	(void)arg;
	if (exchange == NULL)
		return NULL;
	assert(exchange->held == 0);
	/* "http://HOST" may stand before the path, as for a proxy (RFC 9112, 3.2.2). */
	*exchange = (struct exchange){ .origin = scheme == 0 ? 0 : scheme + strcspn(uri + scheme, "/?") };
	exchange->is_malformed = (exchange->origin == 0 ? uri[0] != '/' : uri[exchange->origin - 1] == '/') || size > URI_MAX
	    || strcspn(uri, "%@") < exchange->origin;
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)uri[i];

		if (byte <= ' ' || byte >= 0x7f)
			exchange->is_malformed = true;
		else if (byte == '%' && (!isxdigit((unsigned char)uri[i + 1]) || !isxdigit((unsigned char)uri[i + 2])
		    || (uri[i + 1] == '0' && uri[i + 2] == '0')))
			exchange->is_malformed = true;
	}
	return exchange;
}

static void
on_completed(void *arg, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode how)
{
	struct server *server = ((const struct listener *)arg)->server;
	struct visitor *visitor = visitor_of(connection);

	(void)how;
	*context = NULL;
	if (visitor != NULL)
		release(server, &visitor->exchange);
	if (visitor != NULL && visitor->since != INT64_MAX) {
		visitor->is_answering = false;
		visitor->since = clock_mono();
	}
}

/* Whether there is room for one more answer; the first has it always. Where there is none, the oldest gives up its own, which
 * serves those who ask next. */
static bool
hold(struct server *server, struct exchange *exchange, uint32_t size)
{
	if (server->held > 0 && size > GZIP_FROM && server->held + size > SERVER_HELD_MAX) {
		turn_away_oldest(server, true, clock_mono() - grace);
		return false;
	}
	server->held += size;
	exchange->held = size;
	return true;
}

/* Who takes a part does not keep others waiting. */
static void
on_part_taken(struct MHD_Connection *connection)
{
	struct visitor *visitor = visitor_of(connection);

	if (visitor != NULL && visitor->since != INT64_MAX)
		visitor->since = clock_mono();
}

static void
give_up_part(struct MHD_Connection *connection)
{
	struct visitor *visitor = visitor_of(connection);

	if (visitor != NULL)
		turn_away(visitor);
}

struct server *
server_create(const struct access *access, server_handler *handler, void *arg)
{
	struct server *server = calloc(1, sizeof *server);

	if (server == NULL)
		return NULL;
	server->access = *access;
	server->handler = handler;
	server->arg = arg;
	server->parts = (struct parts_list){ .taken = on_part_taken, .give_up = give_up_part };
	return server;
}

/* NULL: no memory. */
static struct MHD_Response *
respond(struct server *server, const struct server_request *request, struct exchange *exchange, struct server_answer *answer)
{
	bool is_packed = server_lists(request, MHD_HTTP_HEADER_ACCEPT_ENCODING, "gzip") && !answer->parts.is_live;
	struct buffer *body = answer->body;
	struct MHD_Response *response = NULL;

	if (answer->parts.next != NULL && answer->status == MHD_HTTP_OK) {
		response = parts_respond(&server->parts, request->connection, &answer->parts, is_packed);
		if (response == NULL)
			server_problem(request, answer, MHD_HTTP_SERVICE_UNAVAILABLE, "too many answers are being given: ask again");
	}
	else if (answer->parts.next != NULL)
		answer->parts.end(answer->parts.state);
	if (response == NULL) {
		is_packed = is_packed && body->size >= GZIP_FROM && gzip_pack(buffer_view(body), &server->packed, EMIT_MAX);
		body = is_packed ? &server->packed : body;
		if (!hold(server, exchange, body->size)) {
			server_problem(request, answer, MHD_HTTP_SERVICE_UNAVAILABLE, "too many answers wait to be taken: ask again");
			body = answer->body;
			is_packed = false;
		}
		response = http_library()->create_response_from_buffer(body->size, (void *)(uintptr_t)buffer_view(body).data, MHD_RESPMEM_MUST_COPY);
	}
	if (response != NULL)
		server_add_headers(response, answer, is_packed);
	return response;
}

/* It is called for the headers, for each part of a body, which nobody wants, and at the end. */
static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method, const char *http_version,
    const char *upload, size_t *upload_size, void **context)
{
	struct listener *listener = arg;
	struct server *server = listener->server;
	struct exchange *exchange = *context;
	struct server_request request = { .path = url, .prefix = "", .connection = connection, .is_local = listener->entrance.is_unix };
	struct server_answer answer = { .status = MHD_HTTP_OK, .body = &server->body };
	struct visitor *visitor = visitor_of(connection);
	struct MHD_Response *response;
	struct admitted admitted;
	enum MHD_Result queued;

	(void)http_version, (void)upload;
	if (exchange == NULL)
		return MHD_NO;
	if (!exchange->has_begun) {
		exchange->has_begun = true;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (visitor != NULL && visitor->since != INT64_MAX) {
		visitor->is_answering = true;
		visitor->since = clock_mono();
	}
	buffer_clear(&server->body);
	admitted = (struct admitted){ .access = &server->access, .method = method, .entrance = &listener->entrance,
		.is_malformed = exchange->is_malformed };
	if (exchange->origin > 0 && !exchange->is_malformed) { /* such an address goes by its own host, whatever Host says */
		size_t scheme = strcspn(url, ":") + strlen("://");

		snprintf(admitted.origin, sizeof admitted.origin, "%.*s", (int)(exchange->origin - scheme), url + scheme);
		request.path = url[exchange->origin] == '\0' ? "/" : url + exchange->origin;
	}
	if (admit(&admitted, &request, &answer))
		server->handler(server->arg, &request, &answer);
	server->requests++;
	if (answer.status == MHD_HTTP_OK && answer.etag[0] == '\0' && answer.parts.next == NULL)
		(void)server_is_known(&request, &answer, hash_add(HASH_BEGIN, answer.body->data, answer.body->size));
	response = respond(server, &request, exchange, &answer);
	if (response == NULL)
		return MHD_NO;
	queued = http_library()->queue_response(connection, answer.status, response);
	http_library()->destroy_response(response);
	return queued;
}

bool
server_listen(struct server *server, int socket, struct entrance entrance, struct reason *why)
{
	struct listener *listener = &server->listeners[server->listener_count];
	const union MHD_DaemonInfo *info;

	assert(server->listener_count < SERVER_LISTENERS_MAX);
	*listener = (struct listener){ .server = server, .entrance = entrance };
	listener->daemon = http_library()->start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, listener,
	    MHD_OPTION_LISTEN_SOCKET, (MHD_socket)socket,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(2 * SERVER_CONNECTIONS_MAX),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_ROOM,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_PATIENCE,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener,
	    MHD_OPTION_URI_LOG_CALLBACK, on_request_line, listener, MHD_OPTION_END);
	info = listener->daemon == NULL ? NULL : http_library()->get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL) {
		reason_set(why, "the HTTP library cannot use the socket");
		if (listener->daemon != NULL)
			http_library()->stop_daemon(listener->daemon);
		return false;
	}
	listener->events = info->epoll_fd;
	server->listener_count++;
	return true;
}

uint32_t
server_poll(const struct server *server, struct pollfd *polled, int64_t *until)
{
	int64_t now = clock_mono();

	for (uint32_t i = 0; i < server->listener_count; i++) {
		MHD_UNSIGNED_LONG_LONG wait;

		polled[i] = (struct pollfd){ .fd = server->listeners[i].events, .events = POLLIN };
		if (http_library()->get_timeout(server->listeners[i].daemon, &wait) == MHD_YES && now + (int64_t)wait * MILLISECOND < *until)
			*until = now + (int64_t)wait * MILLISECOND;
	}
	return server->listener_count;
}

void
server_wake(struct server *server)
{
	parts_wake(&server->parts);
}

void
server_turn(struct server *server)
{
	int64_t now = clock_mono();
	struct visitor *visitor;

	if (now >= server->next_sweep) {
		server->next_sweep = now + SECOND;
		LIST_FOREACH(visitor, &server->visitors, others)
			if (visitor->since < now - SERVER_PATIENCE * (int64_t)SECOND)
				turn_away(visitor);
	}
	for (uint32_t i = 0; i < server->listener_count; i++)
		http_library()->run(server->listeners[i].daemon);
}

uint64_t
server_requests(const struct server *server)
{
	return server->requests;
}
