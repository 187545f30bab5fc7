/* For the web process: gzip (RFC 1952) of a whole HTTP answer, fast rather than small. */
#pragma once

#include "base/buffer.h"

/* In place of what the buffer holds, which grows up to `max`. Returns false where that or memory does not suffice. */
bool gzip_pack(struct pw_bytes from, struct buffer *into, size_t max);
