/*
 * Answers of a webhook's receiver, as libcurl reads them: a result of every kind is whole, the receipt is text in one line that
 * shows no part of a secret which the receiver repeats, and nothing counts as sent without a status of 2xx. The bytes stand in
 * the connection before it is used, and end it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../plugins/webhook/post.h"
#include "../../plugins/webhook/receipt.h"
#include "descriptors.h"

enum { INPUT_MAX = 100 * 1024 };

#define PATH "T0A1B2C3D4"
#define HEADER "Bearer-x9Y8z7W6v5"
#define SECRET "sS7kQ2mN4p"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
CURLcode __real_curl_easy_perform(CURL *curl);
CURLcode __wrap_curl_easy_perform(CURL *curl);
__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *to, socklen_t size); /* libcurl's */

static int ours; /* the end that libcurl takes, and closes */

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg, (void)purpose, (void)address;
	return ours;
}

int
connect(int fd, const struct sockaddr *to, socklen_t size)
{
	(void)fd, (void)to, (void)size;
	return 0;
}

CURLcode
__wrap_curl_easy_perform(CURL *curl)
{
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	return __real_curl_easy_perform(curl);
}

/* Its bytes may be as many as the connection holds. */
static int
be_receiver(const uint8_t *data, size_t size)
{
	int room = 4 * INPUT_MAX, ends[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	assert(send(ends[1], data, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size);
	shutdown(ends[1], SHUT_WR);
	ours = ends[0];
	return ends[1];
}

static void
judge(const struct pw_result *result, const uint8_t *data, size_t size)
{
	static const char *const secrets[] = { PATH, HEADER, SECRET };

	assert(result->fate == PW_SENT || result->fate == PW_AGAIN || result->fate == PW_NEVER);
	assert(result->not_before >= 0 && memchr(result->receipt, '\0', sizeof result->receipt) != NULL);
	for (const char *at = result->receipt; *at != '\0'; at++)
		assert(*at >= ' ' && *at < 0x7f);
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
		char part[9];

		snprintf(part, sizeof part, "%s", secrets[i]);
		assert(strstr(result->receipt, part) == NULL);
	}
	if (result->fate != PW_AGAIN)
		assert(memmem(data, size, "HTTP/", 5) != NULL && !result->channel);
	if (result->fate == PW_SENT)
		assert(memmem(data, size, " 2", 2) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct request request = { .body = (char *)"{\"version\":1}", .share = 1 };
	static const struct pw_notice notice = { .size = sizeof notice, .key = "key", .kind = "down", .attempt = 1, .deadline = 1000000 };
	static struct post post = { .url = "http://192.0.2.1/" PATH, .given_url = "http://192.0.2.1/" PATH, .secret = SECRET, .literal = true };
	struct pw_result result = { .fate = PW_AGAIN };

	if (size > INPUT_MAX)
		return 0;
	if (post.share == NULL) {
		post.headers = curl_slist_append(NULL, "Authorization: " HEADER);
		post.share = curl_share_init();
		assert(post.headers != NULL && post.share != NULL);
		assert(curl_share_setopt(post.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT) == CURLSHE_OK);
	}
	int before = descriptors_lowest(), receiver = be_receiver(data, size);
	post_send(&post, &notice, &request, true, &result);
	judge(&result, data, size);
	close(receiver);
	assert(descriptors_lowest() == before);
	return 0;
}
