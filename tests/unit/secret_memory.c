/* Memory of secrets is locked, left out of dumps, and gives nothing back but zeros. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/secret_memory.h"

/* The flags of the mapping that begins there (proc_pid_smaps(5)); "": there is none. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static void
read_flags(const void *memory, char flags[static 200])
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[200];
	bool here = false;

	assert_non_null(file);
	flags[0] = '\0';
	while (fgets(line, sizeof line, file) != NULL) {
		uintptr_t from, to;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2)
			here = (uintptr_t)memory >= from && (uintptr_t)memory < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, 200, "%s", line + 8);
	}
	fclose(file);
}

static void
is_locked_and_in_no_dump(void **state)
{
	struct rlimit limit;
	char flags[200];
	void *memory = secret_memory_make(10000);

	(void)state;
	assert_non_null(memory);
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(((const unsigned char *)memory)[i], 0);
	memset(memory, 'x', 10000);
	read_flags(memory, flags);
	assert_non_null(strstr(flags, " dd"));
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	if (limit.rlim_cur >= 64 * 1024 && !SANITIZED) /* AddressSanitizer locks nothing */
		assert_non_null(strstr(flags, " lo"));
	secret_memory_free(&memory, 10000);
	assert_null(memory);
	secret_memory_free(&memory, 10000);
}

/* A small limit, or none at all, takes nothing away but the lock. */
static void
is_there_without_a_lock(void **state)
{
	const struct rlimit none = { 0, 0 };
	void *memory;

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	memory = secret_memory_make(1 << 20);
	assert_non_null(memory);
	memset(memory, 'x', 1 << 20);
	secret_memory_free(&memory, 1 << 20);
	memory = secret_memory_make(0);
	assert_non_null(memory);
	secret_memory_free(&memory, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_locked_and_in_no_dump),
		cmocka_unit_test(is_there_without_a_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
