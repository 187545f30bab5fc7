/*
 * libmicrohttpd, loaded with dlopen(3) by the process that serves the page alone: with GnuTLS and
 * what that brings it would cost every command 2 ms of processor time at its start.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>

#include "base/reason.h"

#define HTTP_LIBRARY_FUNCTIONS(X) \
	X(add_response_header) X(basic_auth_get_username_password) X(create_response_from_buffer) \
	X(create_response_from_callback) X(destroy_response) X(free) X(get_connection_info) X(get_connection_values) \
	X(get_daemon_info) X(get_reason_phrase_for) X(get_timeout) X(get_version) X(lookup_connection_value) \
	X(lookup_connection_value_n) X(queue_response) X(resume_connection) X(run) X(start_daemon) X(stop_daemon) \
	X(suspend_connection)

/* A pointer to MHD_NAME for each NAME above, with its type and its meaning. */
struct http_library {
#define HTTP_LIBRARY_POINTER(name) __typeof__(MHD_##name) *name;
	HTTP_LIBRARY_FUNCTIONS(HTTP_LIBRARY_POINTER)
#undef HTTP_LIBRARY_POINTER
};

/* Loads the library, once, for the rest of the process; before its sandbox, which lets no code in. Returns false with a reason if it
 * cannot be loaded. */
bool http_library_load(struct reason *why);

/* After it was loaded. */
const struct http_library *http_library(void);
