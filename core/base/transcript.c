/*
 * Prints the evidence of the dialogue with one address as a transcript. What a server said is
 * escaped; all else was made by us, and is printable already.
 */
#include "base/transcript.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

const char *
transcript_arrow(enum evidence_dir dir)
{
	static const char *const arrows[] = {
		[EVIDENCE_EVENT] = "***", [EVIDENCE_SENT] = "-->", [EVIDENCE_RECEIVED] = "<--",
		[EVIDENCE_SENT_TLS] = "~~>", [EVIDENCE_RECEIVED_TLS] = "<~~",
	};

	assert((size_t)dir < sizeof arrows / sizeof *arrows);
	return arrows[dir];
}

void
transcript_add_line(struct text *text, const struct evidence_line *line)
{
	text_format(text, "%8.3f %s ", (double)line->at / SECOND, transcript_arrow(line->dir));
	if (line->dir == EVIDENCE_EVENT)
		text_add_shown(text, line->bytes);
	else
		text_escape(text, line->bytes);
}

void
transcript_add_address(struct text *text, struct pw_bytes address, uint16_t port)
{
	bool brackets = memchr(address.data, ':', address.size) != NULL;

	text_add(text, brackets ? "[" : "");
	text_add_shown(text, address);
	text_format(text, "%s:%u", brackets ? "]" : "", port);
}

void
transcript_add_ends(struct text *text, const struct evidence *leg)
{
	if (evidence_is_of_program(leg))
		text_add(text, "by a program");
	else if (leg->address.size > 0)
		transcript_add_address(text, leg->address, leg->port);
	else
		text_add(text, "no address");
	if (leg->local.size > 0) {
		text_add(text, " from ");
		text_add_shown(text, leg->local);
	}
	if (leg->helo.size > 0) {
		text_add(text, " as ");
		text_add_shown(text, leg->helo);
	}
}

void
transcript_add_verdict(struct text *text, const struct evidence *leg)
{
	text_add(text, leg->verdict == EVIDENCE_NOT_CHECKED ? "not checked"
	    : verdict_name((enum pw_verdict)leg->verdict));
	if (strcmp(leg->outcome, "ok") != 0) {
		text_add(text, " (");
		text_add_shown(text, text_view(leg->outcome));
		text_add(text, ")");
	}
	if (leg->text.size > 0) {
		text_add(text, ": ");
		text_add_shown(text, leg->text);
	}
}

void
transcript_add_phase(struct text *text, const struct evidence_phase *phase)
{
	if (phase->status == PHASE_NOT_REACHED || phase->micros < 0)
		text_add(text, "not reached");
	else if (phase->status == PHASE_FAILED)
		text_format(
		    text, "failed after %s (limit %s)", SPAN(phase->micros), SPAN(phase->limit));
	else
		text_add_span(text, phase->micros);
}

void
transcript_add_phases(struct text *text, const struct evidence *leg)
{
	for (uint32_t i = 0; i < leg->phase_count; i++) {
		if (i > 0)
			text_add(text, ", ");
		text_format(text, "%s ", leg->phases[i].name);
		transcript_add_phase(text, &leg->phases[i]);
		if (leg->phases[i].status == PHASE_NOT_REACHED)
			break;
	}
}
