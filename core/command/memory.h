/* Memory for a command, which ends where there is none. */
#ifndef COMMAND_MEMORY_H
#define COMMAND_MEMORY_H

/* Returns `memory`, as an allocator returned it, which stays its caller's. Where that is NULL: says so on standard error and
 * ends the program with EXIT_INTERNAL; so no size of zero may have been asked for. */
void *must(void *memory);

#endif
