/*
 * For the web process: the page of the certificates that servers showed, the one that ends first at
 * the top, and that of one target as a bar.
 */
#pragma once

#include "web/site.h"

/* The page of all. */
void certificates_answer(struct view *);

/* Of one target: when it ends, how much of its lifetime is left, which TLS was spoken. Writes nothing where no certificate is known. */
void certificate_put(struct view *, const struct board_row *);
