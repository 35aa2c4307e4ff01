/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/watch.h"

#include <stdio.h>
#include <unistd.h>

int zr_watch(uint64_t seconds, bool clears, int (*show)(void *arg), void *arg)
{
	bool on_terminal = isatty(STDOUT_FILENO) == 1;
	int status;

	for (;;) {
		if (clears && on_terminal)
			fputs("\033[H\033[2J", stdout); /* ECMA-48: cursor home, erase display */
		status = show(arg);
		if (fflush(stdout) != 0 || ferror(stdout))
			return status;
		sleep((unsigned int)seconds);
	}
}
