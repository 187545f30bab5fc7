/* Reads the messages of the keeper: the states that it recovered, what it has committed, answers
 * to people; and notes that a keeper came or went. */
#pragma once

#include "base/wire.h"

struct monitor;

/* Takes a packet of the keeper. Returns false if it is malformed. */
bool keeper_messages_take(struct monitor *, const void *packet, size_t size);

/* Passes an answer, of the keeper or of the parent, on to who asked. Returns false if it is
 * malformed. */
bool keeper_messages_take_answer(struct monitor *, struct wire_in *);

/* A new keeper is at that socket, which is taken; or there is none any more. */
void keeper_messages_linked(struct monitor *, int fd);
void keeper_messages_lost(struct monitor *);
