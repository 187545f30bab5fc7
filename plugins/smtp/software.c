/*
 * For the SMTP probes: the mail server products by their names in greetings. A new product is a new
 * row.
 */
#include "software.h"

#include <string.h>
#include <strings.h>

#include "reply_text.h"

/* Names as greetings write them. Of two with the same beginning the longer stands first. */
static const struct {
	const char *name;
	bool ordinary; /* also another word or a host's name: a version or SMTP must stand beside it */
} products[] = {
	{ "Postfix", false }, { "Exim", false }, { "Sendmail", false }, { "OpenSMTPD", false },
	{ "Microsoft ESMTP MAIL Service", false },
	    { "Microsoft Exchange Internet Mail Service", false },
	{ "Microsoft Exchange", false }, { "gsmtp", false }, { "Dovecot", false },
	    { "Haraka", false }, { "Stalwart", true },
	{ "MDaemon", false }, { "MailEnable Service", false }, { "MailEnable", false },
	    { "hMailServer", false },
	{ "CommuniGate Pro", false }, { "Kerio Connect", false }, { "Kerio MailServer", false },
	    { "Zimbra", false },
	{ "Qmail Toaster", false }, { "qmail", false }, { "s/qmail", false }, { "maddy", true },
	    { "IceWarp", false },
	{ "Merak", false }, { "SmarterMail", false }, { "Axigen", false }, { "AXIGEN", false },
	{ "GroupWise Internet Agent", false }, { "GroupWise", false },
	    { "Lotus SMTP MTA Service", false },
	{ "Lotus Domino", false }, { "IBM Domino", false }, { "HCL Domino", false },
	    { "Domino", true }, { "PowerMTA", false },
	{ "ecelerity", false }, { "Momentum", true }, { "Mercury/32", false }, { "Mercury", true },
	    { "Apache James", false },
	{ "JAMES", false }, { "James", true }, { "Courier", true }, { "Mimecast", false },
	    { "Halon", true },
	{ "ZoneMTA", false }, { "FortiMail", false }, { "Barracuda", false }, { "MailHog", false },
	    { "MailPit", false },
	{ "Mailpit", false }, { "Cyrus", true }, { "Citadel", true }, { "XMail", false },
	    { "SurgeSMTP", false },
	{ "SurgeMail", false }, { "Proofpoint", false }, { "IMail", false }, { "NTMail", false },
	    { "Novell NetMail", false },
	{ "ArGoSoft Mail Server", false }, { "VPOP3", false }, { "VisNetic", false },
	{ "Sun Java(tm) System Messaging Server", false },
	{ "Oracle Communications Messaging Server", false }, { "iPlanet Messaging Server", false },
	{ "Symantec Messaging Gateway", false }, { "Trend Micro", false }, { "InterScan", false },
	    { "WebShield", false },
	{ "MAILsweeper ESMTP Receiver", false }, { "MAILsweeper", false }, { "Clearswift", false },
	{ "Sophos Email Appliance", false }, { "Sophos", false }, { "Lyris ListManager", false },
	    { "mox", true },
	{ "Postal", true }, { "SimpleEmailService", false }, { "Nemesis", true },
	    { "QQ Mail Server", false },
	{ "Coremail System", false }, { "Coremail", false }, { "Python SMTP", false },
	    { "qpsmtpd", false },
	{ "amavisd-new", false }, { "amavis", false }, { "smtp.passthru", false },
	    { "WildDuck", false },
	{ "MailMarshal", false }, { "MailSite", false }, { "InterMail", false },
	    { "Mirapoint", false }, { "Scalix", false },
	{ "Sun ONE Messaging Server", false }, { "Netscape Messaging Server", false },
	    { "PMDF", false }, { "SLmail", false },
	{ "Eudora Internet Mail Server", false }, { "Tobit.Software", false },
	    { "Inbucket", false }, { "GreenMail", false },
	{ "MailScanner", false }, { "MailCleaner", false }, { "SpamTitan", false },
	    { "Xeams", false },
};

/* Words that may stand between a name and its version. */
static const char *const markers[] = { "Version:", "Version", "version", "Release", "Build", "Ver.",
    "rev" };

static bool
begins_with(struct pw_bytes text, const char *word, size_t size)
{
	return text.size >= size && memcmp(text.data, word, size) == 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_of_word(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'
	    || (unsigned char)c >= 0x80;
}

/* Returns the end of the version at `at` ("9.0.1FP10", "v4.5r17"), 0 where there is none. */
static size_t
version_end(struct pw_bytes text, size_t at)
{
	size_t begin = at + (at < text.size && (text.data[at] == 'v' || text.data[at] == 'V'));

	if (begin >= text.size || !is_digit(text.data[begin]))
		return 0;
	at = begin;
	while (at < text.size && at - begin < 40 && !is_blank(text.data[at])
	    && strchr(";,)", text.data[at]) == NULL)
		at++;
	while (strchr(".-:", text.data[at - 1]) != NULL)
		at--;
	return at;
}

static size_t
bracket_end(struct pw_bytes text, size_t at)
{
	size_t end = at;

	if (at >= text.size || text.data[at] != '(')
		return 0;
	while (end < text.size && end - at < 40 && text.data[end] != ')')
		end++;
	return end < text.size && text.data[end] == ')' ? end + 1 : 0;
}

static size_t
skip_blanks(struct pw_bytes text, size_t at)
{
	while (at < text.size && is_blank(text.data[at]))
		at++;
	return at;
}

static size_t
skip_marker(struct pw_bytes text, size_t at)
{
	for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
		size_t size = strlen(markers[i]);

		if (text.size - at > size && memcmp(text.data + at, markers[i], size) == 0
		    && is_blank(text.data[at + size]))
			return skip_blanks(text, at + size);
	}
	return at;
}

/* Returns the size of what belongs to the name in the text behind it: a version after a slash, a
 * comma or a marker, or at most 40 bytes in brackets. */
static size_t
tail_size(struct pw_bytes rest)
{
	bool mark = rest.size > 3 && strncasecmp(rest.data, "(TM)", 4) == 0;
	size_t at = mark ? 4 : 0, end;

	if (at < rest.size && rest.data[at] == '/')
		return version_end(rest, at + 1);
	if (at < rest.size && rest.data[at] == ',')
		at++;
	size_t word = skip_blanks(rest, at);
	if (word == at || word >= rest.size)
		return 0;
	if ((end = version_end(rest, skip_marker(rest, word))) > 0)
		return end;
	return bracket_end(rest, word);
}

/* Returns whether the word before or after the name is SMTP or ESMTP. */
static bool
stands_beside_smtp(struct pw_bytes text, size_t at, size_t size)
{
	struct pw_bytes behind = { text.data + at + size, text.size - at - size },
	    next = take_word(&behind);
	struct pw_bytes word = { "", 0 }, before = { text.data, at };

	for (struct pw_bytes taken; (taken = take_word(&before)).size > 0;)
		word = taken;
	return equals_ignoring_case(word, (struct pw_bytes){ "ESMTP", 5 })
	    || equals_ignoring_case(word, (struct pw_bytes){ "SMTP", 4 })
	    || equals_ignoring_case(next, (struct pw_bytes){ "ESMTP", 5 })
	    || equals_ignoring_case(next, (struct pw_bytes){ "SMTP", 4 });
}

static struct pw_bytes
software_at(struct pw_bytes text, size_t at)
{
	struct pw_bytes here = { text.data + at, text.size - at };

	for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
		if (products[i].name[0] != here.data[0])
			continue; /* for nearly all rows; the length is taken only of the others */
		size_t size = strlen(products[i].name);
		if (!begins_with(here, products[i].name, size)
		    || (here.size > size && is_of_word(here.data[size])))
			continue;
		size_t tail = tail_size((struct pw_bytes){ here.data + size, here.size - size });
		if (!products[i].ordinary || tail > 0 || stands_beside_smtp(text, at, size))
			return (struct pw_bytes){ here.data, size + tail };
	}
	return (struct pw_bytes){ here.data, 0 };
}

struct pw_bytes
software_of(struct pw_bytes text)
{
	/* The greeting begins with the host's name (RFC 5321 4.2), which is never a product. */
	for (size_t at = 1; at < text.size; at++)
		if (is_blank(text.data[at - 1]) || text.data[at - 1] == '(') {
			struct pw_bytes found = software_at(text, at);

			if (found.size > 0)
				return found;
		}
	return (struct pw_bytes){ text.data, 0 };
}
