/*
 * For commands that are run by hand, such as `postwatch check`: reads systemd's unit files of our
 * service. Only what is needed of the syntax: sections, comments, lines that go on, and lists that
 * an empty value empties.
 */
#include "config/service.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/input.h"

enum { FOLDERS_MAX = 8, LINE_ROOM = 8192, NOBODY = 65534 };

#define UNIT "postwatch.service"

/* What is looked for while the files are read, in the order in which systemd reads them. */
struct search {
	char folders[FOLDERS_MAX][PATH_MAX]; /* the first goes before the others */
	size_t folder_count;
	const char *credential;              /* NULL: none is looked for */
	bool found, loaded;                  /* a unit; the credential */
	char path[PATH_MAX];                 /* of its file */
	bool dynamic;
	char user[64];
};

/* systemd.exec(5): LoadCredential=NAME[:PATH], SetCredential=NAME:VALUE. */
static void
take_credential(struct search *search, const char *value, bool is_file)
{
	size_t size = strcspn(value, ":");

	if (*value == '\0') {
		search->loaded = false;
		return;
	}
	if (search->credential == NULL || strlen(search->credential) != size
	    || strncmp(search->credential, value, size) != 0)
		return;
	search->loaded = true;
	snprintf(search->path, sizeof search->path, "%s",
	    is_file && value[size] == ':' && value[size + 1] == '/' ? value + size + 1 : "");
}

/*
 * "KEY=VALUE" of [Service], blanks around both. A later line replaces an earlier one, but lists
 * grow until an empty value empties them.
 */
static void
take_line(struct search *search, char *line)
{
	char *equals = strchr(line, '='), *value;

	if (equals == NULL)
		return;
	for (value = equals; value > line && (value[-1] == ' ' || value[-1] == '\t'); value--)
		continue;
	*value = '\0';
	value = equals + 1 + strspn(equals + 1, " \t");
	for (size_t size = strlen(value); size > 0 && strchr(" \t\r\n", value[size - 1]) != NULL;
	     size--)
		value[size - 1] = '\0';
	if (strcmp(line, "LoadCredential") == 0)
		take_credential(search, value, true);
	else if (strcmp(line, "LoadCredentialEncrypted") == 0 || strcmp(line, "SetCredential") == 0
	    || strcmp(line, "SetCredentialEncrypted") == 0)
		take_credential(search, *value == '\0' ? ":" : value, false);
	else if (strcmp(line, "DynamicUser") == 0)
		search->dynamic = strcmp(value, "yes") == 0 || strcmp(value, "true") == 0
		    || strcmp(value, "on") == 0 || strcmp(value, "1") == 0; /* systemd.syntax(7) */
	else if (strcmp(line, "User") == 0)
		snprintf(search->user, sizeof search->user, "%s", value);
}

/* One line without its end; `whole` has what it goes on from, and then, where it ends with '\',
 * what the next one goes on from. */
static void
take_text(struct search *search, const char *text, char whole[LINE_ROOM], bool *in_service)
{
	size_t had = strlen(whole), size;

	text += strspn(text, " \t");
	size = strlen(text);
	if (*text == '#' || *text == ';')
		return;
	while (size > 0 && strchr(" \t\r", text[size - 1]) != NULL)
		size--;
	bool goes_on = size > 0 && text[size - 1] == '\\';
	snprintf(whole + had, LINE_ROOM - had, "%.*s%s", (int)(size - goes_on), text,
	    goes_on ? " " : "");
	if (goes_on)
		return;
	if (whole[0] == '[')
		*in_service = strcmp(whole, "[Service]") == 0;
	else if (*in_service)
		take_line(search, whole);
	whole[0] = '\0';
}

/* Returns false where it is no regular file that can be read. */
static bool
read_unit(struct search *search, const char *path)
{
	char whole[LINE_ROOM] = "";
	bool in_service = false;
	struct input input;
	struct reason why;

	if (!input_read(path, &input, &why))
		return false;
	for (char *line = input.bytes, *end; line != NULL; line = end) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		take_text(search, line, whole, &in_service);
	}
	input_free(&input);
	return true;
}

/*
 * By name over all folders, as systemd reads them; a file of a folder that goes before hides those
 * of its name.
 */
static void
read_drop_ins(struct search *search)
{
	char path[PATH_MAX + 32];
	const char *last = "", *next;
	glob_t found = { .gl_pathc = 0 };

	for (size_t i = 0; i < search->folder_count; i++) {
		snprintf(path, sizeof path, "%s/" UNIT ".d/*.conf", search->folders[i]);
		(void)glob(path, i > 0 ? GLOB_APPEND : 0, NULL, &found);
	}
	do {
		next = NULL;
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const char *name = strrchr(found.gl_pathv[i], '/') + 1;

			if (strcmp(name, last) > 0 && (next == NULL || strcmp(name, next) < 0)) {
				snprintf(path, sizeof path, "%s", found.gl_pathv[i]);
				next = name;
			}
		}
		if (next != NULL)
			(void)read_unit(search, path);
		last = next;
	} while (next != NULL);
	globfree(&found);
}

/* The folders are those of systemd.unit(5), "Unit File Load Path"; tests name folders of their
 * own. What is there hides what the next folders have, also where it is none (systemctl mask: a
 * link to /dev/null). */
static void
read_service(struct search *search)
{
	const char *list = getenv("POSTWATCH_TEST_UNITS");
	char path[PATH_MAX + 32];
	struct stat status;
	bool there = false;

	if (list == NULL)
		list = "/etc/systemd/system:/run/systemd/system:/usr/local/lib/systemd/system:/usr/"
		       "lib/systemd/system";
	for (size_t size; *list != '\0' && search->folder_count < FOLDERS_MAX;
	     list += size + (list[size] == ':')) {
		size = strcspn(list, ":");
		snprintf(
		    search->folders[search->folder_count++], PATH_MAX, "%.*s", (int)size, list);
	}
	for (size_t i = 0; i < search->folder_count && !there; i++) {
		snprintf(path, sizeof path, "%s/" UNIT, search->folders[i]);
		there = stat(path, &status) == 0;
		search->found = there && read_unit(search, path);
	}
	if (search->found)
		read_drop_ins(search);
}

bool
service_credential(const char *name, char path[PATH_MAX])
{
	struct search search = { .credential = name };

	read_service(&search);
	snprintf(path, PATH_MAX, "%s", search.path);
	return search.loaded;
}

void
service_find_user(struct service_user *user)
{
	struct search search = { .credential = NULL };
	const struct passwd *entry;

	read_service(&search);
	*user = (struct service_user){ .found = search.found, .uid = NOBODY, .gid = NOBODY };
	if (!search.found || search.dynamic)
		return;
	entry = search.user[0] == '\0' ? NULL : getpwnam(search.user);
	if (entry == NULL) {
		user->root = search.user[0] == '\0';
		return;
	}
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->root = entry->pw_uid == 0;
	snprintf(user->name, sizeof user->name, "%s", search.user);
}

/*
 * In the child: gives up our rights, and writes of each file the error that opening it met.
 * Opening tells what access(2) does not: what a security module thinks of it.
 */
static _Noreturn void
try_all(const struct service_user *user, const char *const *paths, size_t count, int out)
{
	bool groups = user->name[0] == '\0' ? setgroups(0, NULL) == 0
	                                    : initgroups(user->name, user->gid) == 0;

	if (!groups || setresgid(user->gid, user->gid, user->gid) != 0
	    || setresuid(user->uid, user->uid, user->uid) != 0)
		_exit(1);
	for (size_t i = 0; i < count; i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
		    error = fd < 0 ? errno : 0;

		if (fd >= 0)
			close(fd);
		if (write(out, &error, sizeof error) != sizeof error)
			_exit(1);
	}
	_exit(0);
}

bool
service_try_files(
    const struct service_user *user, const char *const *paths, size_t count, int *errors)
{
	size_t got = 0;
	int ends[2];
	pid_t child;

	if (geteuid() != 0 || pipe(ends) != 0)
		return false;
	fflush(NULL);
	child = fork();
	if (child == 0)
		try_all(user, paths, count, ends[1]);
	close(ends[1]);
	while (child > 0 && got < count
	    && read(ends[0], &errors[got], sizeof *errors) == sizeof *errors)
		got++;
	assert(got <= count);
	close(ends[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	return child > 0 && got == count;
}
