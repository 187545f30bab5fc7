/*
 * What a relay says to AUTH. The first byte says what it offers, whether inside TLS and to whom; the rest are its replies,
 * separated by the byte FF. One that begins with "~" is a challenge: it is sent in base64, in which each "%" has become the
 * nonce of ours, so that SCRAM gets as far as a relay that knows no password can bring it. Whatever comes, commands are one
 * line each, a relay that did not prove that it knows the password is not believed, and the secret is shown only by the
 * mechanisms that show it.
 */
#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../plugins/email/gate/auth.h"
#include "descriptors.h"

enum { SEPARATOR = 0xff, BY_TOKEN = 16, PROTECTED = 32, LIMIT = 1000000 /* microseconds */, COMMANDS_MAX = 80, CHALLENGE_MAX = 2048 };

#define SECRET "pP5xq9Zr"
#define SHOWN "cFA1eHE5WnI=" /* in base64; what PLAIN says ends with the same */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
ssize_t send(int fd, const void *bytes, size_t size, int flags);
int poll(struct pollfd *polled, nfds_t count, int milliseconds);

/* The relay of this input. */
static struct relay {
	int end;
	const uint8_t *left;
	size_t size;
	int commands;
	char mechanism[32];
	char nonce[128];
} relay;

static void
learn_nonce(const char *answer)
{
	char *bytes = NULL;
	size_t size;

	if (gsasl_base64_from(answer, strlen(answer), &bytes, &size) != GSASL_OK)
		return;
	const char *nonce = memmem(bytes, size, ",r=", 3);
	if (nonce != NULL)
		snprintf(relay.nonce, sizeof relay.nonce, "%.*s", (int)(bytes + size - nonce - 3), nonce + 3);
	gsasl_free(bytes);
}

/* A count of iterations that is taken, and takes long. */
static bool
is_slow(const char *challenge)
{
	const char *count = strstr(challenge, "i=");
	size_t digits = count == NULL ? 0 : strspn(count + 2, "0123456789");

	return digits >= 5 && digits <= 7;
}

static void
challenge(const uint8_t *bytes, size_t size)
{
	char plain[CHALLENGE_MAX], *encoded = NULL;
	size_t at = 0;

	for (size_t i = 0; i < size && at + sizeof relay.nonce < sizeof plain; i++)
		if (bytes[i] == '%')
			at += (size_t)snprintf(plain + at, sizeof plain - at, "%s", relay.nonce);
		else
			plain[at++] = (char)bytes[i];
	plain[at] = '\0';
	if (is_slow(plain) || gsasl_base64_to(plain, at, &encoded, NULL) != GSASL_OK)
		return;
	(void)!write(relay.end, "334 ", 4);
	(void)!write(relay.end, encoded, strlen(encoded));
	(void)!write(relay.end, "\r\n", 2);
	gsasl_free(encoded);
}

static void
reply(void)
{
	const uint8_t *end = memchr(relay.left, SEPARATOR, relay.size);
	size_t size = end == NULL ? relay.size : (size_t)(end - relay.left);

	if (size > 0 && relay.left[0] == '~')
		challenge(relay.left + 1, size - 1);
	else
		(void)!write(relay.end, relay.left, size);
	relay.left += size + (end != NULL);
	relay.size -= size + (end != NULL);
	if (relay.size == 0)
		shutdown(relay.end, SHUT_WR);
}

static void
hear(const char *line, size_t size)
{
	char command[AUTH_SECRET_MAX * 2];

	assert(size >= 2 && size < sizeof command && memcmp(line + size - 2, "\r\n", 2) == 0);
	assert(memchr(line, '\n', size) == line + size - 1 && memchr(line, '\0', size) == NULL);
	assert(++relay.commands <= COMMANDS_MAX);
	snprintf(command, sizeof command, "%.*s", (int)(size - 2), line);
	if (strncmp(command, "AUTH ", 5) == 0) {
		snprintf(relay.mechanism, sizeof relay.mechanism, "%.*s", (int)strcspn(command + 5, " "), command + 5);
		if (strchr(command + 5, ' ') != NULL)
			learn_nonce(strchr(command + 5, ' ') + 1);
	} else
		learn_nonce(command);
	assert(relay.mechanism[0] != '\0');
	assert(strstr(command, SHOWN) == NULL || strcmp(relay.mechanism, "PLAIN") == 0 || strcmp(relay.mechanism, "LOGIN") == 0);
}

/* What is written to the relay, which answers before anything is waited for. */
ssize_t
send(int fd, const void *bytes, size_t size, int flags)
{
	(void)fd, (void)flags;
	hear(bytes, size);
	reply();
	return (ssize_t)size;
}

/* Nothing is waited for: what comes late comes now, and then the end. */
int
poll(struct pollfd *polled, nfds_t count, int milliseconds)
{
	static const struct timespec now = { 0, 0 };

	(void)milliseconds;
	if (ppoll(polled, count, &now, NULL) == 0)
		reply();
	return ppoll(polled, count, &now, NULL);
}

static void
judge(const struct wire *wire, bool taken, const uint8_t *data, size_t size)
{
	if (taken) {
		assert(memchr(data, '2', size) != NULL && relay.commands > 0);
		assert(strcmp(relay.mechanism, "SCRAM-SHA-256") != 0);
		return;
	}
	assert(wire->why[0] != '\0' && memchr(wire->why, '\0', sizeof wire->why) != NULL);
	assert(memchr(data, SECRET[0], size) != NULL || strstr(wire->why, SECRET) == NULL); /* it may be the relay's own word */
	for (const char *at = wire->why; *at != '\0'; at++)
		assert((unsigned char)*at >= ' ' && *at != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const mechanisms[] = { "SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5" };
	static struct auth auth;
	static struct wire wire;
	char offer[AUTH_OFFER_MAX] = "";
	int ends[2];

	if (size == 0)
		return 0;
	if (auth.sasl == NULL) {
		auth.user = "w";
		snprintf(auth.secret, sizeof auth.secret, SECRET);
		assert(gsasl_init(&auth.sasl) == GSASL_OK);
	}
	auth.by_token = (data[0] & BY_TOKEN) != 0;
	for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++)
		if ((data[0] >> i & 1) != 0)
			snprintf(offer + strlen(offer), sizeof offer - strlen(offer), " %s", mechanisms[i]);
	if (auth.by_token)
		snprintf(offer, sizeof offer, "plain xoauth2");
	int before = descriptors_lowest();
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	wire_init(&wire, wire_now() + LIMIT);
	wire.fd = ends[0];
	relay = (struct relay){ .end = ends[1], .left = data + 1, .size = size - 1 };
	bool taken = auth_say(&auth, &wire, offer + strspn(offer, " "), (data[0] & PROTECTED) != 0, LIMIT / 2);
	judge(&wire, taken, data + 1, size - 1);
	wire_close(&wire);
	close(ends[1]);
	assert(descriptors_lowest() == before);
	return 0;
}
