/* A word on the command line finds its function; nothing else. */
#include <stdio.h>

int
main(void)
{
	puts("postwatch " PW_VERSION);
	return 0;
}
