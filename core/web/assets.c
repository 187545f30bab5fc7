/*
 * The web page's style sheet, script and description of the API, compiled in. The files of
 * core/web/assets are put into the object by the assembler (.incbin), relative to the top of the
 * tree.
 */
#include "web/assets.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"

#define INCLUDE(symbol, path)                                                                                                  \
	__asm__(".pushsection .rodata\n.globl " #symbol "\n.hidden " #symbol "\n" #symbol ":\n.incbin \"" path "\"\n.globl " #symbol "_end\n" \
	        ".hidden " #symbol "_end\n" #symbol "_end:\n.byte 0\n.popsection\n");                                           \
	extern const char symbol[], symbol##_end[]

INCLUDE(asset_style, "core/web/assets/style.css");
INCLUDE(asset_script, "core/web/assets/refresh.js");
INCLUDE(asset_openapi, "core/web/assets/openapi.json");

static const struct {
	const char *begin, *end, *stem, *extension, *type;
} assets[ASSETS] = {
	[ASSET_STYLE] = { asset_style, asset_style_end, "style", "css", "text/css; charset=utf-8" },
	[ASSET_SCRIPT] = { asset_script, asset_script_end, "refresh", "js", "text/javascript; charset=utf-8" },
	[ASSET_OPENAPI] = { asset_openapi, asset_openapi_end, "openapi", "json", "application/json" },
};

void
asset_name(enum asset asset, char name[ASSET_NAME_MAX])
{
	struct pw_bytes bytes = asset_bytes(asset, NULL);

	snprintf(name, ASSET_NAME_MAX, "%s-%016" PRIx64 ".%s", assets[asset].stem, hash_add(HASH_BEGIN, bytes.data, bytes.size),
	    assets[asset].extension);
}

struct pw_bytes
asset_bytes(enum asset asset, const char **type)
{
	if (type != NULL)
		*type = assets[asset].type;
	return (struct pw_bytes){ assets[asset].begin, (size_t)(assets[asset].end - assets[asset].begin) };
}
