/*
 * For settings that name files with secrets (passwords, tokens, keys): finds and checks such a
 * file. A setting names the file and never holds the secret, for configurations are copied and
 * shown around.
 */
#pragma once

#include <sys/types.h>
#include "base/arena.h"
#include "base/reason.h"

/* "$CREDENTIALS_DIRECTORY/NAME" is a file that systemd loads and guards (systemd.exec(5),
 * LoadCredential=). */
#define SECRET_CREDENTIAL "$CREDENTIALS_DIRECTORY/"

/*
 * Finds the file that `text` names: a path as seen from the file `from` ("": from the working
 * folder), or a credential. Sets *path, which lies in the arena, to its absolute path. Returns
 * false with a reason if it is not a regular file, or if others than its owner can write to it or
 * read it; a group may read it. The owner has to be root, our user, or `owner`: the user that the
 * daemon becomes where root starts it.
 */
bool secret_find_file(struct arena *, uid_t owner, const char *from, const char *text,
    const char **path, struct reason *why);
