/*
 * For the gate, the process of the e-mail notifier that talks to the relay: chooses a mechanism of
 * AUTH and runs its exchange.
 */
#include "auth.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ROUNDS_MAX = 8,
	ITERATIONS_MAX = 1000000, /* of SCRAM: each costs two hashes, and the relay chooses how many */
	COMMAND_MAX = 510, /* RFC 5321 4.5.3.1.4: a longer initial response waits for a challenge */
	WORDS_MAX = 300
};

/* In order of preference. In clear the mechanisms that do not show the password come first. */
static const char *const inside_tls[] = { "SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5", NULL };
static const char *const in_clear[] = { "SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN", NULL };
static const char *const by_token[] = { "XOAUTH2", NULL };

static bool
read_secret(struct auth *auth, const char *key, const char *path, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	bool regular = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	ssize_t size = regular ? read(fd, auth->secret, sizeof auth->secret) : -1;
	int error = fd >= 0 && !regular ? EINVAL : errno;

	if (fd >= 0)
		close(fd);
	if (size < 0) {
		snprintf(why, why_size, "%s: %s: %s", key, path, strerror(error));
		return false;
	}
	if (size > 0 && auth->secret[size - 1] == '\n')
		size--;
	if (size == 0 || size >= (ssize_t)sizeof auth->secret
	    || memchr(auth->secret, '\n', (size_t)size) != NULL
	    || memchr(auth->secret, '\0', (size_t)size) != NULL) {
		snprintf(why, why_size, "%s: %s: has to hold one line of at most %zu bytes", key,
		    path, sizeof auth->secret - 1);
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
	if (!read_secret(auth, token ? "token_file" : "password_file",
	    token ? settings->token_file : settings->password_file,
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

/* Returns whether `mechanism` is one of the words of `offer`; case does not matter (RFC 4422 3.1
 * has capitals). */
static bool
offers(const char *offer, const char *mechanism)
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

/* The outcome of one mechanism. */
enum fate {
	TAKEN,
	REFUSED,     /* by the relay; wire->why has its words */
	UNWILLING,   /* 501: with or without an initial response, the other form is tried */
	FAILED       /* the connection, or the exchange itself */
};

/* The exchange of one mechanism. */
struct talk {
	struct auth *auth;
	struct wire *wire;
	const char *mechanism;
	Gsasl_session *sasl;   /* NULL: XOAUTH2 */
	bool done;             /* with SCRAM: the relay has proven that it knows the password */
	int64_t limit;
};

/* Google's XOAUTH2: "user=" user ^A "auth=Bearer " token ^A ^A. An error comes as a challenge in
 * JSON, and an empty answer to it brings the refusal. */
static int
step_token(struct talk *talk, char **answer)
{
	size_t size = strlen(talk->auth->user) + strlen(talk->auth->secret) + 32;
	char *bytes;
	int error;

	if (talk->done) {
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

/* Returns whether a challenge of SCRAM (RFC 5802 5.1, "i=") asks for more than ITERATIONS_MAX
 * iterations: libgsasl would do any number of them within one call. */
static bool
is_dear(const char *challenge)
{
	char *bytes = NULL;
	size_t size = 0;
	bool dear = false;

	if (gsasl_base64_from(challenge, strlen(challenge), &bytes, &size) != GSASL_OK)
		return false; /* libgsasl refuses it */
	for (size_t at = 0; at < size && !dear; at++)
		if (bytes[at] == 'i' && at + 1 < size && bytes[at + 1] == '='
		    && (at == 0 || bytes[at - 1] == ','))
			for (unsigned long count = 0; !dear && at + 2 < size
			    && isdigit((unsigned char)bytes[at + 2]); at++) {
				count = 10 * count + (unsigned long)(bytes[at + 2] - '0');
				dear = count > ITERATIONS_MAX;
			}
	free(bytes);
	return dear;
}

/* Makes the answer to a challenge, in base64; the caller frees it. */
static int
step(struct talk *talk, const char *challenge, char **answer)
{
	int error;

	*answer = NULL;
	if (talk->sasl == NULL)
		return step_token(talk, answer);
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

/* Judges a reply other than 334. */
static enum fate
judge(struct talk *talk, int code, size_t size, bool first)
{
	char words[WORDS_MAX];

	reply_tell(talk->wire->bytes, size, words, sizeof words);
	wire_take(talk->wire, size);
	if (code / 100 == 2 && !talk->done)
		return fail(talk, "the relay took it without a proof that it knows the password");
	if (code / 100 == 2)
		return TAKEN;
	(void)wire_fail(talk->wire, WIRE_OPEN, "AUTH was refused: %s (mechanism %s)", words,
	    talk->mechanism);
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

/* Copies what follows "334 " into `challenge`. Returns false where it is too long or no text. */
static bool
take_challenge(struct wire *wire, size_t size, char *challenge, size_t room)
{
	size_t end = size;

	while (end > 3 && (wire->bytes[end - 1] == '\n' || wire->bytes[end - 1] == '\r'
	    || wire->bytes[end - 1] == ' '))
		end--;
	end = end > 4 ? end - 4 : 0;
	if (end >= room || memchr(wire->bytes + 4, '\0', end) != NULL
	    || memchr(wire->bytes + 4, '\n', end) != NULL)
		return false;
	memcpy(challenge, wire->bytes + 4, end);
	challenge[end] = '\0';
	wire_take(wire, size);
	return true;
}

/* Runs the exchange after the command. `first` is the initial response, NULL for none; `sent`
 * tells that it was sent with the command. */
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
		if (sent && challenge[0] != '\0') /* an empty one asks for the initial response again */
			drop(&answer);
		if (answer == NULL && strncmp(talk->mechanism, "SCRAM", 5) == 0
		    && is_dear(challenge))
			return fail(talk,
			    "the relay asks for more than 1,000,000 rounds of hashing");
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
	bool is_login = strcmp(talk->mechanism, "LOGIN") == 0,
	    is_cram = strcmp(talk->mechanism, "CRAM-MD5") == 0;
	bool said;

	/* CRAM-MD5 begins with a challenge (RFC 2195); LOGIN does with most relays. */
	if (!is_cram && (!is_login || initial) && step(talk, "", &answer) != GSASL_OK) {
		drop(&answer);
		return fail(talk, "the user or the password cannot be said by it");
	}
	if (answer != NULL
	    && strlen("AUTH  ") + strlen(talk->mechanism) + strlen(answer) > COMMAND_MAX)
		initial = false;
	snprintf(command, sizeof command, "AUTH %s%s", talk->mechanism,
	    answer != NULL && initial ? " " : "");
	/* An empty initial response is sent as "=" (RFC 4954 4). */
	said = put(talk, command, answer == NULL
	    || !initial ? "" : answer[0] == '\0' ? "=" : answer);
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

	for (size_t i = 0; known[i] != NULL; i++) {
		size += (size_t)snprintf(ours + size, sizeof ours - size, "%s%s", i == 0 ? "" : " ",
		    known[i]);
		assert(size < sizeof ours);
	}
	if (offer[0] == '\0')
		(void)wire_fail(wire, WIRE_OPEN,
		    "AUTH: the relay offers none, and user is set: nothing was sent");
	else
		(void)wire_fail(wire, WIRE_OPEN,
		    "AUTH: no common mechanism: the relay offers %.150s, we know %s: nothing was sent",
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

		if (!offers(offer, known[i]))
			continue;
		tried = true;
		fate = try_once(auth, wire, known[i], initial, limit);
		if (fate == UNWILLING)
			fate = try_once(auth, wire, known[i], !initial, limit);
		if (fate == TAKEN || fate == FAILED)
			return fate == TAKEN;
		/* A refused PLAIN or LOGIN means a wrong password. A refused SCRAM or CRAM-MD5
		 * may mean that the relay stores passwords in a form that these cannot use; the
		 * next mechanism shows the password, so only inside TLS. */
		if (shows || !is_protected)
			return false;
	}
	if (!tried)
		fail_without_common(wire, offer, known);
	return false;
}
