/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/lcores.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool number_read(const char **at, unsigned int *out)
{
	unsigned int value = 0;

	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++)
		if (value < ZR_LCORES_MAX)
			value = value * 10 + (unsigned int)(**at - '0');
	*out = value;
	return true;
}

/* One number or range of the list, to wanted. */
static bool range_read(const char **at, bool wanted[ZR_LCORES_MAX])
{
	unsigned int first, last;

	if (!number_read(at, &first))
		return false;
	last = first;
	if (**at == '-') {
		(*at)++;
		if (!number_read(at, &last))
			return false;
	}
	if (last < first || last >= ZR_LCORES_MAX)
		return false;
	for (; first <= last; first++) {
		if (wanted[first])
			return false;
		wanted[first] = true;
	}
	return true;
}

int zr_lcores_parse(const char *text, struct zr_lcores *out, char *error, size_t error_len)
{
	bool wanted[ZR_LCORES_MAX] = {false};
	const char *at = text;
	bool good = range_read(&at, wanted);

	while (good && *at == ',') {
		at++;
		good = range_read(&at, wanted);
	}
	if (!good || *at != '\0') {
		snprintf(error, error_len,
			 "workers \"%s\": write lcore numbers below %u, each once, like \"1-3\" or \"2,4\"", text,
			 ZR_LCORES_MAX);
		return -EINVAL;
	}
	out->count = 0;
	for (unsigned int id = 0; id < ZR_LCORES_MAX; id++) {
		if (!wanted[id])
			continue;
		if (out->count == ZR_WORKERS_MAX) {
			snprintf(error, error_len, "workers \"%s\": at most %u workers can be had", text,
				 ZR_WORKERS_MAX);
			return -EINVAL;
		}
		out->ids[out->count++] = id;
	}
	return 0;
}

/* "(0,1,3)" */
static void cpus_print(FILE *out, const cpu_set_t *cpus)
{
	char mark = '(';

	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, cpus))
			continue;
		fprintf(out, "%c%u", mark, cpu);
		mark = ',';
	}
	fputc(')', out);
}

int zr_lcores_map(const struct zr_lcores *workers, const cpu_set_t *cpus, struct zr_lcore_map *out)
{
	unsigned int main_lcore = 0;
	cpu_set_t left = *cpus;
	size_t len;
	FILE *text = open_memstream(&out->lcores, &len);

	if (text == NULL)
		return -ENOMEM;
	out->shared = false;
	for (unsigned int i = 0; i < workers->count; i++) {
		unsigned int id = workers->ids[i];

		if (id == main_lcore)
			main_lcore++;
		fprintf(text, "%u@", id);
		if (CPU_ISSET(id, cpus)) {
			fprintf(text, "%u,", id);
			CPU_CLR(id, &left);
		} else {
			cpus_print(text, cpus);
			fputc(',', text);
			out->shared = true;
		}
	}
	if (CPU_COUNT(&left) == 0) {
		left = *cpus;
		out->shared = true;
	}
	fprintf(text, "%u@", main_lcore);
	cpus_print(text, &left);
	out->main_lcore = main_lcore;
	if (fclose(text) == 0)
		return 0;
	free(out->lcores);
	return -ENOMEM;
}
