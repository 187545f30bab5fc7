/*
 * For the prober: classifies how a TLS connection failed, by OpenSSL's reasons and the peer's
 * alerts.
 */
#pragma once

#include "prober/tls.h"

/* `end`: TLS_CLOSED or what follows it in enum tls_step. What came in clear is a view into the
 * struct tls. */
struct close_reason tls_close_reason(const struct tls *, enum tls_step end);
