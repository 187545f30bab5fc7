/* The name that ps shows for a process. */
#ifndef PARENT_TITLE_H
#define PARENT_TITLE_H

/* Shows `title` in place of the command line, as much of it as fits where the command line and the
 * environment lay; the environment moves elsewhere. */
void title_show(const char *title);

#endif
