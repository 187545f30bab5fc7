/*
 * For `postwatch import`: translates a module of the blackbox_exporter into settings of a target.
 * Only modules of prober tcp that speak SMTP have a counterpart; a setting without one is told in a
 * comment, so that nobody takes the import for the whole.
 */
#include "command/blackbox_module.h"

#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "config/regex.h"

struct reading {
	struct draft_entry *target, *notes;
	const char *file;
	const char *greeting;      /* what the first line has to be; NULL: not asked */
	unsigned greeting_line;
	bool has_dialogue, has_starttls, speaks_smtp, speaks_lmtp;
	int said_hello;
};

static void
leave_out(const struct reading *reading, unsigned line, const char *key, const char *what,
    const char *why)
{
	if (reading->notes != NULL)
		draft_leave_out_at(reading->notes,
		    (struct draft_place){ reading->file, line, NULL },
		    FORMAT(400, "%s%s%s", key, what[0] == '\0' ? "" : " ", what), why);
}

/* All keys of a map but those that are known. */
static void
tell_rest(const struct reading *reading, const struct yaml_node *map, const char *const *known)
{
	YAML_EACH(item, map, YAML_MAP)
		if (!draft_knows(known, item->key) && strcmp(item->key, "<<") != 0)
			leave_out(reading, item->value->line, item->key,
			    item->value->kind == YAML_TEXT ? item->value->text : "",
			    "no counterpart");
}

static bool
begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

static void
take_send(struct reading *reading, const struct yaml_node *step, const char *send)
{
	static const struct {
		const char *command, *why;
	} rows[] = {
		{ "EHLO", "the name for EHLO is `helo`, of all targets" },
		{ "HELO", "the name for EHLO is `helo`, of all targets" },
		{ "MAIL", "no mail is begun" },
		{ "RCPT", "no mail is begun" },
		{ "DATA", "no mail is begun" },
		{ "AUTH", "nothing logs in" },
	};
	const char *why = "no other commands are sent";

	reading->has_dialogue |= !begins(send, "QUIT");
	reading->speaks_smtp |= begins(send, "EHLO") || begins(send, "HELO");
	reading->speaks_lmtp |= begins(send, "LHLO");
	if (begins(send, "STARTTLS") || begins(send, "QUIT") || begins(send, "LHLO")
	    || (begins(send, "EHLO") && reading->said_hello++ > 0))
		return;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (begins(send, rows[i].command))
			why = rows[i].why;
	leave_out(reading, step->line, "send", send, why);
}

/* "^250-AUTH PLAIN" asks for a capability. Returns false if it is no more than a word or two. */
static bool
take_capability(struct reading *reading, const char *expect)
{
	const char *word = expect + (expect[0] == '^');
	size_t size;

	if (!begins(word, "250") || (word[3] != '-' && word[3] != ' ' && !begins(word + 3, "[- ]")
	    && !begins(word + 3, "[ -]")))
		return false;
	word += word[3] == '[' ? 7 : 4;
	size = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789- ");
	if (size == 0 || word[size] != '\0')
		return false;
	if (strcasecmp(word, "STARTTLS") != 0)
		draft_word(reading->target, "require", word);
	return true;
}

static void
take_expect(
    struct reading *reading, const struct yaml_node *step, const char *expect, bool is_first)
{
	static const char *const plain[] = { "220", "250", "^220", "^250", "^220 ", "^250 ",
		"^220.*", "^250.*", "^2", "^220-?", "^250[- ]", "^221", "^220[- ]", "^2.." };
	const char *code = expect + (expect[0] == '^');

	reading->speaks_smtp |= begins(code, "220") || begins(code, "250");
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (strcmp(expect, plain[i]) == 0)
			return;
	if (is_first) {
		reading->greeting = expect;
		reading->greeting_line = step->line;
	} else if (!take_capability(reading, expect))
		leave_out(
		    reading, step->line, "expect", expect, "replies are judged by their codes");
}

static void
take_steps(struct reading *reading, const struct yaml_node *steps)
{
	static const char *const known[] = { "expect", "send", "starttls", NULL };
	bool is_first = true;

	YAML_EACH(item, steps, YAML_LIST) {
		const char *expect = yaml_text(item->value, "expect");
		const char *send = yaml_text(item->value, "send");

		if (expect != NULL && expect[0] != '\0')
			take_expect(reading, item->value, expect, is_first);
		if (send != NULL && send[0] != '\0')
			take_send(reading, item->value, send);
		reading->has_starttls |= yaml_is_true(item->value, "starttls");
		tell_rest(reading, item->value, known);
		is_first = false;
	}
}

static void
set_tls(struct reading *reading, const struct yaml_node *tls)
{
	static const char *const known[] = { "insecure_skip_verify", "ca_file", "server_name",
		"min_version", "cert_file", "key_file", NULL };
	static const char *const versions[][2] = { { "TLS10", "1.0" }, { "TLS11", "1.1" },
		{ "TLS12", "1.2" }, { "TLS13", "1.3" } };
	const char *version = yaml_text(tls, "min_version"), *path = yaml_text(tls, "ca_file");
	const char *name = yaml_text(tls, "server_name"), *key = yaml_text(tls, "cert_file");
	bool is_known = version == NULL;

	draft_string(reading->target, "verify",
	    yaml_is_true(tls, "insecure_skip_verify") ? "none" : "full");
	for (size_t i = 0; i < sizeof versions / sizeof versions[0] && version != NULL; i++)
		if (strcmp(version, versions[i][0]) == 0) {
			draft_string(reading->target, "min_version", versions[i][1]);
			is_known = true;
		}
	if (!is_known)
		leave_out(reading, tls->line, "min_version", version, "no version of TLS");
	if (path != NULL)
		draft_file(reading->target, "ca_file", path, reading->file);
	if (name != NULL && name[0] != '\0' && !draft_sni(reading->target, name))
		leave_out(reading, tls->line, "server_name", name, "no name of a host");
	if (key != NULL)
		leave_out(reading, tls->line, "cert_file", key, "no certificate of ours is shown");
	tell_rest(reading, tls, known);
}

static void
set_addresses(struct reading *reading, const struct yaml_node *tcp)
{
	const char *preferred = yaml_text(tcp, "preferred_ip_protocol");
	const char *source = yaml_text(tcp, "source_ip_address");
	const char *fallback = yaml_text(tcp, "ip_protocol_fallback");
	struct address address;
	bool is_only = fallback != NULL && !yaml_is_true(tcp, "ip_protocol_fallback");

	if (is_only)
		draft_family(reading->target,
		    preferred != NULL && strcmp(preferred, "ip4") == 0 ? "ipv4" : "ipv6");
	else if (preferred != NULL)
		leave_out(reading, tcp->line, "preferred_ip_protocol", preferred,
		    "the addresses of both protocols are probed; `family` takes one");
	if (source != NULL && address_parse(source, 0, &address) && !address_is_forbidden(&address))
		draft_word(reading->target, "source", source);
	else if (source != NULL)
		leave_out(reading, tcp->line, "source_ip_address", source, "no address of ours");
}

static void
set_greeting(struct reading *reading, bool is_banner)
{
	struct arena *arena = arena_create();
	struct reason why;

	if (!is_banner)
		leave_out(reading, reading->greeting_line, "expect", reading->greeting,
		    "the words of a greeting are looked at by the probe banner alone");
	else if (regex_compile(arena, reading->greeting, &why) == NULL)
		leave_out(reading, reading->greeting_line, "expect", reading->greeting, why.text);
	else {
		draft_string(reading->target, "expect", reading->greeting);
		draft_settings(reading->target, " strict = true;");
	}
	arena_destroy(&arena);
}

const char *
blackbox_module_set(struct draft_entry *target, struct draft_entry *notes, const char *file,
    const struct yaml_node *module, long port)
{
	static const char *const known[] = { "prober", "timeout", "tcp", NULL };
	static const char *const known_tcp[] = { "query_response", "tls", "tls_config",
		"preferred_ip_protocol", "ip_protocol_fallback", "source_ip_address", NULL };
	const char *prober = yaml_text(module, "prober"), *timeout = yaml_text(module, "timeout");
	const struct yaml_node *tcp = yaml_get(module, "tcp"),
			       *steps = yaml_get(tcp, "query_response");
	struct reading reading = { .target = target, .notes = notes, .file = file };
	bool is_port = port == 25 || port == 465 || port == 587, is_tls = yaml_is_true(tcp, "tls");
	int64_t limit;
	bool is_banner;

	if (prober == NULL || strcmp(prober, "tcp") != 0)
		return "only a module with prober tcp can speak SMTP";
	take_steps(&reading, steps);
	if (reading.speaks_lmtp)
		return "LMTP is no SMTP";
	if (!reading.speaks_smtp && (steps != NULL || !is_port))
		return steps != NULL ? "this module speaks no SMTP"
		                     : "this module only connects, and the port is none of SMTP";
	if (steps == NULL)
		leave_out(&reading, module->line, "prober", "tcp",
		    "it only connects; here the greeting is looked at, too");
	is_banner = !reading.has_dialogue && !reading.has_starttls && !is_tls;
	draft_settings(target, is_banner ? " probe = \"banner\";"
	    : reading.has_starttls       ? " probe = \"starttls\";"
	    : is_tls ? " tls = \"implicit\";" : " tls = \"none\";");
	if (reading.greeting != NULL)
		set_greeting(&reading, is_banner);
	if (reading.has_starttls || is_tls)
		set_tls(&reading, yaml_get(tcp, "tls_config"));
	set_addresses(&reading, tcp);
	if (timeout != NULL && units_parse_duration(timeout, &limit, NULL))
		draft_leg(target, "limits", (double)limit / SECOND);
	else if (timeout != NULL)
		leave_out(&reading, module->line, "timeout", timeout, "no duration");
	tell_rest(&reading, module, known);
	tell_rest(&reading, tcp, known_tcp);
	return NULL;
}
