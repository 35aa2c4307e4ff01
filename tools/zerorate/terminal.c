/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

unsigned int zr_terminal_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool zr_terminal_obeys(int fd)
{
	const char *kind = getenv("TERM");

	return isatty(fd) == 1 && kind != NULL && *kind != '\0' && strcmp(kind, "dumb") != 0;
}
