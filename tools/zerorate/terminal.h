/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a terminal. */
#ifndef TOOLS_ZERORATE_TERMINAL_H
#define TOOLS_ZERORATE_TERMINAL_H

#include <stdbool.h>

/* Columns of the terminal behind a descriptor; 0 when it is none or does not say. */
unsigned int zr_terminal_width(int fd);

/* Is it a terminal that moves its cursor and erases when it is told to? One whose TERM is "dumb", or none, is not. */
bool zr_terminal_obeys(int fd);

#endif
