/*
 * Encodes and decodes evidence: facts, warnings and transcript lines of the dialogue with one
 * address (a leg).
 *
 * While a dialogue goes on the prober only appends entries to three short buffers, in the very form
 * in which they travel: most runs are well, and nobody ever looks at what was gathered.
 *
 * fact: name, steady (u8), value;  warning: code, phase (names), text;  line: at (i64), dir (u8),
 * bytes
 */
#include "base/evidence.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"

enum {
	FACTS_FIRST = 192, /* rooms that fit a common dialogue without growing */
	TRANSCRIPT_FIRST = 512,
	LINE_HEADER = 8 + 1 + 2,
	FACT_MAX = 4096,
	HEAD = EVIDENCE_TRANSCRIPT_MAX / 3, /* of a transcript with a gap */
	SHORTENED = EVIDENCE_TRANSCRIPT_MAX / 4 * 3,
	GAP_MAX = LINE_HEADER + 64
};

/* Reserves `size` bytes at the end of a list as a message to write into; bad where they do not
 * fit. */
static struct wire_out
append(struct buffer *list, size_t size, size_t first, size_t max)
{
	char *end = buffer_reserve(list, list->room == 0 && size < first ? first : size, max);

	if (end == NULL)
		return (struct wire_out){ .bad = true };
	return wire_over(end, size);
}

static void
appended(struct buffer *list, const struct wire_out *out)
{
	if (!out->bad)
		list->size += (uint32_t)out->size;
	assert(list->size <= list->room && (list->data == NULL) == (list->room == 0));
}

/* Takes the entry called `name` out of a list of facts, which we wrote ourselves: name, whether it
 * is steady, value. */
static void
forget_fact(struct buffer *facts, const char *name)
{
	size_t name_size = strlen(name), size;

	for (size_t offset = 0; offset < facts->size; offset += size) {
		const unsigned char *entry = (const unsigned char *)facts->data + offset;
		uint16_t value;

		memcpy(&value, entry + 1 + entry[0] + 1, sizeof value);
		size = 1u + entry[0] + 1u + sizeof value + value;
		assert(offset + size <= facts->size);
		if (entry[0] == name_size && memcmp(entry + 1, name, name_size) == 0) {
			buffer_remove(facts, offset, size);
			return;
		}
	}
}

void
evidence_add_fact(struct evidence_log *log, const char *name, struct pw_bytes value, bool steady)
{
	if (value.size > FACT_MAX)
		value.size = FACT_MAX;
	forget_fact(&log->facts, name);
	struct wire_out out = append(&log->facts, 1 + strlen(name) + 1 + 2 + value.size,
	    FACTS_FIRST, EVIDENCE_FACTS_MAX);
	wire_put_name(&out, name);
	wire_put_u8(&out, steady);
	wire_put_bytes(&out, value);
	appended(&log->facts, &out);
}

void
evidence_add_warning(struct evidence_log *log, const char *code, const char *phase,
    const char *text)
{
	struct pw_bytes bytes = { text, strnlen(text, EVIDENCE_TEXT_MAX - 1) };
	struct pw_bytes list = buffer_view(&log->warnings);
	struct evidence_warning warning;

	while (evidence_next_warning(&list, &warning))
		if (strcmp(warning.code, code) == 0)
			return;
	struct wire_out out = append(&log->warnings,
	    1 + strlen(code) + 1 + strlen(phase) + 2 + bytes.size, 0, EVIDENCE_WARNINGS_MAX);
	wire_put_name(&out, code);
	wire_put_name(&out, phase);
	wire_put_bytes(&out, bytes);
	appended(&log->warnings, &out);
}

static void
write_line(struct wire_out *out, int64_t at, enum evidence_dir dir, struct pw_bytes line)
{
	wire_put_i64(out, at);
	wire_put_u8(out, (uint8_t)dir);
	wire_put_bytes(out, line);
}

/* The size of the entry at `offset` of a transcript that we wrote ourselves. */
static size_t
line_size(const struct buffer *transcript, size_t offset, int64_t *at)
{
	struct wire_in in = wire_from(transcript->data + offset, transcript->size - offset);

	*at = wire_get_i64(&in);
	wire_get_u8(&in);
	wire_get_bytes(&in);
	return in.bad ? transcript->size - offset : in.at;
}

static void
insert_gap(struct evidence_log *log, int64_t at)
{
	struct buffer *transcript = &log->transcript;
	unsigned char entry[GAP_MAX];
	struct wire_out out = wire_over(entry, sizeof entry);
	char text[GAP_MAX - LINE_HEADER];
	int size = snprintf(text, sizeof text, "%u lines, %u bytes left out here", log->left_lines,
	    log->left_bytes);

	write_line(&out, at, EVIDENCE_EVENT, (struct pw_bytes){ text, (size_t)size });
	if (buffer_reserve(transcript, out.size, EVIDENCE_TRANSCRIPT_MAX) == NULL)
		return;
	assert(log->gap <= transcript->size && size < (int)sizeof text);
	char *gap = transcript->data + log->gap;
	memmove(gap + out.size, gap, transcript->size - log->gap);
	memcpy(gap, entry, out.size);
	transcript->size += (uint32_t)out.size;
}

/* Drops the oldest lines behind the head, so many that it need not be done again for each line. */
static void
give_way(struct evidence_log *log, size_t needed)
{
	struct buffer *transcript = &log->transcript;
	int64_t at = 0;
	size_t offset;

	if (log->gap == 0) { /* the head ends at the first border between lines behind HEAD bytes */
		int64_t before;

		while (log->gap < HEAD && log->gap < transcript->size)
			log->gap += (uint32_t)line_size(transcript, log->gap, &before);
	} else
		buffer_remove(transcript, log->gap, line_size(transcript, log->gap, &at));
	offset = log->gap;
	while (offset < transcript->size
	    && transcript->size - (offset - log->gap) + needed + GAP_MAX > (size_t)SHORTENED) {
		size_t size = line_size(transcript, offset, &at);

		log->left_lines++;
		log->left_bytes += (uint32_t)(size - LINE_HEADER);
		offset += size;
	}
	buffer_remove(transcript, log->gap, offset - log->gap);
	insert_gap(log, at);
}

void
evidence_add_line(struct evidence_log *log, int64_t at, enum evidence_dir dir, struct pw_bytes line)
{
	/* Bytes are stamped when they are read, a timer with the time at which its turn of the
	 * event loop began. */
	log->latest = at > log->latest ? at : log->latest;
	if (line.size > EVIDENCE_LINE_MAX)
		line.size = EVIDENCE_LINE_MAX;
	if (log->transcript.size + LINE_HEADER + line.size > EVIDENCE_TRANSCRIPT_MAX)
		give_way(log, LINE_HEADER + line.size);
	struct wire_out out = append(&log->transcript, LINE_HEADER + line.size, TRANSCRIPT_FIRST,
	    EVIDENCE_TRANSCRIPT_MAX);
	write_line(&out, log->latest, dir, line);
	appended(&log->transcript, &out);
}

/* Whoever talks to an address connects, or would have. */
bool
evidence_is_of_program(const struct evidence *evidence)
{
	bool connects = false;

	for (uint32_t i = 0; i < evidence->phase_count; i++)
		connects |= strcmp(evidence->phases[i].name, "connect") == 0;
	return evidence->phase_count > 0 && !connects;
}

void
evidence_log_fini(struct evidence_log *log)
{
	buffer_fini(&log->facts);
	buffer_fini(&log->warnings);
	buffer_fini(&log->transcript);
	*log = (struct evidence_log){ .gap = 0 };
}

/* What was read of a list is taken off its front; nothing where it was malformed. */
static bool
advance(struct pw_bytes *list, const struct wire_in *in)
{
	if (in->bad)
		return false;
	assert(in->at <= list->size);
	list->data += in->at;
	list->size -= in->at;
	return true;
}

bool
evidence_next_fact(struct pw_bytes *list, struct evidence_fact *fact)
{
	struct wire_in in = wire_from(list->data, list->size);

	wire_get_name(&in, fact->name, sizeof fact->name);
	fact->steady = wire_get_choice(&in, 2) != 0;
	fact->value = wire_get_bytes(&in);
	return advance(list, &in);
}

int64_t
evidence_time(struct pw_bytes value)
{
	char bytes[sizeof "2026-12-01T10:00:00Z"] = "";
	struct tm date = { .tm_mday = 0 };

	if (value.size != sizeof bytes - 1)
		return 0;
	memcpy(bytes, value.data, value.size);
	const char *end = strptime(bytes, "%Y-%m-%dT%H:%M:%SZ", &date);
	return end == NULL || *end != '\0' ? 0 : (int64_t)timegm(&date) * SECOND;
}

bool
evidence_next_warning(struct pw_bytes *list, struct evidence_warning *warning)
{
	struct wire_in in = wire_from(list->data, list->size);

	wire_get_name(&in, warning->code, sizeof warning->code);
	wire_get_name(&in, warning->phase, sizeof warning->phase);
	warning->text = wire_get_bytes(&in);
	return advance(list, &in);
}

bool
evidence_next_line(struct pw_bytes *list, struct evidence_line *line)
{
	struct wire_in in = wire_from(list->data, list->size);

	line->at = wire_get_i64(&in);
	line->dir = (enum evidence_dir)wire_get_choice(&in, EVIDENCE_RECEIVED_TLS + 1);
	line->bytes = wire_get_bytes(&in);
	return advance(list, &in);
}

/* The lists are read once, when they come in: whoever walks them later need not ask whether they
 * ended or broke. */
static bool
is_evidence(const void *record)
{
	const struct evidence *evidence = record;
	struct pw_bytes facts = evidence->facts, warnings = evidence->warnings,
	                transcript = evidence->transcript;
	struct evidence_fact fact;
	struct evidence_warning warning;
	struct evidence_line line;

	while (facts.size > 0 && evidence_next_fact(&facts, &fact))
		;
	while (warnings.size > 0 && evidence_next_warning(&warnings, &warning))
		;
	while (transcript.size > 0 && evidence_next_line(&transcript, &line))
		;
	return evidence->leg < evidence->legs && evidence->legs <= EVIDENCE_LEGS_MAX
	    && facts.size == 0 && warnings.size == 0 && transcript.size == 0;
}

static const struct wire_form phase_form = { WIRE_FORM(evidence_phase,
	WIRE_FIELD(NAME, evidence_phase, name),
	WIRE_FIELD(U8, evidence_phase, status, .max = PHASE_FAILED),
	WIRE_FIELD(I64, evidence_phase, micros, .min = -1),
	WIRE_FIELD(I64, evidence_phase, limit)) };

const struct wire_form evidence_form = { .holds = is_evidence, WIRE_FORM(evidence,
	WIRE_FIELD(U32, evidence, leg),
	WIRE_FIELD(U32, evidence, legs),
	WIRE_FIELD(U8, evidence, verdict, .max = EVIDENCE_NOT_CHECKED),
	WIRE_FIELD(NAME, evidence, outcome),
	WIRE_FIELD(BYTES, evidence, text, .max = EVIDENCE_TEXT_MAX - 1),
	WIRE_FIELD(BYTES, evidence, address),
	WIRE_FIELD(U16, evidence, port),
	WIRE_FIELD(BYTES, evidence, local),
	WIRE_FIELD(BYTES, evidence, helo),
	WIRE_FIELD(I64, evidence, started, .min = INT64_MIN),
	WIRE_FIELD(I64, evidence, micros, .min = INT64_MIN),
	WIRE_LIST(PART, evidence, phases, phase_count, .form = &phase_form),
	WIRE_FIELD(BYTES, evidence, facts),
	WIRE_FIELD(BYTES, evidence, warnings),
	WIRE_FIELD(BYTES, evidence, transcript)) };

/* With a NUL behind it, so that "ab", "c" differs from "a", "bc". */
static uint64_t
mix(uint64_t hash, const void *bytes, size_t size)
{
	return hash_add(hash_add(hash, bytes, size), "", 1);
}

/* Steady facts alone: a queue id or a time of day would make every run look new. */
uint64_t
evidence_fingerprint(const struct evidence *evidence, uint64_t seed)
{
	uint64_t hash = mix(seed ^ HASH_BEGIN, evidence->outcome, strlen(evidence->outcome));
	struct pw_bytes facts = evidence->facts, warnings = evidence->warnings;
	struct evidence_fact fact;
	struct evidence_warning warning;

	while (evidence_next_fact(&facts, &fact))
		if (fact.steady) {
			hash = mix(hash, fact.name, strlen(fact.name));
			hash = mix(hash, fact.value.data, fact.value.size);
		}
	while (evidence_next_warning(&warnings, &warning))
		hash = mix(hash, warning.code, strlen(warning.code));
	return hash;
}
