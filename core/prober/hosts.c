/*
 * For the prober's resolver: parses /etc/hosts into a sorted table: files with 100,000 blocked
 * names are not rare.
 */
#include "prober/hosts.h"

#include <assert.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"

enum { FILE_MAX = 16 * 1024 * 1024 };

struct entry {
	const char *name; /* into `text` */
	uint32_t line;
	struct address address;
};

struct hosts {
	char *text;
	struct entry *entries; /* by name, then by line */
	uint32_t count, room;
};

static int
order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int by_name = strcasecmp(x->name, y->name);

	return by_name != 0 ? by_name : (x->line > y->line) - (x->line < y->line);
}

/* The next word of a line, ended by NUL; NULL: no more. */
static char *
next_word(char **at)
{
	char *word = *at + strspn(*at, " \t\r\f\v");

	if (*word == '\0')
		return NULL;
	*at = word + strcspn(word, " \t\r\f\v");
	if (**at != '\0')
		*(*at)++ = '\0';
	return word;
}

static bool
read_text(struct hosts *hosts)
{
	uint32_t number = 0;

	for (char *line = hosts->text, *next; line != NULL; line = next, number++) {
		struct address address;
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		line[strcspn(line, "#")] = '\0';
		const char *word = next_word(&line);
		if (word == NULL || !address_parse(word, 0, &address))
			continue;
		while ((word = next_word(&line)) != NULL) {
			if (!VEC_RESERVE(hosts->entries, hosts->count, hosts->room))
				return false;
			hosts->entries[hosts->count++] = (struct entry){ word, number, address };
		}
	}
	assert(hosts->count <= hosts->room);
	if (hosts->count > 0)
		qsort(hosts->entries, hosts->count, sizeof *hosts->entries, order);
	return true;
}

struct hosts *
hosts_read(const char *bytes, size_t size)
{
	struct hosts *hosts = calloc(1, sizeof *hosts);

	if (hosts == NULL)
		return NULL;
	hosts->text = malloc(size + 1);
	if (hosts->text != NULL) {
		memcpy(hosts->text, bytes, size);
		hosts->text[size] = '\0'; /* a NUL within ends it sooner */
	}
	if (hosts->text == NULL || !read_text(hosts))
		hosts_close(&hosts);
	return hosts;
}

void
hosts_close(struct hosts **hosts)
{
	if (*hosts == NULL)
		return;
	free((*hosts)->text);
	free((*hosts)->entries);
	free(*hosts);
	*hosts = NULL;
}

/* Lines that say nothing are passed over, as all that read this file do; but where no line that
 * is more than a comment says anything, or there are NUL bytes, it is something else than a hosts
 * file. */
static bool
is_damaged(const char *bytes, size_t size, const struct hosts *hosts, const char *path,
    struct reason *why)
{
	bool blank = true, comment = false;

	if (memchr(bytes, '\0', size) != NULL) {
		reason_set(why, "%s holds a NUL byte: it is no text file", path);
		return true;
	}
	for (size_t i = 0; i < size && blank; i++) {
		comment = bytes[i] == '#' || (comment && bytes[i] != '\n');
		blank = comment || strchr(" \t\r\n", bytes[i]) != NULL;
	}
	if (!blank && hosts->count == 0)
		reason_set(why, "%s has no line with an address and a name", path);
	return !blank && hosts->count == 0;
}

static struct hosts *
read_file(int fd, const char *path, struct reason *why)
{
	struct stat stat;
	struct hosts *hosts = NULL;

	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_size > FILE_MAX) {
		reason_set(why, "%s is no regular file of at most 16 MiB", path);
		return NULL;
	}
	char *bytes = malloc((size_t)stat.st_size + 1);
	ssize_t got = bytes == NULL ? -1 : read(fd, bytes, (size_t)stat.st_size);
	if (got < 0)
		reason_set(why, "%s: %s", path, strerror(bytes == NULL ? ENOMEM : errno));
	else if ((hosts = hosts_read(bytes, (size_t)got)) == NULL)
		reason_set(why, "out of memory");
	else if (is_damaged(bytes, (size_t)got, hosts, path, why))
		hosts_close(&hosts);
	free(bytes);
	return hosts;
}

/* A file that is not there is an empty one: containers have none. O_NONBLOCK, for a FIFO in its
 * place would be waited for without end. */
struct hosts *
hosts_open(const char *path, struct reason *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR)) {
		struct hosts *hosts = hosts_read("", 0);
		if (hosts == NULL)
			reason_set(why, "out of memory");
		return hosts;
	}
	if (fd == -1) {
		reason_set(why, "%s: %s", path, strerror(errno));
		return NULL;
	}
	struct hosts *hosts = read_file(fd, path, why);
	close(fd);
	return hosts;
}

static uint32_t
add_loopback(struct address *addresses, uint32_t room)
{
	static const unsigned char loopback4[4] = { 127, 0, 0, 1 };
	uint32_t count = 0;

	if (count < room)
		addresses[count++] = address_ipv4(loopback4, 0);
	if (count < room)
		addresses[count++] = address_ipv6(&in6addr_loopback, 0);
	return count;
}

/* The first match of a binary search is looked for, as lines of one name stand in the order of
 * the file. RFC 6761, section 6.3: names below localhost never leave this host. */
uint32_t
hosts_find(const struct hosts *hosts, const char *name, struct address *addresses, uint32_t room)
{
	char bare[256];
	size_t size = strlen(name), from = 0, to = hosts->count;
	uint32_t count = 0;

	if (size > 0 && name[size - 1] == '.')
		size--;
	if (size == 0 || size >= sizeof bare)
		return 0;
	memcpy(bare, name, size);
	bare[size] = '\0';
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (strcasecmp(hosts->entries[middle].name, bare) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	for (; from < hosts->count && count < room
	    && strcasecmp(hosts->entries[from].name, bare) == 0; from++)
		addresses[count++] = hosts->entries[from].address;
	const char *last = strrchr(bare, '.');
	bool is_local = strcasecmp(last != NULL ? last + 1 : bare, "localhost") == 0;
	return count == 0 && is_local ? add_loopback(addresses, room) : count;
}
