/* A mail server with STARTTLS, for one connection, in a process of its own. */
#ifndef TESTS_MAIL_PEER_H
#define TESTS_MAIL_PEER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MAIL_PEER_PATIENCE = 20 }; /* seconds */

static void
say_reply(SSL *ssl, int fd, const char *reply)
{
	if (ssl != NULL)
		(void)SSL_write(ssl, reply, (int)strlen(reply));
	else
		(void)send(fd, reply, strlen(reply), MSG_NOSIGNAL);
}

static bool
hear_line(SSL *ssl, int fd, char line[256])
{
	size_t size = 0;
	bool more = true;

	while (more && size < 255 && (size == 0 || line[size - 1] != '\n')) {
		more = (ssl != NULL ? SSL_read(ssl, line + size, 1)
		    : (int)recv(fd, line + size, 1, 0)) == 1;
		size += more;
	}
	line[size] = '\0';
	return more;
}

static void
serve_mail(SSL_CTX *context, int fd)
{
	const struct timeval patience = { MAIL_PEER_PATIENCE, 0 };
	char line[256];
	SSL *ssl = NULL;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	say_reply(NULL, fd, "220 mx.test ESMTP Postfix\r\n");
	while (hear_line(ssl, fd, line)) {
		if (strncmp(line, "EHLO", 4) == 0)
			say_reply(ssl, fd, ssl == NULL ? "250-mx.test\r\n250-STARTTLS\r\n250 SIZE 1000\r\n"
			    : "250-mx.test\r\n250-AUTH PLAIN\r\n250 SIZE 1000\r\n");
		else if (strncmp(line, "STARTTLS", 8) == 0) {
			say_reply(NULL, fd, "220 go\r\n");
			ssl = SSL_new(context);
			SSL_set_fd(ssl, fd);
			if (SSL_accept(ssl) != 1)
				break;
		} else {
			say_reply(ssl, fd, "221 bye\r\n");
			break;
		}
	}
	SSL_free(ssl);
	close(fd);
}

#endif
