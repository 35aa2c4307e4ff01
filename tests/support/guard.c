/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

uint8_t *guard_copy(struct guard *guard, const void *data, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (len + page - 1) / page * page;
	uint8_t *start;

	guard->map_len = room + page;
	guard->map = mmap(NULL, guard->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guard->map == MAP_FAILED || mprotect(guard->map + room, page, PROT_NONE) != 0)
		abort();
	start = guard->map + room - len;
	if (len > 0)
		memcpy(start, data, len);
	return start;
}

void guard_free(struct guard *guard)
{
	munmap(guard->map, guard->map_len);
}
