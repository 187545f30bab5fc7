/*
 * What a run of a target on the stage of a monitor reports, by the letter of its script:
 *
 *   .  ok      x  connect times out, unheard     r  refused      ?  unknown, no route      -  never reports
 *   w  degraded(early_data)      c  failed(cert_expired)         i  failed(starttls_injection)
 *   m  the name is missing, its last known address answers
 *   6  its IPv6 address is silent, that of IPv4 answers   s  the same, where all addresses have to answer   h  ok, over IPv6
 */
#ifndef TESTS_MONITOR_LETTERS_H
#define TESTS_MONITOR_LETTERS_H

#include <stdio.h>

#include "base/clock.h"
#include "base/messages.h"

static inline struct report
scene_report(const struct order *order, char letter)
{
	static const char failed[] = "no connection within 15.0 s", refused[] = "connection refused";
	struct report report = { .run = order->run, .target = order->target, .started = 1, .late = 1000,
		.micros = 100 * MILLISECOND, .fingerprint = (uint64_t)letter, .reached = 15, .outcome = "ok",
		.network = order->target + 1,
		.flags = (uint16_t)(REPORT_SPOKEN | REPORT_NAME_ASKED | (order->flags & ORDER_FULL ? REPORT_FULL : 0)) };

	switch (letter) {
	case 'x':
		report.verdict = PW_FAILED;
		snprintf(report.outcome, sizeof report.outcome, "connect_timeout");
		report.text = (struct pw_bytes){ failed, sizeof failed - 1 };
		report.reached = 3;
		report.flags = REPORT_FULL | REPORT_NAME_ASKED;
		report.quiet = -1;
		break;
	case 'r':
		report.verdict = PW_FAILED;
		snprintf(report.outcome, sizeof report.outcome, "refused");
		report.text = (struct pw_bytes){ refused, sizeof refused - 1 };
		report.reached = 3;
		break;
	case '?':
		report.verdict = PW_UNKNOWN;
		snprintf(report.outcome, sizeof report.outcome, "no_route");
		report.flags = REPORT_FULL;
		report.reached = 0;
		report.quiet = -1;
		report.network = 0;
		break;
	case 'c':
	case 'i':
		report.verdict = PW_FAILED;
		snprintf(report.outcome, sizeof report.outcome, letter == 'c' ? "cert_expired" : "starttls_injection");
		break;
	case 'o': /* our clock decides, and it is known to be wrong; or it does not */
		report.verdict = PW_UNKNOWN;
		snprintf(report.outcome, sizeof report.outcome, "our_clock");
		report.flags |= REPORT_CLOCK_DOUBTED | REPORT_CLOCK_WRONG;
		break;
	case 'u':
		report.flags |= REPORT_CLOCK_DOUBTED | REPORT_CLOCK_WRONG;
		break;
	case '6':
	case 's':
		report.verdict = letter == '6' ? PW_DEGRADED : PW_FAILED;
		report.flags = REPORT_FULL | REPORT_NAME_ASKED;
		report.ways = WAY_IPV6_SILENT;
		snprintf(report.outcome, sizeof report.outcome, letter == '6' ? "some_addresses" : "connect_timeout");
		report.text = (struct pw_bytes){ failed, sizeof failed - 1 };
		break;
	case 'h':
		report.ways = WAY_IPV6_HEARD;
		break;
	case 'm':
		report.verdict = PW_DEGRADED;
		report.flags |= REPORT_NAME_MISSING;
		snprintf(report.outcome, sizeof report.outcome, "name_unresolvable");
		break;
	case 'a':
		report.flags |= REPORT_PASSED_ASKED;
		break;
	case 'w':
		report.verdict = PW_DEGRADED;
		snprintf(report.outcome, sizeof report.outcome, "early_data");
		break;
	default:
		break;
	}
	return report;
}

#endif
