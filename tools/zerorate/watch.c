/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/watch.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/terminal.h"

#define MS_PER_S 1000

/* Wait; false: nobody reads standard output any more. */
static bool is_read(uint64_t seconds)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	poll(&out, 1, (int)seconds * MS_PER_S);
	return (out.revents & (POLLERR | POLLHUP)) == 0;
}

int zr_watch(uint64_t seconds, bool clears, int (*show)(void *arg), void *arg)
{
	clears = clears && zr_terminal_obeys(STDOUT_FILENO);
	for (;;) {
		if (clears)
			fputs("\033[H\033[2J", stdout); /* ECMA-48: cursor home, erase display */
		/* At once, so that what show says on standard error stays. */
		fflush(stdout);
		show(arg);
		if (fflush(stdout) != 0 || ferror(stdout) || !is_read(seconds))
			return ZR_EXIT_FAILED;
	}
}
