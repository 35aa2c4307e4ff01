/* SPDX-License-Identifier: BSD-3-Clause */
/* What the process has of the machine's memory. */
#ifndef TESTS_SUPPORT_RESIDENT_H
#define TESTS_SUPPORT_RESIDENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* A sanitizer keeps what is freed, and has memory of its own: then what is resident tells nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define RESIDENT_TELLS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RESIDENT_TELLS false
#endif
#endif
#ifndef RESIDENT_TELLS
#define RESIDENT_TELLS true
#endif

/* In bytes. Fails the test when it cannot be read. */
static inline uint64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

#endif
