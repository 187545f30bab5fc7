/* Memory that OpenSSL asked for and did not get: its errors are those of a bad peer then. */
#pragma once

#include <stdint.h>

/* Counts from now on. To be called before OpenSSL is first used in the process; what is forked
 * later counts for itself. */
void tls_memory_watch(void);

/* How often memory was refused. */
uint32_t tls_memory_refused(void);
