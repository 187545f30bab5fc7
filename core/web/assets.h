/* The style sheet and the script, compiled in; the hash in the name changes with the content. */
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include <postwatch/probe.h>

enum asset { ASSET_STYLE, ASSET_SCRIPT, ASSETS };

/* "style-0123456789abcdef.css"; belongs to the module. */
const char *asset_name(enum asset);
/* Its bytes and media type; bytes without data where no asset has that name. */
struct pw_bytes asset_find(const char *name, const char **type);

#endif
