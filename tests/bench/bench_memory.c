/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a flow takes of memory, all told, at 1 M and 10 M flows: what the pipeline asks for from its configuration, without the
 * bounded memories that are configured apart (names, reassembly, connection ids, learned addresses); beside it how much is
 * resident when so many flows are open; and what the bounded ones come to by default.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/bench/crowd.h"
#include "tests/bench/harness.h"
#include "tests/bench/opening.h"

#define BYTES_MAX 128.0
#define TIME_NS   UINT64_C(1795305600000000000)

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bench_memory: %s\n", what);
	exit(1);
}

static bool take(void *arg, const struct zr_usage *usage)
{
	(void)arg;
	(void)usage;
	return true;
}

/* Of the whole program. */
static double resident_bytes(void)
{
	unsigned long all, resident;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL || fscanf(file, "%lu %lu", &all, &resident) != 2)
		fail("/proc/self/statm cannot be read");
	fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void print(const char *name, const char *size, double bytes, bool with_target)
{
	char text[64];

	snprintf(text, sizeof(text), "memory_%s_%s", name, size);
	bench_print_value(text, bytes, "bytes", with_target ? "value <= 128.0" : "", bytes <= BYTES_MAX);
}

static void bench(const char *size, uint32_t flows, const struct zr_image *image)
{
	static const struct zr_port port = {.link = ZR_LINK_ETHERNET, .role = ZR_ROLE_BOTH};
	struct zr_pipeline_config config, none;
	struct zr_suffix_index *index;
	struct zr_pipeline *pipeline;
	double before_bytes;
	size_t len, apart;
	void *memory;

	zr_pipeline_defaults(&config);
	config.usage = take;
	config.seed[0] = 20261122;
	none = config;
	config.flows = flows;
	none.flows = 1;
	len = zr_pipeline_memory(&config);
	apart = zr_pipeline_memory(&none);
	if (zr_suffix_index_make(image, config.seed, &index) != 0)
		fail("no memory");
	/* Pages count as they are touched: none are huge. */
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED || madvise(memory, len, MADV_NOHUGEPAGE) != 0)
		fail("no memory");
	before_bytes = resident_bytes();
	pipeline = zr_pipeline_init(memory, &config, image, index);
	if (pipeline == NULL)
		fail("the cipher library cannot be used");
	crowd_open(pipeline, flows, &port, TIME_NS);
	if (zr_pipeline_flows(pipeline) != flows)
		fail("the table does not hold as many flows as it was made for");
	print("flow_computed", size, (double)(len - apart) / flows, true);
	print("flow_resident", size, (resident_bytes() - before_bytes) / flows, true);
	print("all_computed", size, (double)len / flows, false);
	zr_pipeline_fini(pipeline);
	munmap(memory, len);
	zr_suffix_index_free(index);
}

int main(void)
{
	struct zr_image *image;
	void *block;

	image = opening_image(&block);
	bench("1m", bench_size(1000000, 10000), image);
	bench("10m", bench_size(10000000, 100000), image);
	zr_image_free(image);
	free(block);
	return 0;
}
