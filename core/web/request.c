/*
 * For the pages of the web process: reads what a request asks for (query, headers, accepted types),
 * and makes short answers to it.
 */
#include "web/request.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "web/emit.h"
#include "web/headers.h"
#include "web/http_library.h"

const char *
server_query(const struct server_request *request, const char *name)
{
	const char *value = NULL;

	if (http_library()->lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, NULL) == MHD_YES
	    && value == NULL)
		return "";
	return value;
}

void
server_problem(const struct server_request *request, struct server_answer *answer, unsigned status, const char *detail)
{
	buffer_clear(answer->body);
	answer->status = status;
	answer->etag[0] = '\0';
	if (strncmp(request->path, "/api/", 5) == 0) {
		struct json json = json_to_buffer(answer->body, EMIT_MAX);

		answer->type = "application/problem+json";
		json_begin_object(&json, NULL);
		json_string(&json, "title", http_library()->get_reason_phrase_for(status));
		json_int(&json, "status", status);
		json_string(&json, "detail", detail);
		json_end(&json);
		(void)json_finish_line(&json);
		return;
	}
	answer->type = "text/plain; charset=utf-8";
	(void)buffer_add(answer->body, detail, strlen(detail), EMIT_MAX);
	(void)buffer_add(answer->body, "\n", 1, EMIT_MAX);
}

const char *
server_header(const struct server_request *request, const char *name)
{
	return http_library()->lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

bool
server_accepts(const struct server_request *request, struct server_answer *answer, const char *type)
{
	answer->is_by_accept = true;
	return headers_list(request->connection, MHD_HTTP_HEADER_ACCEPT, type);
}

bool
server_is_known(const struct server_request *request, struct server_answer *answer, uint64_t version)
{
	struct MHD_Connection *connection = request->connection;

	if (connection == NULL)
		return false;
	snprintf(answer->etag, sizeof answer->etag, "W/\"%016llx\"", (unsigned long long)version); /* weak: the same for the packed form */
	if (!headers_list(connection, MHD_HTTP_HEADER_IF_NONE_MATCH, answer->etag)
	    && !headers_list(connection, MHD_HTTP_HEADER_IF_NONE_MATCH, "*"))
		return false;
	answer->status = MHD_HTTP_NOT_MODIFIED;
	buffer_clear(answer->body);
	return true;
}
