/* Reads where the page is served, and who may look. */
#ifndef CONFIG_WEB_H
#define CONFIG_WEB_H

struct reader;

/* Reads the group `web`; without a file, and where the source asks for a page, makes one for
 * loopback with a token. */
void web_take(struct reader *);

#endif
