/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/eal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include "dataplane/dpdk/eal_args.h"

_Static_assert(ZR_LCORES_MAX <= RTE_MAX_LCORE, "every lcore number that is taken can be had");

/* What EAL was started with; eal is NULL before. */
static struct {
	char *eal;
	bool shared;
} running;

static int no_memory(char *error, size_t error_len)
{
	snprintf(error, error_len, "no memory to start EAL");
	return -ENOMEM;
}

/* At exit. Not under a worker that was never stopped: the memory that goes is what it works in. */
static void cleanup(void)
{
	unsigned int lcore;

	free(running.eal);
	RTE_LCORE_FOREACH_WORKER(lcore)
	if (rte_eal_get_lcore_state(lcore) != WAIT)
		return;
	rte_eal_cleanup();
}

static int init(const struct zr_eal_args *args, const char *eal, char *error, size_t error_len)
{
	size_t len = (args->count + 1) * sizeof(*args->words);
	char **words = malloc(len);
	int status;

	if (words == NULL)
		return no_memory(error, error_len);
	/* EAL sorts and overwrites the array that it is given. */
	memcpy(words, args->words, len);
	rte_openlog_stream(stderr);
	rte_log_set_global_level(RTE_LOG_WARNING);
	status = rte_eal_init((int)args->count, words);
	free(words);
	if (status >= 0)
		return 0;
	status = rte_errno > 0 ? -rte_errno : -EINVAL;
	snprintf(error, error_len,
		 "EAL does not start with \"%s\": %s. Its own lines say why; without hugepages add --no-huge, with "
		 "them but "
		 "without rights to a mounted hugetlbfs --in-memory, without root --no-huge --no-pci --no-shconf",
		 eal, rte_strerror(-status));
	return status;
}

/* Ordinary pages, since there are no huge ones. */
static int ordinary(struct zr_eal_args *args, unsigned int mib)
{
	char number[12];
	const char *const words[] = {"--no-huge", "-m", number};
	bool said = false;

	snprintf(number, sizeof(number), "%u", mib);
	for (size_t i = 0; i < args->count; i++) {
		said |= strncmp(args->words[i], "-m", 2) == 0;
		/* EAL takes it with huge pages alone; what else it means can be had. */
		if (strncmp(args->words[i], "--in", 4) == 0 && zr_eal_args_replace(args, i, "--no-shconf") != 0)
			return -ENOMEM;
	}
	return zr_eal_args_prepend(args, words, said ? 1 : sizeof(words) / sizeof(words[0]));
}

static int start(const char *eal, unsigned int ordinary_mib, const struct zr_lcore_map *map, char *error,
		 size_t error_len)
{
	char main_lcore[sizeof("--main-lcore=") + 10];
	/* Telemetry would warn at every start that it does not make a socket of old versions. */
	const char *const words[] = {"zerorate", "--lcores", map->lcores, main_lcore,
				     "--log-level=lib.telemetry:error"};
	struct zr_eal_args args;
	int status = zr_eal_args_split(eal, &args, error, error_len);

	if (status != 0)
		return status;
	snprintf(main_lcore, sizeof(main_lcore), "--main-lcore=%u", map->main_lcore);
	running.eal = strdup(eal);
	if (running.eal == NULL || (ordinary_mib > 0 && ordinary(&args, ordinary_mib) != 0) ||
	    zr_eal_args_prepend(&args, words, sizeof(words) / sizeof(words[0])) != 0)
		status = no_memory(error, error_len);
	else
		status = init(&args, eal, error, error_len);
	zr_eal_args_clear(&args);
	if (status == 0) {
		running.shared = map->shared;
		atexit(cleanup);
	} else {
		free(running.eal);
		running.eal = NULL;
	}
	return status;
}

static int join(const char *eal, const struct zr_lcores *workers, char *error, size_t error_len)
{
	for (unsigned int i = 0; i < workers->count; i++)
		if (strcmp(eal, running.eal) != 0 || !rte_lcore_is_enabled(workers->ids[i]) ||
		    workers->ids[i] == rte_get_main_lcore()) {
			snprintf(error, error_len, "EAL runs already with \"%s\" and other lcores; restart the program",
				 running.eal);
			return -EALREADY;
		}
	return 0;
}

int zr_eal_start(const char *eal, const struct zr_lcores *workers, unsigned int ordinary_mib, bool *shared, char *error,
		 size_t error_len)
{
	struct zr_lcore_map map;
	cpu_set_t cpus;
	int status = 0;

	if (running.eal != NULL) {
		status = join(eal, workers, error, error_len);
	} else {
		if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0) {
			status = -errno;
			snprintf(error, error_len, "the CPUs of this process cannot be read: %s", strerror(-status));
			return status;
		}
		if (zr_lcores_map(workers, &cpus, &map) != 0)
			return no_memory(error, error_len);
		status = start(eal, ordinary_mib, &map, error, error_len);
		free(map.lcores);
	}
	*shared = running.shared;
	return status;
}
