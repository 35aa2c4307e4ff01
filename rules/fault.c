/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int zr_fault_set(struct zr_fault *fault, size_t at, const char *format, ...)
{
	va_list arguments;

	if (fault == NULL)
		return -EINVAL;
	fault->at = at;
	va_start(arguments, format);
	vsnprintf(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
	return -EINVAL;
}
