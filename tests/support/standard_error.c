/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/standard_error.h"

#include <stdlib.h>
#include <unistd.h>

void standard_error_begin(struct standard_error *taken)
{
	taken->file = tmpfile();
	taken->kept = dup(STDERR_FILENO);
	if (taken->file == NULL || taken->kept < 0)
		abort();
	fflush(stderr);
	dup2(fileno(taken->file), STDERR_FILENO);
}

void standard_error_end(struct standard_error *taken, char *out, size_t room)
{
	fflush(stderr);
	dup2(taken->kept, STDERR_FILENO);
	close(taken->kept);
	rewind(taken->file);
	out[fread(out, 1, room - 1, taken->file)] = '\0';
	fclose(taken->file);
}
