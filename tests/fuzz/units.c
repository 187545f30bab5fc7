/* A duration or a size that is read is not negative, is written, and reads back as the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check(const char *written, bool (*parse)(const char *, int64_t *, struct reason *), void (*add)(struct text *, int64_t))
{
	char shown[128];
	struct text text = TEXT_OVER(shown);
	struct reason why = { "" };
	int64_t value = -1, again = -1;

	if (!parse(written, &value, &why)) {
		assert(value == -1 && why.text[0] != '\0');
		return;
	}
	assert(value >= 0);
	add(&text, value);
	assert(!text.cut && parse(shown, &again, NULL) && again == value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *written = strndup((const char *)bytes, size);

	check(written, units_parse_duration, units_add_duration);
	check(written, units_parse_size, units_add_size);
	free(written);
	return 0;
}
