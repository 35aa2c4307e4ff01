/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list of a million names: how long it takes to read and compile, how large its image is, how fast names are looked up in
 * bulks of 32, warm and cold, hits and misses; and nDPI's matching of host names against the same names in the same run. The
 * floor of a lookup hashes the name and reads one random cache line of as many bytes as the image has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ndpi/ndpi_api.h>

#include "rules/hash.h"
#include "rules/list_build.h"
#include "tests/bench/harness.h"

#define NAME_ROOM 64
#define LINE_ROOM 128

/* nDPI takes so much longer that it looks up this part of the names. */
#define NDPI_PART 8

/* Lookups between two that find the caches cold, and what is written to throw out what they hold. */
#define COLD_QUERIES 4096
#define COLD_ROUNDS  21
#define EVICT_BYTES  ((size_t)bench_size(256, 4) << 20)

#define NOW_S 1800000000

/* Names in the list, and names that are looked up. */
static uint32_t entries, query_count;

struct queries {
	char (*texts)[NAME_ROOM];
	struct zr_name_ref *names;
};

struct setting {
	const struct zr_image *image;
	const struct queries *queries;
	char *table; /* of the floor */
	size_t table_lines;
	struct ndpi_detection_module_struct *ndpi;
	unsigned int count; /* lookups of one run */
	uint64_t found;
};

/* Names like the real ones: a few labels, of letters, under a few public suffixes. */
static void name_make(uint64_t number, char *out)
{
	static const char *const suffixes[] = {"vn", "edu.vn", "com.vn", "org"};
	uint64_t state = number * 0x9e3779b97f4a7c15 + 1;
	char word[16];

	for (unsigned int i = 0; i < 8; i++)
		word[i] = (char)('a' + bench_random(&state) % 26);
	word[8] = '\0';
	snprintf(out, NAME_ROOM, "%s%u.%s", word, (unsigned int)number, suffixes[number % 4]);
}

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void stop(const char *why)
{
	fprintf(stderr, "bench_list: %s\n", why);
	exit(1);
}

static void queries_free(struct queries *queries)
{
	free(queries->texts);
	free(queries->names);
}

static char *list_text(size_t *len)
{
	char *text = malloc((size_t)entries * LINE_ROOM);
	char name[NAME_ROOM];

	if (text == NULL)
		stop("no memory");
	*len = (size_t)sprintf(text, "#! serial: 1\n#! issuer: bench\n#! issued: 2026-01-01T00:00:00Z\n"
				     "#! expires: 2036-01-01T00:00:00Z\nmatch,service,rating_group,note\n");
	for (unsigned int i = 0; i < entries; i++) {
		name_make(i, name);
		*len += (size_t)sprintf(text + *len, ".%s,service%u,%u,a note\n", name, i % 50, 90000 + i % 9);
	}
	return text;
}

/* Read and compile: the block is the caller's. Both are measured three times, the fastest counts: nothing else is in it. */
static void *compile(size_t *block_len)
{
	size_t text_len;
	char *text = list_text(&text_len);
	struct zr_findings findings = {0};
	double fastest_s = 1e9;
	void *block = NULL;

	for (int i = 0; i < 3; i++) {
		double begin_s = cpu_s(), took_s;
		struct zr_list *list;

		free(block);
		if (zr_list_read(text, text_len, &list, &findings) != 0 ||
		    zr_list_compile(list, &block, block_len) != 0)
			stop(findings.count > 0 ? findings.at[0].text : "the list cannot be compiled");
		zr_list_free(list);
		took_s = cpu_s() - begin_s;
		fastest_s = took_s < fastest_s ? took_s : fastest_s;
	}
	free(text);
	bench_print_value("list_read_compile_1m", fastest_s, "s", "value <= 2.0", fastest_s <= 2);
	bench_print_value("list_image_1m", (double)*block_len / 1e6, "MB", "value <= 64.0", *block_len <= 64000000);
	return block;
}

static void queries_make(struct queries *queries, bool hits)
{
	uint64_t state = 11;

	queries->texts = malloc(query_count * sizeof(*queries->texts));
	queries->names = malloc(query_count * sizeof(*queries->names));
	if (queries->texts == NULL || queries->names == NULL)
		stop("no memory");
	for (unsigned int i = 0; i < query_count; i++) {
		char name[NAME_ROOM];

		name_make(bench_random(&state) % entries + (hits ? 0 : entries), name);
		snprintf(queries->texts[i], NAME_ROOM, "www.%.*s", NAME_ROOM - 5, name);
		queries->names[i] = (struct zr_name_ref){.text = queries->texts[i],
							 .len = (uint8_t)strlen(queries->texts[i])};
	}
}

static void run_lookup(void *arg)
{
	struct setting *s = arg;
	struct zr_match matches[ZR_MATCH_BULK];

	s->found = 0;
	for (unsigned int at = 0; at < s->count; at += ZR_MATCH_BULK) {
		zr_image_match_names(s->image, &s->queries->names[at], ZR_MATCH_BULK, NOW_S, matches);
		for (unsigned int i = 0; i < ZR_MATCH_BULK; i++)
			s->found += matches[i].kind == ZR_MATCH_LISTED;
	}
}

static void run_floor(void *arg)
{
	struct setting *s = arg;

	s->found = 0;
	for (unsigned int at = 0; at < s->count; at += ZR_MATCH_BULK) {
		const char *lines[ZR_MATCH_BULK];

		for (unsigned int i = 0; i < ZR_MATCH_BULK; i++) {
			const struct zr_name_ref *name = &s->queries->names[at + i];

			lines[i] = s->table + zr_hash_bytes(name->text, name->len) % s->table_lines * 64;
			__builtin_prefetch(lines[i]);
		}
		for (unsigned int i = 0; i < ZR_MATCH_BULK; i++)
			s->found += (uint64_t)*lines[i];
	}
}

static void run_ndpi(void *arg)
{
	struct setting *s = arg;

	s->found = 0;
	for (unsigned int i = 0; i < s->count; i++) {
		ndpi_protocol_category_t category = NDPI_PROTOCOL_CATEGORY_UNSPECIFIED;

		s->found += ndpi_match_custom_category(s->ndpi, s->queries->texts[i], s->queries->names[i].len,
						       &category) == 0;
	}
}

static void check_found(const char *who, const struct setting *s, bool hits)
{
	if (s->found != (hits ? s->count : 0)) {
		fprintf(stderr, "bench_list: %s found %lu of %u names\n", who, (unsigned long)s->found,
			hits ? s->count : 0);
		exit(1);
	}
}

static struct ndpi_detection_module_struct *ndpi_make(void)
{
	struct ndpi_detection_module_struct *ndpi = ndpi_init_detection_module(ndpi_no_prefs);
	char name[NAME_ROOM];

	if (ndpi == NULL)
		stop("nDPI cannot be used");
	for (unsigned int i = 0; i < entries; i++) {
		name_make(i, name);
		ndpi_load_hostname_category(ndpi, name, NDPI_PROTOCOL_CATEGORY_CUSTOM_1);
	}
	ndpi_enable_loaded_categories(ndpi);
	return ndpi;
}

static void bench_warm(struct setting *s, bool hits)
{
	struct setting floor = *s, ndpi = *s;
	const struct bench_side sides[] = {{run_floor, &floor, query_count},
					   {run_lookup, s, query_count},
					   {run_ndpi, &ndpi, query_count / NDPI_PART}};
	struct bench_time time[3];

	ndpi.count /= NDPI_PART;
	bench_measure(sides, 3, time);
	check_found("the image", s, hits);
	check_found("nDPI", &ndpi, hits);
	bench_print(&(struct bench_result){.name = hits ? "list_lookup_hit" : "list_lookup_miss",
					   .time = time[1],
					   .floor = time[0],
					   .mops_min = 10});
	bench_print_peer(hits ? "ndpi_lookup_hit" : "ndpi_lookup_miss", &time[2], &time[1]);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Lookups that find nothing of the image in the caches, but what the ones before them fetched. */
static void bench_cold(struct setting *s, bool hits)
{
	char *evict = bench_alloc(EVICT_BYTES, false);
	double ns[COLD_ROUNDS];

	s->count = COLD_QUERIES;
	for (unsigned int round = 0; round < COLD_ROUNDS; round++) {
		double begin_s;

		memset(evict, (int)round, EVICT_BYTES);
		begin_s = cpu_s();
		run_lookup(s);
		ns[round] = (cpu_s() - begin_s) * 1e9 / COLD_QUERIES;
		check_found("the image", s, hits);
	}
	qsort(ns, COLD_ROUNDS, sizeof(*ns), compare);
	bench_print_value(hits ? "list_lookup_hit_cold" : "list_lookup_miss_cold", 1e3 / ns[COLD_ROUNDS / 2], "M/s", "",
			  true);
	s->count = query_count;
	bench_free(evict, EVICT_BYTES);
}

int main(void)
{
	struct queries hits, misses;
	struct zr_image *image;
	struct setting s = {0};
	const char *reason;
	size_t block_len;
	void *block;

	entries = bench_size(1000000, 5000);
	s.count = query_count = bench_size(1 << 18, COLD_QUERIES);
	bench_pin();
	block = compile(&block_len);
	if (zr_image_load(block, block_len, &image, &reason) != 0)
		stop(reason);
	queries_make(&hits, true);
	queries_make(&misses, false);
	s.image = image;
	s.table_lines = block_len / 64;
	s.table = bench_alloc(s.table_lines * 64, true);
	s.ndpi = ndpi_make();
	s.queries = &hits;
	bench_warm(&s, true);
	bench_cold(&s, true);
	s.queries = &misses;
	bench_warm(&s, false);
	bench_cold(&s, false);
	ndpi_exit_detection_module(s.ndpi);
	bench_free(s.table, s.table_lines * 64);
	queries_free(&hits);
	queries_free(&misses);
	zr_image_free(image);
	free(block);
	return 0;
}
