/* The inside of value.c, shared with the files for lists and secrets. */
#ifndef CONFIG_VALUE_PRIVATE_H
#define CONFIG_VALUE_PRIVATE_H

#include "config/value.h"

/* Entries in one text, with one of the bytes `between` them; blanks around them do not count. */
bool value_of_words(struct values *, const struct pw_setting *, const char *text, const char *between, struct pw_value *,
    struct reason *why);
/* The children of a NODE_LIST. */
bool value_of_list(struct values *, const struct pw_setting *, const struct node *, struct pw_value *, struct reason *why);

/* The absolute path of a file with a secret, if nobody else can get at it. "$CREDENTIALS_DIRECTORY/NAME" is one that
 * systemd loads. */
bool secret_take(struct arena *, const char *from, const char *text, const char **path, struct reason *why);

#endif
