/* Files of certificate authorities, as a prober reads them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ca_files.h"
#include "tls_peers.h"

static bool
prober_reads(const char *path)
{
	struct tls_settings settings = { .mode = PW_TLS_REQUIRE, .verify = TLS_VERIFY_FULL, .ca_file = path, .min_version = TLS1_2_VERSION };
	struct policy policy = { .tls = &settings };
	struct target target = { .policy = &policy };
	const struct config config = { .targets = &target, .target_count = 1 };
	struct reason why = { "" };
	struct tls_policies *policies = tls_policies_create(&config, NULL, &why);
	bool usable = policies != NULL;

	assert_int_equal(usable, why.text[0] == '\0');
	tls_policies_destroy(&policies);
	return usable;
}

static void
a_prober_reads_what_it_looked_at(void **state)
{
	const char *folder = getenv("TMPDIR");
	char path[300];

	(void)state;
	snprintf(path, sizeof path, "%s/ca_file.%d.pem", folder != NULL ? folder : "/tmp", (int)getpid());
	ca_files_test(path, prober_reads);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_prober_reads_what_it_looked_at) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
