/*
 * For the reading of a configuration: reads its files, sorts what stands at their top level, and
 * takes the global settings and the group `log` from it. Fills in from this host what they leave
 * open: state folder, number of probers, name for EHLO.
 */
#pragma once

struct reader;

/* Reads the main file and conf.d/, or what was kept of them, and sorts what stands at their top. */
void top_read_files(struct reader *);

/* Reads the settings of the whole, and the group `log`; those of the command line are known by
 * then. */
void top_take_globals(struct reader *);
void top_take_log(struct reader *);

/* The state folder, absolute, by what has been read: that of the command line, of the files, of the
 * environment, else the standard one. */
const char *top_find_state(struct reader *);

/* State folder, number of probers and name for EHLO. May ask our own resolver for the host's full
 * name. */
void top_take_host(struct reader *);
