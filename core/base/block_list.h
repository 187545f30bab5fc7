/*
 * Names of DNS block lists (DNSBL): those that mail servers ask by DNS, and those that they name
 * where they refuse a client. Used to classify refusals (base/phrase.h).
 */
#pragma once

#include <postwatch/probe.h>

/* Whether the host name or URL is of a well-known list or a service of that kind. */
bool block_list_is_known(struct pw_bytes name);

/* The same, or one of its labels says so: "dnsbl.example.net". */
bool block_list_is_likely(struct pw_bytes name);
