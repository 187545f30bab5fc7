/*
 * The pages and the sample agree with the tables. UPDATE=1 writes the lists of the pages anew:
 * UPDATE=1 build/tests/unit/config_reference
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>

#include "config/reference.h"
#include "config/tables.h"
#include "config/value.h"
#include "config_files.h"

static const char page[] = "conf/postwatch.conf.5", sample[] = "conf/postwatch.conf";
static char was[128 * 1024], made[128 * 1024];

static void
read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t size;

	if (file == NULL)
		skip(); /* not run at the top of the tree */
	size = fread(was, 1, sizeof was - 1, file);
	was[size] = '\0';
	fclose(file);
}

/* `plugin`: whose page it is; NULL: the configuration's. */
static void
add_list(struct text *text, const char *name, const struct pw_plugin *plugin)
{
	if (plugin != NULL) {
		assert_string_equal(name, "settings");
		reference_add_mdoc(text, plugin->settings);
		return;
	}
	if (strcmp(name, "limits") == 0) {
		reference_add_mdoc_limits(text);
		return;
	}
	for (const struct reference_table *table = reference_tables(); table->name != NULL; table++) {
		if (strcmp(table->name, name) == 0) {
			reference_add_mdoc(text, table->rows);
			return;
		}
	}
	fail_msg("the page has a list %s, and there is no such table", name);
}

/* The page with each list between .\" BEGIN name and .\" END made anew; returns how many there are. */
static int
make_page(struct text *text, const struct pw_plugin *plugin)
{
	static const char begin[] = ".\\\" BEGIN ";
	const char *at = was, *found;
	int lists = 0;

	while ((found = strstr(at, begin)) != NULL) {
		const char *end = strstr(found, ".\\\" END ");
		char name[32] = "";

		assert_non_null(end);
		assert_int_equal(sscanf(found + strlen(begin), "%31s", name), 1);
		text_add_bytes(text, at, (size_t)(strchr(found, '\n') + 1 - at));
		add_list(text, name, plugin);
		at = end;
		lists++;
	}
	text_add(text, at);
	return lists;
}

static void
compare_or_update(const char *path)
{
	FILE *file;

	if (getenv("UPDATE") == NULL) {
		assert_string_equal(was, made);
		return;
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(made, file);
	fclose(file);
}

static void
page_agrees_with_the_tables(void **state)
{
	struct text text = TEXT_OVER(made);
	int tables = 1; /* limits */

	(void)state;
	read_file(page);
	for (const struct reference_table *table = reference_tables(); table->name != NULL; table++)
		tables++;
	assert_int_equal(make_page(&text, NULL), tables);
	assert_false(text.cut);
	compare_or_update(page);
}

static const char *
standard_plugins(void)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s", files_fixture("../../../plugins"));
	return path;
}

/* plugins/NAME/postwatch-NAME.5, where there is one. */
static void
pages_of_plugins_agree_with_their_tables(void **state)
{
	const struct config *config = files_read_source((struct config_source){ .plugin_dir = standard_plugins() });

	(void)state;
	assert_non_null(config);
	for (uint32_t i = 0; i < config->plugin_count; i++) {
		const struct pw_plugin *plugin = config->plugins[i].descriptor;
		struct text text = TEXT_OVER(made);
		char path[200];

		snprintf(path, sizeof path, "plugins/%s/postwatch-%s.5", plugin->name, plugin->name);
		if (access(path, R_OK) != 0)
			continue;
		read_file(path);
		if (make_page(&text, plugin) > 0)
			compare_or_update(path);
	}
}

/* Whether a line of the sample sets the key, in a comment or not. */
static bool
sample_has(const char *key)
{
	size_t size = strlen(key);

	for (const char *at = strstr(was, key); at != NULL; at = strstr(at + 1, key)) {
		const char *behind = at + size + strspn(at + size, " ");

		if (*behind == '=' && (at == was || strchr(" #{\t\n", at[-1]) != NULL))
			return true;
	}
	return false;
}

static void
sample_shows_every_setting(void **state)
{
	char room[SETTING_KEY_MAX];
	int missing = 0;

	(void)state;
	read_file(sample);
	for (const struct reference_table *table = reference_tables(); table->name != NULL; table++) {
		for (const struct pw_setting *row = table->rows; row->key != NULL; row++) {
			struct text key = TEXT_OVER(room);

			reference_add_key(&key, row);
			if (!sample_has(room)) {
				print_error("%s does not show %s (%s)\n", sample, room, table->name);
				missing++;
			}
		}
	}
	for (int i = 0; top_groups[i].key != NULL; i++)
		assert_true(sample_has(top_groups[i].key));
	for (int i = 0; i < LIMIT_KINDS; i++)
		assert_true(sample_has(limit_groups[i].key));
	for (int i = 0; limit_settings[0][i].key != NULL; i++)
		assert_true(sample_has(limit_settings[0][i].key));
	assert_int_equal(missing, 0);
}

/* A line that begins with '#' and no blank is a setting that is not in force: all of them are in force here. */
static void
uncomment(struct text *text)
{
	for (const char *line = was, *next; *line != '\0'; line = next) {
		next = strchr(line, '\n') + 1;
		if (line[0] == '#' && (islower((unsigned char)line[1]) || strchr("\t})]", line[1]) != NULL))
			line++;
		text_add_bytes(text, line, (size_t)(next - line));
	}
}

static void
check_sample(const char *content)
{
	const struct config *config;

	files_put("postwatch.conf", content);
	config = files_read_source((struct config_source){ .path = files_path("postwatch.conf"), .plugin_dir = standard_plugins() });
	if (config == NULL || files_diagnostics.warnings > 0)
		files_print();
	assert_non_null(config);
	assert_int_equal(files_diagnostics.warnings, 0);
	assert_true(config->target_count > 0);
}

static void
sample_is_good_with_and_without_its_comments(void **state)
{
	struct text text = TEXT_OVER(made);

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", files_folder, 1); /* as systemd has loaded the password */
	read_file(sample);
	files_put("customers.txt", "mx.customer.example\n");
	files_put("mail-password", "secret\n");
	assert_int_equal(chmod(files_path("mail-password"), 0600), 0);
	files_put("web-password", "watch:secret\n");
	assert_int_equal(chmod(files_path("web-password"), 0600), 0);
	files_put("ca.pem", "x");
	check_sample(was);
	uncomment(&text);
	check_sample(made);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
quickstart_is_good(void **state)
{
	(void)state;
	read_file("conf/quickstart.conf");
	check_sample(was);
}

/* Every default in the tables is one that a user could write. */
static void
tables_hold(void **state)
{
	struct arena *arena = arena_create();
	struct values values;
	struct pw_value value;
	struct reason why;

	(void)state;
	values_init(&values, arena);
	for (const struct reference_table *table = reference_tables(); table->name != NULL; table++) {
		for (const struct pw_setting *row = table->rows; row->key != NULL; row++) {
			assert_non_null(row->help);
			assert_true(value_default(&values, row, &value, &why));
			assert_int_equal(settings_find(table->rows, row->key), row - table->rows);
		}
	}
	for (int kind = 0; kind < LIMIT_KINDS; kind++)
		for (const struct pw_setting *row = limit_settings[kind]; row->key != NULL; row++)
			assert_true(value_default(&values, row, &value, &why));
	values_fini(&values);
	arena_destroy(&arena);
}

static void
describes_plugins(void **state)
{
	char room[16 * 1024];
	struct text text = TEXT_OVER(room);
	const struct config *config = files_good("targets = ( );");

	(void)state;
	for (uint32_t i = 0; i < config->plugin_count; i++)
		reference_add_plugin(&text, &config->plugins[i]);
	assert_false(text.cut);
	assert_non_null(strstr(room, "talk 1.0, a probe: A chat.\n"));
	assert_non_null(strstr(room, "  password_file   path of a file with the secret\n"));
	assert_non_null(strstr(room, "  pause   duration, 1ms to 1m; default \"2s\"\n"));
	assert_non_null(strstr(room, "  words   list of strings, up to 3 entries; default [ \"one\", \"two\" ]\n"));
	assert_non_null(strstr(room, "  tone   \"calm\" or \"brisk\"; default \"calm\"\n"));
	assert_non_null(strstr(room, "  chat         7s 14s 2s\n"));
	assert_non_null(strstr(room, "  rude   degraded\n"));
	assert_non_null(strstr(room, "tls is at least \"require\""));
	assert_non_null(strstr(room, "tell 1.0, a notifier"));
	assert_non_null(strstr(room, "  to   list of strings, 1 to 100 entries, each told apart; has to be set\n"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_setup, files_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_agrees_with_the_tables),
		TEST(pages_of_plugins_agree_with_their_tables),
		cmocka_unit_test(sample_shows_every_setting),
		TEST(sample_is_good_with_and_without_its_comments),
		TEST(quickstart_is_good),
		cmocka_unit_test(tables_hold),
		TEST(describes_plugins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
