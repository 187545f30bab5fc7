/*
 * For `postwatch run` in a terminal without a configuration file: opens the daemon's web page in
 * the browser of the desktop.
 */
#pragma once

/*
 * Where there is a desktop, xdg-open(1) is given the page as soon as this user listens at `listen` ("127.0.0.1:8025"), by a
 * process of its own that outlives this call by a minute at most. Not for root, in a run of tests (CI), or where somebody
 * listens there already. A failure is silent.
 */
void desktop_open(const char *listen, const char *token);
