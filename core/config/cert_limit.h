/*
 * How much of a certificate has to be left, as the setting `cert_warn` says it: "21d" is a time,
 * "25%" a share of the certificate's lifetime, and of "21d/25%" the less counts.
 */
#pragma once

#include "config/config.h"

enum { CERT_DAYS_MAX = 3650 };

/* Parses one entry; a number without a unit counts days. Returns false with a reason. */
bool cert_limit_parse(const char *text, struct cert_limit *, struct reason *why);

/* A whole number of days, as in `cert_warn_days`; -1 if the text is none, or more than
 * CERT_DAYS_MAX. */
int cert_limit_days(const char *text);
