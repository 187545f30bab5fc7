/*
 * The grammar of configuration files, which is libconfig's. What it does not know is a fault with
 * its place, and is put right in the text that libconfig reads where it is plain what was meant, so
 * that all faults are told in one pass. So is what libconfig reads as something else without a word
 * (numbers beyond 32 bits, \x00, a second setting of the same name), and what one release of it
 * takes and another does not (a ',' behind the last entry of a list).
 */
#pragma once

#include "config/plain.h"

/* Reads a file and all it includes into a text, which the caller frees. Returns false after a fault
 * that leaves none to go on with. *torn: some of the files cannot be read, or not to their end,
 * which has been told. */
bool grammar_read(struct plain *, struct diagnostics *, const char *path, bool *torn);
