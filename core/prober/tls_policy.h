/*
 * For the prober: the TLS contexts (SSL_CTX) of a process, one for each (ca_file, min_version,
 * kind: usual, legacy, or with a small ClientHello), made before the sandbox, in which no file can
 * be read.
 */
#pragma once

#include "base/reason.h"
#include "config/config.h"

struct tls_policy; /* one context */
struct tls_policies;
struct sources;

enum tls_kind {
	TLS_USUAL,
	TLS_LEGACY, /* any version of TLS, any cipher: for a second connection only, with the
	             * same CA */
	TLS_SMALL   /* as usual, but without post-quantum groups: its ClientHello fits into one
	             * segment */
};

/* Reads all files that TLS will ever need: what comes later opens nothing. NULL with a reason
 * where a CA file cannot be used; with `sources`, a copy is used in its place, and without a copy
 * its policies are not usable. Without `sources` the system's bundle is read at the first
 * handshake. */
struct tls_policies *tls_policies_create(const struct config *, struct sources *,
    struct reason *why);
void tls_policies_destroy(struct tls_policies **);

/* The policy of settings that were in the configuration at creation; equal (ca_file, min_version)
 * share one. */
struct tls_policy *tls_policy_find(struct tls_policies *, const struct tls_settings *,
    enum tls_kind);

/* Makes it ready for a handshake. Returns false if its CAs are not known, or there is no
 * memory: no handshake can begin. */
bool tls_policy_is_usable(struct tls_policy *);

/* The file that stands for the system's CAs where no `ca_file` is given; NULL: this system has
 * none. */
const char *tls_system_bundle(void);
