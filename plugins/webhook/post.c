/*
 * For the notifier `webhook`: sends requests with libcurl. libcurl reports success for every whole
 * answer, so the status code is judged here; and it takes an answer of any size for any time, so
 * both are bounded here.
 */
#include "post.h"

#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "receipt.h"

enum {
	CONNECT_MILLISECONDS = 15000,
	WHOLE_MILLISECONDS = 60000,
	BODY_SECONDS = 2,       /* for the body, after the header is whole */
	HEADER_MAX = 64 * 1024, /* bytes */
	HEADER_LINE_COST = 16   /* what a header line counts at least, so that empty lines end, too */
};

/* A transfer under way; the callbacks of libcurl fill it. */
struct transfer {
	const struct post *post;
	CURL *curl;
	bool (*is_public)(const char *address);
	bool in_header, has_header; /* after a status line; the header of a final answer is whole */
	bool is_malformed;          /* its header says another status than libcurl, or none */
	bool is_refused;            /* the name led to a private address */
	time_t header_time;         /* when the header was whole, CLOCK_MONOTONIC */
	size_t header_size;         /* with the cost of lines */
	struct answer answer;
};

bool
post_sign(const char *secret, int64_t seconds, const char *body,
    char signature[static SIGNATURE_MAX])
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
	bool good = HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)bytes,
	    (size_t)time_size + body_size, digest, &size) != NULL;
	free(bytes);
	for (unsigned i = 0; good && i < size && at < SIGNATURE_MAX - 2; i++)
		at += snprintf(signature + at, SIGNATURE_MAX - (size_t)at, "%02x", digest[i]);
	return good;
}

void
post_forget(struct curl_slist *headers)
{
	for (struct curl_slist *header = headers; header != NULL; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(headers);
}

/* Before the request is sent. The address is looked at here and not before connecting, since only
 * libcurl knows which of a name's addresses it reached. */
static int
on_connected(void *arg, char *peer, char *own, int peer_port, int own_port)
{
	struct transfer *transfer = arg;
	const struct post *post = transfer->post;

	(void)own, (void)peer_port, (void)own_port;
	if (post->allow_private || post->literal || transfer->is_public(peer))
		return CURL_PREREQFUNC_OK;
	transfer->is_refused = true;
	return CURL_PREREQFUNC_ABORT;
}

static time_t
monotonic_seconds(void)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Returns whether the status line says that code. libcurl takes 200 for what begins with "HTTP/"
 * and is no status line (RFC 9112 4). */
static bool
says_code(const struct answer *answer, long code)
{
	char words[24];
	const char *blank = memchr(answer->status_line, ' ', answer->status_size);
	size_t size = (size_t)snprintf(words, sizeof words, " %03ld", code);

	return blank != NULL
	    && (size_t)(answer->status_line + answer->status_size - blank) >= size
	    && memcmp(blank, words, size) == 0;
}

/* Called for each line of a header, of those of answers 1xx as well (RFC 9110 15.2), and for the
 * trailer after a chunked body (RFC 9112 7.1.2), in which no line begins another header. */
static size_t
on_header(char *bytes, size_t one, size_t size, void *arg)
{
	struct transfer *transfer = arg;
	struct answer *answer = &transfer->answer;
	long code = 0;

	transfer->header_size += size > HEADER_LINE_COST ? size : HEADER_LINE_COST;
	if (transfer->header_size > HEADER_MAX)
		return 0;
	if (!transfer->in_header && !transfer->has_header && size > 5
	    && memcmp(bytes, "HTTP/", 5) == 0) {
		transfer->in_header = true;
		answer->status_size = size < sizeof answer->status_line ? size
		    : sizeof answer->status_line;
		memcpy(answer->status_line, bytes, answer->status_size);
	}
	if (transfer->in_header && size <= 2 && (bytes[0] == '\r' || bytes[0] == '\n')) {
		transfer->in_header = false;
		curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &code);
		transfer->is_malformed = !says_code(answer, code);
		transfer->has_header = code >= 200 && !transfer->is_malformed;
		transfer->header_time = monotonic_seconds();
	}
	return transfer->is_malformed ? 0 : one * size;
}

/* A body that does not fit ends the transfer. The delivery goes by the status code all the same. */
static size_t
on_body(char *bytes, size_t one, size_t size, void *arg)
{
	struct answer *answer = &((struct transfer *)arg)->answer;
	size_t room = sizeof answer->body - answer->body_size, taken = size < room ? size : room;

	memcpy(answer->body + answer->body_size, bytes, taken);
	answer->body_size += taken;
	return taken == size ? one * size : 0;
}

/* Ends a transfer whose body drips: the status code is known. */
static int
on_progress(void *arg, curl_off_t all, curl_off_t got, curl_off_t all_sent, curl_off_t sent)
{
	const struct transfer *transfer = arg;

	(void)all, (void)got, (void)all_sent, (void)sent;
	return transfer->has_header && monotonic_seconds() - transfer->header_time > BODY_SECONDS;
}

/* 408, 425 and 429 ask for another attempt (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4). 5xx and
 * 429 concern all notices for this receiver, so the notifier rests. */
static void
judge_answer(CURL *curl, const struct answer *answer, struct pw_result *result)
{
	curl_off_t retry_after = 0;
	long code = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
	receipt_write(answer, result->receipt, sizeof result->receipt);
	if (code >= 200 && code < 300) {
		result->fate = PW_SENT;
		return;
	}
	result->fate = code >= 500 || code == 408 || code == 425
	    || code == 429 ? PW_AGAIN : PW_NEVER;
	result->channel = code >= 500 || code == 429;
	result->not_before = retry_after > 0 ? retry_after : 0;
}

/* No proxy, no .netrc, no redirect: the environment and a receiver do not decide where notices
 * go. */
static void
set_options(struct transfer *transfer, const struct request *request, struct curl_slist *headers,
    char *error)
{
	const struct post *post = transfer->post;
	CURL *curl = transfer->curl;

	curl_easy_setopt(curl, CURLOPT_SHARE, post->share);
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
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
}

static bool
add_header_line(struct curl_slist **headers, const char *line)
{
	struct curl_slist *more = curl_slist_append(*headers, line);

	if (more != NULL)
		*headers = more;
	return more != NULL;
}

static bool
add_header(struct curl_slist **headers, const char *name, const char *value)
{
	char line[512];

	snprintf(line, sizeof line, "%s: %s", name, value);
	return add_header_line(headers, line);
}

/* Returns false where memory is short: a request without its signature or its token would be
 * refused for good. "Expect:" keeps libcurl from waiting for 100 Continue before a large body. */
static bool
make_headers(const struct post *post, const struct pw_notice *notice, const char *body, bool sign,
    struct curl_slist **headers)
{
	char signature[SIGNATURE_MAX], attempt[16];
	bool good;

	snprintf(attempt, sizeof attempt, "%u", notice->attempt);
	good = add_header(headers, "Content-Type", "application/json")
	    && add_header(headers, "Idempotency-Key", notice->key)
	    && add_header(headers, "Postwatch-Kind", notice->kind)
	    && add_header(headers, "Postwatch-Attempt", attempt)
	    && add_header_line(headers, "Expect:");
	if (good && sign && post->secret[0] != '\0')
		good = post_sign(post->secret, (int64_t)time(NULL), body, signature)
		    && add_header(headers, "Postwatch-Signature", signature);
	for (const struct curl_slist *own = post->headers; good && own != NULL; own = own->next)
		good = add_header_line(headers, own->data);
	return good;
}

/* A fifth less than the deadline, so that a receipt says what failed before the host ends the
 * process. */
static long
time_limit_ms(const struct pw_notice *notice, uint32_t share)
{
	long given = (long)(notice->deadline / 1000 / share), spare = given / 5;

	return given == 0 || given - spare > WHOLE_MILLISECONDS ? WHOLE_MILLISECONDS
	    : given - spare;
}

/* Each request has a handle of its own. libcurl 7.88 keeps a pointer into the header of the last
 * transfer of a handle, and follows it where the first line of the next one begins with a blank
 * (curl issue 12101). */
void
post_send(struct post *post, const struct pw_notice *notice, const struct request *request,
    bool sign,
    struct pw_result *result)
{
	struct transfer transfer = { .post = post, .is_public = notice->is_public };
	char error[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	CURLcode code;

	if (!make_headers(post, notice, request->body, sign, &headers)
	    || (transfer.curl = curl_easy_init()) == NULL) {
		post_forget(headers);
		result->fate = PW_AGAIN;
		snprintf(result->receipt, sizeof result->receipt, "no memory for the request");
		return;
	}
	set_options(&transfer, request, headers, error);
	curl_easy_setopt(transfer.curl, CURLOPT_TIMEOUT_MS, time_limit_ms(notice, request->share));
	code = curl_easy_perform(transfer.curl);
	if (transfer.has_header)
		judge_answer(transfer.curl, &transfer.answer, result);
	else if (transfer.is_refused) {
		result->fate = PW_NEVER;
		snprintf(result->receipt, sizeof result->receipt,
		    "its name leads to a private address: "
		    "set allow_private = true if that is meant");
	} else {
		result->fate = PW_AGAIN;
		result->channel = true;
		receipt_write_failure(&transfer.answer, transfer.header_size > HEADER_MAX
		    ? "its header has no end" : transfer.is_malformed
		    ? "this is no status line of HTTP" : error[0] != '\0' ? error
		    : curl_easy_strerror(code), result->receipt, sizeof result->receipt);
	}
	receipt_hide(post, result->receipt);
	curl_easy_cleanup(transfer.curl);
	post_forget(headers);
}
