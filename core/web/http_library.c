/* For the web process: loads libmicrohttpd with dlopen(3), and finds its functions. */
#include "web/http_library.h"

#include <assert.h>
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* The name under which the interface of its header is kept. */
static const char library_name[] = "libmicrohttpd.so.12";

static struct http_library functions;

/* POSIX has dlsym(3) return functions as pointers to objects, which C cannot convert. */
static bool
find(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	memcpy(function, &found, sizeof found);
	return found != NULL;
}

bool
http_library_load(struct reason *why)
{
	void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	bool has_all = library != NULL;

#define FIND(name) has_all = has_all && find(library, "MHD_" #name, &functions.name);
	HTTP_LIBRARY_FUNCTIONS(FIND)
#undef FIND
	if (!has_all)
		reason_set(why, "the HTTP library cannot be loaded: %s", dlerror());
	if (library != NULL)
		dlclose(library);
	return has_all;
}

const struct http_library *
http_library(void)
{
	assert(functions.stop_daemon != NULL);
	return &functions;
}
