/*
 * For the notifier's worker process: the subject of a notice, one line that holds nothing which a
 * server said; what it is made of are our own words.
 */
#pragma once

#include "notifier/text.h"

enum { SUBJECT_MAX = 240 }; /* bytes with the NUL */

/* "[down] mx1.example.org:25 - no greeting within 60.0 s, 3 of 3 attempts"; of a long one its
 * beginning. ASCII where the name and the sentence are. */
void notice_add_subject(struct text *, const struct notice_view *);
