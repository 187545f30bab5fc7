/* What the page "Us" says of our own processes and settings, and which certificates are to be renewed. */
#include "web_stage.h"

#include "parent/process_log.h"
#include "web/settings.h"

/* The parent, a monitor whose schedule is late by so much, and a prober that was replaced so often. */
static struct message_vitals
vitals(int64_t late, uint32_t deaths)
{
	return (struct message_vitals){ .began = 1, .process_count = 3, .processes = { { .duty = DUTY_PARENT, .is_ready = true, .pid = 1 },
		{ .duty = DUTY_MONITOR, .is_ready = true, .pid = 2, .alive = { .late = late } },
		{ .duty = DUTY_PROBER, .index = 1, .is_ready = deaths < 2, .pid = deaths < 3 ? 3 : 0, .gate = deaths, .deaths = deaths, .alive = { .late_max = late / 2 } } } };
}

/* What site_answer() gives for a path; the caller frees its data. */
static struct buffer
page(struct site *site, const char *path)
{
	struct buffer body = { .data = NULL };
	struct server_answer answer = { .status = 200, .body = &body };

	site_answer(site, &(struct server_request){ .path = path, .prefix = "" }, &answer);
	assert_true(buffer_add(&body, "", 1, EMIT_MAX));
	return body;
}

static bool
says(struct site *site, const char *path, const char *words)
{
	struct buffer body = page(site, path);
	bool found = strstr(body.data, words) != NULL;

	if (!found)
		print_error("%s does not say %s\n", path, words);
	buffer_fini(&body);
	return found;
}

static void
processes_are_shown_as_they_are(void **state)
{
	struct site site = { .config = &config, .board = board, .started = SECOND };
	int faults = 0;

	(void)state;
	turn();
	faults += !says(&site, "/about", "Nothing was heard of them yet.");
	faults += !says(&site, "/about", "<tr><td colspan=\"3\">None.</td></tr>");
	faults += !says(&site, "/about", "<tr><td colspan=\"3\">No trouble.</td></tr>");
	for (uint32_t deaths = 1; deaths <= 3; deaths++) {
		site.processes.said = vitals(3 * SECOND, deaths);
		site.processes.said.failing_since = SECOND;
		site.processes.said.is_reload = deaths > 1;
		snprintf(site.processes.said.lacks, sizeof site.processes.said.lacks, deaths > 1 ? "no Landlock" : "%s", "");
		faults += !says(&site, "/about", deaths == 1 ? "<td>serves</td>" : deaths == 2 ? "prepares itself" : "is being replaced");
		faults += !says(&site, "/about", deaths == 1 ? "in force, with all that it has" : "in part: this system has no Landlock");
		faults += !says(&site, "/about", deaths == 1 ? ", by a start" : ", by a reload");
		faults += !says(&site, "/readyz", deaths == 1 ? "\"ready\":true" : "\"prober 1\"");
	}
	faults += !says(&site, "/about", "is faulty since ");
	faults += !says(&site, "/api/v1/health", "\"schedule_late\":3");
	faults += !says(&site, "/api/v1/health", "\"sandbox_lacks\":\"no Landlock\"");
	assert_int_equal(faults, 0);
}

static void
hear(struct tree *tree, int64_t late, int64_t late_max, uint32_t deaths)
{
	tree->children[0].alive.late = late;
	tree->children[1].alive.late_max = late_max;
	tree->children[1].deaths = deaths;
	process_log_turn(tree);
}

static int said;
static char last_said[256];

void __wrap_log_say(struct log *, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
void
__wrap_log_say(struct log *log, int level, const char *format, ...)
{
	va_list list;

	(void)log, (void)level;
	va_start(list, format);
	vsnprintf(last_said, sizeof last_said, format, list);
	va_end(list);
	said++;
}

/* The log says so once, and again after a note that could be written. */
static void
a_note_that_cannot_be_written_is_told(void **state)
{
	struct child children[] = { { .kind = DUTY_MONITOR, .name = "monitor" }, { .kind = DUTY_PROBER, .name = "prober 1" } };
	struct tree tree = { .config = &config, .count = 2, .children = children };
	const char *path = folder_file(&folder, "process.log");

	(void)state;
	said = 0;
	assert_int_equal(mkdir(path, 0700), 0);
	process_log_begin(&tree, false);
	hear(&tree, 2 * (int64_t)SECOND, 0, 0);
	assert_int_equal(said, 1);
	assert_non_null(strstr(last_said, "process.log cannot be written: Is a directory"));
	assert_int_equal(rmdir(path), 0);
	hear(&tree, 0, 0, 0);
	assert_int_equal(said, 1);
	assert_int_equal(remove(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	hear(&tree, 0, 0, 1);
	hear(&tree, 0, 0, 2);
	assert_int_equal(said, 2);
	assert_int_equal(rmdir(path), 0);
}

/* A spell lasts while what it is of stays late, is as late as at its worst, and is known behind a restart, which ends it. */
static void
late_spells_and_restarts_are_noted(void **state)
{
	struct child children[] = { { .kind = DUTY_MONITOR, .name = "monitor" }, { .kind = DUTY_PROBER, .name = "prober 1" }, { .kind = DUTY_WEB, .stage = CHILD_GONE, .deaths = 1 } };
	struct tree tree = { .config = &config, .count = 3, .children = children };
	static const char *const rows[] = { "<td>Postwatch began, by a reload</td>", "<td>prober 1 was replaced</td>", "<td>prober 1 was late by up to 1.5 s</td>",
		"<td>the schedule was late by up to 5.0 s</td>", "<td>Postwatch began, by a start</td>" };
	struct site site = { .config = &config, .board = board };
	struct buffer body;
	const char *at;

	(void)state;
	turn();
	process_log_begin(&tree, false);
	hear(&tree, SECOND, 0, 0);
	hear(&tree, 3 * (int64_t)SECOND, 0, 0);
	hear(&tree, 5 * (int64_t)SECOND, 3 * (int64_t)SECOND / 2, 0);
	hear(&tree, 2 * (int64_t)SECOND, 0, 0);
	assert_true(says(&site, "/about", "it goes on</td><td>the schedule was late by up to 3.0 s</td>"));
	hear(&tree, 0, 2 * (int64_t)SECOND, 1);
	hear(&tree, 0, 0, 1);
	body = page(&site, "/about");
	assert_null(strstr(body.data, "it goes on"));
	buffer_fini(&body);
	hear(&tree, 2 * (int64_t)SECOND, 0, 1);
	process_log_begin(&tree, true);
	body = page(&site, "/about");
	assert_null(strstr(body.data, "it goes on"));
	at = strstr(body.data, "id=\"spells\"");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		at = strstr(at, rows[i]);
		if (at == NULL)
			fail_msg("%s is not there, or not in its place", rows[i]);
	}
	buffer_fini(&body);
	for (uint32_t i = 0; i < 3000; i++) /* more than one file takes */
		hear(&tree, 0, 0, 2 + i);
	assert_int_equal(access(folder_file(&folder, "process.log.old"), F_OK), 0);
	assert_true(says(&site, "/about", "<td>prober 1 was replaced</td>"));
}

static const struct pw_setting rows[] = {
	{ .key = "url", .type = PW_STRING }, { .key = "plain", .type = PW_STRING }, { .key = "none", .type = PW_STRING }, { .key = "file", .type = PW_PATH },
	{ .key = "count", .type = PW_INT }, { .key = "flag", .type = PW_BOOL }, { .key = "wait", .type = PW_DURATION }, { .key = "room", .type = PW_SIZE },
	{ .key = "to", .type = PW_LIST }, { .key = "no_list", .type = PW_LIST }, { .key = "token", .type = PW_SECRET }, { .key = "no_token", .type = PW_SECRET },
	{ .key = "form", .type = PW_ENUM, .choices = (const char *const[]){ "one", "other", NULL } }, { .key = "expect", .type = PW_REGEX },
	{ .key = "bare", .type = PW_STRING }, { .key = NULL } };
static const struct pw_strings recipients = { 2, (const char *const[]){ "ops@example.org", "<b>" } };
static const struct pw_plugin descriptor = { .kind = PW_NOTIFIER, .name = "hook", .version = "1", .summary = "a hook", .settings = rows };
static const struct plugin plugin = { .descriptor = &descriptor };

static struct pw_values *
make_values(void)
{
	struct pw_values *values = calloc(1, sizeof *values + 15 * sizeof values->items[0]);

	assert_non_null(values);
	values->count = 15;
	values->items[0].string = "https://user:pass@hooks.example/services/T0KEN?x";
	values->items[1].string = "words";
	values->items[3].string = "/etc/ca.pem";
	values->items[4].number = -7;
	values->items[5].number = 1;
	values->items[6].number = 90 * (int64_t)SECOND;
	values->items[7].number = 65536;
	values->items[8].list = &recipients;
	values->items[10] = (struct pw_value){ .string = "s3cret", .given = true };
	values->items[11] = (struct pw_value){ .string = "default", .given = false };
	values->items[12].number = 1;
	values->items[13].given = true;
	values->items[14].string = "http://127.0.0.1:8080/";
	return values;
}

/* Of what may be a secret nothing is shown. */
static void
settings_in_force_are_shown_without_secrets(void **state)
{
	static const char *const shown[] = { "<dt>url</dt><dd>https://…@hooks.example/…</dd>", "<dt>plain</dt><dd>words</dd>", "<dt>file</dt><dd>/etc/ca.pem</dd>",
		"<dt>count</dt><dd>-7</dd>", "<dt>flag</dt><dd>true</dd>", "<dt>wait</dt><dd>1m30s</dd>", "<dt>room</dt><dd>64KiB</dd>",
		"<dt>to</dt><dd>ops@example.org, &lt;b&gt;</dd>", "<dt>token</dt><dd>secret, in its file</dd>", "<dt>form</dt><dd>other</dd>", "<dt>expect</dt><dd>given</dd>",
		"<dt>bare</dt><dd>http://127.0.0.1:8080</dd>", "<dt>share</dt><dd>acme:…</dd>", "<dt>kinds</dt><dd>down, up</dd>", "<dt>fallback</dt><dd>ops</dd>",
		"<dt>remind</dt><dd>1h</dd>", "<dt>quiet</dt><dd>Sun 00:00-01:00 (UTC)</dd>", "<dt>references</dt><dd>192.0.2.1:25</dd>", "<dt>password_file</dt><dd>secret, in its file</dd>",
		"<dt>heartbeat</dt><dd>1m</dd>", "<dt>max_runs</dt><dd>9</dd>", "<dt>resolvers</dt><dd>192.0.2.53:53</dd>",
		"<summary>Window: new disks</summary><dl><dt>when</dt><dd>Mon-Fri 22:00-02:00 (Europe/Berlin)</dd><dt>targets</dt><dd><a href=\"/targets/x\">x</a></dd>" };
	static const char *const hidden[] = { "T0KEN", "pass@", "s3cret", "0123456789abcdef", "no_token", "no_list", "<dt>none" };
	static const struct config_share share = { "acme", "0123456789abcdef" };
	static const struct config_reference reference = { "192.0.2.1:25", "192.0.2.1", 25 };
	static const struct calendar_range night = { .days = 1, .from = 0, .to = 60 };
	static const struct calendar_range evenings = { .days = 0x3e, .from = 1320, .to = 1560 };
	static const uint32_t windowed[] = { 0 };
	static const struct config_window window = { .when = { 1, &evenings }, .timezone = "Europe/Berlin", .why = "new disks", .target_count = 1, .targets = windowed };
	static const struct policy policy = { .notify_count = CONFIG_NONE };
	static const struct target x = { .name = "x", .policy = &policy, .parent = CONFIG_NONE };
	static const int64_t hour = INT64_C(3600) * SECOND;
	struct address resolver;
	struct config_notifier notifier = { .name = "ops", .plugin = &plugin, .values = make_values(), .kinds = 1U << NOTICE_down | 1U << NOTICE_up,
		.quiet = { 1, &night }, .remind_count = 1, .remind = &hour, .fallback = 0 };
	struct site site = { .config = &config, .board = board };
	struct buffer body;

	(void)state;
	config.notifier_count = 1;
	config.notifiers = &notifier;
	config.reference_count = 1;
	config.references = &reference;
	board_destroy(&board);
	config.target_count = config.window_count = config.resolver_count = 1;
	config.targets = &x;
	config.windows = &window;
	assert_true(address_parse("192.0.2.53", 53, &resolver));
	config.resolvers = &resolver;
	config.web.share_count = 1;
	config.web.shares = &share;
	config.web.password_file = "/etc/password";
	config.heartbeat_interval = 60 * (int64_t)SECOND;
	config.heartbeat = CONFIG_NONE;
	config.max_runs = 9;
	site.board = board = board_create(&config);
	turn();
	body = page(&site, "/about");
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
		if (strstr(body.data, shown[i]) == NULL)
			fail_msg("%s is missing", shown[i]);
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (strstr(body.data, hidden[i]) != NULL)
			fail_msg("%s is shown", hidden[i]);
	buffer_fini(&body);
	free((void *)(uintptr_t)notifier.values);
}

/* By which a target is watched, on its page. */
static void
settings_of_a_target_are_shown(void **state)
{
	static const uint32_t notify[] = { 0 };
	static const struct tls_settings tls = { .mode = PW_TLS_REQUIRE, .verify = TLS_VERIFY_FULL, .sni = "mx.test", .min_version = 0x0303,
		.cert_warn = { { 21 * 86400 * (int64_t)SECOND, 25 }, { 0, 10 } } };
	static const struct phase_plan banner = { "banner", 30 * (int64_t)SECOND, 60 * (int64_t)SECOND, 8 * (int64_t)SECOND, 0 };
	static const struct calendar_range night = { .days = 0x7f, .from = 1320, .to = 1560 };
	static const uint32_t windowed[] = { 0 };
	static const struct config_window windows[] = { { .when = { 1, &night }, .why = "new <disks>", .target_count = 1, .targets = windowed },
		{ .when = { 1, &night }, .why = "of another", .target_count = 0 } };
	struct config_notifier notifier = { .name = "ops", .plugin = &plugin, .fallback = CONFIG_NONE };
	struct policy policy = { .interval = 60 * (int64_t)SECOND, .stale_after = 300 * (int64_t)SECOND, .tries = 3, .addresses = ADDRESSES_ALL, .family = FAMILY_IPV6,
		.sla = 999000, .notify_count = 1, .notify = notify, .tls = &tls, .phase_count = 1, .phases = &banner, .leg = { "leg", 90 * (int64_t)SECOND, 240 * (int64_t)SECOND, 0, 0 } };
	struct target targets[] = { { .name = "a", .policy = &policy, .parent = 1 }, { .name = "b", .policy = &policy, .parent = CONFIG_NONE } };
	static const char *const shown[] = { "<dt>interval</dt><dd>1m</dd>", "<dt>tries</dt><dd>3</dd>", "<dt>addresses</dt><dd>all</dd>", "<dt>family</dt><dd>ipv6</dd>",
		"<dt>sla</dt><dd>99.900 %</dd>", "<dt>parent</dt><dd>b</dd>", "<dt>notify</dt><dd>ops</dd>", ("<dt>tls</dt><dd>require</dd><dt>verify</dt><dd>full</dd><dt>ca_file</dt><dd>the system&#39;s</dd>"
		"<dt>sni</dt><dd>mx.test</dd><dt>min_version</dt><dd>1.2</dd><dt>cert_warn</dt><dd>3w/25%</dd><dt>cert_warn</dt><dd>10%</dd>"),
		"<dt>window</dt><dd>22:00-02:00 (UTC): new &lt;disks&gt;</dd></dl>",
		"<td>banner</td><td class=\"when\">30s</td><td class=\"when\">1m</td><td class=\"when\">8s</td>",
		"<td>leg</td><td class=\"when\">1m30s</td><td class=\"when\">4m</td><td class=\"when\">never</td>" };
	struct site site = { .config = &config, .board = NULL };
	struct buffer body;

	(void)state;
	board_destroy(&board); /* it goes by the counts that it was made with */
	config.target_count = config.window_count = 2;
	config.targets = targets;
	config.windows = windows;
	config.notifier_count = 1;
	config.notifiers = &notifier;
	site.board = board = board_create(&config);
	turn();
	body = page(&site, "/targets/a");
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
		if (strstr(body.data, shown[i]) == NULL)
			fail_msg("%s is missing in %s", shown[i], strstr(body.data, "id=\"settings\""));
	buffer_fini(&body);
	board_destroy(&board);
	board = board_create(&(struct config){ .state = folder.path, .timezone = "UTC" });
}

/* By shape, colour and word; and who has shown none. */
static void
renewals_are_told_by_word_and_shape(void **state)
{
	static const struct { const char *name, *condition; int days; const char *words; } cases[] = { { "past", "", -1, "ended" }, { "next", "cert_expires_urgent", 1,
		"renewal is urgent" }, { "soon", "cert_expires_soon", 9, "renewal is due" }, { "fine", "", 60, "in time" } };
	static const int64_t day = INT64_C(86400) * SECOND;
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	struct site site = { .config = &config, .board = NULL };
	int64_t now = clock_wall();
	const char *at;
	struct buffer body;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		store_put_target(batch, &(struct store_target){ .number = 10 + i, .identity = cases[i].name, .name = cases[i].name, .probe = "talk", .host = "a", .port = 25, .was = "", .known = now });
		store_put_state(batch, &(struct store_state){ .target = 10 + i, .at = now, .state = "up", .verdict = "ok", .outcome = "ok", .since = now, .ended = now, .interval = day });
		store_put_server(batch, &(struct store_server){ .target = 10 + i, .run = 1, .at = now, .tls_version = "TLSv1.3", .tls_cipher = "X", .not_before = now - 30 * day,
			.not_after = now + cases[i].days * day + day / 24 });
		if (cases[i].condition[0] != '\0')
			store_put_condition(batch, &(struct store_condition){ .target = 10 + i, .code = cases[i].condition, .since = now, .standing = now, .text = text_view("x") });
	}
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	board_destroy(&board);
	site.board = board = board_create(&config);
	turn();
	body = page(&site, "/certificates");
	at = body.data;
	for (int i = 0; i < 4; i++) {
		at = strstr(at, cases[i].words);
		assert_non_null(at);
	}
	assert_non_null(strstr(body.data, "<rect x=\"2\" y=\"2\" width=\"12\" height=\"12\"/></svg>ended</span>"));
	assert_non_null(strstr(body.data, "class=\"lifetime suspect\""));
	assert_non_null(strstr(body.data, "1 target has shown none: <a href=\"/targets/a\">a</a>.</p>"));
	buffer_fini(&body);
	assert_true(says(&site, "/targets/soon", "renewal is due"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_note_that_cannot_be_written_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(late_spells_and_restarts_are_noted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(processes_are_shown_as_they_are, set_up, tear_down),
		cmocka_unit_test_setup_teardown(settings_in_force_are_shown_without_secrets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(settings_of_a_target_are_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(renewals_are_told_by_word_and_shape, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
