/*
 * For commands that read the store: sends a long list in a terminal through the reader's pager
 * ($PAGER).
 */
#pragma once

/*
 * From here on standard output goes into $PAGER (its words separated by blanks; no shell), by
 * default less, if it is a terminal; nothing happens where $PAGER is empty or `cat`. Where the
 * pager cannot be executed the list comes plain.
 */
void pager_begin(void);

/* Ends the list, and waits until the reader is done with it. Does nothing where none was begun. */
void pager_end(void);
