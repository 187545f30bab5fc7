/* The bytes of the records that monitors have written into stores: those of every version are read, and written again as those
 * of the present one. */
#include "monitor_scene.h"

#include "base/hash.h"
#include "monitor/own_record.h"
#include "monitor/record.h"
#include "monitor/silence.h"

#define NOW (1000 * MINUTE)
#define UTC (INT64_C(1790000000) * SECOND) /* of NOW */

enum { OLDEST = 2, NEWEST = 8, STATE_NEWEST = 2 };

static struct scene *
create(uint32_t targets)
{
	struct scene *scene = scene_create(targets);

	scene->monitor = monitor_create(&scene->duty, NOW, 1);
	assert_non_null(scene->monitor);
	scene->monitor->watch.clocks.wall_offset = UTC - NOW;
	return scene;
}

/* What the records are made of: `old` stands for what an earlier version did not know. */
static int64_t
ago(int64_t seconds)
{
	return UTC - seconds * SECOND;
}

static void
put_trouble(struct wire_out *out, bool old)
{
	for (int64_t i = 1; i <= 5; i++) /* began, recovered, changed, tempfail, unknown */
		wire_put_i64(out, i == 2 ? 0 : ago(100 * i));
	wire_put_u32(out, 17);
	wire_put_name(out, "refused");
	wire_put_name(out, "connect_timeout");
	wire_put_u8(out, 2);
	wire_put_u8(out, 5);
	wire_put_u8(out, 1 | 4 | 8); /* held, ours, together */
	if (old)
		return;
	wire_put_u8(out, 4);
	wire_put_u8(out, 3);
	wire_put_i64(out, ago(600));
	for (uint64_t i = 0; i < 3; i++)
		wire_put_u64(out, 1000 + i);
}

static void
put_flapping(struct wire_out *out)
{
	wire_put_u8(out, 2);
	wire_put_u32(out, 4);
	wire_put_i64(out, ago(3000));
	wire_put_i64(out, ago(100));
	for (int64_t i = 0; i < 3; i++) {
		wire_put_i64(out, ago(3000 - 900 * i));
		wire_put_i64(out, ago(3060 - 900 * i));
		wire_put_i64(out, i == 2 ? 0 : ago(2700 - 900 * i));
	}
}

static void
put_failure_rate(struct wire_out *out, bool old)
{
	wire_put_i64(out, ago(500));
	wire_put_u8(out, 3);
	for (uint16_t i = 0; i < 6; i++) {
		wire_put_u16(out, (uint16_t)(10 + i));
		wire_put_u16(out, i);
	}
	for (uint64_t i = 0; i < 3 && !old; i++)
		wire_put_u64(out, 2000 + i);
}

/* A target that is down and flaps, with two conditions. `upgraded`: what is written of one of an old version. */
static void
put_state(struct wire_out *out, uint8_t version, bool upgraded)
{
	bool old = version < 2;

	wire_put_u8(out, upgraded ? STATE_NEWEST : version);
	wire_put_name(out, "down");
	wire_put_name(out, "failed");
	wire_put_name(out, "refused");
	wire_put_i64(out, ago(90));
	wire_put_i64(out, ago(10));
	wire_put_u64(out, 0x1234567890);
	wire_put_u32(out, 21);
	wire_put_u32(out, SILENCE_parent);
	wire_put_u16(out, 5);
	wire_put_u16(out, 0);
	wire_put_u8(out, 1 | 2 | 8);
	wire_put_u8(out, 1);
	wire_put_u8(out, 2);
	if (!old || upgraded) {
		wire_put_u8(out, old ? 0 : 3);
		wire_put_i64(out, old ? 0 : ago(7000));
	}
	wire_put_u8(out, 1 | 2 | 4);
	put_trouble(out, old);
	if (old && upgraded)
		for (int i = 0; i < 2 + 8 + 24; i++)
			wire_put_u8(out, 0);
	put_flapping(out);
	put_failure_rate(out, old);
	for (int i = 0; i < 3 && old && upgraded; i++)
		wire_put_u64(out, 0);
	wire_put_u8(out, 2);
	wire_put_name(out, "early_data");
	wire_put_u8(out, 3);
	wire_put_name(out, "banner");
	wire_put_u8(out, 1);
	wire_put_u8(out, 0);
	wire_put_i64(out, ago(5000));
	wire_put_name(out, "blocklisted");
	wire_put_u8(out, 4);
	wire_put_name(out, "");
	wire_put_u8(out, 1);
	wire_put_u8(out, 1);
	wire_put_i64(out, ago(4000));
}

static uint64_t
hash_of_service(const struct target *target)
{
	uint64_t hash = hash_add_string(HASH_BEGIN, target->policy->probe->descriptor->name);

	hash = hash_add_string(hash, target->host);
	return hash_add(hash, &target->port, sizeof target->port);
}

static uint32_t
hash_of_probe(const struct target *target)
{
	const struct policy *policy = target->policy;
	uint64_t hash = hash_of_service(target);

	hash = hash_add(hash, &policy->leg.routine, sizeof policy->leg.routine);
	hash = hash_add(hash, &policy->leg.patient, sizeof policy->leg.patient);
	for (uint32_t i = 0; i < policy->phase_count; i++) {
		hash = hash_add_string(hash, policy->phases[i].name);
		hash = hash_add(hash, &policy->phases[i].routine, sizeof policy->phases[i].routine);
		hash = hash_add(hash, &policy->phases[i].patient, sizeof policy->phases[i].patient);
	}
	return hash_end(hash);
}

static void
put_facts(struct wire_out *out)
{
	wire_put_u8(out, 2);
	for (uint32_t i = 0; i < 4; i++) /* two of what, value */
		wire_put_u32(out, 100 + i);
}

/* The whole record of a target. `upgraded`: what is written of one of an old version. */
static void
put_record(struct wire_out *out, const struct target *target, uint8_t version, uint8_t inner, bool upgraded)
{
	uint8_t to = upgraded ? NEWEST : version;

	wire_put_u8(out, to);
	put_state(out, inner, upgraded);
	wire_put_u8(out, 3);
	for (uint64_t i = 1; i <= 3; i++)
		wire_put_u64(out, i);
	wire_put_bytes(out, (struct pw_bytes){ "connection refused", 18 });
	wire_put_u32(out, hash_of_probe(target));
	if (to < 3)
		return;
	wire_put_u32(out, hash_end(hash_add_string(HASH_BEGIN, target->host)));
	wire_put_i64(out, version < 3 ? 0 : ago(50));
	wire_put_i64(out, version < 3 ? 0 : ago(40));
	wire_put_u8(out, version < 3 ? 0 : 2);
	if (version >= 3) {
		wire_put_bytes(out, (struct pw_bytes){ "\xc0\0\2\1", 4 });
		wire_put_bytes(out, (struct pw_bytes){ "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16 });
	}
	wire_put_u32(out, hash_end(hash_of_service(target)));
	if (version < 3)
		wire_put_u8(out, 0);
	else
		put_facts(out);
	if (to < 4)
		return;
	wire_put_u8(out, version < 4 ? 0 : 1);
	if (version >= 4) { /* a fact that varies, of two values */
		wire_put_u32(out, 100);
		wire_put_u8(out, 2);
		wire_put_u32(out, 101);
		wire_put_u32(out, 7);
	}
	if (to < 5)
		return;
	wire_put_i64(out, version < 5 ? 0 : ago(86400 * 30));
	wire_put_i64(out, version < 5 ? 0 : UTC + 86400 * 60 * (int64_t)SECOND);
	wire_put_u8(out, version < 5 ? 0 : 33);
	wire_put_u8(out, version >= 5);
	if (to < 6)
		return;
	wire_put_u8(out, version < 6 ? 0 : 1 | 2 | 4 | 8); /* local, offered, repeating, private */
	wire_put_u64(out, version < 6 ? 0 : 0xabcdef);
	wire_put_u8(out, version < 6 ? 0 : 1);
	if (to >= 7)
		wire_put_u8(out, version < 7 ? 0 : 2);
	wire_put_i64(out, version < 6 ? 0 : ago(120));
	wire_put_i64(out, version < 6 ? 0 : ago(60));
	wire_put_u8(out, version < 6 ? 0 : 9);
	if (to < 8)
		return;
	wire_put_u8(out, version < 3 ? 0 : 2);
	for (int i = 0; i < 2 && version >= 3; i++)
		wire_put_bytes(out, version < 8 || i == 1 ? (struct pw_bytes){ "", 0 } : (struct pw_bytes){ "Exim", 4 });
}

static void
a_record_of_any_version_is_read(void **unused)
{
	static unsigned char given[8192], wanted[8192], written[8192];

	(void)unused;
	for (uint8_t version = OLDEST; version <= NEWEST; version++)
		for (uint8_t inner = 1; inner <= STATE_NEWEST; inner++) {
			struct scene *scene = create(1);
			struct watch *watch = &scene->monitor->watch;
			struct wire_out in_store = wire_over(given, sizeof given), as_now = wire_over(wanted, sizeof wanted),
			    out = wire_over(written, sizeof written);
			put_record(&in_store, &scene->targets[0], version, inner, false);
			put_record(&as_now, &scene->targets[0], version, inner, true);
			struct wire_in in = wire_from(given, in_store.size);
			assert_true(record_decode(watch, 0, &in));
			record_encode(watch, 0, &out);
			assert_int_equal(out.size, as_now.size);
			assert_memory_equal(written, wanted, out.size);
			scene_destroy(&scene);
		}
}

static bool
knows_nothing(const struct watched *watched)
{
	return watched->state.state == STATE_PENDING && watched->state.trouble == NULL && watched->state.conditions == NULL
	    && watched->attempts == NULL && watched->facts == NULL && watched->name == NULL && watched->renewal.end == 0
	    && watched->network == 0 && watched->blurred == 0 && !watched->in_private
	    && !watched->patient && !watched->local && !watched->by_hand && !watched->marked && !watched->in_digest
	    && !watched->silenced;
}

/* Cut short, with a byte too many, of another version: refused whole, whatever was read of it by then. */
static void
a_record_that_is_none_leaves_nothing_behind(void **unused)
{
	static unsigned char given[8192];

	(void)unused;
	struct scene *scene = create(1);
	struct watch *watch = &scene->monitor->watch;
	for (uint8_t version = OLDEST - 1; version <= NEWEST + 1; version++) {
		struct wire_out out = wire_over(given, sizeof given);
		put_record(&out, &scene->targets[0], version, STATE_NEWEST, false);
		given[out.size] = 0;
		for (size_t size = 0; size <= out.size + 1; size++) {
			struct wire_in in = wire_from(given, size);
			bool good = size == out.size && version >= OLDEST && version <= NEWEST;
			assert_int_equal(record_decode(watch, 0, &in), good);
			assert_int_equal(knows_nothing(&watch->targets[0]), !good);
		}
	}
	scene_destroy(&scene);
}

/* A keeper that is lost before it has said all is followed by one that says it once more. */
static void
what_is_said_again_is_known_once(void **unused)
{
	static unsigned char given[8192], written[8192];

	(void)unused;
	struct scene *scene = create(1);
	struct watch *watch = &scene->monitor->watch;
	struct wire_out record = wire_over(given, sizeof given), out = wire_over(written, sizeof written);
	put_record(&record, &scene->targets[0], NEWEST, STATE_NEWEST, false);
	for (int i = 0; i < 3; i++) {
		scene_link_keeper(scene);
		scene_say_state(scene, 0, given, record.size);
	}
	record_encode(watch, 0, &out);
	assert_int_equal(out.size, record.size);
	assert_memory_equal(written, given, out.size);
	scene_link_keeper(scene);
	assert_true(knows_nothing(&watch->targets[0]));
	scene_destroy(&scene);
}

static void
put_spells(struct wire_out *out)
{
	wire_put_u8(out, 2);
	wire_put_i64(out, ago(900));
	wire_put_i64(out, ago(800));
	wire_put_i64(out, ago(200));
	wire_put_i64(out, INT64_MAX); /* it lasts */
}

static void
put_hold(struct wire_out *out)
{
	wire_put_u8(out, 2);
	wire_put_i64(out, ago(200));
	wire_put_i64(out, ago(150));
	wire_put_u64(out, 0x77);
	put_spells(out);
	wire_put_u8(out, 1);
	wire_put_u32(out, 0x15555555);
	wire_put_u32(out, 1);
	wire_put_u64(out, 5);
	wire_put_u64(out, 0x77);
	wire_put_i64(out, ago(170));
	wire_put_i64(out, MINUTE);
}

static void
put_own(struct wire_out *out, uint8_t version)
{
	wire_put_u8(out, version);
	wire_put_i64(out, UTC);
	wire_put_u32(out, 6);
	wire_put_u32(out, 1);
	wire_put_i64(out, ago(1000));
	wire_put_i64(out, ago(990));
	wire_put_u16(out, 25);
	wire_put_bytes(out, (struct pw_bytes){ "/etc/hosts: too large", 21 });
	wire_put_i64(out, ago(700));
	wire_put_i64(out, ago(3000));
	wire_put_u8(out, 3); /* blind, and told */
	wire_put_name(out, "route");
	wire_put_i64(out, ago(400));
	wire_put_u8(out, 2);
	wire_put_name(out, "near");
	wire_put_i64(out, ago(300));
	wire_put_i64(out, ago(30));
	wire_put_u16(out, 0);
	wire_put_name(out, "route");
	wire_put_i64(out, ago(400));
	wire_put_i64(out, ago(20));
	wire_put_u16(out, 587);
	wire_put_i64(out, ago(250));
	wire_put_i64(out, ago(240));
	wire_put_i64(out, ago(230));
	wire_put_u8(out, 1);
	wire_put_i64(out, ago(220));
	wire_put_i64(out, ago(210));
	wire_put_u8(out, 1 | 2);
	put_spells(out);
	put_hold(out);
	wire_put_u8(out, 1);
	wire_put_u16(out, 25);
	wire_put_i64(out, ago(160));
	wire_put_u8(out, 1);
	wire_put_u64(out, 0x99);
	wire_put_i64(out, ago(140));
	put_hold(out);
	wire_put_u8(out, 2); /* silences */
	for (uint32_t i = 0; i < 2; i++) {
		wire_put_u32(out, i * 0x15555555);
		wire_put_u32(out, i);
		wire_put_u64(out, i + 1);
		wire_put_i64(out, ago(60));
		wire_put_i64(out, ago(40));
		wire_put_u8(out, i == 0 ? 0 : 3);
	}
}

static void
the_record_of_our_own_side_is_read(void **unused)
{
	static unsigned char given[8192], written[8192];
	struct scene *scene = create(2);
	struct monitor *monitor = scene->monitor;
	struct wire_out in_store = wire_over(given, sizeof given), out = wire_over(written, sizeof written);

	(void)unused;
	put_own(&in_store, 1);
	struct wire_in in = wire_from(given, in_store.size);
	assert_true(own_record_decode(&monitor->own, &monitor->watch, &in));
	own_record_encode(&monitor->own, &monitor->watch, &out);
	assert_int_equal(out.size, in_store.size);
	assert_memory_equal(written, given, out.size);
	in_store = wire_over(given, sizeof given);
	put_own(&in_store, 2);
	in = wire_from(given, in_store.size);
	assert_false(own_record_decode(&monitor->own, &monitor->watch, &in));
	assert_true(monitor->own.hold.stage == HOLD_FREE && monitor->own.unheard.count == 0);
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_of_any_version_is_read),
		cmocka_unit_test(a_record_that_is_none_leaves_nothing_behind),
		cmocka_unit_test(what_is_said_again_is_known_once),
		cmocka_unit_test(the_record_of_our_own_side_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
