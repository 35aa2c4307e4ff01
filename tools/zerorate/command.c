/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int zr_command_print(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return ZR_EXIT_OK;
	if (errno != EPIPE)
		fprintf(stderr, "zerorate: standard output cannot be written: %s\n", strerror(errno));
	return ZR_EXIT_FAILED;
}
