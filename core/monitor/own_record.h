/*
 * The record of what the monitor knows of our own side (outages of our network or resolver, wrong
 * clock; own_side.h). The keeper stores it as it stores those of targets, and gives it to the next
 * monitor process. Causes and targets stand in it by name, since their numbers may be others then.
 * Times are in UTC.
 */
#pragma once

#include "monitor/own_side.h"

void own_record_encode(const struct own_side *, const struct watch *, struct wire_out *);
/* Returns false if it is malformed: then it is as if there had been none. */
bool own_record_decode(struct own_side *, struct watch *, struct wire_in *);
/* As if no monitor had been before us. */
void own_record_forget(struct own_side *, const struct watch *);

/* What was taken over and has not shown itself for long is over. Returns whether the record is to
 * be written now. About once a second, to a monitor that has begun. */
bool own_record_tick(struct own_side *, const struct watch *);
