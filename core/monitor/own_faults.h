/*
 * Faults of our own clock, host, IPv6 and files: what runs and probers show of them, what is told,
 * and which runs then say nothing about their targets.
 */
#pragma once

#include "monitor/own_side.h"
#include "monitor/observation.h"

struct monitor;

/* What the last run of a target told: nothing, that somebody was heard over IPv6, or that all of
 * IPv6 were silent while one of IPv4 answered. */
enum ipv6 { IPV6_UNSEEN, IPV6_HEARD, IPV6_SILENT };

/*
 * Learns from a run beyond this host. Where our way is away, what the run says of the target's IPv6
 * addresses is taken out of it: the condition some_addresses, or the failure where all addresses
 * have to answer.
 */
void ipv6_learn(struct monitor *, struct observation *, struct report *);

/* Reads the clocks: a suspension of this host, and a clock that was set, are logged, and what is
 * open is moved with the clock. Every tick, and before a report is judged. */
void own_faults_look(struct monitor *);

/* A run may have shown that our clock is wrong: that is told, once an hour. */
void own_faults_learn(struct monitor *, const struct report *);

/* All probers need the same files: what they say last of such as cannot be used holds (`said` "":
 * all can), and is told where it is new; before runs begin it is only noted. */
void own_faults_note_files(struct monitor *, const char *said);
/* A prober ended at one of its limits: that is told, once an hour, as our own trouble. */
void own_faults_note_limit(struct monitor *, const char *said);
/* Runs begin: what a monitor before us told of files is known, and what probers said meanwhile is
 * compared with it. */
void own_faults_begin(struct monitor *);

/* A run that failed for our suspension becomes unknown(interrupted). */
void own_faults_excuse(const struct own_faults *, const struct watch *, struct observation *,
    struct report *);

/* Whether this outcome of a run is for want of a file that was told to be unusable. */
bool own_faults_explain(const struct own_faults *, const char *outcome);
