#include "auth.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	ROUNDS_MAX = 8,
	ITERATIONS_MAX = 1000000, /* of SCRAM: each costs two hashes, and the relay chooses how many */
	COMMAND_MAX = 510,        /* RFC 5321, section 4.5.3.1.4: what is longer waits for the first challenge */
	WORDS_MAX = 300
};

/* Best first; a password that nothing protects is shown only where there is no other way. */
static const char *const inside_tls[] = { "SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5", NULL };
static const char *const in_clear[] = { "SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN", NULL };
static const char *const by_token[] = { "XOAUTH2", NULL };

static bool
read_secret(struct auth *auth, const char *key, const char *path, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t size = fd < 0 ? -1 : read(fd, auth->secret, sizeof auth->secret);
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (size < 0) {
		snprintf(why, why_size, "%s: %s: %s", key, path, strerror(error));
		return false;
	}
	if (size > 0 && auth->secret[size - 1] == '\n')
		size--;
	if (size == 0 || size >= (ssize_t)sizeof auth->secret || memchr(auth->secret, '\n', (size_t)size) != NULL
	    || memchr(auth->secret, '\0', (size_t)size) != NULL) {
		snprintf(why, why_size, "%s: %s: has to hold one line of at most %zu bytes", key, path, sizeof auth->secret - 1);
		return false;
	}
	auth->secret[size] = '\0';
	return true;
}

bool
auth_open(struct auth *auth, const struct settings *settings, char *why, size_t why_size)
{
	bool token = settings->token_file != NULL;
	int error;

	*auth = (struct auth){ .user = settings->user, .by_token = token };
	if (auth->user == NULL)
		return true;
	if (!read_secret(auth, token ? "token_file" : "password_file", token ? settings->token_file : settings->password_file,
	    why, why_size))
		return false;
	error = gsasl_init(&auth->sasl);
	if (error != GSASL_OK) {
		snprintf(why, why_size, "AUTH: %s", gsasl_strerror(error));
		return false;
	}
	return true;
}

void
auth_close(struct auth *auth)
{
	if (auth->sasl != NULL)
		gsasl_done(auth->sasl);
	auth->sasl = NULL;
	explicit_bzero(auth->secret, sizeof auth->secret);
}

/* Whether a list of words holds that word. */
static bool
names(const char *offer, const char *mechanism)
{
	size_t size = strlen(mechanism);

	for (const char *at = offer; *at != '\0'; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (word == size && strncasecmp(at, mechanism, size) == 0)
			return true;
		at += word;
	}
	return false;
}

/* What becomes of one mechanism. */
enum fate {
	TAKEN,
	REFUSED,     /* by the relay; wire->why has its words */
	UNWILLING,   /* it does not like the initial response, or its absence */
	FAILED       /* the way, or the exchange itself */
};

/* A conversation of one mechanism. */
struct talk {
	struct auth *auth;
	struct wire *wire;
	const char *mechanism;
	Gsasl_session *sasl;   /* NULL: XOAUTH2 */
	bool done;             /* nothing more is to be said, and all was proven */
	int64_t limit;
};

/* "user=" user ^A "auth=Bearer " token ^A ^A */
static int
step_token(struct talk *talk, const char *challenge, char **answer)
{
	size_t size = strlen(talk->auth->user) + strlen(talk->auth->secret) + 32;
	char *bytes;
	int error;

	if (talk->done || challenge[0] != '\0') { /* an error in JSON: an empty answer brings the refusal */
		*answer = calloc(1, 1);
		return *answer == NULL ? GSASL_MALLOC_ERROR : GSASL_OK;
	}
	bytes = malloc(size);
	if (bytes == NULL)
		return GSASL_MALLOC_ERROR;
	snprintf(bytes, size, "user=%s\1auth=Bearer %s\1\1", talk->auth->user, talk->auth->secret);
	error = gsasl_base64_to(bytes, strlen(bytes), answer, NULL);
	explicit_bzero(bytes, size);
	free(bytes);
	talk->done = error == GSASL_OK;
	return error;
}

/* Whether a challenge of SCRAM (RFC 5802, section 5.1) asks for more rounds than we do in one go. */
static bool
is_dear(const char *challenge)
{
	char *bytes = NULL;
	size_t size = 0;
	bool dear = false;

	if (gsasl_base64_from(challenge, strlen(challenge), &bytes, &size) != GSASL_OK)
		return false; /* it is no challenge, which is told by the library */
	for (size_t at = 0; at < size && !dear; at++)
		if (bytes[at] == 'i' && at + 1 < size && bytes[at + 1] == '=' && (at == 0 || bytes[at - 1] == ','))
			for (unsigned long count = 0; !dear && at + 2 < size && isdigit((unsigned char)bytes[at + 2]); at++) {
				count = 10 * count + (unsigned long)(bytes[at + 2] - '0');
				dear = count > ITERATIONS_MAX;
			}
	free(bytes);
	return dear;
}

/* The answer to a challenge, in base64: the caller frees it. */
static int
step(struct talk *talk, const char *challenge, char **answer)
{
	int error;

	*answer = NULL;
	if (talk->sasl == NULL)
		return step_token(talk, challenge, answer);
	error = gsasl_step64(talk->sasl, challenge, answer);
	talk->done = error == GSASL_OK;
	return error == GSASL_NEEDS_MORE ? GSASL_OK : error;
}

static void
drop(char **secret)
{
	if (*secret != NULL)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

static enum fate
fail(struct talk *talk, const char *words)
{
	(void)wire_fail(talk->wire, WIRE_BROKEN, "AUTH %s: %s", talk->mechanism, words);
	return FAILED;
}

static bool
put(struct talk *talk, const char *first, const char *second)
{
	int64_t until = wire_now() + talk->limit;
	size_t size = strlen(first) + strlen(second) + 3;
	char *line = malloc(size);
	bool done;

	if (line == NULL)
		return wire_fail(talk->wire, WIRE_BROKEN, "AUTH: no memory");
	snprintf(line, size, "%s%s\r\n", first, second);
	done = wire_say(talk->wire, line, size - 1, until);
	explicit_bzero(line, size);
	free(line);
	return done;
}

/* A reply that is no challenge. */
static enum fate
judge(struct talk *talk, int code, size_t size, bool first)
{
	char words[WORDS_MAX];

	reply_tell(talk->wire->bytes, size, words, sizeof words);
	wire_take(talk->wire, size);
	if (code == 235 && !talk->done)
		return fail(talk, "the relay took it without a proof that it knows the password");
	if (code / 100 == 2)
		return TAKEN;
	(void)wire_fail(talk->wire, WIRE_OPEN, "AUTH was refused: %s (mechanism %s)", words, talk->mechanism);
	return code == 421 ? FAILED : code == 501 && first ? UNWILLING : REFUSED;
}

static enum fate
fail_of_wire(struct talk *talk)
{
	char words[WIRE_WHY_MAX];

	snprintf(words, sizeof words, "%s", talk->wire->why);
	(void)wire_fail(talk->wire, talk->wire->end, "AUTH %s: %.300s", talk->mechanism, words);
	return FAILED;
}

/* What follows "334 ", as a string in `challenge`. False: it has no room. */
static bool
take_challenge(struct wire *wire, size_t size, char *challenge, size_t room)
{
	size_t end = size;

	while (end > 3 && (wire->bytes[end - 1] == '\n' || wire->bytes[end - 1] == '\r' || wire->bytes[end - 1] == ' '))
		end--;
	end = end > 4 ? end - 4 : 0;
	if (end >= room || memchr(wire->bytes + 4, '\0', end) != NULL || memchr(wire->bytes + 4, '\n', end) != NULL)
		return false;
	memcpy(challenge, wire->bytes + 4, end);
	challenge[end] = '\0';
	wire_take(wire, size);
	return true;
}

/* `first`: an answer that was made before it was asked for, NULL: none; `sent`: with the command. */
static enum fate
converse(struct talk *talk, char *first, bool sent)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		char challenge[REPLY_LINE_MAX], *answer = first;
		size_t size;
		int code;

		first = NULL;
		if (!wire_reply(talk->wire, talk->limit, &code, &size)) {
			drop(&answer);
			return fail_of_wire(talk);
		}
		if (code != 334) {
			drop(&answer);
			return judge(talk, code, size, round == 0);
		}
		if (!take_challenge(talk->wire, size, challenge, sizeof challenge)) {
			drop(&answer);
			return fail(talk, "a challenge that is none");
		}
		if (sent && challenge[0] != '\0') /* else the relay has overlooked what came with the command */
			drop(&answer);
		if (answer == NULL && strncmp(talk->mechanism, "SCRAM", 5) == 0 && is_dear(challenge))
			return fail(talk, "the relay asks for more than 1,000,000 rounds of hashing");
		if (answer == NULL && step(talk, challenge, &answer) != GSASL_OK) {
			drop(&answer);
			return fail(talk, "the relay's challenge does not fit");
		}
		bool said = put(talk, "", answer);
		drop(&answer);
		if (!said)
			return fail_of_wire(talk);
	}
	return fail(talk, "the relay asks without end");
}

static enum fate
begin(struct talk *talk, bool initial)
{
	char command[64], *answer = NULL;
	bool is_login = strcmp(talk->mechanism, "LOGIN") == 0, is_cram = strcmp(talk->mechanism, "CRAM-MD5") == 0;
	bool said;

	/* With CRAM-MD5 the relay speaks first; LOGIN as most know it, too. */
	if (!is_cram && (!is_login || initial) && step(talk, "", &answer) != GSASL_OK) {
		drop(&answer);
		return fail(talk, "the user or the password cannot be said by it");
	}
	if (answer != NULL && strlen("AUTH  ") + strlen(talk->mechanism) + strlen(answer) > COMMAND_MAX)
		initial = false;
	snprintf(command, sizeof command, "AUTH %s%s", talk->mechanism, answer != NULL && initial ? " " : "");
	/* RFC 4954, section 4: an empty initial response is a "=". */
	said = put(talk, command, answer == NULL || !initial ? "" : answer[0] == '\0' ? "=" : answer);
	if (!said) {
		drop(&answer);
		return fail_of_wire(talk);
	}
	return converse(talk, answer, answer != NULL && initial);
}

static enum fate
try_once(struct auth *auth, struct wire *wire, const char *mechanism, bool initial, int64_t limit)
{
	struct talk talk = { .auth = auth, .wire = wire, .mechanism = mechanism, .limit = limit };
	enum fate fate;

	if (!auth->by_token) {
		if (gsasl_client_start(auth->sasl, mechanism, &talk.sasl) != GSASL_OK)
			return fail(&talk, "libgsasl does not know it");
		gsasl_property_set(talk.sasl, GSASL_AUTHID, auth->user);
		gsasl_property_set(talk.sasl, GSASL_PASSWORD, auth->secret);
	}
	fate = begin(&talk, initial);
	if (talk.sasl != NULL)
		gsasl_finish(talk.sasl);
	return fate;
}

static void
fail_without_common(struct wire *wire, const char *offer, const char *const *known)
{
	char ours[64] = "";
	size_t size = 0;

	for (size_t i = 0; known[i] != NULL && size < sizeof ours; i++)
		size += (size_t)snprintf(ours + size, sizeof ours - size, "%s%s", i == 0 ? "" : " ", known[i]);
	if (offer[0] == '\0')
		(void)wire_fail(wire, WIRE_OPEN, "AUTH: the relay offers none, and user is set: nothing was sent");
	else
		(void)wire_fail(wire, WIRE_OPEN, "AUTH: no common mechanism: the relay offers %.150s, we know %s: nothing was sent",
		    offer, ours);
}

bool
auth_say(struct auth *auth, struct wire *wire, const char *offer, bool is_protected, int64_t limit)
{
	const char *const *known = auth->by_token ? by_token : is_protected ? inside_tls : in_clear;
	bool tried = false;

	for (size_t i = 0; known[i] != NULL; i++) {
		bool shows = strcmp(known[i], "PLAIN") == 0 || strcmp(known[i], "LOGIN") == 0;
		bool initial = strcmp(known[i], "LOGIN") != 0;
		enum fate fate;

		if (!names(offer, known[i]))
			continue;
		tried = true;
		fate = try_once(auth, wire, known[i], initial, limit);
		if (fate == UNWILLING)
			fate = try_once(auth, wire, known[i], !initial, limit);
		if (fate == TAKEN || fate == FAILED)
			return fate == TAKEN;
		/* A password that was shown and refused is wrong. One that was proven may be stored in a form that knows no such
		 * proof; it is shown only inside TLS. */
		if (shows || !is_protected)
			return false;
	}
	if (!tried)
		fail_without_common(wire, offer, known);
	return false;
}
