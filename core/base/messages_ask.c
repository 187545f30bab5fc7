/*
 * Encodes and decodes the messages that carry users' requests (ack, pause, outbox) and their
 * answers. A reader takes the whole packet and answers once, at its end.
 */
#include "base/messages_ask.h"

#include <string.h>

void
message_put_ask(struct wire_out *out, const struct message_ask *ask)
{
	message_begin(out, MESSAGE_ASK);
	wire_put_u64(out, ask->number);
	wire_put_u32(out, ask->target);
	wire_put_u32(out, ask->released);
	wire_put_name(out, ask->verb);
	wire_put_name(out, ask->who);
	out->bad |= ask->word_count > ASK_WORDS_MAX;
	wire_put_u8(out, (uint8_t)ask->word_count);
	for (uint32_t i = 0; !out->bad && i < ask->word_count; i++)
		wire_put_bytes(out, ask->words[i]);
}

bool
message_get_ask(struct wire_in *in, struct message_ask *ask, uint32_t targets)
{
	message_expect(in, MESSAGE_ASK);
	*ask = (struct message_ask){ .number = wire_get_u64(in) };
	ask->target = message_get_target(in, targets);
	ask->released = wire_get_u32(in);
	wire_get_name(in, ask->verb, sizeof ask->verb);
	wire_get_name(in, ask->who, sizeof ask->who);
	ask->word_count = wire_get_choice(in, ASK_WORDS_MAX + 1);
	for (uint32_t i = 0; i < ask->word_count; i++) {
		ask->words[i] = wire_get_bytes(in);
		wire_require(in, ask->words[i].size <= ASK_WORD_MAX);
	}
	return wire_is_whole(in);
}

void
message_put_answer(struct wire_out *out, const struct message_answer *answer)
{
	message_begin(out, MESSAGE_ANSWER);
	wire_put_u64(out, answer->number);
	wire_put_u8(out, (uint8_t)answer->kind);
	wire_put_u8(out, answer->status);
	wire_put_bytes(out, answer->text);
}

bool
message_get_answer(struct wire_in *in, struct message_answer *answer)
{
	message_expect(in, MESSAGE_ANSWER);
	*answer = (struct message_answer){ .number = wire_get_u64(in) };
	answer->kind = (char)wire_get_choice(in, 'x' + 1);
	answer->status = wire_get_choice(in, 128);
	answer->text = wire_get_bytes(in);
	wire_require(in, strchr("oex", answer->kind) != NULL && answer->kind != '\0' && answer->text.size < ANSWER_LINE_MAX);
	for (size_t i = 0; i < answer->text.size; i++)
		wire_require(in, (unsigned char)answer->text.data[i] >= ' ' && answer->text.data[i] != 0x7f);
	return wire_is_whole(in);
}

void
message_put_reload(struct wire_out *out, uint64_t number)
{
	message_begin(out, MESSAGE_RELOAD);
	wire_put_u64(out, number);
}

bool
message_get_reload(struct wire_in *in, uint64_t *number)
{
	message_expect(in, MESSAGE_RELOAD);
	*number = wire_get_u64(in);
	wire_require(in, *number != 0);
	return wire_is_whole(in);
}

void
message_put_release(struct wire_out *out, uint32_t target)
{
	message_begin(out, MESSAGE_RELEASE);
	wire_put_u32(out, target);
}

bool
message_get_release(struct wire_in *in, uint32_t *target, uint32_t targets)
{
	message_expect(in, MESSAGE_RELEASE);
	*target = wire_get_below(in, targets);
	return wire_is_whole(in);
}
