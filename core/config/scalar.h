/* Values without brackets: strings, numbers, true and false, and what was written in place of them.
 */
#ifndef CONFIG_SCALAR_H
#define CONFIG_SCALAR_H

#include "config/plain.h"
#include "config/tokens.h"

/* Whether the word at hand is true or false. */
bool scalar_is_truth(const struct tokens *);
/* Whether the word at hand is a value by itself, and not the beginning of a longer one such as 60s.
 */
bool scalar_is_alone(const struct tokens *);

/* Puts the value at hand, which begins with no sign, into the text; a fault as what it was meant to
 * be. */
void scalar_parse(struct tokens *, struct plain *);

#endif
