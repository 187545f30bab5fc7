/*
 * For `postwatch import`: the commands smtp and ssmtp of the Icinga Template Library: their custom
 * variables as options of check_smtp.
 */
#pragma once

#include "command/check_smtp.h"
#include "command/icinga2_objects.h"

/* Reads the check of a service of a host. What of its variables has no counterpart is a comment.
 * Returns false if its check_command is neither smtp nor ssmtp. */
bool icinga_check_read(struct icinga_objects *, const struct icinga_object *service,
    struct draft_entry *, struct check_smtp *);
