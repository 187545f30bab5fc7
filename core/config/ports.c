/*
 * For the sandbox of probers and notifiers: lists the TCP ports that they connect to, by the
 * configuration.
 */
#include "config/ports.h"

#include "config/programs.h"

enum { DNS_PORT = 53 };

void
ports_add_resolvers(struct sandbox_ports *ports, const struct config *config)
{
	for (uint32_t i = 0; i < config->resolver_count; i++)
		sandbox_ports_add(ports, address_port(&config->resolvers[i]));
	if (config->resolver_count == 0)
		sandbox_ports_add(ports, DNS_PORT);
}

void
ports_add_prober(struct sandbox_ports *ports, const struct config *config)
{
	ports_add_resolvers(ports, config);
	sandbox_ports_add(ports, DNS_PORT);
	for (uint32_t i = 0; i < config->reference_count; i++)
		sandbox_ports_add(ports, config->references[i].port);
	for (uint32_t i = 0; i < config->target_count; i++)
		if (!plugin_has_program(config->targets[i].policy->probe))
			sandbox_ports_add(ports, config->targets[i].port);
}
