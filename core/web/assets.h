/*
 * The web page's style sheet, script, and description of the API, compiled in; the hash in a file's
 * name changes with its content, so that browsers may keep it for ever.
 */
#pragma once

#include <postwatch/probe.h>

enum asset { ASSET_STYLE, ASSET_SCRIPT, ASSET_OPENAPI, ASSETS };

/* "style-0123456789abcdef.css". */
enum { ASSET_NAME_MAX = 64 };
void asset_name(enum asset, char name[ASSET_NAME_MAX]);

/* Its bytes and media type (NULL: not asked for). */
struct pw_bytes asset_bytes(enum asset, const char **type);
