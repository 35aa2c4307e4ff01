/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as zerorated.conf: it is taken or refused, with at least one line that tells where and what, each of them one
 * line; what is taken keeps the bounds that the daemon relies on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses the texts that it was reading when an error of syntax ends it; the daemon reads once. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

/* A file that is nowhere on a disk. */
static int file = -1;
static char path[64];

static void check_evidence(const struct zr_evidence_config *evidence, bool resolvers)
{
	if (evidence->verify > ZR_VERIFY_REQUIRE || evidence->verify < ZR_VERIFY_OFF ||
	    evidence->ttl_min_us > evidence->ttl_max_us || evidence->memory_bytes < 1 << 20 ||
	    evidence->network_bytes < 1 << 20 || evidence->network_bytes > 1 << 30 || evidence->dns_free_bytes == 0)
		abort();
	if (!resolvers && (evidence->dns_free || evidence->verify != ZR_VERIFY_OFF))
		abort();
}

static void check_taken(const struct zr_config *config)
{
	struct zr_dataplane_config dataplane;

	if (config->gateway == NULL || strlen(config->gateway) < 1 || strlen(config->gateway) > ZR_GATEWAY_MAX ||
	    config->workers == NULL || config->eal == NULL || config->list.file == NULL || config->list.state == NULL)
		abort();
	if (config->port_count < 1 || config->port_count > ZR_PORTS_MAX || config->flows < 1 ||
	    config->consumers.count > ZR_CONSUMERS_NAMED_MAX || config->records.user_count > ZR_USERS_MAX)
		abort();
	for (unsigned int i = 0; i < config->port_count; i++)
		if (config->ports[i].device[0] == '\0' || config->ports[i].peer >= ZR_PORTS_MAX)
			abort();
	if (config->list.signatures_required > config->list.keys.count)
		abort();
	check_evidence(&config->evidence, config->trusted_resolvers.count > 0);
	zr_config_dataplane(config, &dataplane);
	if (dataplane.port_count != config->port_count)
		abort();
}

static void check_refused(const struct zr_config_errors *errors)
{
	if (errors->count == 0)
		abort();
	/* FILE:LINE: what is wrong; the file's name is ours unless the file includes another one. */
	for (size_t i = 0; i < errors->count; i++)
		if (strchr(errors->lines[i], ':') == NULL)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_config_errors errors;
	struct zr_config config;
	int err;

	if (file < 0) {
		file = memfd_create("conf", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	/* Another file is read where one names it: what this machine has is none of a fuzzer's business. */
	if (memmem(data, size, "@include", 8) != NULL)
		return 0;
	if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	err = zr_config_read(path, &config, &errors);
	if (err == 0)
		check_taken(&config);
	else if (err == -EINVAL)
		check_refused(&errors);
	else
		abort();
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
	return 0;
}
