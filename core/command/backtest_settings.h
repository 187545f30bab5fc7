/*
 * For `postwatch backtest`: the settings that are tried, KEY=VALUE words laid over the policies of
 * targets. Only settings that judge attempts can be tried, for how the stored attempts were made is
 * past.
 */
#pragma once

#include "command/past.h"
#include "monitor/replay.h"

/* Takes the words of --set: 0. Else the exit status, and what is wrong was said. */
struct backtest_settings;
int backtest_settings_make(struct past *, const struct command *, struct backtest_settings **);

/* A policy as it is configured and as it is tried; and its phases, as the store has them. One for
 * each policy. They are good as long as the past is open. */
struct backtest_policy {
	struct backtest_policy *next;
	struct replay_settings replay;
	const char *phase_names;
};
const struct backtest_policy *backtest_policy(
    struct past *, struct backtest_settings *, const struct policy *);

/* 0, or where a phase whose `slow` is tried is none of any policy that was asked for, the exit
 * status, and it was said. */
int backtest_settings_finish(const struct backtest_settings *);

/* "tries=2 slow.banner=5s"; "" where nothing is tried. */
const char *backtest_settings_words(const struct backtest_settings *);
