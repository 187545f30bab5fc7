/*
 * For the reading of a configuration: reads the group `web`: where the web page is served, and who
 * may look.
 */
#pragma once

struct reader;

/* Reads the group `web`; without a file, and where the source asks for a page, makes one for
 * loopback with a token. */
void web_take(struct reader *);
