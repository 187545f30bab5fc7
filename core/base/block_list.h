/*
 * Names of DNS block lists (DNSBL). Those that mail servers ask by DNS, and those that they point
 * to where they refuse somebody.
 */
#pragma once

#include <postwatch/probe.h>

/* Whether the host name or URL is of a well-known list or a service of that kind. */
bool block_list_is_known(struct pw_bytes name);

/* The same, or one of its labels says so: "dnsbl.example.net". */
bool block_list_is_likely(struct pw_bytes name);
