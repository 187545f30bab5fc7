/* Wire: what is put comes out again; what is short, long or strange is remembered as bad and harms nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/wire.h"

static size_t
write_all(struct wire_out *out)
{
	wire_put_u8(out, 200);
	wire_put_u16(out, 60000);
	wire_put_u32(out, 4000000000u);
	wire_put_u64(out, UINT64_MAX - 1);
	wire_put_i64(out, -5);
	wire_put_bytes(out, (struct pw_bytes){ "a\0b", 3 });
	wire_put_bytes(out, (struct pw_bytes){ NULL, 0 });
	wire_put_name(out, "banner_timeout");
	wire_put_name(out, "");
	return out->size;
}

static void
gives_back(void **state)
{
	unsigned char bytes[128];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	size_t size = write_all(&out);
	struct wire_in in = wire_from(bytes, size);
	char name[15];

	(void)state;
	assert_false(out.bad);
	assert_int_equal(wire_get_u8(&in), 200);
	assert_int_equal(wire_get_u16(&in), 60000);
	assert_int_equal(wire_get_u32(&in), 4000000000u);
	assert_true(wire_get_u64(&in) == UINT64_MAX - 1);
	assert_true(wire_get_i64(&in) == -5);
	struct pw_bytes view = wire_get_bytes(&in);
	assert_int_equal(view.size, 3);
	assert_memory_equal(view.data, "a\0b", 3);
	assert_int_equal(wire_get_bytes(&in).size, 0);
	wire_get_name(&in, name, sizeof name);
	assert_string_equal(name, "banner_timeout");
	assert_false(wire_is_whole(&in));
	wire_get_name(&in, name, sizeof name);
	assert_string_equal(name, "");
	assert_true(wire_is_whole(&in));
	wire_get_u8(&in);
	assert_false(wire_is_whole(&in));
}

static void
survives_every_short_room(void **state)
{
	unsigned char bytes[129], whole[128];
	struct wire_out out = wire_over(whole, sizeof whole);
	size_t size = write_all(&out);

	(void)state;
	for (size_t room = 0; room < size; room++) {
		memset(bytes, 0xee, sizeof bytes);
		out = wire_over(bytes, room);
		write_all(&out);
		assert_true(out.bad);
		assert_true(out.size <= room);
		assert_int_equal(bytes[room], 0xee);
	}
}

static void
survives_every_short_message(void **state)
{
	unsigned char whole[128];
	struct wire_out out = wire_over(whole, sizeof whole);
	size_t size = write_all(&out);

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		struct wire_in in = wire_from(whole, cut);
		char name[32];

		wire_get_u8(&in), wire_get_u16(&in), wire_get_u32(&in), wire_get_u64(&in), wire_get_i64(&in);
		wire_get_bytes(&in), wire_get_bytes(&in);
		wire_get_name(&in, name, sizeof name);
		wire_get_name(&in, name, sizeof name);
		assert_false(wire_is_whole(&in));
		assert_true(in.bad);
		assert_true(in.at <= cut);
	}
}

static void
refuses_what_is_too_long(void **state)
{
	static unsigned char bytes[80000];
	static char name[257];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	(void)state;
	wire_put_bytes(&out, (struct pw_bytes){ (char *)bytes, 65536 });
	assert_true(out.bad);
	out = wire_over(bytes, sizeof bytes);
	memset(name, 'n', 256);
	wire_put_name(&out, name);
	assert_true(out.bad);
}

static void
refuses_strange_values(void **state)
{
	unsigned char bytes[64];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	char name[8];

	(void)state;
	wire_put_name(&out, "a\nb");
	struct wire_in in = wire_from(bytes, out.size);
	wire_get_name(&in, name, sizeof name);
	assert_true(in.bad);
	assert_string_equal(name, "");

	out = wire_over(bytes, sizeof bytes);
	wire_put_name(&out, "12345678");
	in = wire_from(bytes, out.size);
	wire_get_name(&in, name, sizeof name);
	assert_true(in.bad);

	out = wire_over(bytes, sizeof bytes);
	wire_put_u8(&out, 7), wire_put_u8(&out, 8);
	in = wire_from(bytes, out.size);
	assert_int_equal(wire_get_choice(&in, 8), 7);
	assert_int_equal(wire_get_choice(&in, 8), 0);
	assert_true(in.bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back),
		cmocka_unit_test(survives_every_short_room),
		cmocka_unit_test(survives_every_short_message),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(refuses_strange_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
