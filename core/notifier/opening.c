/*
 * For the processes of a notifier: opens the notifier's plugin, with copies of its files where
 * those are damaged. A plugin reads its files itself, so that only the plugin can say whether they
 * are good: where it says no it is asked again, with the copies.
 */
#include "notifier/opening.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/duty.h"
#include "base/text.h"
#include "config/snapshot.h"
#include "config/config.h"

static const char *
file_of(const struct config_notifier *notifier, uint32_t setting)
{
	return notifier->plugin->descriptor->settings[setting].type == PW_PATH
	    ? notifier->values->items[setting].string : NULL;
}

static void
keep_copies(struct duty *duty, const struct config_notifier *notifier)
{
	struct reason why;
	struct stat before;

	for (uint32_t i = 0; i < notifier->values->count; i++) {
		const char *path = file_of(notifier, i);

		if (path != NULL && stat(path, &before) == 0 && S_ISREG(before.st_mode)
		    && !snapshot_copy(duty->config->state, path, &before, &why))
			duty_log(duty, LOG_WARNING, 0,
			    "without a copy to go on with if it is damaged: %s", why.text);
	}
}

/* The values with the copies that there are. False: there is none. */
static bool
find_copies(struct opening *it, const struct duty *duty, const struct config_notifier *notifier)
{
	size_t size = sizeof *it->values + notifier->values->count * sizeof it->values->items[0];
	bool any = false;

	it->values = malloc(size);
	it->copies = calloc(notifier->values->count + 1, sizeof *it->copies);
	if (it->values == NULL || it->copies == NULL)
		return false;
	memcpy(it->values, notifier->values, size);
	for (uint32_t i = 0; i < notifier->values->count; i++) {
		const char *path = file_of(notifier, i);

		if (path == NULL || !snapshot_copy_path(it->copies[i], duty->config->state, path)
		    || access(it->copies[i], R_OK) != 0)
			continue;
		it->values->items[i].string = it->copies[i];
		any = true;
	}
	return any;
}

bool
opening_do(struct opening *it, struct duty *duty, opening_call *open, void *memory, size_t size,
    struct reason *why)
{
	const struct config_notifier *notifier = &duty->config->notifiers[duty->index];
	char words[256] = "", ignored[256] = "";
	struct text said = TEXT_OVER(it->said);

	if (open(memory, notifier->values, words, sizeof words)) {
		keep_copies(duty, notifier);
		return true;
	}
	words[sizeof words - 1] = '\0';
	reason_set(why, "%s", words);
	if (!find_copies(it, duty, notifier))
		return false;
	memset(memory, 0, size);
	if (!open(memory, it->values, ignored, sizeof ignored))
		return false;
	text_escape(&said, text_view(words));
	text_add(&said, ": what was in its files before stays in force");
	return true;
}

void
opening_fini(struct opening *it)
{
	free(it->values);
	free(it->copies);
	*it = (struct opening){ .values = NULL };
}
