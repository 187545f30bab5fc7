/* Answers GET /store/...: hands the outline of the configuration and pages of the store to
 * commands of users in the daemon's group. */
#include "web/store_api.h"

#include <string.h>

#include "store/answer.h"
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

/* Whoever reaches a port has no business with rows: who may look there is said for pages. */
void
store_api_answer(struct view *view, const char *rest)
{
	struct board *board = view->site->board;
	struct store_reader *reader = board_reader(board);
	size_t size = strcspn(rest, "/");
	enum store_answering answering;
	const char *words = NULL;
	struct reason why;

	view->answer->is_secret = true;
	view->answer->type = "application/octet-stream";
	if (!view->request->is_local)
		server_problem(view->request, view->answer, 404, "nothing is here");
	else if (strcmp(rest, "outline") == 0)
		view->emit.failed |= !outline_write(
		    view->answer->body, view->site->config, board_behind_since(board));
	else if (rest[size] == '\0' || !is_of_our_form(rest, size))
		server_problem(view->request, view->answer, 404, "that is no question of ours");
	else if (reader == NULL) {
		(void)board_is_read(board, &words);
		server_problem(view->request, view->answer, 503,
		    words == NULL ? "the store cannot be read" : words);
	} else {
		answering = store_answer(reader, rest + size + 1, view->answer->body, &why);
		if (answering == STORE_NO_QUESTION)
			server_problem(view->request, view->answer, 400, "that is no question");
		else if (answering == STORE_UNANSWERED)
			server_problem(view->request, view->answer, 503, why.text);
	}
}
