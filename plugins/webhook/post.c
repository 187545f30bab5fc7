/* What a receiver answers is judged by its code: curl takes every whole answer for a success. */
#include "webhook.h"

#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CONNECT_MILLISECONDS = 15000, WHOLE_MILLISECONDS = 60000, BODY_SECONDS = 2, HEADER_MAX = 64 * 1024, LINE_LEAST = 16 };

bool
post_sign(const char *secret, int64_t seconds, const char *body, char signature[static SIGNATURE_MAX])
{
	char time[32];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	int time_size = snprintf(time, sizeof time, "%lld.", (long long)seconds);
	size_t body_size = strlen(body);
	char *bytes = malloc((size_t)time_size + body_size);
	int at = snprintf(signature, SIGNATURE_MAX, "t=%lld,v1=", (long long)seconds);

	if (bytes == NULL)
		return false;
	memcpy(bytes, time, (size_t)time_size);
	memcpy(bytes + time_size, body, body_size);
	bool good = HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)bytes, (size_t)time_size + body_size, digest,
	    &size) != NULL;
	free(bytes);
	for (unsigned i = 0; good && i < size && at < SIGNATURE_MAX - 2; i++)
		at += snprintf(signature + at, SIGNATURE_MAX - (size_t)at, "%02x", digest[i]);
	return good;
}

static int
on_connected(void *arg, char *peer, char *own, int peer_port, int own_port)
{
	struct answer *answer = arg;

	(void)own, (void)peer_port, (void)own_port;
	if (answer->post->allow_private || answer->post->literal || answer->is_public(peer))
		return CURL_PREREQFUNC_OK;
	answer->refused = true;
	return CURL_PREREQFUNC_ABORT;
}

static time_t
monotonic(void)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* A status line begins an answer anew: what was before it was a 100. What comes behind the header are trailers, and what
 * looks like a status line there is none. */
static size_t
on_header(char *bytes, size_t one, size_t size, void *arg)
{
	struct answer *answer = arg;
	long code = 0;

	answer->header_size += size > LINE_LEAST ? size : LINE_LEAST; /* libcurl 8 ends by itself at 5,000 lines */
	if (answer->header_size > HEADER_MAX)
		return 0;
	if (!answer->in_header && !answer->complete && size > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		answer->in_header = true;
		answer->line_size = size < sizeof answer->line ? size : sizeof answer->line;
		memcpy(answer->line, bytes, answer->line_size);
	}
	if (answer->in_header && size <= 2 && (bytes[0] == '\r' || bytes[0] == '\n')) {
		answer->in_header = false;
		curl_easy_getinfo(answer->post->curl, CURLINFO_RESPONSE_CODE, &code);
		answer->complete = code >= 200;
		answer->since = monotonic();
	}
	return one * size;
}

/* Enough is enough: what is left of it ends the transfer, and not the delivery. */
static size_t
on_body(char *bytes, size_t one, size_t size, void *arg)
{
	struct answer *answer = arg;
	size_t room = sizeof answer->bytes - answer->size, taken = size < room ? size : room;

	memcpy(answer->bytes + answer->size, bytes, taken);
	answer->size += taken;
	return taken == size ? one * size : 0;
}

static int
on_progress(void *arg, curl_off_t all, curl_off_t got, curl_off_t all_sent, curl_off_t sent)
{
	const struct answer *answer = arg;

	(void)all, (void)got, (void)all_sent, (void)sent;
	return answer->complete && monotonic() - answer->since > BODY_SECONDS;
}

static void
judge(CURL *curl, const struct answer *answer, struct pw_result *result)
{
	curl_off_t wait = 0;
	long code = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
	receipt_write(answer, result->receipt, sizeof result->receipt);
	if (code >= 200 && code < 300) {
		result->fate = PW_SENT;
		return;
	}
	result->fate = code >= 500 || code == 408 || code == 425 || code == 429 ? PW_AGAIN : PW_NEVER;
	result->channel = code >= 500 || code == 429;
	result->not_before = wait > 0 ? wait : 0;
}

static void
set_options(struct post *post, struct answer *answer, const struct request *request, struct curl_slist *headers, char *error)
{
	CURL *curl = post->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_URL, request->change ? post->change_url : post->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MILLISECONDS);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (post->authorities.data != NULL) {
		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &post->authorities);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "postwatch");
	if (request->body[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
	else
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, answer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, answer);
}

static bool
add_line(struct curl_slist **headers, const char *line)
{
	struct curl_slist *more = curl_slist_append(*headers, line);

	if (more != NULL)
		*headers = more;
	return more != NULL;
}

static bool
add(struct curl_slist **headers, const char *name, const char *value)
{
	char line[512];

	snprintf(line, sizeof line, "%s: %s", name, value);
	return add_line(headers, line);
}

/* False: no memory. A request without its signature or its token would be refused for good. */
static bool
make_headers(const struct post *post, const struct pw_notice *notice, const char *body, bool sign, struct curl_slist **headers)
{
	char signature[SIGNATURE_MAX], attempt[16];
	bool good;

	snprintf(attempt, sizeof attempt, "%u", notice->attempt);
	good = add(headers, "Content-Type", "application/json") && add(headers, "Idempotency-Key", notice->key)
	    && add(headers, "Postwatch-Kind", notice->kind) && add(headers, "Postwatch-Attempt", attempt)
	    && add_line(headers, "Expect:");
	if (good && sign && post->secret[0] != '\0')
		good = post_sign(post->secret, (int64_t)time(NULL), body, signature)
		    && add(headers, "Postwatch-Signature", signature);
	for (const struct curl_slist *own = post->headers; good && own != NULL; own = own->next)
		good = add_line(headers, own->data);
	return good;
}

/* We give up, and say why, before the host ends us. */
static long
patience(const struct pw_notice *notice, uint32_t shares)
{
	long given = (long)(notice->deadline / 1000 / shares), spare = given / 5;

	return given == 0 || given - spare > WHOLE_MILLISECONDS ? WHOLE_MILLISECONDS : given - spare;
}

void
post_send(struct post *post, const struct pw_notice *notice, const struct request *request, bool sign, struct pw_result *result)
{
	struct answer answer = { .post = post, .is_public = notice->is_public };
	char error[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	CURLcode code;

	if (!make_headers(post, notice, request->body, sign, &headers)) {
		curl_slist_free_all(headers);
		result->fate = PW_AGAIN;
		snprintf(result->receipt, sizeof result->receipt, "no memory for the request");
		return;
	}
	set_options(post, &answer, request, headers, error);
	curl_easy_setopt(post->curl, CURLOPT_TIMEOUT_MS, patience(notice, request->of));
	code = curl_easy_perform(post->curl);
	if (answer.complete)
		judge(post->curl, &answer, result);
	else if (answer.refused) {
		result->fate = PW_NEVER;
		snprintf(result->receipt, sizeof result->receipt, "its name leads to a private address: set allow_private = true if "
		    "that is meant");
	} else {
		result->fate = PW_AGAIN;
		result->channel = true;
		receipt_write_failure(&answer, answer.header_size > HEADER_MAX ? "its header has no end" : error[0] != '\0' ? error
		    : curl_easy_strerror(code), result->receipt, sizeof result->receipt);
	}
	receipt_hide(post, result->receipt);
	curl_slist_free_all(headers);
}
