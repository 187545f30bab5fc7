/* Classifies how a TLS connection failed, by the library's reasons and the peer's alerts. */
#ifndef PROBER_TLS_FATE_H
#define PROBER_TLS_FATE_H

#include "prober/tls.h"

/* `end`: TLS_CLOSED or what follows it in enum tls_step. What came in clear is a view into the
 * struct tls. */
struct stream_fate tls_fate(const struct tls *, enum tls_step end);

#endif
