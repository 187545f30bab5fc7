/* The text of an error for a person, with errno's words where there are some. */
#include "base/reason.h"

#include "base/text.h"

bool
reason_set(struct reason *why, const char *format, ...)
{
	va_list arguments;

	if (why == NULL)
		return false;
	struct text text = TEXT_OVER(why->text);
	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	return false;
}
