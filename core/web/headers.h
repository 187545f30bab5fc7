/*
 * For the web process's HTTP server: reads request headers that list values, such as
 * Accept-Encoding, and adds the headers of answers (RFC 9110).
 */
#pragma once

#include "web/request.h"

struct MHD_Connection;
struct MHD_Response;

/* Whether a value stands in a header that lists such, separated by commas, with a weight above 0. */
bool headers_list(struct MHD_Connection *, const char *header, const char *word);

/* Those of an answer; `is_packed`: by gzip. */
void headers_add(struct MHD_Response *, const struct server_answer *, bool is_packed);
