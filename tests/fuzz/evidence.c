/* Evidence from another process: what passes can be walked to its end and put back into a message. */
#include <assert.h>
#include <stdint.h>

#include "base/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static unsigned char again[WIRE_MAX * 4];
	struct wire_in in = wire_from(bytes, size);
	struct evidence evidence = { .leg = 0 };
	struct evidence_line line;

	wire_get_form(&in, &evidence_form, &evidence, &(struct wire_terms){ .limit = 0 });
	if (in.bad)
		return 0;
	evidence_fingerprint(&evidence, 1);
	struct wire_out out = wire_over(again, sizeof again);
	wire_put_form(&out, &evidence_form, &evidence);
	assert(!out.bad && out.size == in.at);
	while (evidence_next_line(&evidence.transcript, &line))
		assert(line.dir <= EVIDENCE_RECEIVED_TLS);
	assert(evidence.transcript.size == 0);
	return 0;
}
