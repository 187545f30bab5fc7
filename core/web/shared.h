/*
 * For the web process: the page for an address with a shared secret in it, such as a customer has:
 * how the targets of one tag stand, and nothing of others, of recipients, or of what servers said.
 */
#pragma once

#include "web/site.h"

/* Any address below the secret one. */
void shared_answer(struct view *);
