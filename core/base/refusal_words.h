/*
 * What mail servers say where they refuse, as phrases (phrase.h), from their sources and from
 * public reports, for the table of refusal.c. What is missing here is a row, not code. Each list
 * ends with NULL.
 */
#pragma once

/* Says that it is us who are refused. */
extern const char *const refusal_about_us[];
/* The same in that our address has no name, unless it is the server's resolver that finds none. */
extern const char *const refusal_about_reverse[];
/* The same about the name in EHLO; looked for in replies to EHLO only. */
extern const char *const refusal_about_name[];

/* Asks for a certificate of the client; and speaks of one, which says so where TLS asked for
 * one. */
extern const char *const refusal_wants_certificate[];
extern const char *const refusal_names_certificate[];

/* Too many connections, their rate, throttling. */
extern const char *const refusal_rate[];

/* Trouble of the server's own, or a command that it does not know: what else is mentioned is
 * then not the reason. */
extern const char *const refusal_trouble[];
/* The part of refusal_trouble that is no matter of load: "too many connections" is then said of
 * a database. */
extern const char *const refusal_backend[];
/* The part of it by which a server finds no name for any address. */
extern const char *const refusal_resolver[];
/* What a block list says where it refuses a question; beside the second it is such an error. */
extern const char *const refusal_of_query[];
extern const char *const refusal_is_error[];
/* Says that it is the server itself who is listed or refused, or speaks of its machines: no word
 * of it is about us. */
extern const char *const refusal_of_itself[];

/* Mentions lists, greylisting and reverse DNS: the reason unless there is trouble. */
extern const char *const refusal_mentions_list[];
/* Mentions us: the reason unless there is trouble or a rate. */
extern const char *const refusal_mentions_us[];
/* Mentions the name in EHLO, in a reply to it: the reason unless there is trouble. */
extern const char *const refusal_mentions_name[];
/* Our name by itself is mentioned; and it is so as that of the client,
 * "probe.example.net[192.0.2.9]". */
extern const char *const refusal_is_name[], *const refusal_is_client[];
/* Refuses in words that say so of us where the code is 5xx. */
extern const char *const refusal_for_good[];

/* Addresses us: "you". */
extern const char *const refusal_addresses_us[];
/* Addresses us out of politeness alone. */
extern const char *const refusal_is_polite[];
