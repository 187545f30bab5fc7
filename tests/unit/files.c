/* A file that probers have read is looked at again, and any change of it is seen once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/resolvers.h"
#include "parent/files.h"

static char path[64], aside[72];

static int
make_path(void **state)
{
	const char *top = getenv("TMPDIR");

	(void)state;
	snprintf(path, sizeof path, "%s/files-%d", top != NULL ? top : "/tmp", (int)getpid());
	snprintf(aside, sizeof aside, "%s.new", path);
	return 0;
}

static int
remove_files(void **state)
{
	(void)state;
	unlink(path);
	unlink(aside);
	return 0;
}

static void
put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void
init(struct files *files)
{
	struct tls_settings tls = { .ca_file = path }, other = { .ca_file = path };
	struct policy policies[] = { { .tls = NULL }, { .tls = &tls }, { .tls = &other } };
	struct target targets[] = { { .policy = &policies[0] }, { .policy = &policies[1] }, { .policy = &policies[2] },
		{ .policy = &policies[1] } };
	struct config config = { .target_count = 4, .targets = targets };

	files_init(files, &config);
	assert_int_equal(files->count, 3); /* with the file of hosts, and that of resolvers */
	config.resolver_count = 1;
	files_init(files, &config);
	assert_int_equal(files->count, 2);
}

/* The first that is told of at a look. */
static const char *
look(struct files *files)
{
	uint32_t at = 0;
	const struct file *file = files_look(files, &at);

	return file == NULL ? NULL : file->path;
}

static void
each_change_is_seen_once(void **state)
{
	struct files files;

	(void)state;
	put(path, "one");
	init(&files);
	assert_null(look(&files));
	put(path, "more");
	assert_string_equal(look(&files), path);
	assert_null(look(&files));
	put(aside, "more");
	assert_int_equal(rename(aside, path), 0);
	assert_string_equal(look(&files), path);
	assert_null(look(&files));
}

/* Which file holds the CAs of the system is the prober's to know. */
static void
the_systems_bundle_is_looked_at_where_it_lies(void **state)
{
	struct tls_settings tls = { .ca_file = NULL };
	struct policy policy = { .tls = &tls };
	struct target target = { .policy = &policy };
	struct config config = { .target_count = 1, .targets = &target, .resolver_count = 1 };
	struct files files;

	(void)state;
	put(path, "one");
	setenv("SSL_CERT_FILE", path, 1);
	files_init(&files, &config);
	unsetenv("SSL_CERT_FILE");
	put(path, "more");
	assert_string_equal(look(&files), path);
}

/* Who has read one that goes has it still: only when it comes back is it read anew. */
static void
what_is_missing_is_told_once(void **state)
{
	struct files files;
	uint32_t at = 0;

	(void)state;
	init(&files);
	assert_null(look(&files));
	put(path, "one");
	assert_string_equal(look(&files), path);
	unlink(path);
	const struct file *file = files_look(&files, &at);
	assert_non_null(file);
	assert_true(file->missing);
	assert_null(look(&files));
	put(path, "two");
	at = 0;
	file = files_look(&files, &at);
	assert_non_null(file);
	assert_false(file->missing);
	assert_null(look(&files));
}

/* What its settings name as files, and as secrets; a string is none. */
static void
what_a_notifier_reads_is_its_own(void **state)
{
	static const struct pw_setting rows[] = { { .key = "a", .type = PW_STRING }, { .key = "b", .type = PW_SECRET },
		{ .key = "c", .type = PW_PATH }, { .key = NULL } };
	static const struct pw_notifier_ops ops = { .size = sizeof ops };
	static const struct pw_plugin descriptor = { .settings = rows, .ops = &ops };
	static const struct plugin plugin = { .descriptor = &descriptor };
	struct pw_values *values = calloc(1, sizeof *values + 3 * sizeof values->items[0]);
	const struct config_notifier notifiers[] = { { .name = "x", .plugin = &plugin, .values = values },
		{ .name = "y", .plugin = &plugin, .values = values } };
	const struct config config = { .notifier_count = 2, .notifiers = notifiers, .resolver_count = 1 };
	struct files files;
	uint32_t at = 0;

	(void)state;
	assert_non_null(values);
	values->count = 3;
	values->items[0].string = "/etc/passwd";
	values->items[1].string = path;
	put(path, "one");
	files_init(&files, &config);
	assert_int_equal(files.count, 3);
	put(path, "more");
	for (uint32_t i = 0; i < 2; i++) {
		const struct file *file = files_look(&files, &at);
		assert_non_null(file);
		assert_int_equal(file->notifier, i);
	}
	assert_null(files_look(&files, &at));
	free(values);
}

/* The gate of a notifier opens no file once it serves: where the ways to look up names change, it is renewed as well. */
static void
a_gate_is_renewed_where_names_change(void **state)
{
	static const struct pw_gate_ops gate = { .size = sizeof gate };
	static const struct pw_notifier_ops gated = { .size = sizeof gated, .gate = &gate }, alone = { .size = sizeof alone };
	static const struct pw_plugin descriptors[] = { { .ops = &gated }, { .ops = &alone } };
	static const struct plugin plugins[] = { { .descriptor = &descriptors[0] }, { .descriptor = &descriptors[1] } };
	const struct config_notifier notifiers[] = { { .name = "y", .plugin = &plugins[1] }, { .name = "x", .plugin = &plugins[0] } };
	struct config config = { .notifier_count = 2, .notifiers = notifiers };
	struct files files;

	(void)state;
	files_init(&files, &config);
	assert_int_equal(files.count, 4);
	assert_string_equal(files.items[2].path, "/etc/hosts");
	assert_string_equal(files.items[3].path, RESOLV_CONF);
	for (uint32_t i = 2; i < 4; i++)
		assert_int_equal(files.items[i].notifier, 1);
	config.resolver_count = 1;
	files_init(&files, &config);
	assert_int_equal(files.count, 2);
}

static void
assert_resolvers(const char *text, const char *wanted)
{
	struct address found[RESOLVERS_FOUND_MAX];
	char bytes[256] = "";
	struct text told = TEXT_OVER(bytes);

	put(path, text);
	for (uint32_t i = 0, count = resolvers_find(path, found); i < count; i++) {
		text_add(&told, i > 0 ? " " : "");
		address_add_port(&told, &found[i]);
	}
	assert_string_equal(bytes, wanted);
	unlink(path);
}

static void
the_hosts_resolvers_are_found(void **state)
{
	struct address found[RESOLVERS_FOUND_MAX];
	struct reason why;

	(void)state;
	assert_resolvers("# made by hand\nsearch example.org\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 # two\n"
	    "nameservers 192.0.2.9\nnameserver bad\noptions edns0", "192.0.2.1:53 [2001:db8::1]:53");
	assert_resolvers("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
	    "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53");
	assert_resolvers("nameserver fe80::1%lo\nnameserver 192.0.2.1\n", "[fe80::1%lo]:53 192.0.2.1:53");
	assert_resolvers("nameserver fe80::1%nowhere\nnameserver 192.0.2.1\n", "192.0.2.1:53");
	assert_resolvers("", "127.0.0.1:53");
	assert_int_equal(resolvers_find("/nonexistent/resolv.conf", found), 1);
	assert_int_equal(resolvers_read("/nonexistent/resolv.conf", found, &why), 0);
	assert_non_null(strstr(why.text, "/nonexistent/resolv.conf cannot be used: "));
	put(path, "nameserver nonsense\nsearch example.org\n");
	assert_int_equal(resolvers_read(path, found, &why), 0);
	assert_non_null(strstr(why.text, "names no resolver"));
}

static void
the_search_list_is_found(void **state)
{
	static const char *const rows[][2] = { { "search a.test\tb.test  # ours\nnameserver 192.0.2.1\n", "a.test b.test" },
		{ "search a.test\ndomain b.test\n", "b.test" }, { "domain b.test\nsearch a.test", "a.test" },
		{ "searching a.test\n", "" }, { "search\n", "" }, { "search a b c d e f g\n", "a b c d e f" } };
	char bytes[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text text = TEXT_OVER(bytes);
		put(path, rows[i][0]);
		resolvers_add_search(path, &text);
		assert_string_equal(bytes, rows[i][1]);
		unlink(path);
	}
	struct text text = TEXT_OVER(bytes);
	resolvers_add_search("/nonexistent/resolv.conf", &text);
	assert_string_equal(bytes, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(each_change_is_seen_once, remove_files),
		cmocka_unit_test_teardown(the_systems_bundle_is_looked_at_where_it_lies, remove_files),
		cmocka_unit_test_teardown(what_is_missing_is_told_once, remove_files),
		cmocka_unit_test_teardown(what_a_notifier_reads_is_its_own, remove_files),
		cmocka_unit_test(a_gate_is_renewed_where_names_change),
		cmocka_unit_test_teardown(the_hosts_resolvers_are_found, remove_files),
		cmocka_unit_test_teardown(the_search_list_is_found, remove_files),
	};

	return cmocka_run_group_tests(tests, make_path, NULL);
}
