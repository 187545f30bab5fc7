/* "Us": what this Postwatch is, and what waits to be told. */
#ifndef WEB_ABOUT_H
#define WEB_ABOUT_H

#include "web/site.h"

void about_answer(struct view *, const char *rest);

#endif
