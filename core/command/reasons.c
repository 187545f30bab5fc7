#include "command/reasons.h"

#include <stdio.h>
#include <string.h>

static void
put_words(const char *words)
{
	if (words != NULL && words[0] != '\0') {
		fputs(": ", stdout);
		past_put((struct pw_bytes){ words, strlen(words) });
	}
	putchar('\n');
}

void
reasons_put_verbs(const struct past *past, const struct standing *row, int indent)
{
	char at[PAST_TIME_MAX];

	for (const struct standing_pause *item = row->pauses; item != NULL; item = item->next) {
		printf("%*spaused until %s by %s%s%s", indent, "", past_time(past, item->until, at), item->by,
		    item->tag[0] == '\0' ? "" : ", as tag:", item->tag);
		put_words(item->why);
	}
	if (row->acknowledged != 0) {
		printf("%*sacknowledged %s by %s", indent, "", past_time(past, row->acknowledged, at),
		    row->ack_by == NULL ? "?" : row->ack_by);
		put_words(row->ack_why);
	}
}

void
reasons_put_windows(const struct past *past, const struct standing *row, int indent, bool only_in_force)
{
	const struct config *config = past->config;
	char at[PAST_TIME_MAX];

	for (uint32_t i = 0; row->configured != NULL && i < config->window_count; i++) {
		const struct config_window *window = &config->windows[i];
		struct zone *zone = window->timezone == NULL ? NULL : zone_open(window->timezone, NULL);
		int64_t next = calendar_next(&window->when, zone, past->now);
		bool open = calendar_holds(&window->when, zone, past->now);

		if (window_has_target(window, (uint32_t)(row->configured - config->targets)) && (open || !only_in_force)) {
			printf("%*sa window %s %s", indent, "", open ? "is open until" : "opens at",
			    past_time(past, next == INT64_MAX ? 0 : next, at));
			put_words(window->why);
		}
		zone_close(&zone);
	}
}

void
reasons_put_parents(const struct past *past, const struct standings *all, const struct standing *row, int indent,
    bool only_in_force)
{
	const struct config *config = past->config;
	uint32_t parent = row->configured == NULL ? CONFIG_NONE : row->configured->parent;

	for (; parent != CONFIG_NONE; parent = config->targets[parent].parent)
		for (size_t i = 0; i < all->targets.count; i++) {
			uint8_t state = all->rows[i].state;

			if (all->rows[i].configured == &config->targets[parent] && (state_is_down((enum state)state) || !only_in_force))
				printf("%*sits parent %s is %s\n", indent, "", config->targets[parent].name,
				    state_name(state == STATE_NONE ? STATE_PENDING : (enum state)state));
		}
}
