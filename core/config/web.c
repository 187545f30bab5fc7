/*
 * For the reading of a configuration: reads the group `web`, where the web page is served and who
 * may look. A port is open to everybody on this host, so who may look has to be said for one; a
 * socket file has an owner and a mode.
 */
#include "config/web.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/un.h>

#include "config/reader.h"
#include "config/secret.h"

/* Random bytes of a token, which nobody guesses: 144 bits. */
enum { TOKEN_BYTES = 18 };

/* For whoever tries it by hand: a port of the kernel's choice where the usual one is taken. */
static void
take_default(struct reader *reader)
{
	static const char *const loopback[] = { "127.0.0.1:8025" };
	unsigned char random[TOKEN_BYTES];
	char *token = arena_alloc(reader->arena, 2 * TOKEN_BYTES + 1);

	if (getrandom(random, sizeof random, 0) != sizeof random)
		return;
	for (int i = 0; i < TOKEN_BYTES; i++)
		snprintf(token + 2 * i, 3, "%02x", random[i]);
	reader->config->web
	    = (struct config_web){ .listen_count = 1, .listen = loopback, .token = token };
}

/* An entry is an address with a port, since a name may lead to another place tomorrow, or a
 * path. */
static bool
check_listen(struct reader *reader, const char *key, const char *text, bool *is_path)
{
	const struct place place = node_member(reader->web, key)->place;
	struct endpoint endpoint;
	struct address address;

	*is_path = text[0] == '/';
	if (*is_path && strlen(text) < sizeof ((struct sockaddr_un *)0)->sun_path)
		return true;
	if (*is_path)
		FAULT(reader, place,
		    "web: %s: %s is longer than the path of a socket may be, %zu bytes", key,
		    QUOTE(reader, text), sizeof ((struct sockaddr_un *)0)->sun_path - 1);
	else if (address_parse_port(text, 0, &address)
	    && endpoint_parse(text, strlen(text), &endpoint, NULL) && endpoint.port != 0)
		return true;
	else
		FAULT(reader, place,
		    "web: %s: %s is neither ADDRESS:PORT, such as \"127.0.0.1:8025\", nor the "
		    "absolute path of a socket", key, QUOTE(reader, text));
	return false;
}

/* NULL: none, or a fault. */
static const char *
take_password_file(struct reader *reader, const struct pw_value *value)
{
	const struct node *node = node_member(reader->web, "password_file");
	const char *path = NULL;
	struct reason why;

	if (!value->given)
		return NULL;
	if (secret_find_file(reader->arena, reader->values.owner,
	        diagnostics_file_name(&reader->diagnostics, node->place.file), value->string, &path,
	        &why))
		return path;
	FAULT(reader, node->place, "web: password_file: %s %s", QUOTE(reader, value->string),
	    why.text);
	return NULL;
}

/* NULL: none, or a fault. What stands in it goes into notices as it is. */
static const char *
take_page_url(struct reader *reader, const struct pw_value *value)
{
	const struct node *node = node_member(reader->web, "page_url");
	const char *host = NULL;
	size_t size;
	char *url;

	if (!value->given)
		return NULL;
	if (strncmp(value->string, "https://", 8) == 0)
		host = value->string + 8;
	else if (strncmp(value->string, "http://", 7) == 0)
		host = value->string + 7;
	for (const char *at = value->string; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || strchr("\"<>\\^`{|}?#", *at) != NULL)
			host = NULL;
	if (host == NULL || *host == '\0' || *host == '/' || strlen(value->string) > PAGE_URL_MAX) {
		FAULT(reader, node->place,
		    "web: page_url: %s is not the address of a page, such as "
		    "\"https://watch.example.org\"",
		    QUOTE(reader, value->string));
		return NULL;
	}
	url = arena_strdup(reader->arena, value->string);
	for (size = strlen(url); url[size - 1] == '/'; size--)
		url[size - 1] = '\0';
	return url;
}

/* What is told of a faulty entry says nothing of its secret. */
static void
take_shares(struct reader *reader, const struct pw_value *value)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct config_web *web = &reader->config->web;
	struct config_share *shares;

	if (!value->given)
		return;
	shares = arena_array(reader->arena, value->list->count, sizeof *shares);
	for (uint32_t i = 0; i < value->list->count; i++) {
		const char *text = value->list->items[i], *secret = strrchr(text, ':');
		size_t size = secret == NULL ? 0 : strlen(secret + 1);

		if (secret == NULL || secret == text || size < SHARE_SECRET_MIN
		    || size > SHARE_SECRET_MAX || strspn(secret + 1, letters) < size) {
			FAULT(reader, node_member(reader->web, "share")->place,
			    "web: share: an entry is \"TAG:SECRET\", its secret %d to %d letters "
			    "and digits that nobody guesses", SHARE_SECRET_MIN, SHARE_SECRET_MAX);
			return;
		}
		shares[i] = (struct config_share){
			arena_bytes(reader->arena, text, (size_t)(secret - text)),
			arena_strdup(reader->arena, secret + 1)
		};
	}
	web->share_count = value->list->count;
	web->shares = shares;
}

static void
take_share_listen(struct reader *reader, const struct pw_value *value)
{
	struct config_web *web = &reader->config->web;
	bool is_path;

	if (!value->given)
		return;
	if (web->share_count == 0)
		FAULT(reader, node_member(reader->web, "share_listen")->place,
		    "web: share_listen: share names no address that could be served there");
	for (uint32_t i = 0; i < value->list->count; i++)
		if (!check_listen(reader, "share_listen", value->list->items[i], &is_path))
			return;
	web->share_listen_count = value->list->count;
	web->share_listen = value->list->items;
}

void
web_take(struct reader *reader)
{
	struct config_web *web = &reader->config->web;
	struct pw_value values[WEB_ROWS];
	bool good, has_tcp = false;

	if (reader->web == NULL) {
		if (reader->source->page && reader->source->path == NULL)
			take_default(reader);
		return;
	}
	reader_check_keys(reader, reader->web, "web: ", web_settings, NULL);
	good = reader_take_table(reader, reader->web, "", web_settings, values);
	if (!values[WEB_LISTEN].given && good)
		FAULT(reader, reader->web->place, "web: listen is missing: %s",
		    web_settings[WEB_LISTEN].help);
	if (!values[WEB_LISTEN].given || !good)
		return;
	for (uint32_t i = 0; i < values[WEB_LISTEN].list->count; i++) {
		bool is_path;

		good &= check_listen(reader, "listen", values[WEB_LISTEN].list->items[i], &is_path);
		has_tcp |= !is_path;
	}
	if (has_tcp && !values[WEB_PASSWORD].given && values[WEB_PUBLIC].number == 0)
		FAULT(reader, reader->web->place,
		    "web: who may look is not said: everybody on this host reaches a port; set "
		    "password_file, or public = true");
	if (values[WEB_PASSWORD].given && values[WEB_PUBLIC].number != 0)
		FAULT(reader, reader->web->place,
		    "web: password_file and public = true contradict each other");
	if (!good)
		return;
	*web = (struct config_web){ .listen_count = values[WEB_LISTEN].list->count,
		.listen = values[WEB_LISTEN].list->items,
		.password_file = take_password_file(reader, &values[WEB_PASSWORD]),
		.page_url = take_page_url(reader, &values[WEB_PAGE_URL]),
		.is_public = values[WEB_PUBLIC].number != 0 };
	take_shares(reader, &values[WEB_SHARE]);
	take_share_listen(reader, &values[WEB_SHARE_LISTEN]);
	if (values[WEB_NAMES].given) {
		web->name_count = values[WEB_NAMES].list->count;
		web->names = values[WEB_NAMES].list->items;
	}
}
