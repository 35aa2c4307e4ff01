/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program writes to standard error, for tests of what it says there. */
#ifndef TESTS_SUPPORT_STANDARD_ERROR_H
#define TESTS_SUPPORT_STANDARD_ERROR_H

#include <stddef.h>
#include <stdio.h>

struct standard_error {
	FILE *file;
	int kept;
};

/* From here on it goes to a file, up to the end, which hands it over, terminated and cut to the room. Not nested. */
void standard_error_begin(struct standard_error *taken);
void standard_error_end(struct standard_error *taken, char *out, size_t room);

#endif
