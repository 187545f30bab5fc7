/* What a peer says back of a secret, in each form, is hidden; what it says otherwise is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../plugins/mask.h"

static void
assert_masked(const char *secret, const char *said, const char *shown)
{
	char text[1024];

	snprintf(text, sizeof text, "%s", said);
	mask_secret(text, secret, strlen(secret));
	if (strcmp(text, shown) != 0)
		fail_msg("%s in \"%s\": \"%s\"", secret, said, text);
}

static void
as_it_is(void **state)
{
	(void)state;
	assert_masked("s3cret", "535 s3cret is wrong", "535 *** is wrong");
	assert_masked("s3cret", "535 S3CRET, s3crets3cret", "535 ***, ******");
	assert_masked("s3cret", "535 secret, s3cre", "535 secret, ***"); /* the end may be cut */
	assert_masked("s3cret", "s3cr of it", "s3cr of it");
	assert_masked("s3cret", "", "");
	assert_masked("s3cret", "s3cret", "***");
	assert_masked("pass", "pass, pas, passes", "***, pas, ***es");
}

static void
what_is_too_short_is_left(void **state)
{
	(void)state;
	assert_masked("", "250 ok", "250 ok");
	assert_masked("250", "250 ok", "250 ok");
}

/* Base64 has three forms, by the bytes before; what the last bits belong to is not known. */
static void
in_base64(void **state)
{
	(void)state;
	assert_masked("s3cret", "535 czNjcmV0", "535 ***");                   /* as LOGIN says it */
	assert_masked("s3cret", "AHdhdGNoAHMzY3JldA==", "AHdhdGNoAH***A=="); /* PLAIN, \0watch\0 */
	assert_masked("s3cret", "AHdhdGNoZXIAczNjcmV0", "AHdhdGNoZXIA***");  /* \0watcher\0 */
	assert_masked("s3cret", "AHdhdGNoZQBzM2NyZXQ=", "AHdhdGNoZQB***Q="); /* \0watche\0 */
	assert_masked("s3cret", "AHMZY3JLDA==", "AH***A==");                   /* by a relay that shouts */
	assert_masked("~~~???~~~", "fn5+Pz8/fn5+ fn5-Pz8_fn5-", "*** ***");   /* both alphabets */
	assert_masked("s3cret", "535 czNj", "535 ***");
	assert_masked("s3cret", "535 czNj not", "535 czNj not");
}

static void
as_urls_and_json_write_it(void **state)
{
	(void)state;
	assert_masked("a b/c+d", "no a%20b%2Fc%2bd here", "no *** here");
	assert_masked("a b/c+d", "no a+b/c%2Bd", "no ***");
	assert_masked("a%20b%2Fc", "a b/c, a%20b%2Fc, a+b%2fc", "***, ***, ***");
	assert_masked("50%25x", "50%25x 50%2525x", "*** ***");
	assert_masked("say \"a\\b\"", "{\"got\":\"say \\\"a\\\\b\\\"\"}", "{\"got\":\"***\"}");
	assert_masked("T0/B0/zzzz", "T0\\/B0\\/zzzz", "***");
	assert_masked("s3cret", "czNj%63mV0", "***");
	assert_masked("pass%", "pass%, pass%25", "***, ***");
	assert_masked("pass\\", "pass\\", "***");
}

/* Eight bytes and more of it, wherever they are in it; three of its beginning where the text may be cut. */
static void
parts(void **state)
{
	(void)state;
	assert_masked("correct horse battery", "it ends in se battery, not in (battery)", "it ends in ***, not in (battery)");
	assert_masked("correct horse battery", "535 not corr… (+99 bytes)", "535 not ***… (+99 bytes)");
	assert_masked("correct horse battery", "535 not co… (+99 bytes)", "535 not co… (+99 bytes)");
	assert_masked("correct horse battery", "Y3Qgd29y Y29ycmVjdCBo b3JzZSBi", "Y3Qgd29y *** ***");
}

static void
a_long_one(void **state)
{
	static char secret[MASK_SECRET_MAX + 1];
	char text[] = "0123456789 xyxyxyxyxy";

	(void)state;
	for (size_t i = 0; i < MASK_SECRET_MAX; i++)
		secret[i] = "xy"[i % 2];
	mask_secret(text, secret, MASK_SECRET_MAX);
	assert_string_equal(text, "0123456789 ***");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_it_is),
		cmocka_unit_test(what_is_too_short_is_left),
		cmocka_unit_test(in_base64),
		cmocka_unit_test(as_urls_and_json_write_it),
		cmocka_unit_test(parts),
		cmocka_unit_test(a_long_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
