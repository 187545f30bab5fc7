/* What is told of ourselves. */
#ifndef MONITOR_OWN_NOTICE_H
#define MONITOR_OWN_NOTICE_H

#include "base/notice.h"
#include "monitor/keeper_link.h"

/* Gives the keeper a change of our own, with the sentence that is made of `format`; `code`: an
 * outcome. Returns its number. */
uint64_t own_notice(struct monitor *, enum notice_kind, const char *code, struct moment since,
    const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
