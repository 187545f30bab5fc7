/* The kinds of timelines: a script each, made of chance, and what may be told in it. */
#ifndef TESTS_TIMELINES_KINDS_H
#define TESTS_TIMELINES_KINDS_H

#include "timelines_script.h"

static void calm(struct world *w) { begin(w, 12, 2); }
static void blips(struct world *w)
{
	begin(w, 12, 0);
	for (int i = 0; i < 40; i++) {
		int64_t at = seconds(w, 120, 1500);
		outage(w, (uint32_t)world_random(w, 12), at, at + seconds(w, 1, 25));
	}
}
static void slow_servers(struct world *w) { begin(w, 8, 0); slow(w); }
static void single(struct world *w) { begin(w, 8, 0); outage(w, 3, seconds(w, 300, 420), 20 * MINUTE); }
static void single_with_references(struct world *w) { begin(w, 8, 2); outage(w, 3, seconds(w, 300, 420), 20 * MINUTE); }
static void single_among_slow(struct world *w)
{
	begin(w, 6, 0);
	outage(w, 3, seconds(w, 300, 420), 20 * MINUTE);
	slow(w);
}
static void single_of_two(struct world *w) { begin(w, 2, 0); outage(w, 1, seconds(w, 300, 420), 20 * MINUTE); }
static void single_alone(struct world *w) { begin(w, 1, 0); outage(w, 0, seconds(w, 300, 420), 20 * MINUTE); }
static void single_on_its_port(struct world *w)
{
	begin(w, 6, 2);
	w->configured[2].port = 465;
	outage(w, 2, seconds(w, 300, 420), 20 * MINUTE);
}
static void one_after_another(struct world *w)
{
	begin(w, 6, 0);
	for (uint32_t i = 0; i < 5; i++)
		outage(w, i, seconds(w, 300, 400) + i * 90 * SECOND, 25 * MINUTE);
}
static void blips_one_really_down(struct world *w) { blips(w); outage(w, 12, seconds(w, 300, 420), 20 * MINUTE); w->targets = 13; w->networks[12] = 13; }
static void lossy(struct world *w) { begin(w, 12, 0); world_add(w, LOSS, 0, 4 * MINUTE, 24 * MINUTE, seconds(w, 5, 40) / SECOND); }
static void lossy_references(struct world *w) { lossy(w); w->references = 2; }
static void lossy_few(struct world *w) { lossy(w); w->targets = 3; }
static void lossy_one_really_down(struct world *w) { lossy(w); outage(w, 4, seconds(w, 300, 420), 26 * MINUTE); }
static void cut_references(struct world *w) { begin(w, 12, 2); cut(w, 120, 240); }
static void cut_no_references(struct world *w) { begin(w, 12, 0); cut(w, 120, 240); }
static void cut_slow_references(struct world *w) { begin(w, 12, 2); slow(w); cut(w, 120, 240); }
static void cut_slow_no_references(struct world *w) { begin(w, 12, 0); slow(w); cut(w, 120, 240); }
static void cut_short(struct world *w) { begin(w, 12, 0); cut(w, 10, 70); }
static void cut_short_references(struct world *w) { begin(w, 12, 2); cut(w, 10, 70); }
static void cut_long_references(struct world *w) { begin(w, 12, 2); cut(w, 700, 900); }
static void cut_long_no_references(struct world *w) { begin(w, 12, 0); cut(w, 700, 900); }
static void cut_few(struct world *w) { begin(w, 3, 0); cut(w, 60, 240); }
static void cut_few_slow(struct world *w) { begin(w, 4, 0); slow(w); cut(w, 60, 240); }
static void cut_few_references(struct world *w) { begin(w, 3, 2); cut(w, 60, 240); }
static void cut_two(struct world *w) { begin(w, 2, 0); cut(w, 60, 240); }
static void cut_alone(struct world *w) { begin(w, 1, 0); cut(w, 120, 240); }
static void cut_one_network(struct world *w)
{
	begin(w, 3, 0);
	for (uint32_t i = 0; i < 3; i++)
		w->networks[i] = 7;
	cut(w, 150, 240);
}
static void cut_five_minutes_between(struct world *w)
{
	begin(w, 8, 0);
	w->policy.interval = 5 * MINUTE;
	cut(w, 120, 280);
}
static void cut_five_minutes_between_references(struct world *w) { cut_five_minutes_between(w); w->references = 2; }
static void cut_ten_seconds_between(struct world *w)
{
	begin(w, 12, 0);
	w->policy.interval = 10 * SECOND;
	w->policy.retry_interval = 5 * SECOND;
	w->policy.stale_after = 50 * SECOND;
	cut(w, 60, 240);
}
static void cut_hasty(struct world *w) { begin(w, 12, 0); w->policy.tries = 1; cut(w, 60, 240); }
static void cut_hasty_references(struct world *w) { begin(w, 12, 2); w->policy.tries = 1; cut(w, 60, 240); }
static void cut_one_really_down(struct world *w)
{
	begin(w, 12, 2);
	cut(w, 120, 240);
	outage(w, 4, seconds(w, 200, 500), 25 * MINUTE);
}
static void cut_one_really_down_no_references(struct world *w) { cut_one_really_down(w); w->references = 0; }
static void cut_and_own_host(struct world *w)
{
	begin(w, 8, 0);
	w->own_host[0] = true;
	w->named[0] = true;
	cut(w, 120, 240);
}
static void cut_one_beside_own_host(struct world *w)
{
	begin(w, 2, 0);
	w->own_host[0] = true;
	cut(w, 120, 240);
}
static void cut_many(struct world *w) { begin(w, 60, 0); cut(w, 60, 240); }
static void cut_many_references(struct world *w) { begin(w, 60, 2); cut(w, 60, 240); }
static void cut_two_ports(struct world *w)
{
	begin(w, 8, 0);
	for (uint32_t i = 0; i < 4; i++)
		w->configured[i].port = 587;
	cut(w, 60, 240);
}
/* Two of them are at private addresses, and answer all the time. */
static void near(struct world *w)
{
	w->lan[0] = w->lan[1] = true;
	w->networks[0] = w->networks[1] = 100;
}
static void cut_beside_lan(struct world *w) { begin(w, 12, 0); near(w); cut(w, 120, 240); }
static void cut_beside_lan_references(struct world *w) { begin(w, 12, 2); near(w); cut(w, 120, 240); }
static void cut_few_beside_lan(struct world *w) { begin(w, 5, 0); near(w); cut(w, 60, 240); }
static void lan_down(struct world *w) { begin(w, 6, 0); near(w); outage(w, 1, seconds(w, 300, 420), 20 * MINUTE); }
static void lan_down_cut(struct world *w)
{
	begin(w, 6, 2);
	near(w);
	w->lan[2] = true;
	cut(w, 300, 500);
	outage(w, 1, seconds(w, 280, 420), 25 * MINUTE);
}
static void single_beside_lan(struct world *w) { begin(w, 6, 0); near(w); outage(w, 4, seconds(w, 300, 420), 20 * MINUTE); }
static void cut_with_names(struct world *w) { begin(w, 12, 0); name_all(w); cut(w, 120, 240); }
static void cut_restart(struct world *w)
{
	begin(w, 12, 0);
	cut(w, 150, 240);
	world_add(w, MONITOR_DIES, 0, seconds(w, 310, 640), 0, 0);
}
static void cut_restart_references(struct world *w) { cut_restart(w); w->references = 2; }
static void cut_long_killed(struct world *w) { cut_long_references(w); kill_often(w, 400, 1300); }
static void cut_long_killed_no_references(struct world *w) { cut_long_no_references(w); kill_often(w, 400, 1300); }
static void cut_prober_dies(struct world *w)
{
	begin(w, 12, 2);
	cut(w, 150, 240);
	for (uint32_t i = 0; i < 4; i++)
		world_add(w, PROBER_DIES, i, seconds(w, 290, 640), 0, 0);
}
static void flaps_references(struct world *w) { begin(w, 12, 2); flap(w, 5, 60); }
static void flaps(struct world *w) { begin(w, 12, 0); flap(w, 5, 60); }
static void flaps_slowly(struct world *w) { begin(w, 12, 0); flap(w, 40, 150); }
static void flaps_slowly_references(struct world *w) { begin(w, 12, 2); flap(w, 40, 150); }
static void flaps_fast(struct world *w) { begin(w, 12, 0); flap(w, 1, 10); }
static void flaps_slow_servers(struct world *w) { begin(w, 12, 0); slow(w); flap(w, 5, 60); }
static void flaps_few(struct world *w) { begin(w, 3, 0); flap(w, 5, 60); }
static void flaps_few_references(struct world *w) { begin(w, 3, 2); flap(w, 5, 60); }
static void flaps_restart(struct world *w)
{
	flaps(w);
	for (int i = 0; i < 3; i++)
		world_add(w, MONITOR_DIES, 0, seconds(w, 300, 1300), 0, 0);
}
static void flaps_one_really_down(struct world *w) { flaps_references(w); outage(w, 4, 7 * MINUTE, 28 * MINUTE); }
static void flaps_one_really_down_no_references(struct world *w) { flaps(w); outage(w, 4, 7 * MINUTE, 28 * MINUTE); }
static void link_cut(struct world *w)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, 12, 0);
	w->router = true;
	world_add(w, LINK_CUT, 0, at, at + seconds(w, 150, 400), 0);
}
static void link_cut_few(struct world *w) { link_cut(w); w->targets = 2; }
static void link_cut_alone(struct world *w) { link_cut(w); w->targets = 1; }
static void link_cut_references(struct world *w) { link_cut(w); w->references = 2; }
static void router_answers_while_cut(struct world *w) { begin(w, 3, 0); w->router = true; cut(w, 60, 240); }
static void router_falls_mute(struct world *w)
{
	begin(w, 4, 0);
	w->router = true;
	world_add(w, ROUTER_MUTE, 0, seconds(w, 200, 300), w->length, 0);
	outage(w, 3, seconds(w, 330, 420), 25 * MINUTE);
}
static void no_route(struct world *w)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, 6, 2);
	world_add(w, NO_ROUTE, 0, at, at + seconds(w, 150, 400), 0);
}
static void no_route_no_references(struct world *w) { no_route(w); w->references = 0; }
static void no_descriptors(struct world *w)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, 6, 2);
	world_add(w, NO_DESCRIPTORS, 0, at, at + seconds(w, 150, 400), 0);
}
static void resolver_dead(struct world *w)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, 6, 2);
	name_all(w);
	world_add(w, RESOLVER_DEAD, 0, at, at + seconds(w, 240, 600), 0);
}
static void resolver_dead_half(struct world *w)
{
	resolver_dead(w);
	for (uint32_t i = 0; i < 3; i++)
		w->named[i] = false;
}
static void resolver_dead_one_really_down(struct world *w) { resolver_dead_half(w); outage(w, 1, seconds(w, 300, 500), 25 * MINUTE); }
static void resolver_hiccups(struct world *w)
{
	begin(w, 6, 2);
	name_all(w);
	for (int i = 0; i < 8; i++) {
		int64_t at = seconds(w, 120, 1500);
		world_add(w, RESOLVER_DEAD, 0, at, at + seconds(w, 5, 50), 0);
	}
}
static void own_host_and_resolver(struct world *w)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, 2, 0);
	name_all(w);
	w->own_host[0] = w->own_host[1] = true;
	world_add(w, RESOLVER_DEAD, 0, at, at + 50 * SECOND, 0);
}
static void shut(struct world *w, enum trouble_kind how, uint32_t targets, int64_t span)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, targets, 2);
	world_add(w, how, 0, at, at + span, 25);
}
static void resolver_dead_killed(struct world *w) { resolver_dead(w); kill_often(w, 360, 1300); }
static void port_drops_killed(struct world *w) { shut(w, PORT_DROPS, 12, 15 * MINUTE); kill_often(w, 360, 1500); }
static void port_drops_beside_lan(struct world *w) { shut(w, PORT_DROPS, 12, 15 * MINUTE); near(w); }
static void port_drops(struct world *w) { shut(w, PORT_DROPS, 12, 15 * MINUTE); }
static void port_drops_a_while(struct world *w) { shut(w, PORT_DROPS, 12, 4 * MINUTE); }
static void port_refuses(struct world *w) { shut(w, PORT_REFUSES, 12, 15 * MINUTE); }
static void port_filtered(struct world *w) { shut(w, PORT_FILTERED, 12, 15 * MINUTE); }
static void port_forbidden(struct world *w) { shut(w, PORT_FORBIDDEN, 6, 15 * MINUTE); }
static void port_drops_few(struct world *w) { shut(w, PORT_DROPS, 3, 15 * MINUTE); }
static void port_drops_others_pass(struct world *w)
{
	shut(w, PORT_DROPS, 12, 15 * MINUTE);
	for (uint32_t i = 0; i < 4; i++)
		w->configured[i].port = 587;
}
static void port_drops_no_references(struct world *w) { port_drops_others_pass(w); w->references = 0; }
static void port_drops_from_the_start(struct world *w)
{
	begin(w, 12, 2);
	world_add(w, PORT_DROPS, 0, -MINUTE, w->length, 25);
}
static void port_refuses_from_the_start(struct world *w)
{
	begin(w, 12, 2);
	world_add(w, PORT_REFUSES, 0, -MINUTE, w->length, 25);
}
static void port_drops_few_from_the_start(struct world *w)
{
	begin(w, 3, 2);
	world_add(w, PORT_DROPS, 0, -MINUTE, w->length, 25);
}
static void port_greets(struct world *w) { shut(w, PORT_GREETS, 12, 15 * MINUTE); }
static void port_greets_a_while(struct world *w) { shut(w, PORT_GREETS, 12, 4 * MINUTE); }
static void all_turn_us_away(struct world *w)
{
	begin(w, 12, 2);
	for (uint32_t i = 0; i < 12; i++)
		world_add(w, TURNS_AWAY, i, 5 * MINUTE, 20 * MINUTE, 0);
}
static void port_drops_one_really_down(struct world *w)
{
	shut(w, PORT_DROPS, 12, 12 * MINUTE);
	world_add(w, DROPS, 4, 9 * MINUTE, 28 * MINUTE, 0);
}
static void port_refuses_few_from_the_start(struct world *w)
{
	begin(w, 3, 2);
	world_add(w, PORT_REFUSES, 0, -MINUTE, w->length, 25);
}
static void port_drops_hasty(struct world *w) { port_drops_from_the_start(w); w->policy.tries = 1; }
static void port_refuses_hasty(struct world *w) { port_refuses_from_the_start(w); w->policy.tries = 1; }
static void references_dead(struct world *w) { begin(w, 8, 2); world_add(w, REFERENCES_DEAD, 0, 4 * MINUTE, w->length, 0); }
static void references_dead_one_really_down(struct world *w)
{
	references_dead(w);
	outage(w, 4, seconds(w, 300, 500), 25 * MINUTE);
}
static void references_dead_cut(struct world *w) { references_dead(w); cut(w, 120, 240); }
static void references_come_and_go(struct world *w)
{
	begin(w, 8, 2);
	for (int64_t at = 4 * MINUTE; at < 24 * MINUTE; at += seconds(w, 60, 200))
		world_add(w, REFERENCES_DEAD, 0, at, at + seconds(w, 20, 60), 0);
	outage(w, 4, seconds(w, 300, 500), 25 * MINUTE);
}
static void provider(struct world *w, enum trouble_kind how)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, 60, 2);
	for (uint32_t i = 0; i < 30; i++) {
		w->networks[i] = 1 + i % 2;
		world_add(w, how, i, at + seconds(w, 0, 3), at + 15 * MINUTE, 0);
	}
}
static void provider_drops(struct world *w) { provider(w, DROPS); }
static void provider_refuses(struct world *w) { provider(w, REFUSES); }
static void provider_drops_no_references(struct world *w) { provider(w, DROPS); w->references = 0; }
static void all_down(struct world *w)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, 8, 0);
	for (uint32_t i = 0; i < 8; i++)
		world_add(w, DROPS, i, at, at + 20 * MINUTE, 0);
}
static void all_down_in_one_network(struct world *w)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, 3, 0);
	for (uint32_t i = 0; i < 3; i++) {
		w->networks[i] = 7;
		world_add(w, DROPS, i, at, at + 20 * MINUTE, 0);
	}
}
static void all_down_of_few(struct world *w)
{
	int64_t at = seconds(w, 300, 420);

	begin(w, 3, 2);
	for (uint32_t i = 0; i < 3; i++)
		world_add(w, DROPS, i, at, at + 20 * MINUTE, 0);
}
static void dead_for_long_and_cut(struct world *w)
{
	begin(w, 8, 0);
	for (uint32_t i = 0; i < 5; i++)
		outage(w, i, -MINUTE, w->length);
	int64_t at = seconds(w, 900, 1000);
	world_add(w, CUT, 0, at, at + seconds(w, 120, 240), 0);
}
/* One of several servers behind an address is dead, from the first look on or later. */
static void by_chance(struct world *w, enum trouble_kind kind, int64_t percent, int64_t from)
{
	begin(w, 6, 2);
	w->length = 25 * MINUTE;
	world_add(w, kind, 2, from, w->length, percent);
}
static void random_third(struct world *w) { by_chance(w, CHANCE, 33, -MINUTE); }
static void random_third_silent(struct world *w) { by_chance(w, CHANCE_SILENT, 33, -MINUTE); }
static void random_third_later(struct world *w) { by_chance(w, CHANCE, 33, seconds(w, 200, 700)); }
static void random_fifth(struct world *w) { by_chance(w, CHANCE, 20, -MINUTE); }
static void random_third_then_down(struct world *w)
{
	by_chance(w, CHANCE, 33, -MINUTE);
	w->length = 40 * MINUTE;
	w->troubles = 0;
	int64_t at = seconds(w, 300, 900);
	world_add(w, CHANCE, 2, -MINUTE, at, 33);
	outage(w, 2, at, w->length);
}
static void outage_restart(struct world *w)
{
	begin(w, 8, 0);
	outage(w, 3, seconds(w, 300, 420), 20 * MINUTE);
	for (int i = 0; i < 4; i++)
		world_add(w, MONITOR_DIES, 0, seconds(w, 280, 1300), 0, 0);
	for (uint32_t i = 0; i < 4; i++)
		world_add(w, PROBER_DIES, i, seconds(w, 280, 1300), 0, 0);
}
static void outages_of_many_kinds(struct world *w)
{
	begin(w, 20, 2);
	for (uint32_t i = 0; i < 10; i++) {
		int64_t at = seconds(w, 200, 900);
		outage(w, i, at, at + seconds(w, 400, 700));
	}
}

#define TOLD_IN { .late = 240 }
static const struct kind kinds[] = {
	{ "calm", calm, TOLD_IN },
	{ "blips", blips, TOLD_IN },
	{ "slow_servers", slow_servers, TOLD_IN },
	{ "single", single, TOLD_IN },
	{ "single_with_references", single_with_references, TOLD_IN },
	{ "single_among_slow", single_among_slow, { .late = 300 } },
	{ "single_of_two", single_of_two, TOLD_IN },
	{ "single_alone", single_alone, TOLD_IN },
	{ "single_on_its_port", single_on_its_port, TOLD_IN },
	{ "one_after_another", one_after_another, TOLD_IN },
	{ "outages_of_many_kinds", outages_of_many_kinds, TOLD_IN },
	{ "random_third", random_third, TOLD_IN },
	{ "random_third_silent", random_third_silent, TOLD_IN },
	{ "random_third_later", random_third_later, TOLD_IN },
	{ "random_fifth", random_fifth, TOLD_IN },
	{ "random_third_then_down", random_third_then_down, { .late = 800 } },
	{ "outage_restart", outage_restart, { .late = 300 } },
	{ "blips_one_really_down", blips_one_really_down, { .late = 400 } },
	{ "lossy", lossy, TOLD_IN },
	{ "lossy_references", lossy_references, { .late = 240, .blind_max = 1 } },
	{ "lossy_few", lossy_few, TOLD_IN },
	{ "lossy_one_really_down", lossy_one_really_down, { .late = 300 } },
	{ "cut_one_beside_own_host", cut_one_beside_own_host, { .alone = true } },
	{ "cut_many", cut_many, { .late = 0 } },
	{ "cut_many_references", cut_many_references, { .blind_max = 1 } },
	{ "cut_two_ports", cut_two_ports, { .late = 0 } },
	{ "cut_references", cut_references, { .blind_min = 1, .blind_max = 1 } },
	{ "cut_no_references", cut_no_references, { .blind_max = 0 } },
	{ "cut_slow_references", cut_slow_references, { .blind_max = 1 } },
	{ "cut_slow_no_references", cut_slow_no_references, { .late = 0 } },
	{ "cut_short", cut_short, { .late = 0 } },
	{ "cut_short_references", cut_short_references, { .blind_max = 1 } },
	{ "cut_long_references", cut_long_references, { .blind_min = 1, .blind_max = 1 } },
	{ "cut_long_no_references", cut_long_no_references, { .digest_min = 1, .digest_max = 2 } },
	{ "cut_few", cut_few, { .late = 0 } },
	{ "cut_few_slow", cut_few_slow, { .late = 0 } },
	{ "cut_few_references", cut_few_references, { .blind_max = 1 } },
	{ "cut_two", cut_two, { .late = 0 } },
	{ "cut_alone", cut_alone, { .alone = true } },
	{ "cut_one_network", cut_one_network, { .alone = true } },
	{ "cut_five_minutes_between", cut_five_minutes_between, { .late = 0 } },
	{ "cut_five_minutes_between_references", cut_five_minutes_between_references, { .blind_max = 1 } },
	{ "cut_ten_seconds_between", cut_ten_seconds_between, { .late = 0 } },
	{ "cut_hasty", cut_hasty, { .late = 0 } },
	{ "cut_hasty_references", cut_hasty_references, { .blind_max = 1 } },
	{ "cut_one_really_down", cut_one_really_down, { .late = 240, .blind_max = 1 } },
	{ "cut_one_really_down_no_references", cut_one_really_down_no_references, { .late = 240 } },
	{ "cut_and_own_host", cut_and_own_host, { .blind_max = 1 } },
	{ "cut_beside_lan", cut_beside_lan, { .late = 0 } },
	{ "cut_beside_lan_references", cut_beside_lan_references, { .blind_min = 1, .blind_max = 1 } },
	{ "cut_few_beside_lan", cut_few_beside_lan, { .late = 0 } },
	{ "port_drops_beside_lan", port_drops_beside_lan, { .digest_min = 1, .digest_max = 2 } },
	{ "lan_down", lan_down, TOLD_IN },
	{ "lan_down_cut", lan_down_cut, { .late = 300, .blind_max = 1 } },
	{ "single_beside_lan", single_beside_lan, TOLD_IN },
	{ "cut_with_names", cut_with_names, { .blind_max = 1 } },
	{ "cut_restart", cut_restart, { .late = 0 } },
	{ "cut_restart_references", cut_restart_references, { .blind_max = 1 } },
	{ "cut_long_killed", cut_long_killed, { .blind_min = 1, .blind_max = 1 } },
	{ "cut_long_killed_no_references", cut_long_killed_no_references, { .digest_min = 1, .digest_max = 2 } },
	{ "resolver_dead_killed", resolver_dead_killed, { .blind_min = 1, .blind_max = 1 } },
	{ "port_drops_killed", port_drops_killed, { .digest_min = 1, .digest_max = 2 } },
	{ "cut_prober_dies", cut_prober_dies, { .blind_max = 1 } },
	{ "flaps_references", flaps_references, { .blind_max = 4 } },
	{ "flaps", flaps, { .late = 0 } },
	{ "flaps_slowly", flaps_slowly, { .late = 0 } },
	{ "flaps_slowly_references", flaps_slowly_references, { .blind_max = 9 } },
	{ "flaps_fast", flaps_fast, { .late = 0 } },
	{ "flaps_slow_servers", flaps_slow_servers, { .late = 0 } },
	{ "flaps_few", flaps_few, { .late = 0 } },
	{ "flaps_few_references", flaps_few_references, { .blind_max = 4 } },
	{ "flaps_restart", flaps_restart, { .late = 0 } },
	{ "flaps_one_really_down", flaps_one_really_down, { .late = 300, .blind_max = 4 } },
	{ "flaps_one_really_down_no_references", flaps_one_really_down_no_references, { .late = 300 } },
	{ "link_cut", link_cut, { .blind_min = 1, .blind_max = 1 } },
	{ "link_cut_few", link_cut_few, { .blind_min = 1, .blind_max = 1 } },
	{ "link_cut_alone", link_cut_alone, { .blind_min = 1, .blind_max = 1 } },
	{ "link_cut_references", link_cut_references, { .blind_min = 1, .blind_max = 1 } },
	{ "router_answers_while_cut", router_answers_while_cut, { .late = 0 } },
	{ "router_falls_mute", router_falls_mute, { .late = 300, .blind_max = 1 } },
	{ "no_route", no_route, { .blind_min = 1, .blind_max = 1 } },
	{ "no_route_no_references", no_route_no_references, { .blind_min = 1, .blind_max = 1 } },
	{ "no_descriptors", no_descriptors, { .blind_min = 1, .blind_max = 1 } },
	{ "resolver_dead", resolver_dead, { .blind_min = 1, .blind_max = 1 } },
	{ "resolver_dead_half", resolver_dead_half, { .blind_min = 1, .blind_max = 1 } },
	{ "resolver_dead_one_really_down", resolver_dead_one_really_down, { .late = 240, .blind_min = 1, .blind_max = 1 } },
	{ "resolver_hiccups", resolver_hiccups, { .blind_max = 2 } },
	{ "own_host_and_resolver", own_host_and_resolver, { .blind_max = 0 } },
	{ "port_drops", port_drops, { .digest_min = 1, .digest_max = 2 } },
	{ "port_drops_a_while", port_drops_a_while, { .late = 0 } },
	{ "port_refuses", port_refuses, { .digest_min = 1, .digest_max = 2 } },
	{ "port_filtered", port_filtered, { .digest_min = 1, .digest_max = 2 } },
	{ "port_forbidden", port_forbidden, { .blind_min = 1, .blind_max = 1 } },
	{ "port_drops_few", port_drops_few, { .digest_min = 1, .digest_max = 2 } },
	{ "port_drops_others_pass", port_drops_others_pass, { .digest_min = 1, .digest_max = 2 } },
	{ "port_drops_no_references", port_drops_no_references, { .digest_min = 1, .digest_max = 2 } },
	{ "port_drops_from_the_start", port_drops_from_the_start, { .digest_min = 1, .digest_max = 2 } },
	{ "port_refuses_from_the_start", port_refuses_from_the_start, { .digest_min = 1, .digest_max = 2 } },
	{ "port_drops_few_from_the_start", port_drops_few_from_the_start, { .digest_min = 1, .digest_max = 2 } },
	{ "port_greets", port_greets, { .digest_min = 1, .digest_max = 1, .blocked_max = 0 } },
	{ "port_greets_a_while", port_greets_a_while, { .blocked_max = 0 } },
	{ "all_turn_us_away", all_turn_us_away, { .blocked_min = 12, .blocked_max = 12 } },
	{ "port_drops_one_really_down", port_drops_one_really_down, { .late = 300, .digest_min = 1, .digest_max = 2 } },
	{ "port_refuses_few_from_the_start", port_refuses_few_from_the_start, { .digest_min = 1, .digest_max = 2 } },
	{ "port_drops_hasty", port_drops_hasty, { .digest_min = 1, .digest_max = 2 } },
	{ "port_refuses_hasty", port_refuses_hasty, { .digest_min = 1, .digest_max = 2 } },
	{ "references_dead", references_dead, { .blind_max = 1 } },
	{ "references_dead_one_really_down", references_dead_one_really_down, { .late = 300, .blind_max = 1 } },
	{ "references_dead_cut", references_dead_cut, { .blind_max = 1 } },
	{ "references_come_and_go", references_come_and_go, { .late = 360, .blind_max = 1 } },
	{ "provider_drops", provider_drops, TOLD_IN },
	{ "provider_refuses", provider_refuses, TOLD_IN },
	{ "provider_drops_no_references", provider_drops_no_references, TOLD_IN },
	{ "all_down", all_down, { .late = 600, .digest_min = 1, .digest_max = 2 } },
	{ "all_down_in_one_network", all_down_in_one_network, { .late = 300 } },
	{ "all_down_of_few", all_down_of_few, { .late = 600, .digest_min = 1, .digest_max = 2 } },
	{ "dead_for_long_and_cut", dead_for_long_and_cut, { .late = 600, .digest_max = 2 } },
};

#endif
