/* The style sheet, the script, and the description of the API, compiled in; the hash in the name changes with the content. */
#pragma once

#include <postwatch/probe.h>

enum asset { ASSET_STYLE, ASSET_SCRIPT, ASSET_OPENAPI, ASSETS };

/* "style-0123456789abcdef.css". */
enum { ASSET_NAME_MAX = 64 };
void asset_name(enum asset, char name[ASSET_NAME_MAX]);

/* Its bytes and media type (NULL: not asked for). */
struct pw_bytes asset_bytes(enum asset, const char **type);
