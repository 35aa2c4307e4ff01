/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/written.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/atomic_file.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/output.h"

static int write_file(const char *path, const char *text, size_t len)
{
	int error = zr_atomic_file_write(path, text, len);

	if (error == 0)
		return ZR_EXIT_OK;
	fprintf(stderr, "%s: cannot be written: %s\n", path,
		error == -EEXIST ? "it is no regular file; leave -o out to write to standard output"
				 : strerror(-error));
	return ZR_EXIT_FAILED;
}

int zr_list_written(const char *command, const char *path, const char *text, size_t len)
{
	struct zr_output *out;
	int status = ZR_EXIT_OK;

	if (path != NULL)
		return write_file(path, text, len);
	out = malloc(sizeof(*out));
	if (out == NULL) {
		fprintf(stderr, "zerorate %s: no memory\n", command);
		return ZR_EXIT_FAILED;
	}
	zr_output_init(out, STDOUT_FILENO);
	zr_output_put(out, text, len);
	if (!zr_output_flush(out)) {
		zr_command_output_failed(command, out->error);
		status = ZR_EXIT_FAILED;
	}
	free(out);
	return status;
}
