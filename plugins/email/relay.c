/* A session is made for each message, and ends with it. */
#include "relay.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS_LOOKED_AT = 64 };

static bool __attribute__((format(printf, 3, 4)))
fail(char *why, size_t why_size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, why_size, format, arguments);
	va_end(arguments);
	return false;
}

/* "host", "host:port": a name or an IPv4 address. The library cuts at the first colon, so there are no others. */
static bool
take_place(struct relay *relay, const char *place, const char *usual_port, char *why, size_t why_size)
{
	const char *colon = strchr(place, ':'), *port = colon == NULL ? usual_port : colon + 1;
	size_t size = colon == NULL ? strlen(place) : (size_t)(colon - place), digits = strspn(port, "0123456789");
	long number = digits > 0 && digits < 6 && port[digits] == '\0' ? strtol(port, NULL, 10) : 0;

	if (place[0] == '[' || (colon != NULL && strchr(colon + 1, ':') != NULL))
		return fail(why, why_size, "relay: an IPv6 address cannot be used here; give it a name in /etc/hosts or DNS");
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)place[i]) && strchr("-._", place[i]) == NULL)
			return fail(why, why_size, "relay: write HOST:PORT, such as \"mail.example.org:587\"");
	if (size == 0 || size >= sizeof relay->host || number < 1 || number > 65535)
		return fail(why, why_size, "relay: write HOST:PORT, such as \"mail.example.org:587\"");
	memcpy(relay->host, place, size);
	relay->host[size] = '\0';
	snprintf(relay->place, sizeof relay->place, "%s:%ld", relay->host, number);
	return true;
}

static bool
read_password(struct relay *relay, const char *path, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t size = fd < 0 ? -1 : read(fd, relay->password, sizeof relay->password);
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (size < 0)
		return fail(why, why_size, "password_file: %s: %s", path, strerror(error));
	if (size > 0 && relay->password[size - 1] == '\n')
		size--;
	if (size == 0 || size >= (ssize_t)sizeof relay->password || memchr(relay->password, '\n', (size_t)size) != NULL
	    || memchr(relay->password, '\0', (size_t)size) != NULL)
		return fail(why, why_size, "password_file: %s: has to hold one line of at most %zu bytes", path,
		    sizeof relay->password - 1);
	relay->password[size] = '\0';
	return true;
}

static int
on_question(auth_client_request_t request, char **answers, int count, void *memory)
{
	struct relay *relay = memory;

	for (int i = 0; i < count; i++) {
		if (request[i].flags & AUTH_USER)
			answers[i] = (char *)(uintptr_t)relay->user;
		else if (request[i].flags & AUTH_PASS)
			answers[i] = relay->password;
		else
			answers[i] = NULL;
	}
	return 1;
}

static bool
prepare_auth(struct relay *relay, const char *user, const char *password_file, char *why, size_t why_size)
{
	if (password_file == NULL)
		return true;
	relay->user = user;
	if (!read_password(relay, password_file, why, why_size))
		return false;
	auth_client_init();
	relay->auth = auth_create_context();
	if (relay->auth == NULL)
		return fail(why, why_size, "no memory for AUTH");
	auth_set_mechanism_flags(relay->auth, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(relay->auth, on_question, relay);
	return true;
}

static bool
check(struct relay *relay, const char *place, enum relay_tls tls, const char *ca_file, const char *user,
    const char *password_file, char *why, size_t why_size)
{
	bool has_user = user != NULL && user[0] != '\0';

	if (!take_place(relay, place, has_user ? "587" : "25", why, why_size))
		return false;
	if (tls == RELAY_NONE && ca_file != NULL)
		return fail(why, why_size, "ca_file: there is nothing to check where tls = \"none\"");
	if (has_user != (password_file != NULL))
		return fail(why, why_size, "user and password_file go together: one of them is missing");
	if (has_user && tls != RELAY_REQUIRE)
		return fail(why, why_size, "user: a password is sent to a relay only where tls = \"require\"");
	return true;
}

bool
relay_check(const char *place, enum relay_tls tls, const char *ca_file, const char *user, const char *password_file,
    char *why, size_t why_size)
{
	struct relay relay;

	return check(&relay, place, tls, ca_file, user, password_file, why, why_size);
}

bool
relay_open(struct relay *relay, const char *place, enum relay_tls tls, const char *ca_file, const char *user,
    const char *password_file, char *why, size_t why_size)
{
	*relay = (struct relay){ .tls = tls };
	if (!check(relay, place, tls, ca_file, user, password_file, why, why_size))
		return false;
	if (tls != RELAY_NONE && (relay->context = relay_tls_context(relay, ca_file, why, why_size)) == NULL)
		return false;
	return prepare_auth(relay, user, password_file, why, why_size);
}

void
relay_close(struct relay *relay)
{
	if (relay->auth != NULL) {
		auth_destroy_context(relay->auth);
		auth_client_exit();
	}
	SSL_CTX_free(relay->context);
	explicit_bzero(relay->password, sizeof relay->password);
	relay->auth = NULL;
	relay->context = NULL;
}

static void
note_time(struct relay *relay)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	relay->heard = now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* The last whole line of what was read. */
static void
note_reply(struct relay *relay, const char *bytes, size_t size)
{
	const char *line;

	while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r'))
		size--;
	line = size == 0 ? NULL : memrchr(bytes, '\n', size);
	if (line != NULL) {
		size -= (size_t)(line + 1 - bytes);
		bytes = line + 1;
	}
	if (size >= sizeof relay->reply)
		size = sizeof relay->reply - 1;
	memcpy(relay->reply, bytes, size);
	relay->reply[size] = '\0';
}

/* Behind the consent to STARTTLS the relay has to wait for us: bytes that follow its line were put there. */
static void
on_read(struct relay *relay, const char *bytes, size_t size)
{
	const char *end = memchr(bytes, '\n', size);

	relay->connected = true;
	if (relay->said_starttls && !relay->secured && end != NULL && end + 1 < bytes + size)
		relay->injected = true;
	if (!relay->said_quit)
		note_reply(relay, bytes, size);
	relay->heard_hello |= relay->said_hello && relay->reply[0] == '2';
	if (relay->authenticating && (relay->reply[0] == '4' || relay->reply[0] == '5'))
		memcpy(relay->auth_refusal, relay->reply, sizeof relay->auth_refusal);
	if (relay->authenticating && relay->reply[0] == '2')
		relay->auth_refusal[0] = '\0';
	if (relay->reply[0] != '3')
		relay->authenticating = false;
}

static bool
is_word(const char *bytes, size_t size, const char *word)
{
	return size >= strlen(word) && strncasecmp(bytes, word, strlen(word)) == 0;
}

/* What we write is looked at and never kept: it may be a password. */
static void
on_write(struct relay *relay, const char *bytes, size_t size)
{
	relay->said_hello |= is_word(bytes, size, "EHLO ");
	relay->said_starttls |= is_word(bytes, size, "STARTTLS");
	relay->said_quit |= is_word(bytes, size, "QUIT");
	relay->authenticating |= is_word(bytes, size, "AUTH ");
}

static void
on_talk(const char *bytes, int size, int writing, void *memory)
{
	struct relay *relay = memory;

	note_time(relay);
	if (size > 0 && writing == SMTP_CB_READING)
		on_read(relay, bytes, (size_t)size);
	else if (size > 0)
		on_write(relay, bytes, (size_t)size);
}

/* The library writes a mail in pieces, and the last would wait for the relay to acknowledge the others: 40 ms. It does not
 * show its connection, which is the only one of its family that this process has. */
static void
send_at_once(void)
{
	static const int yes = 1;

	for (int fd = 3, family; fd < DESCRIPTORS_LOOKED_AT; fd++) {
		socklen_t size = sizeof family;
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && (family == AF_INET || family == AF_INET6))
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	}
}

/* Certificates were judged in the handshake: the library's own look, at the canonical name of DNS, is overruled. */
static void
on_event(smtp_session_t session, int event, void *memory, ...)
{
	struct relay *relay = memory;
	va_list arguments;

	(void)session;
	relay->said_text |= event == SMTP_EV_MESSAGEDATA;
	if (event == SMTP_EV_CONNECT)
		send_at_once();
	va_start(arguments, memory);
	if (event == SMTP_EV_INVALID_PEER_CERTIFICATE) {
		(void)va_arg(arguments, long);
		*va_arg(arguments, int *) = 1;
	} else if (event == SMTP_EV_WRONG_PEER_CERTIFICATE) {
		*va_arg(arguments, int *) = 1;
	} else if (event == SMTP_EV_WEAK_CIPHER) {
		(void)va_arg(arguments, int);
		*va_arg(arguments, int *) = 1;
	}
	va_end(arguments);
}

struct reading {
	const struct mail *mail;
	bool given;
};

/* The whole at once. `errno` other than 0 would count as an error of ours. */
static const char *
on_wanted(void **context, int *size, void *memory)
{
	struct reading *reading = memory;

	(void)context;
	errno = 0;
	if (size == NULL) {
		reading->given = false;
		return NULL;
	}
	*size = reading->given ? 0 : (int)reading->mail->size;
	reading->given = true;
	return reading->mail->bytes;
}

/* Who gives up on the reply to a text that was taken has it sent twice: that limit stays the standard's 10 minutes. */
static void
be_patient(smtp_session_t session)
{
	static const int steps[] = { Timeout_GREETING, Timeout_ENVELOPE, Timeout_DATA, Timeout_TRANSFER };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		smtp_set_timeout(session, steps[i] | Timeout_OVERRIDE_RFC2822_MINIMUM, RELAY_PATIENCE_MS);
}

static bool
set_up(struct relay *relay, smtp_session_t session, const char *own_name)
{
	be_patient(session);
	smtp_set_monitorcb(session, on_talk, relay, 0);
	smtp_set_eventcb(session, on_event, relay);
	if (relay->context != NULL && (!smtp_starttls_set_ctx(session, relay->context)
	    || !smtp_starttls_enable(session, relay->tls == RELAY_REQUIRE ? Starttls_REQUIRED : Starttls_ENABLED)))
		return false;
	if (relay->auth != NULL && !smtp_auth_set_context(session, relay->auth))
		return false;
	return smtp_set_hostname(session, own_name) != 0 && smtp_set_server(session, relay->place) != 0;
}

static void
forget_session(struct relay *relay)
{
	relay->connected = relay->said_hello = relay->heard_hello = relay->said_starttls = relay->secured = false;
	relay->injected = relay->authenticating = relay->said_text = relay->said_quit = false;
	relay->auth_refusal[0] = relay->reply[0] = relay->fault[0] = '\0';
	note_time(relay);
}

static void
fail_all(uint32_t count, struct pw_result *results, const char *words)
{
	for (uint32_t i = 0; i < count; i++) {
		results[i].fate = PW_AGAIN;
		results[i].channel = true;
		snprintf(results[i].receipt, sizeof results[i].receipt, "%s", words);
	}
}

static bool
add_recipients(smtp_message_t message, const struct pw_recipients *recipients, smtp_recipient_t *added)
{
	for (uint32_t i = 0; i < recipients->count; i++)
		if ((added[i] = smtp_add_recipient(message, recipients->names[i])) == NULL)
			return false;
	return true;
}

void
relay_send(struct relay *relay, const struct mail *mail, const char *own_name, const char *sender,
    const struct pw_recipients *recipients, struct pw_result *results)
{
	smtp_session_t session = smtp_create_session();
	smtp_message_t message = session == NULL ? NULL : smtp_add_message(session);
	smtp_recipient_t *added = calloc(recipients->count + 1, sizeof(smtp_recipient_t));
	struct reading reading = { mail, false };
	int error = 0;

	forget_session(relay);
	if (message == NULL || added == NULL || !set_up(relay, session, own_name)
	    || !smtp_set_messagecb(message, on_wanted, &reading)
	    || !smtp_set_reverse_path(message, sender[0] == '\0' ? NULL : sender)
	    || !add_recipients(message, recipients, added)) {
		fail_all(recipients->count, results, "no memory for a session");
	} else {
		if (!smtp_start_session(session))
			error = smtp_errno();
		relay_judge(relay, message, added, recipients->count, error, results);
	}
	free(added);
	if (session != NULL)
		smtp_destroy_session(session);
}
