/*
 * For the pages of the web process: reads what a request asks for (query, headers, accepted types),
 * makes short answers to it, and adds the headers of all.
 */
#include "web/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "web/emit.h"
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

/* Whether a value stands in a header that lists such, separated by commas, with a weight above 0. */
bool
server_lists(const struct server_request *request, const char *header, const char *word)
{
	const char *list = server_header(request, header);

	for (size_t size; list != NULL && *list != '\0'; list += size + (list[size] == ',')) {
		list += strspn(list, " \t");
		size = strcspn(list, ",");
		size_t name = strcspn(list, ",; \t");
		const char *weight = memmem(list, size, "q=", 2);
		if (name == strlen(word) && strncasecmp(list, word, name) == 0 && (weight == NULL || strtod(weight + 2, NULL) > 0))
			return true;
	}
	return false;
}

bool
server_accepts(const struct server_request *request, struct server_answer *answer, const char *type)
{
	answer->is_by_accept = true;
	return server_lists(request, MHD_HTTP_HEADER_ACCEPT, type);
}

bool
server_is_known(const struct server_request *request, struct server_answer *answer, uint64_t version)
{
	if (request->connection == NULL)
		return false;
	snprintf(answer->etag, sizeof answer->etag, "W/\"%016llx\"", (unsigned long long)version); /* weak: the same for the packed form */
	if (!server_lists(request, MHD_HTTP_HEADER_IF_NONE_MATCH, answer->etag)
	    && !server_lists(request, MHD_HTTP_HEADER_IF_NONE_MATCH, "*"))
		return false;
	answer->status = MHD_HTTP_NOT_MODIFIED;
	buffer_clear(answer->body);
	return true;
}

/* RFC 9110 for the names; no page of ours is to be framed, nor does one load anything from elsewhere. */
void
server_add_headers(struct MHD_Response *response, const struct server_answer *answer, bool is_packed)
{
	static const char *const always[][2] = {
		{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
		    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "X-Robots-Tag", "noindex, nofollow" },
		{ "Referrer-Policy", "no-referrer" },
	};

	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		http_library()->add_response_header(response, always[i][0], always[i][1]);
	http_library()->add_response_header(response, "Cross-Origin-Resource-Policy", answer->is_embedded ? "cross-origin" : "same-origin");
	http_library()->add_response_header(response, MHD_HTTP_HEADER_VARY, answer->is_by_accept ? "Accept, Accept-Encoding" : "Accept-Encoding");
	http_library()->add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
	    answer->type == NULL ? "text/html; charset=utf-8" : answer->type);
	http_library()->add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, answer->is_secret ? "no-store"
	    : answer->is_immutable                                                       ? "private, max-age=31536000, immutable"
	                                                                                 : "private, no-cache");
	if (answer->etag[0] != '\0')
		http_library()->add_response_header(response, MHD_HTTP_HEADER_ETAG, answer->etag);
	if (is_packed)
		http_library()->add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	if (answer->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		http_library()->add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "5");
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		http_library()->add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (answer->status == MHD_HTTP_UNAUTHORIZED)
		http_library()->add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"Postwatch\", charset=\"UTF-8\"");
}
