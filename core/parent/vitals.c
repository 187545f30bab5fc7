/*
 * For the parent: sends the state of all processes to the web process, once a second, for the page
 * "Us" and the metrics. A web process that does not read is not waited for, and nothing is kept for
 * it: the next packet says all that this one would have.
 */
#include "parent/vitals.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "parent/process_log.h"

void
vitals_init(struct vitals *vitals, struct tree *tree, bool is_reload)
{
	struct text lacks;

	*vitals = (struct vitals){
		.began = clock_wall(), .started = clock_mono(), .is_reload = is_reload
	};
	lacks = text_over(vitals->lacks, sizeof vitals->lacks);
	(void)sandbox_lacks(&lacks);
	if (tree->config->web.listen_count > 0)
		process_log_begin(tree, is_reload);
}

void
vitals_turn(struct vitals *vitals, struct tree *tree, int64_t now)
{
	static unsigned char packet[WIRE_MAX];
	static struct message_vitals message;
	const struct child *page = &tree->children[tree->count - 1];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (now < vitals->next || page->kind != DUTY_WEB)
		return;
	vitals->next = now + SECOND;
	process_log_turn(tree);
	if (page->stage != CHILD_READY || page->socket < 0
	    || !packet_queue_is_empty(&page->packets))
		return;
	message = (struct message_vitals){ .began = vitals->began, .is_reload = vitals->is_reload,
		.failing_since = tree->failing_since, .process_count = 1 };
	memcpy(message.lacks, vitals->lacks, sizeof message.lacks);
	message.processes[0] = (struct message_process){ .duty = DUTY_PARENT,
		.is_ready = true,
		.pid = (uint32_t)getpid(),
		.started = vitals->started };
	/* A process that is there now and then, such as a notifier's, is told of while it is
	 * there. */
	for (uint32_t i = 0; i < tree->count && message.process_count < VITALS_PROCESSES_MAX; i++) {
		const struct child *child = &tree->children[i];

		if (child->stage != CHILD_GONE)
			message.processes[message.process_count++] = (struct message_process){
				.duty = child->kind,
				.index = child->index,
				.is_ready = child->stage == CHILD_READY,
				.pid = child_lives(child) ? (uint32_t)child->pid : 0,
				.gate = child->gate > 0 ? (uint32_t)child->gate : 0,
				.deaths = child->deaths,
				.started = child->started,
				.alive = child->alive };
	}
	message_put_vitals(&out, &message);
	if (!out.bad)
		(void)packet_send(page->socket, packet, out.size, -1);
}
