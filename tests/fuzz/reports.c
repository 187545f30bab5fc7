/*
 * Whatever a prober says to a monitor that has ordered runs: it is refused, left aside or taken, and what is taken can be
 * told to the keeper. The input is packets, each behind two bytes of length; between them a minute passes.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "monitor.h"
#include "monitor/prober_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything is in hand again, under the same small numbers, so that inputs can name them. */
static void
pass_a_minute(struct monitor *monitor)
{
	static unsigned char packet[WIRE_MAX];

	monitor->watch.now += 60 * SECOND;
	monitor_tick(monitor);
	monitor_flush(monitor, true);
	for (uint32_t i = 0; i < TARGETS; i++) {
		orders_cancel(monitor->orders, i);
		monitor->watch.last_run = i;
		orders_plan(monitor->orders, i, monitor->watch.now - SECOND);
		assert(monitor->watch.targets[i].run == i + 1);
	}
	orders_flush(monitor->orders);
	while (packet_read(orders_reader, packet, sizeof packet, NULL) > 0)
		continue;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct monitor *monitor = begin();

	while (size > 2) {
		size_t packet = (size_t)data[0] << 8 | data[1];
		packet = packet < size - 2 ? packet : size - 2;
		pass_a_minute(monitor);
		if (packet > 0 && !prober_messages_take(monitor, 0, data + 2, packet))
			break;
		be_told(monitor);
		data += 2 + packet;
		size -= 2 + packet;
	}
	end(monitor);
	return 0;
}
