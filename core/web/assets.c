/* The files of core/web/assets are put into the object by the assembler (.incbin), relative to the top of the tree. */
#include "web/assets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define INCLUDE(symbol, path)                                                                                                  \
	__asm__(".pushsection .rodata\n.globl " #symbol "\n.hidden " #symbol "\n" #symbol ":\n.incbin \"" path "\"\n.globl " #symbol "_end\n" \
	        ".hidden " #symbol "_end\n" #symbol "_end:\n.byte 0\n.popsection\n");                                           \
	extern const char symbol[], symbol##_end[]

INCLUDE(asset_style, "core/web/assets/style.css");
INCLUDE(asset_script, "core/web/assets/refresh.js");

static const struct {
	const char *begin, *end, *stem, *extension, *type;
} assets[ASSETS] = {
	[ASSET_STYLE] = { asset_style, asset_style_end, "style", "css", "text/css; charset=utf-8" },
	[ASSET_SCRIPT] = { asset_script, asset_script_end, "refresh", "js", "text/javascript; charset=utf-8" },
};

const char *
asset_name(enum asset asset)
{
	static char names[ASSETS][64];
	char *name = names[asset];

	if (name[0] == '\0')
		snprintf(name, sizeof names[0], "%s-%016" PRIx64 ".%s", assets[asset].stem,
		    hash_add(HASH_BEGIN, assets[asset].begin, (size_t)(assets[asset].end - assets[asset].begin)), assets[asset].extension);
	return name;
}

struct pw_bytes
asset_find(const char *name, const char **type)
{
	for (int i = 0; i < ASSETS; i++) {
		if (strcmp(name, asset_name((enum asset)i)) != 0)
			continue;
		*type = assets[i].type;
		return (struct pw_bytes){ assets[i].begin, (size_t)(assets[i].end - assets[i].begin) };
	}
	return (struct pw_bytes){ NULL, 0 };
}
