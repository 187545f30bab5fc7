/*
 * The scripts of tests/peers that need neither TLS nor names, played to the dialogue engine in process. Each run is made
 * whole, byte by byte, and cut at each of the first bytes: always with the same result.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/read.h"
#include "split_wants.h"

enum { CUTS = 160, TESTS_MAX = 600, SCRIPTS_MAX = 200, SETS_MAX = 16, WORD_MAX_SIZE = 256 };

/* One run of one peer. */
struct playing {
	const struct script *script;
	const struct run *run;
	const struct peer *peer;
	char name[WORD_MAX_SIZE], probe[WORD_MAX_SIZE];
	char words[SETS_MAX][WORD_MAX_SIZE];
	const char *sets[SETS_MAX];
	uint32_t set_count;
	bool patient, whole, elsewhere;
};

static const char *
plugin_folder(void)
{
	static char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof path - 20);

	assert_true(size > 0);
	path[size] = '\0';
	snprintf(strstr(path, "/tests/unit/"), 20, "/plugins");
	return path;
}

static const struct config *
read_settings(const struct playing *playing)
{
	static struct config_diagnostics faults;
	static const char *const word = "127.0.0.1:2525";
	const struct config_source source = { .words = &word, .word_count = 1, .probe = playing->probe,
		.sets = playing->sets, .set_count = playing->set_count, .plugin_dir = plugin_folder(), .state = "/tmp" };
	const struct config *config = config_read(&source, &faults);

	if (config == NULL)
		fail_msg("%s", faults.items[0].text);
	return config;
}

static void
play_cut(const struct playing *playing, const struct target *target, long cut, long *arrived)
{
	static struct wants wants;
	struct drive drive;
	bool met;

	drive_all(&drive, &playing->peer->parts[0], target, playing->patient, cut);
	met = wants_are_met(&wants, playing->script, playing->run, &drive);
	*arrived = drive.arrived;
	drive_fini(&drive);
	if (!met)
		fail_msg("%s, cut %ld: %s", playing->name, cut, wants.why);
}

static void
play_all_cuts(void **state)
{
	const struct playing *playing = *state;
	const struct config *config = read_settings(playing);
	const struct target *target = &config->targets[0];
	long size, arrived;

	play_cut(playing, target, CUT_NOWHERE, &size);
	for (long cut = CUT_EVERYWHERE; !playing->whole && cut < size && cut < CUTS; cut++)
		play_cut(playing, target, cut, &arrived);
	config_free(&config);
}

static bool
takes_value(const char *word, const char *key)
{
	return strncmp(word, key, strlen(key)) == 0;
}

static void
take_word(struct playing *playing, const char *word)
{
	if (takes_value(word, "probe="))
		snprintf(playing->probe, sizeof playing->probe, "%s", word + 6);
	else if (strcmp(word, "patient") == 0)
		playing->patient = true;
	else if (strcmp(word, "whole") == 0)
		playing->whole = true;
	else if (strcmp(word, "tcp") == 0 || takes_value(word, "host=") || takes_value(word, "path=")
	    || takes_value(word, "inject=") || takes_value(word, "cert="))
		playing->elsewhere = true;
	else if (strcmp(word, "slow") != 0 && !takes_value(word, "scale=") && playing->set_count < SETS_MAX) {
		snprintf(playing->words[playing->set_count], WORD_MAX_SIZE, "%s", word);
		playing->sets[playing->set_count] = playing->words[playing->set_count];
		playing->set_count++;
	}
}

/* A handshake without particulars can be taken as done; anything more needs TLS. */
static bool
needs_tls(const struct part *part)
{
	for (size_t i = 0; i < part->count; i++)
		if (part->commands[i].op == OP_TLS_FLOOD
		    || (part->commands[i].op == OP_TLS && strcmp(part->commands[i].bytes.data, "good ") != 0))
			return true;
	return false;
}

static struct playing *
make_playing(const struct script *script, const struct run *run, const char *peer, const struct phrase *words)
{
	struct playing *playing = calloc(1, sizeof *playing);
	struct phrase phrase = *words;
	char word[WORD_MAX_SIZE];

	playing->script = script;
	playing->run = run;
	playing->peer = script_peer(script, peer);
	snprintf(playing->probe, sizeof playing->probe, "smtp");
	snprintf(playing->name, sizeof playing->name, "%s:%d %s%s", strrchr(script->path, '/') + 1, run->line, peer, phrase.at);
	while (!phrase_ends(&phrase)) {
		phrase_word_or_text(&phrase, word, sizeof word);
		take_word(playing, word);
	}
	for (size_t i = 0; i < run->count; i++)
		playing->elsewhere |= takes_value(run->wants[i] + strspn(run->wants[i], " \t"), "stopped");
	playing->elsewhere |= playing->peer == NULL || playing->peer->door != DOOR_OPEN || needs_tls(&playing->peer->parts[0]);
	return playing;
}

static size_t
add_tests(const struct script *script, const struct run *run, struct CMUnitTest *tests)
{
	struct phrase phrase = { script->path, run->line, run->head };
	char peers[WORD_MAX_SIZE], *rest = peers, *peer;
	size_t count = 0;

	phrase_word(&phrase, peers, sizeof peers);
	while ((peer = strsep(&rest, ",")) != NULL) {
		struct playing *playing = make_playing(script, run, peer, &phrase);

		if (playing->elsewhere)
			free(playing);
		else
			tests[count++] = (struct CMUnitTest){ playing->name, play_all_cuts, NULL, NULL, playing };
	}
	return count;
}

int
main(void)
{
	static struct CMUnitTest tests[TESTS_MAX];
	static const struct script *scripts[SCRIPTS_MAX];
	static glob_t paths;
	size_t count = 0;

	if (glob("tests/peers/*.peer", 0, NULL, &paths) != 0 || paths.gl_pathc > SCRIPTS_MAX)
		return 1;
	for (size_t i = 0; i < paths.gl_pathc; i++) {
		scripts[i] = script_read(paths.gl_pathv[i]);
		for (size_t j = 0; j < scripts[i]->run_count; j++)
			count += add_tests(scripts[i], &scripts[i]->runs[j], tests + count);
	}
	return _cmocka_run_group_tests("peers", tests, count, NULL, NULL);
}
