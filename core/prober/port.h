/*
 * For `postwatch whoami`: whether outgoing connections to port 25 are let through, which many
 * providers block.
 */
#pragma once

#include "config/config.h"

/* Connects to a few of the targets on port 25 that are not on this host, says nothing, and
 * closes; takes some seconds at most. `text` says in one line what came of it. False, and no
 * text: there is no such target. */
bool port_check(const struct config *, struct text *text);
