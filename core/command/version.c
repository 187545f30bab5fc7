/*
 * `postwatch --version`: prints what a report of a fault should say about us: version, plugin ABI,
 * libraries in use.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "command/command.h"

#include <ev.h>
#include <idn2.h>
#include <libconfig.h>
#include <openssl/crypto.h>
#include <pcre2.h>
#include <sqlite3.h>
#include <stdio.h>
#include <zlib.h>

#include <postwatch/plugin.h>

#include "web/http_library.h"

static int
version(const struct command *command, int argc, char **argv)
{
	char pcre[64] = "PCRE2";

	(void)command, (void)argc, (void)argv;
	pcre2_config(PCRE2_CONFIG_VERSION, pcre);
	printf("postwatch %s\nplugin ABI %d.%d\n", PW_VERSION, PW_ABI_MAJOR, PW_ABI_MINOR);
	printf("libev %d.%d, %s, libconfig %d.%d, libidn2 %s, PCRE2 %s\n", ev_version_major(),
	    ev_version_minor(), OpenSSL_version(OPENSSL_VERSION), LIBCONFIG_VER_MAJOR,
	    LIBCONFIG_VER_MINOR, idn2_check_version(NULL), pcre);
	printf("SQLite %s, libmicrohttpd %s, zlib %s\n", sqlite3_libversion(),
	    http_library_load(NULL) ? http_library()->get_version() : "(missing)", zlibVersion());
	return 0;
}

const struct command command_version = {
	.name = "version", .arguments = "",
	.summary = "version, plugin ABI and linked libraries",
	.help = "Prints the version, the plugin ABI and the versions of the libraries in use.",
	.run = version,
};
