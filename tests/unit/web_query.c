/* Pages, the API and metrics by what a query asks of them, over a store with some hundred targets of all kinds. */
#include "web_stage.h"

#include <stdlib.h>

#include "base/evidence.h"
#include "base/messages.h"

enum { MANY = 450, DOWN = 5, WAITING = 60, LEGS = 3 };

static struct { const char *name, *value; } query[4];

/* Stands in for what a request of a client has. */
const char *__wrap_server_query(const struct server_request *, const char *);
const char *
__wrap_server_query(const struct server_request *request, const char *name)
{
	(void)request;
	for (int i = 0; i < 4 && query[i].name != NULL; i++)
		if (strcmp(query[i].name, name) == 0)
			return query[i].value;
	return NULL;
}

static bool accepts_open;
static const char *last_event;

/* Stand in for headers of the request. */
bool __wrap_server_accepts(const struct server_request *, struct server_answer *, const char *);
bool
__wrap_server_accepts(const struct server_request *request, struct server_answer *answer, const char *type)
{
	(void)request, (void)answer, (void)type;
	return accepts_open;
}
const char *__wrap_server_header(const struct server_request *, const char *);
const char *
__wrap_server_header(const struct server_request *request, const char *name)
{
	(void)request;
	return strcmp(name, "Last-Event-ID") == 0 ? last_event : NULL;
}

static const struct phase_plan phases[] = { { .name = "resolve", .routine = 5 * (int64_t)SECOND, .slow = 500 }, { .name = "connect", .routine = 200, .slow = 300 },
	{ .name = "banner", .routine = 30 * (int64_t)SECOND } };
static const char *const tags[] = { "lab", "<own>" }, *const other_tags[] = { "other" };
static struct policy policy = { .notify_count = CONFIG_NONE, .interval = 3600 * (int64_t)SECOND, .stale_after = 5 * 3600 * (int64_t)SECOND, .tries = 3,
	.tag_count = 2, .tags = tags, .phase_count = 3, .phases = phases }, other = { .notify_count = CONFIG_NONE, .interval = 3600 * (int64_t)SECOND, .stale_after = 5 * 3600 * (int64_t)SECOND,
	.tries = 3, .tag_count = 1, .tags = other_tags };
static struct target targets[MANY];
static char names[MANY][32];

/* A leg with steps of each status, facts, warnings, and a transcript; or one that ended before it had any. */
static size_t
make_leg(char *bytes, size_t room, uint64_t run, uint8_t verdict, bool is_bare)
{
	struct evidence_log log = { 0 };
	struct message_evidence message = { .run = run, .leg = { .legs = 1, .verdict = verdict,
		.text = text_view("no greeting within 30.0 s"), .address = text_view("192.0.2.1"), .port = 25, .local = text_view("192.0.2.9:4000"),
		.helo = text_view("watch.test"), .started = clock_wall() - SECOND, .micros = 30 * (int64_t)SECOND, .phase_count = is_bare ? 0 : 4,
		.phases = { { "connect", PHASE_OK, 400, 15 * (int64_t)SECOND }, { "banner", verdict == PW_OK ? PHASE_OK : PHASE_FAILED, 30 * (int64_t)SECOND, 30 * (int64_t)SECOND },
		    { "ehlo", verdict == PW_OK ? PHASE_OK : PHASE_NOT_REACHED, verdict == PW_OK ? 300 : -1, 15 * (int64_t)SECOND },
		    { "quit", PHASE_NOT_REACHED, -1, 5 * (int64_t)SECOND } } } };
	struct wire_out out = wire_over(bytes, room);

	text_copy(message.leg.outcome, sizeof message.leg.outcome, verdict == PW_OK ? "ok" : "banner_timeout");
	if (!is_bare) {
		evidence_add_fact(&log, "software", text_view("Postfix <1>"), true);
		evidence_add_fact(&log, "size", text_view(verdict == PW_OK ? "1000" : "2000"), true);
		evidence_add_warning(&log, "slow_banner", "banner", "the greeting was slow");
		evidence_add_line(&log, 1000, EVIDENCE_EVENT, text_view("connecting"));
		evidence_add_line(&log, 2000, EVIDENCE_RECEIVED, text_view("220 <b>\xff"));
	}
	message.leg.facts = buffer_view(&log.facts);
	message.leg.warnings = buffer_view(&log.warnings);
	message.leg.transcript = buffer_view(&log.transcript);
	message_put_evidence(&out, &message);
	evidence_log_fini(&log);
	return out.size;
}

static void
put_story(struct store_batch *batch, int64_t now)
{
	static const struct { const char *role; uint8_t verdict; bool is_bare; } legs[] = { { "confirmed", PW_FAILED, false }, { "changed", PW_FAILED, true },
		{ "hourly", PW_UNKNOWN, false }, { "of a later version", PW_FAILED, false }, { "failed", PW_FAILED, false }, { "passed", PW_OK, false } };
	char bytes[8192];

	store_put_incident(batch, &(struct store_incident){ .number = 1000, .target = 2, .change = 90, .began = now - 7200 * (int64_t)SECOND, .confirmed = now - 7100 * (int64_t)SECOND,
		.ended = now - 60 * (int64_t)SECOND, .end_confirmed = now - 30 * (int64_t)SECOND, .outcome = "banner_timeout", .end = "up",
		.text = text_view("it was down until 2026-11-29T09:22:34Z"), .end_text = text_view("it is up") });
	for (uint64_t i = 0; i < sizeof legs / sizeof legs[0]; i++)
		store_put_evidence(batch, &(struct store_evidence){ .target = 2, .run = 5000 + i, .at = now - 7200 * (int64_t)SECOND + (int64_t)i * SECOND, .incident = 1000,
			.role = legs[i].role, .bytes = { bytes, make_leg(bytes, sizeof bytes, 5000 + i, legs[i].verdict, legs[i].is_bare) } });
	for (uint64_t i = 0; i < 3; i++) {
		static const char *const kinds[] = { "down", "reminder", "up" };

		store_put_notice(batch, &(struct store_notice){ .number = 2000 + i, .target = 2, .change = 90 + i, .kind = kinds[i], .incident = 1000, .code = "x",
			.confirmed = now - 7000 * (int64_t)SECOND + (int64_t)i * SECOND, .text = text_view("said"), .silences = i == 1 ? "parent" : "" });
		store_add_delivery(batch, &(struct store_delivery){ .notice = 2000 + i, .notifier = "mail", .recipient = "ops@example.org", .target = 2,
			.state = i == 0 ? STORE_DELIVERY_sent : STORE_DELIVERY_dead, .created = now, .ended = now, .receipt = text_view("250 <ok>") });
	}
}

static void
put_target_of(struct store_batch *batch, struct store_batch *history, uint64_t number, int64_t now)
{
	static const struct { const char *state, *verdict, *outcome; uint32_t run; } kinds[] = { { "down", "failed", "refused", PW_FAILED },
		{ "recovering", "ok", "ok", PW_OK }, { "suspect", "failed", "refused", PW_FAILED }, { "up", "blocked", "policy", PW_BLOCKED }, { "up", "degraded", "slow_banner", PW_DEGRADED },
		{ "up", "unknown", "no_route", PW_UNKNOWN }, { "pending", "", "", PW_OK }, { "up", "ok", "ok", PW_OK } };
	size_t kind = number < 2 + 7 ? number - 2 : 7;
	int64_t times[] = { 800, 300, kind == 0 ? -1 : 1500 }, old = now - 86400 * (int64_t)SECOND;
	bool is_unseen = number == 20;

	store_put_target(batch, &(struct store_target){ .number = number, .identity = names[number - 2], .name = names[number - 2], .probe = "talk", .host = "h.example", .port = 25,
		.was = "", .known = old });
	store_put_state(batch, &(struct store_state){ .target = number, .at = now, .state = kinds[kind].state, .verdict = kinds[kind].verdict, .outcome = kinds[kind].outcome,
		.since = kind == 6 ? now : old, .ended = kind == 6 ? 0 : is_unseen ? old : now, .interval = 3600 * (int64_t)SECOND, .text = text_view(kind < 3 ? "connection refused" : ""), .flapping = number == 21,
		.quarantined = is_unseen });
	if (kind < 2)
		store_put_incident(batch, &(struct store_incident){ .number = number, .target = number, .change = 1, .began = now - SECOND, .confirmed = now, .outcome = "refused",
			.text = text_view("x"), .acknowledged = now, .ack_by = text_view("me"), .ack_why = text_view("why") });
	if (kind == 4)
		store_put_condition(batch, &(struct store_condition){ .target = number, .code = "slow_banner", .since = now, .standing = now, .text = text_view("slow since 2026-11-29T09:22:34Z") });
	if (kind == 6)
		return;
	for (uint64_t i = 0; i < (number == 2 ? 30 : 1); i++)
		store_put_result(history, &(struct store_result){ .target = number, .run = number * 100 + i, .at = (is_unseen ? old : now - 40 * (int64_t)SECOND) + (int64_t)i * SECOND, .micros = 3000,
			.verdict = kinds[kind].run, .mood = kind == 0 ? STORE_MOOD_down : STORE_MOOD_up, .speaks_for = 3600, .outcome = kinds[kind].outcome,
			.phase_names = "resolve connect banner", .phase_count = 3, .phases = times, .text = text_view(kinds[kind].run == PW_OK ? "" : "said <so>") });
}

static void
put_waiting(struct store_batch *batch, int64_t now)
{
	for (uint64_t i = 0; i < WAITING; i++) {
		store_put_notice(batch, &(struct store_notice){ .number = 3000 + i, .target = i == 0 ? 0 : 2, .change = 200 + i, .kind = "fact", .code = "software", .confirmed = now,
			.text = text_view("changed"), .silences = "" });
		store_add_delivery(batch, &(struct store_delivery){ .notice = 3000 + i, .notifier = "pager", .recipient = "r", .target = i == 0 ? 0 : 2, .state = i == 1 ? STORE_DELIVERY_dead
			: STORE_DELIVERY_again, .attempts = 2, .created = now - SECOND, .receipt = text_view("421 later") });
	}
}

static int
fill(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN), *history = store_batch_create(STORE_HISTORY);
	int64_t now = clock_wall();
	char bytes[8192];

	assert_int_equal(set_up(state), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof names[i], i == 0 ? "n/%u" : "n%u", i);
		targets[i] = (struct target){ .name = names[i], .policy = i < 300 ? &policy : &other, .parent = CONFIG_NONE };
		put_target_of(batch, history, i + 2, now);
	}
	put_story(batch, now);
	put_waiting(batch, now);
	store_put_trace(history, &(struct store_trace){ .target = 2, .run = 7000, .at = now, .bytes = { bytes, make_leg(bytes, sizeof bytes, 7000, PW_DEGRADED, false) } });
	folder_commit(&folder, batch);
	folder_commit(&folder, history);
	store_batch_destroy(&batch);
	store_batch_destroy(&history);
	config.target_count = MANY;
	config.targets = targets;
	board_destroy(&board);
	board = board_create(&config);
	turn();
	return 0;
}

static struct site site;

static unsigned
ask(const char *path, const char *tag, struct buffer *body)
{
	const struct server_request request = { .path = path, .prefix = tag == NULL ? "" : "/share/x", .tag = tag };
	struct server_answer answer = { .status = 200, .body = body };
	struct buffer part = { .data = NULL };
	enum parts_next next = PARTS_MORE;

	buffer_clear(body);
	site_answer(&site, &request, &answer);
	while (answer.parts.next != NULL && next == PARTS_MORE) {
		buffer_clear(&part);
		next = answer.parts.next(answer.parts.state, &part);
		assert_true(buffer_add(body, part.data, part.size, EMIT_MAX));
	}
	buffer_fini(&part);
	if (answer.parts.next != NULL)
		answer.parts.end(answer.parts.state);
	assert_true(buffer_add(body, "", 1, EMIT_MAX));
	return answer.status;
}

struct visit { const char *path, *name, *value, *other, *other_value; unsigned status; const char *says, *not_says, *tag; };

static void
visit_all(const struct visit *visits, size_t count)
{
	struct buffer body = { .data = NULL };
	int faults = 0;

	site.config = &config;
	site.board = board;
	site.started = SECOND;
	for (size_t i = 0; i < count; i++) {
		const struct visit *it = &visits[i];
		unsigned status;

		memset(query, 0, sizeof query);
		query[0].name = it->name;
		query[0].value = it->value;
		query[1].name = it->other;
		query[1].value = it->other_value;
		status = ask(it->path, it->tag, &body);
		if (status == it->status && strstr(body.data, it->says) != NULL && (it->not_says == NULL || strstr(body.data, it->not_says) == NULL))
			continue;
		print_error("%s?%s=%s: %u, \"%s\" is %s\n", it->path, it->name, it->value, status, it->says, strstr(body.data, it->says) == NULL ? "missing" : "there");
		faults++;
	}
	buffer_fini(&body);
	assert_int_equal(faults, 0);
}

static void
pages_are_as_the_query_asks(void **state)
{
	static const struct visit visits[] = {
		{ "/", NULL, NULL, NULL, NULL, 200, " are well</a>", ">n400</a>", NULL },
		{ "/", "state", "up", NULL, NULL, 200, "Page 1 of 3", " are well</a>", NULL },
		{ "/", "state", "up", "page", "2", 200, "rel=\"prev\"", NULL, NULL },
		{ "/", "state", "up", "page", "3", 200, "Page 3 of 3", "rel=\"next\"", NULL },
		{ "/", "state", "up", "page", "99999999", 200, "Page 1 of 3", NULL, NULL },
		{ "/", "state", "nonsense", NULL, NULL, 200, "all 451", NULL, NULL },
		{ "/", "state", "suspect", "tag", "lab", 200, "name=\"tag\" value=\"lab\"", NULL, NULL },
		{ "/", "tag", "<own>", NULL, NULL, 200, "tag=%3Cown%3E&amp;", NULL, NULL },
		{ "/", "tag", "", "q", "", 200, " are well</a>", NULL, NULL },
		{ "/", "q", "N44", NULL, NULL, 200, ">n449</a>", ">n7</a>", NULL },
		{ "/", "q", "H.EXAMPLE", NULL, NULL, 200, "q=H.EXAMPLE&amp;", NULL, NULL },
		{ "/", "q", "<nobody>", NULL, NULL, 200, "No target is like that", NULL, NULL },
		{ "/", "state", "unknown", NULL, NULL, 200, ": quarantined", NULL, NULL },
		{ "/", "wall", "", NULL, NULL, 200, "<body class=\"wall\"", NULL, NULL },
		{ "/", "compact", "1", NULL, NULL, 200, "<body class=\"compact\"", NULL, NULL },
		{ "/", NULL, NULL, NULL, NULL, 200, "pager has not been able to deliver since", NULL, NULL },
		{ "/", NULL, NULL, NULL, NULL, 200, "It arrives, but not as it should, at <a href=\"/targets/n4\">n4</a>.</span>", NULL, NULL },
		{ "/", NULL, NULL, NULL, NULL, 200, "nothing of others&#39; mail, by <a href=\"/targets/n", NULL, NULL }, { "/", NULL, NULL, NULL, NULL, 200, "It is not known whether it arrives at ", NULL, NULL },
		{ "/", NULL, NULL, NULL, NULL, 200, "Nothing is known yet of ", NULL, NULL }, { "/", "q", "n19", NULL, NULL, 200, ">flapping</span>", NULL, NULL },
		{ "/incidents", "before", "2", NULL, NULL, 200, "None.", NULL, NULL }, { "/incidents", "before", "1000", NULL, NULL, 200, "/incidents/3\"", "/incidents/1000\"", NULL },
		{ "/incidents/1000", NULL, NULL, NULL, NULL, 200, "What differs", NULL, NULL }, { "/incidents/1000", NULL, NULL, NULL, NULL, 200, "Reminder", NULL, NULL },
		{ "/incidents/1000", NULL, NULL, NULL, NULL, 200, "of a later version", NULL, NULL }, { "/incidents/1000", NULL, NULL, NULL, NULL, 200, "<time datetime=\"2026-11-29T09:22:34Z\">", NULL, NULL },
		{ "/incidents/1000", NULL, NULL, NULL, NULL, 200, "220 &lt;b&gt;\\xff", NULL, NULL }, { "/incidents/1000", "after", "5003.0", NULL, NULL, 200, "/attempts/5005\">", "/attempts/5001\">", NULL },
		{ "/incidents/1000", "after", "99999999999999999999.1", NULL, NULL, 200, "/attempts/5000\">", NULL, NULL }, { "/incidents/1000", "after", "x", NULL, NULL, 200, "/attempts/5000\">", NULL, NULL },
		{ "/targets/n/0", NULL, NULL, NULL, NULL, 200, "The last attempts", NULL, NULL }, { "/targets/n/0/attempts/229", NULL, NULL, NULL, NULL, 200, "The result alone is kept", NULL, NULL },
		{ "/targets/n/0/attempts/7000", NULL, NULL, NULL, NULL, 200, "the greeting was slow", NULL, NULL }, { "/targets/n/0/attempts/1", NULL, NULL, NULL, NULL, 404, "Nothing is kept", NULL, NULL },
		{ "/targets/n/0/attempts/-1", NULL, NULL, NULL, NULL, 404, "Not found", NULL, NULL }, { "/targets/n3", NULL, NULL, NULL, NULL, 200, "policy", NULL, NULL },
		{ "/targets/n4", NULL, NULL, NULL, NULL, 200, "slow since <time", NULL, NULL }, { "/targets/n6", NULL, NULL, NULL, NULL, 200, "not yet", NULL, NULL },
		{ "/about", NULL, NULL, NULL, NULL, 200, "These are the oldest", NULL, NULL }, { "/about", NULL, NULL, NULL, NULL, 200, "Postwatch itself</td>", NULL, NULL },
		{ "/about", NULL, NULL, NULL, NULL, 200, "deliveries were given up", NULL, NULL },
		{ "/", NULL, NULL, NULL, NULL, 200, "of 300.</h1>", "/targets/", "lab" }, { "/", "page", "2", NULL, NULL, 200, "Page 2 of 2 <a href=\"/share/x/?page=1\">previous</a>", "next</a>", "lab" },
		{ "/", "page", "x", NULL, NULL, 200, "Page 1 of 2", NULL, "lab" }, { "/", "page", "7", NULL, NULL, 200, "Page 2 of 2", NULL, "lab" },
		{ "/", NULL, NULL, NULL, NULL, 200, "Mail arrives at 0 of 0.", "Page", "nobody" }, { "/feed.atom", NULL, NULL, NULL, NULL, 200, "Incidents of other", "n/0", "other" },
		{ "/badge/n400.svg", NULL, NULL, NULL, NULL, 200, "n400: up", NULL, "other" }, { "/badge/n1.svg", NULL, NULL, NULL, NULL, 404, "", NULL, "other" },
		{ "/icon/up.svg", NULL, NULL, NULL, NULL, 200, "<circle", NULL, "lab" }, { "/assets/x", NULL, NULL, NULL, NULL, 404, "", NULL, "lab" },
		{ "/metrics", NULL, NULL, NULL, NULL, 404, "nothing is here", NULL, "lab" },
	};

	(void)state;
	visit_all(visits, sizeof visits / sizeof visits[0]);
}

static void
the_api_is_as_the_query_asks(void **state)
{
	static const struct visit visits[] = {
		{ "/api/v1/targets", "limit", "2", NULL, NULL, 200, "\"next_cursor\":2}", NULL, NULL }, { "/api/v1/targets", "limit", "2", "cursor", "449", 200, "\"next_cursor\":null", NULL, NULL },
		{ "/api/v1/targets", "limit", "0", NULL, NULL, 200, "\"next_cursor\":1}", NULL, NULL }, { "/api/v1/targets", "limit", "5000", NULL, NULL, 200, "\"next_cursor\":null", NULL, NULL },
		{ "/api/v1/targets", "limit", "2x", NULL, NULL, 400, "limit: it is not a number", NULL, NULL }, { "/api/v1/targets", "cursor", "99999999999999999999", NULL, NULL, 400, "cursor", NULL, NULL },
		{ "/api/v1/targets", "state", "suspect", NULL, NULL, 200, "\"first_sign\":\"20", NULL, NULL }, { "/api/v1/targets", "state", "well", NULL, NULL, 400, "no target is ever", NULL, NULL },
		{ "/api/v1/targets", "tag", "other", "limit", "1", 200, "\"tags\":[\"other\"]", NULL, NULL }, { "/api/v1/targets", "state", "unknown", NULL, NULL, 200, "\"quarantined\":true", NULL, NULL },
		{ "/api/v1/targets", "state", "pending", NULL, NULL, 200, "\"verdict\":null", NULL, NULL },
		{ "/api/v1/targets/n/0/results", "limit", "1", NULL, NULL, 200, "\"next_cursor\":", "\"next_cursor\":null", NULL },
		{ "/api/v1/targets/n/0/results", "cursor", "1", NULL, NULL, 400, "not one of this list", NULL, NULL }, { "/api/v1/targets/n/0/results", "to", "1", NULL, NULL, 200, "\"results\":[]", NULL, NULL },
		{ "/api/v1/targets/n/0/results", "from", "2100-01-01T00:00:00Z", NULL, NULL, 200, "\"results\":[]", NULL, NULL },
		{ "/api/v1/targets/n/0/results", "from", "99999999999", NULL, NULL, 200, "\"results\":[]", NULL, NULL }, { "/api/v1/targets/n/0/results", "from", "then", NULL, NULL, 400, "from", NULL, NULL },
		{ "/api/v1/targets/n/0/results", "to", "then", NULL, NULL, 400, "to", NULL, NULL }, { "/api/v1/targets/n/0/results", "cursor", "x", NULL, NULL, 400, "cursor", NULL, NULL },
		{ "/api/v1/targets/n/0/results", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL }, { "/api/v1/targets/nobody/results", NULL, NULL, NULL, NULL, 404, "no target", NULL, NULL },
		{ "/api/v1/incidents", "limit", "1", NULL, NULL, 200, "\"next_cursor\":1000", NULL, NULL }, { "/api/v1/incidents", "cursor", "3", NULL, NULL, 200, "\"incident\":2", NULL, NULL },
		{ "/api/v1/incidents", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL }, { "/api/v1/incidents", "cursor", "x", NULL, NULL, 400, "cursor", NULL, NULL },
		{ "/api/v1/incidents/1000", "limit", "2", NULL, NULL, 200, "\"next_cursor\":\"5001.0\"", NULL, NULL },
		{ "/api/v1/incidents/1000", "cursor", "5004.0", NULL, NULL, 200, "\"next_cursor\":null", "\"run\":5004", NULL }, { "/api/v1/incidents/1000", "cursor", "5004", NULL, NULL, 400, "cursor", NULL, NULL },
		{ "/api/v1/incidents/1000", "cursor", "5.5x", NULL, NULL, 400, "cursor", NULL, NULL }, { "/api/v1/incidents/1000", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL },
		{ "/api/v1/incidents/1000", "cursor", "9999999999999999999.1", NULL, NULL, 400, "cursor", NULL, NULL },
		{ "/api/v1/attempts/5000", "target", "n/0", NULL, NULL, 200, "\"outcome\":\"banner_timeout\"", NULL, NULL }, { "/api/v1/attempts/5000", "target", "n1", NULL, NULL, 404, "nothing is kept", NULL, NULL },
		{ "/api/v1/attempts/5000", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL }, { "/api/v1/attempts/x", NULL, NULL, NULL, NULL, 404, "nothing", NULL, NULL },
		{ "/api/v1/attempts/0", NULL, NULL, NULL, NULL, 404, "nothing", NULL, NULL }, { "/api/v1/attempts/99999999999999999999", NULL, NULL, NULL, NULL, 404, "nothing", NULL, NULL },
		{ "/api/v1/deliveries", "state", "given_up", NULL, NULL, 200, "\"state\":\"dead\"", "\"state\":\"again\"", NULL }, { "/api/v1/deliveries", "state", "waiting", "limit", "1", 200, "\"next_cursor\":\"3000.5.pagerr\"", NULL, NULL },
		{ "/api/v1/deliveries", "cursor", "3000.5.pagerr", "limit", "1", 200, "\"notice\":3002", NULL, NULL }, { "/api/v1/deliveries", "cursor", "3000.99.p", NULL, NULL, 400, "cursor", NULL, NULL },
		{ "/api/v1/deliveries", "cursor", "x", NULL, NULL, 400, "cursor", NULL, NULL }, { "/api/v1/deliveries", "state", "x", NULL, NULL, 400, "waiting or given_up", NULL, NULL },
		{ "/api/v1/deliveries", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL }, { "/api/v1/deliveries", "cursor", "1.-1.x", NULL, NULL, 400, "cursor", NULL, NULL },
		{ "/api/v1/conditions", "limit", "1", NULL, NULL, 200, "\"next_cursor\":\"6.slow_banner\"", NULL, NULL }, { "/api/v1/conditions", "cursor", "6.slow_banner", NULL, NULL, 200, "\"conditions\":[]", NULL, NULL },
		{ "/api/v1/conditions", "cursor", "x", NULL, NULL, 400, "cursor", NULL, NULL }, { "/api/v1/conditions", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL },
		{ "/healthz", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL }, { "/readyz", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL }, { "/api/v1/status", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL },
		{ "/api/v1/targets/n1", "limit", "x", NULL, NULL, 400, "limit", NULL, NULL },
		{ "/metrics", "per_target", "false", NULL, NULL, 200, "postwatch_", "target=\"", NULL }, { "/metrics", "per_target", "true", "tag", "other", 200, "target=\"n400\"", "target=\"n1\"", NULL },
		{ "/metrics", "tag", "nobody", NULL, NULL, 200, "postwatch_", "target=\"", NULL },
		{ "/probe", "target", "n7", NULL, NULL, 200, "probe_success 1", NULL, NULL }, { "/probe", "target", "n/0", NULL, NULL, 200, "probe_success 0", NULL, NULL },
		{ "/probe", "target", "n3", NULL, NULL, 200, "probe_failed_due_to_regex 1", NULL, NULL }, { "/probe", "target", "n5", NULL, NULL, 200, "postwatch_probe_timestamp_seconds", "probe_success", NULL },
		{ "/probe", "target", "", NULL, NULL, 400, "target is missing", NULL, NULL }, { "/probe", "target", "nobody", NULL, NULL, 404, "no target", NULL, NULL },
		{ "/probe", "target", "n6", NULL, NULL, 503, "nobody looks", NULL, NULL }, { "/probe", "target", "n18", NULL, NULL, 503, "nobody looks", NULL, NULL },
	};

	(void)state;
	visit_all(visits, sizeof visits / sizeof visits[0]);
}

/* Each figure of a customer's page once: since when there is a record of less than its time, and the worst and the best case on the
 * target's own page. */
static void
availability_is_as_old_as_its_record(void **state)
{
	static const struct config_share share = { "other", "0123456789abcdef0123456789abcdef" };
	static const int64_t hour = INT64_C(3600) * SECOND;
	static const struct { uint64_t target; int days, down, unknown; } records[] = { { 302, 400, 1, 0 }, { 303, 20, 0, 1 }, { 304, 3, 0, 0 }, { 305, 0, 1, 1 } };
	static const struct visit visits[] = {
		{ "/", NULL, NULL, NULL, NULL, 200, ">n300</td>", NULL, "other" }, { "/", NULL, NULL, NULL, NULL, 200, "99.", NULL, "other" },
		{ "/", NULL, NULL, NULL, NULL, 200, "<span class=\"faint under\">since <time", NULL, "other" },
		{ "/targets/n300", NULL, NULL, NULL, NULL, 200, "<span>365 days", "where the record begins", NULL },
		{ "/targets/n301", NULL, NULL, NULL, NULL, 200, "where the record begins", "365 days", NULL }, { "/targets/n301", NULL, NULL, NULL, NULL, 200, " at worst, ", NULL, NULL },
		{ "/targets/n301", NULL, NULL, NULL, NULL, 200, "<span>7 days", "30 days", NULL }, { "/targets/n302", NULL, NULL, NULL, NULL, 200, "<span>24 hours", "7 days", NULL },
		{ "/targets/n303", NULL, NULL, NULL, NULL, 200, "where the record begins", "<span>24 hours", NULL }, { "/targets/n6", NULL, NULL, NULL, NULL, 200, "not known", "7 days", NULL },
	};
	int64_t now = clock_wall() / hour * hour;
	char sql[512];

	(void)state;
	snprintf(sql, sizeof sql, "UPDATE targets SET known = 1");
	assert_true(db_exec(folder.store->db_files[STORE_MAIN].db, sql));
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
		for (int day = records[i].days; day >= 0; day--) {
			snprintf(sql, sizeof sql, "INSERT INTO rollups (target, span, start, counts, phase_names, phases, up, degraded, down, unknown, paused)"
			    " VALUES (%llu, 1, %lld, x'', 1, x'', 3500000000, 0, %d, %d, 0)", (unsigned long long)records[i].target, (long long)(now - day * 24 * hour - hour),
			    records[i].down * 1000000, records[i].unknown * 1000000);
			assert_true(db_exec(folder.store->db_files[STORE_HISTORY].db, sql));
		}
	config.web.share_count = 1;
	config.web.shares = &share;
	board_destroy(&board);
	board = board_create(&config);
	for (int i = 0; i < 4; i++)
		turn();
	assert_non_null(board_availability(board, board_named(board, "n300")));
	assert_null(board_availability(board, board_named(board, "n1")));
	visit_all(visits, sizeof visits / sizeof visits[0]);
}

/* In both formats; what is of processes and notifiers, too. */
static void
metrics_are_of_all_that_is_known(void **state)
{
	static const struct config_notifier notifiers[] = { { .name = "pager" }, { .name = "<idle>\"" } };
	static const struct visit visits[] = {
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_process_serves{process=\"prober 1\"} 1\n", NULL, NULL },
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_notifier_waiting{notifier=\"pager\"} 59\n", NULL, NULL },
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_notifier_waiting{notifier=\"<idle>\\\"\"} 0\n", NULL, NULL },
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_own_troubles{code=\"channel_mail\"} 1\n", NULL, NULL },
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_schedule_lateness_seconds 2.", NULL, NULL }, { "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_blind 1\n", NULL, NULL },
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_sandbox_whole 0\n", NULL, NULL },
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_phase_duration_seconds_count{probe=\"talk\",phase=\"connect\"} 1\n", NULL, NULL },
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_target_failures_total{target=\"n/0\",phase=\"connect\",outcome=\"refused\"} 1\n", NULL, NULL },
		{ "/", NULL, NULL, NULL, NULL, 200, "nothing delivered for long</li>", NULL, NULL }, { "/healthz", NULL, NULL, NULL, NULL, 503, "channel_mail", NULL, NULL },
		{ "/api/v1/health", NULL, NULL, NULL, NULL, 200, "\"blind\":true", NULL, NULL }, { "/readyz", NULL, NULL, NULL, NULL, 200, "\"ready\":true", NULL, NULL },
	}, open[] = {
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "# EOF\n", NULL, NULL }, { "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_process_restarts_created{process=\"monitor\"} ", NULL, NULL },
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_phase_duration_seconds_created{", NULL, NULL }, { "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_target_runs_created{", NULL, NULL },
	};
	struct store_batch *batch = store_batch_create(STORE_MAIN), *history = store_batch_create(STORE_HISTORY);
	int64_t taken[] = { -1, 400, -1 }, now = clock_wall();

	(void)state;
	config.notifier_count = 2;
	config.notifiers = notifiers;
	site.processes.said = (struct message_vitals){ .began = SECOND, .lacks = "no Landlock", .process_count = 3, .processes = { { .duty = DUTY_PARENT, .is_ready = true, .pid = 1 },
		{ .duty = DUTY_MONITOR, .is_ready = true, .pid = 2, .alive = { .late = 2 * (int64_t)SECOND, .blind = true } }, { .duty = DUTY_PROBER, .index = 1, .is_ready = true, .pid = 3 } } };
	store_put_notice(batch, &(struct store_notice){ .number = 9000, .target = 0, .change = 1, .kind = "impaired", .code = "channel_mail", .confirmed = now, .silences = "",
		.text = text_view("nothing delivered for long") });
	folder_commit(&folder, batch);
	store_put_result(history, &(struct store_result){ .target = 2, .run = 900, .at = now, .micros = 400, .verdict = PW_FAILED, .mood = STORE_MOOD_down, .speaks_for = 60,
		.outcome = "refused", .phase_names = "resolve connect banner", .phase_count = 3, .phases = taken, .text = text_view("x") });
	folder_commit(&folder, history);
	store_batch_destroy(&batch);
	store_batch_destroy(&history);
	for (int64_t until = clock_mono() + 20 * (int64_t)SECOND; board_known(board)->troubles.count == 0 && clock_mono() < until;)
		turn();
	visit_all(visits, sizeof visits / sizeof visits[0]);
	accepts_open = true;
	visit_all(open, sizeof open / sizeof open[0]);
	accepts_open = false;
	site.processes.said.process_count = 0;
}

/* Who comes back hears what was missed, or that it was too much; who asks with nonsense begins anew. */
static void
events_go_on_where_they_ended(void **state)
{
	static const struct { const char *last; bool is_anew, is_changed; } cases[] = { { NULL, true, false }, { "nonsense", true, false }, { "1000000-0", false, true },
		{ "1000000-999", true, false }, { "7-0", true, false } };
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	struct buffer body = { .data = NULL };
	int64_t now = clock_wall();

	(void)state;
	store_put_state(batch, &(struct store_state){ .target = 400, .at = now, .state = "down", .verdict = "failed", .outcome = "refused", .since = now, .ended = now,
		.interval = 3600 * (int64_t)SECOND, .text = text_view("") });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	for (int64_t until = clock_mono() + 20 * (int64_t)SECOND; board_named(board, "n398")->rank != RANK_DOWN && clock_mono() < until;)
		turn();
	site.config = &config;
	site.board = board;
	site.started = SECOND;
	memset(query, 0, sizeof query);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		last_event = cases[i].last;
		assert_int_equal(ask("/api/v1/events", NULL, &body), 200);
		assert_int_equal(strstr(body.data, "event: anew") != NULL, cases[i].is_anew);
		assert_int_equal(strstr(body.data, "event: change") != NULL, cases[i].is_changed);
		assert_true(!cases[i].is_changed || strstr(body.data, "\"target\":\"n398\",\"from\":\"up\",\"to\":\"down\"") != NULL);
		assert_true(strstr(body.data, "id: 1000000-") != NULL);
	}
	last_event = NULL;
	buffer_fini(&body);
}

static void
put_sql(enum store_file file, const char *sql)
{
	assert_true(db_exec(folder.store->db_files[file].db, sql));
}

/* More that are down than are named, one that needs all its addresses, pauses of tags, and more certificates than are shown. */
static void
what_is_more_than_is_shown_is_counted(void **state)
{
	static const struct visit visits[] = {
		{ "/", NULL, NULL, NULL, NULL, 200, "<span>And <a href=\"/?state=down\">7 more</a> below.</span>", NULL, NULL }, { "/", NULL, NULL, NULL, NULL, 200, "needs all of its addresses, and is down since", NULL, NULL },
		{ "/", NULL, NULL, NULL, NULL, 200, "<title>(12) 12 of 451 down - Postwatch</title>", NULL, NULL }, { "/", NULL, NULL, NULL, NULL, 200, ">paused</span>", NULL, NULL },
		{ "/", NULL, NULL, NULL, NULL, 200, "nothing of others&#39; mail, by <a href=\"/targets/n", NULL, NULL }, { "/", NULL, NULL, NULL, NULL, 200, "It arrives, but not as it should, at <a href=\"/?state=degraded\">11</a>.</span>", NULL, NULL },
		{ "/certificates", NULL, NULL, NULL, NULL, 200, "50 more end later", NULL, NULL }, { "/certificates", NULL, NULL, NULL, NULL, 200, " and 1 more.", NULL, NULL },
		{ "/targets/n300", NULL, NULL, NULL, NULL, 200, "of its chain ends before", NULL, NULL }, { "/targets/n301", NULL, NULL, NULL, NULL, 200, "Ends ended, for ", NULL, NULL },
		{ "/api/v1/targets/n320", NULL, NULL, NULL, NULL, 200, "\"tag\":\"other\"", NULL, NULL }, { "/api/v1/targets/n1", NULL, NULL, NULL, NULL, 200, "\"paused\":false", NULL, NULL },
	};
	int64_t now = clock_wall();
	struct store_batch *batch = store_batch_create(STORE_MAIN);

	(void)state;
	other.addresses = ADDRESSES_ALL;
	put_sql(STORE_MAIN, "UPDATE states SET state = 'down', text = CAST('1 of 2 addresses: refused' AS BLOB), since = since + 1000000000 * target WHERE target BETWEEN 440 AND 449");
	put_sql(STORE_MAIN, "UPDATE states SET verdict = 'blocked' WHERE target BETWEEN 430 AND 431");
	put_sql(STORE_MAIN, "UPDATE states SET verdict = 'degraded' WHERE target BETWEEN 410 AND 419");
	store_put_pause(batch, &(struct store_pause){ .number = 1, .tag = "other", .from = now - SECOND, .until = now + 3600 * (int64_t)SECOND, .why = text_view("w"), .by = text_view("b") });
	store_put_pause(batch, &(struct store_pause){ .number = 2, .target = 3, .tag = "", .from = now + 3600 * (int64_t)SECOND, .until = now + 7200 * (int64_t)SECOND, .why = text_view("w"),
		.by = text_view("b") });
	for (uint64_t i = 0; i < 250; i++)
		store_put_server(batch, &(struct store_server){ .target = 200 + i, .run = 1, .at = now, .tls_version = "TLSv1.3", .tls_cipher = "X",
			.not_before = i == 5 ? 0 : now - SECOND, .not_after = i == 103 ? now - SECOND : now + (int64_t)(i / 2 + 2) * 3600 * SECOND, .chain_ends = i == 102 ? now + SECOND : 0 });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	board_destroy(&board);
	board = board_create(&config);
	turn();
	visit_all(visits, sizeof visits / sizeof visits[0]);
	other.addresses = ADDRESSES_ANY;
}

/* A store that has nothing, or that is not there. */
static void
nothing_is_told_as_such(void **state)
{
	static const struct visit empty[] = { { "/", NULL, NULL, NULL, NULL, 200, "Nothing was looked at yet.", NULL, NULL },
		{ "/certificates", NULL, NULL, NULL, NULL, 200, "None is known yet", "Without", NULL }, { "/", NULL, NULL, NULL, NULL, 200, "Mail arrives at 0 of 0.", NULL, "lab" },
		{ "/about", NULL, NULL, NULL, NULL, 200, "<h1>Us</h1>", NULL, NULL } };
	static const struct visit none[] = { { "/", NULL, NULL, NULL, NULL, 200, "Nothing can be told yet.", NULL, NULL }, { "/", NULL, NULL, NULL, NULL, 503, "nothing can be told now", NULL, "lab" },
		{ "/metrics", NULL, NULL, NULL, NULL, 200, "postwatch_store_readable 0", "postwatch_targets", NULL }, { "/probe", "target", "n1", NULL, NULL, 503, "cannot be read", NULL, NULL },
		{ "/incidents", NULL, NULL, NULL, NULL, 200, "<h1>Incidents</h1>", NULL, NULL }, { "/about", NULL, NULL, NULL, NULL, 200, "<h1>Us</h1>", "Trouble of its own", NULL },
		{ "/incidents/1", NULL, NULL, NULL, NULL, 503, "cannot be read", NULL, NULL }, { "/api/v1/status", NULL, NULL, NULL, NULL, 200, "\"targets\":0", NULL, NULL } };
	static struct config elsewhere; /* the board has it until the teardown */

	(void)state;
	put_sql(STORE_MAIN, "UPDATE targets SET gone = 1");
	board_destroy(&board);
	board = board_create(&config);
	turn();
	visit_all(empty, sizeof empty / sizeof empty[0]);
	board_destroy(&board);
	elsewhere = config;
	elsewhere.state = "/nowhere/at/all";
	board = board_create(&elsewhere);
	turn();
	visit_all(none, sizeof none / sizeof none[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_are_as_the_query_asks, fill, tear_down),
		cmocka_unit_test_setup_teardown(the_api_is_as_the_query_asks, fill, tear_down),
		cmocka_unit_test_setup_teardown(availability_is_as_old_as_its_record, fill, tear_down),
		cmocka_unit_test_setup_teardown(metrics_are_of_all_that_is_known, fill, tear_down),
		cmocka_unit_test_setup_teardown(events_go_on_where_they_ended, fill, tear_down),
		cmocka_unit_test_setup_teardown(what_is_more_than_is_shown_is_counted, fill, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_told_as_such, fill, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
