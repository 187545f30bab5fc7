/*
 * For the web process's HTTP server: reads header lists of requests, and adds the headers of
 * answers.
 */
#include "web/headers.h"

#include <stdlib.h>
#include <string.h>

#include "web/http_library.h"

/* Whether a value stands in a header that lists such, separated by commas. */
bool
headers_list(struct MHD_Connection *connection, const char *header, const char *word)
{
	const char *list = http_library()->lookup_connection_value(connection, MHD_HEADER_KIND, header);

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

/* RFC 9110 for the names; no page of ours is to be framed, nor does one load anything from elsewhere. */
void
headers_add(struct MHD_Response *response, const struct server_answer *answer, bool is_packed)
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
