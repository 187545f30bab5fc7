/* What is taken for an endpoint lies within the text; an address that is read can be written and read again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check_address(const char *literal)
{
	char shown[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(shown);
	struct address address, again;

	if (!address_parse_port(literal, 25, &address))
		return;
	assert(address_port(&address) != 0);
	assert(address_class_name(address_class(&address)) != NULL);
	address_add_port(&text, &address);
	assert(!text.cut && address_parse_port(shown, 0, &again));
	assert(address_equal(&address, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes;
	struct endpoint endpoint;
	struct reason why = { "" };

	if (endpoint_parse(text, size, &endpoint, &why)) {
		assert(endpoint.host >= text && endpoint.host + endpoint.host_size <= text + size);
		assert(endpoint.host_size > 0);
	} else {
		assert(why.text[0] != '\0');
	}
	char *literal = strndup(text, size);
	check_address(literal);
	free(literal);
	return 0;
}
