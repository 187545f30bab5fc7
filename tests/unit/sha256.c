/* SHA-256 against the standard's examples, base32 against RFC 4648's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/sha256.h"

static void
digests_are_the_standards(void **state)
{
	static const struct { const char *text, *hex; } rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned char digest[SHA256_SIZE];
		char hex[2 * SHA256_SIZE + 1];
		sha256(rows[i].text, strlen(rows[i].text), digest);
		for (int j = 0; j < SHA256_SIZE; j++)
			snprintf(hex + 2 * j, 3, "%02x", digest[j]);
		assert_string_equal(hex, rows[i].hex);
	}
}

static void
base32_is_the_rfcs(void **state)
{
	char text[16];

	(void)state;
	base32((const unsigned char *)"foobar", 6, text, 9);
	assert_string_equal(text, "mzxw6ytbo");
	base32((const unsigned char *)"fooba", 5, text, 8);
	assert_string_equal(text, "mzxw6ytb");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_the_standards),
		cmocka_unit_test(base32_is_the_rfcs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
