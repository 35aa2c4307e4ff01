/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/terminal.h"

#include <sys/ioctl.h>

unsigned int zr_terminal_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
