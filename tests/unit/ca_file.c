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

/* The system's bundle is read when it is needed, if no copies of files are kept; without certificates no handshake can begin. */
static void
the_systems_bundle_is_read_late(void **state)
{
	struct tls_settings settings = { .mode = PW_TLS_REQUIRE, .verify = TLS_VERIFY_FULL, .min_version = TLS1_2_VERSION };
	struct policy policy = { .tls = &settings };
	struct target target = { .policy = &policy };
	const struct config config = { .targets = &target, .target_count = 1 };
	static struct court court;
	const char *folder = getenv("TMPDIR");
	char path[300];

	(void)state;
	court_open(&court);
	snprintf(path, sizeof path, "%s/ca_file.%d.pem", folder != NULL ? folder : "/tmp", (int)getpid());
	for (int holds_one = 0; holds_one <= 1; holds_one++) {
		FILE *file = fopen(path, "w");

		fputs("nothing yet\n", file);
		fclose(file);
		setenv("SSL_CERT_FILE", path, 1);
		struct tls_policies *policies = tls_policies_create(&config, NULL, NULL);
		assert_non_null(policies);
		if (holds_one)
			assert_int_equal(rename(court.ca_file, path), 0);
		for (enum tls_kind kind = TLS_USUAL; kind <= TLS_SMALL; kind++)
			assert_int_equal(tls_policy_is_usable(tls_policy_find(policies, &settings, kind)), holds_one);
		tls_policies_destroy(&policies);
	}
	unlink(path);
	court_close(&court);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prober_reads_what_it_looked_at),
		cmocka_unit_test(the_systems_bundle_is_read_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
