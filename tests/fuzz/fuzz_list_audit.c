/* SPDX-License-Identifier: BSD-3-Clause */
/* The audit log of lists with any bytes in it: what is read back are objects, no more than were asked for. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/list_audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tail(const struct zr_list_audit *audit, unsigned int most)
{
	json_t *entries = NULL;
	const json_t *entry;
	size_t i;

	if (zr_list_audit_tail(audit, most, &entries) != 0 || json_array_size(entries) > most)
		abort();
	json_array_foreach(entries, i, entry) if (!json_is_object(entry)) abort();
	json_decref(entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_list_audit audit = {.fd = memfd_create("audit", MFD_CLOEXEC)};

	if (audit.fd < 0 || write(audit.fd, data, size) != (ssize_t)size)
		abort();
	tail(&audit, size > 0 ? data[0] : 1);
	close(audit.fd);
	return 0;
}
