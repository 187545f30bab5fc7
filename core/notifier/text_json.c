/*
 * For the notifier's worker process: writes the JSON form of a notice, which webhooks and programs
 * are given. Names are those of `postwatch probe --json` where they mean the same.
 */
#include "notifier/text_json.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/transcript.h"
#include "notifier/report.h"

static void
write_word(struct json *json, const char *key, const char *word)
{
	json_string(json, key, word[0] == '\0' ? NULL : word);
}

enum { JSON_VERSION = 1 };

static void
write_head(struct json *json, const struct pw_notice *shown, const struct message_notice *notice)
{
	json_int(json, "version", JSON_VERSION);
	json_string(json, "kind", notice->kind);
	json_string(json, "severity", shown->severity);
	json_string(json, "subject", shown->subject);
	json_string(json, "key", notice->key);
	write_word(json, "thread", notice->thread);
	json_bool(json, "over", shown->over);
	json_int(json, "attempt", notice->attempt);
	json_text(json, "text", notice->text);
	json_text(json, "target", notice->target);
	json_text(json, "host", notice->host);
	json_int(json, "port", notice->port);
	write_word(json, "probe", notice->probe);
	write_word(json, "code", notice->code);
	write_word(json, "from", notice->from);
	write_word(json, "to", notice->to);
	json_int(json, "incident", (int64_t)notice->incident);
	if (shown->page[0] != '\0')
		json_string(json, "page", shown->page);
	json_time(json, "began", notice->began);
	json_time(json, "detected", notice->detected);
	json_time(json, "confirmed", notice->confirmed);
	json_time(json, "ended", notice->ended);
	json_time(json, "sent", shown->sent);
	json_int(json, "utc_offset", shown->offset);
	json_string(json, "watcher", shown->own_name);
	write_word(json, "silences", notice->silences);
	json_bool(json, "maybe_duplicate", (notice->flags & NOTICE_DUPLICATE) != 0);
	json_bool(json, "not_recorded", (notice->flags & NOTICE_NOT_RECORDED) != 0);
	json_bool(json, "fallback", (notice->flags & NOTICE_FALLBACK) != 0);
	json_int(json, "covered", notice->covered);
}

static void
write_list(struct json *json, const char *key, struct pw_bytes list)
{
	json_begin_array(json, key);
	while (list.size > 0) {
		const char *stop = memchr(list.data, '\n', list.size);
		size_t size = stop == NULL ? list.size : (size_t)(stop - list.data);
		size_t taken = size + (stop != NULL);

		json_text(json, NULL, (struct pw_bytes){ list.data, size });
		list = (struct pw_bytes){ list.data + taken, list.size - taken };
	}
	json_end(json);
}

static void
write_leg(struct json *json, const struct message_leg *message, bool transcripts)
{
	static char bytes[TRANSCRIPT_LINE_MAX];
	const struct evidence *leg = &message->leg;
	struct pw_bytes warnings = leg->warnings, facts = leg->facts, transcript = leg->transcript;
	struct evidence_warning warning;
	struct evidence_fact fact;
	struct evidence_line line;

	json_begin_object(json, NULL);
	json_int(json, "run", (int64_t)message->run + 1);
	json_int(json, "leg", (int64_t)leg->leg + 1);
	json_text(json, "address", leg->address);
	json_int(json, "port", leg->port);
	json_text(json, "local", leg->local);
	json_text(json, "helo", leg->helo);
	json_time(json, "started", leg->started);
	json_string(json, "verdict",
	    leg->verdict == EVIDENCE_NOT_CHECKED ? "not_checked"
	                                         : verdict_name((enum pw_verdict)leg->verdict));
	json_string(json, "outcome", leg->outcome);
	json_text(json, "text", leg->text);
	json_seconds(json, "seconds", leg->micros);
	json_begin_object(json, "phases");
	for (uint32_t i = 0; i < leg->phase_count; i++)
		if (leg->phases[i].status == PHASE_NOT_REACHED)
			json_null(json, leg->phases[i].name);
		else
			json_seconds(json, leg->phases[i].name, leg->phases[i].micros);
	json_end(json);
	json_begin_object(json, "facts");
	while (evidence_next_fact(&facts, &fact))
		json_foreign(json, fact.name, fact.value);
	json_end(json);
	json_begin_object(json, "warnings");
	while (evidence_next_warning(&warnings, &warning))
		json_text(json, warning.code, warning.text);
	json_end(json);
	if (transcripts)
		json_begin_array(json, "transcript");
	while (transcripts && evidence_next_line(&transcript, &line)) {
		struct text text = TEXT_OVER(bytes);

		transcript_add_line(&text, &line);
		json_string(json, NULL, bytes);
	}
	if (transcripts)
		json_end(json);
	json_end(json);
}

static bool
write_all(struct buffer *buffer, const struct pw_notice *shown, const struct message_notice *notice,
    const struct message_leg *legs, uint32_t leg_count, bool transcripts)
{
	struct json json = json_to_buffer(buffer, NOTICE_JSON_MAX);
	const struct pw_bytes none = { "", 0 };

	buffer_clear(buffer);
	json_begin_object(&json, NULL);
	write_head(&json, shown, notice);
	write_list(&json, "covers", notice->covered > 0 ? notice->list : none);
	write_list(&json, "behind", notice->covered > 0 ? none : notice->list);
	json_int(&json, "runs", notice->runs);
	json_bool(&json, "transcripts_cut", !transcripts);
	json_begin_array(&json, "legs");
	for (uint32_t i = 0; i < leg_count; i++)
		write_leg(&json, &legs[i], transcripts);
	json_end(&json);
	json_end(&json);
	if (!json_finish_line(&json))
		return false;
	assert(buffer->size > 0 && buffer->data[buffer->size - 1] == '\n');
	buffer->data[buffer->size - 1] = '\0'; /* in place of the line's end */
	return true;
}

bool
notice_write_json(struct buffer *buffer, const struct pw_notice *shown,
    const struct message_notice *notice, const struct message_leg *legs, uint32_t leg_count)
{
	return write_all(buffer, shown, notice, legs, leg_count, true)
	    || write_all(buffer, shown, notice, legs, leg_count, false)
	    || write_all(buffer, shown, notice, legs, 0, false);
}

bool
notice_add_report(struct buffer *buffer, const char *report)
{
	static const char name[] = ",\"report\":";
	size_t size = strcspn(report, "\n");
	enum { MOST = NOTICE_JSON_MAX + REPORT_BYTES_MAX };

	assert(buffer->size > 2 && memcmp(buffer->data + buffer->size - 2, "}", 2) == 0);
	buffer->size -= 2;
	return buffer_add(buffer, name, sizeof name - 1, MOST) && buffer_add(buffer, report, size, MOST)
	    && buffer_add(buffer, "}", 2, MOST);
}
