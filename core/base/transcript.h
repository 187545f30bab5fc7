/*
 * A dialogue with a server as people read it in notices, on pages and in commands: one line for
 * each that was said, with its second, in a form to paste into a mail.
 *
 *        0.000 *** connecting to 192.0.2.1:25
 *        0.012 <-- 220 mx1.example.org ESMTP
 *        0.012 --> EHLO watch.example.net
 *        0.061 <~~ 250 …            (<~~ ~~> within TLS)
 *
 * Foreign bytes are escaped here. Nothing ends with a line end.
 */
#pragma once

#include "base/evidence.h"
#include "base/text.h"

enum { TRANSCRIPT_LINE_MAX = 4 * 4096 + 32 }; /* bytes that hold any line whole, with its NUL */

/* "***", "<--" … */
const char *transcript_arrow(enum evidence_dir);

void transcript_add_line(struct text *, const struct evidence_line *);

/*
 * "192.0.2.1:25 from 192.0.2.9:40112 as watch.example.net": what a postmaster searches his log for.
 */
void transcript_add_ends(struct text *, const struct evidence *);

/* "failed (banner_timeout): no greeting within 60.0 s". */
void transcript_add_verdict(struct text *, const struct evidence *);

/* "resolve 0.002 s, connect 0.011 s, banner failed after 60.0 s (limit 60.0 s), ehlo not reached":
 * the phases in order, of those not reached the first alone. */
void transcript_add_phases(struct text *, const struct evidence *);

/* How one ended: "0.040 s", "failed after 60.0 s (limit 60.0 s)", "not reached". */
void transcript_add_phase(struct text *, const struct evidence_phase *);

/* "192.0.2.1:25", "[2001:db8::1]:25". */
void transcript_add_address(struct text *, struct pw_bytes address, uint16_t port);
