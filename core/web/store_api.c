/*
 * For the web process: answers GET /store/...: hands the outline of the configuration and pages of
 * the store to commands (status, history ...) of users in the daemon's group.
 */
#include "web/store_api.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/answer.h"
#include "web/http_library.h"
#include "web/outline.h"

/* An answer of another program's form would be taken for malformed. */
static bool
is_of_our_form(const char *hash, size_t size)
{
	char name[OUTLINE_NAME_MAX];
	const char *ours;

	outline_name(name);
	ours = strrchr(name, ' ') + 1;
	return strlen(ours) == size && strncmp(ours, hash, size) == 0;
}

/* A proxy before the UNIX socket would pass on what anybody asks. */
static bool
is_passed_on(const struct server_request *request)
{
	static const char *const names[] = { "Forwarded", "Via", "X-Forwarded-For",
		"X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP" };

	for (size_t i = 0; request->connection != NULL && i < sizeof names / sizeof *names; i++)
		if (server_header(request, names[i]) != NULL)
			return true;
	return false;
}

/* Whoever is the daemon's user and may read its state folder does so; a program of a probe or a
 * notifier is of that user, and may not. */
static bool
is_of_our_user(const struct server_request *request)
{
	const union MHD_ConnectionInfo *info = request->connection == NULL
	    ? NULL
	    : http_library()->get_connection_info(
	          request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer = { .uid = 0 };
	socklen_t size = sizeof peer;

	return info != NULL && geteuid() != 0
	    && (getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0
	        || peer.uid == geteuid());
}

/* What commands ask of meta (command/outbox.c): which notifiers there are doubts of, and the like. */
static const char *const keys[] = { "files", "notifier_files", "channels", "heartbeat", "shadow",
	NULL };

/* Whether answers have taken less of late than they may. */
static bool
has_time(struct store_api_time *time)
{
	static const int64_t at_once = SECOND / 2;
	int64_t now = clock_mono(), over = time == NULL ? 0 : (now - time->at) / 2;

	if (time == NULL)
		return true;
	time->taken -= over < time->taken ? over : time->taken;
	time->at = now;
	return time->taken < at_once;
}

/* Whoever reaches a port has no business with rows: who may look there is said for pages. */
void
store_api_answer(struct view *view)
{
	struct store_api_time *time = view->site->store_time;
	size_t size = strcspn(view->rest, "/");
	int64_t began = clock_mono();
	enum store_answering answering;
	const char *words = NULL;
	struct reason why;

	view->answer->is_secret = true;
	view->answer->type = "application/octet-stream";
	if (!view->request->is_local)
		view_problem(view, 404, "nothing is here");
	else if (is_passed_on(view->request))
		view_problem(view, 403,
		    "this is for commands of this host alone: have the proxy pass nothing below /store/");
	else if (is_of_our_user(view->request))
		view_problem(view, 403, "the daemon's user has the state folder");
	else if (!has_time(time))
		view_problem(view, 429, "commands have asked for too much of late: ask again");
	else if (strcmp(view->rest, "outline") == 0)
		view->emit.failed |= !outline_write(
		    view->answer->body, view->config, board_known(view->board)->behind);
	else if (view->rest[size] == '\0' || !is_of_our_form(view->rest, size))
		view_problem(view, 404, "that is no question of ours");
	else if (view->reader == NULL) {
		(void)board_is_read(view->board, &words);
		view_problem(view, 503, words == NULL ? "the store cannot be read" : words);
	} else {
		answering = store_answer(
		    view->reader, view->rest + size + 1, keys, view->answer->body, &why);
		if (answering == STORE_NO_QUESTION)
			view_problem(view, 400, "that is no question");
		else if (answering == STORE_UNANSWERED)
			view_problem(view, 503, why.text);
	}
	if (time != NULL)
		time->taken += clock_mono() - began;
}
