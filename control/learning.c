/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/learning.h"

#include <string.h>
#include <time.h>

#include "control/log.h"
#include "control/loop.h"

/* Lessons that are taken at a time, so that sockets are served between. */
#define TAKE_MOST 4096

#define TABLE_MS 1000
/* Building takes one in so many of this thread's time at most. */
#define BUILD_SHARE 20

int zr_learning_start(struct zr_learning *learning, struct zr_dataplane *dataplane)
{
	learning->dataplane = dataplane;
	if (learning->config->trusted_resolvers.count == 0)
		return 0;
	return zr_known_make(learning->config->evidence.network_bytes, &learning->known);
}

static void take(void *arg, const struct zr_learned *learned)
{
	struct zr_learning *learning = arg;

	learning->untold += zr_known_add(learning->known, learned);
}

static void teach(struct zr_learning *learning, uint64_t now_ms)
{
	struct zr_learned_table *table = NULL;
	int err = zr_known_table(learning->known, time(NULL), &table);
	uint64_t took_ms = zr_loop_now_ms() - now_ms;

	learning->next_ms = now_ms + (took_ms * BUILD_SHARE > TABLE_MS ? took_ms * BUILD_SHARE : TABLE_MS);
	if (err == 0)
		err = zr_dataplane_teach(learning->dataplane, table);
	if (err != 0) {
		zr_learned_free(table);
		zr_log_often(ZR_LOG_KIND_LEARNED, 0, ZR_LOG_WARNING,
			     "what answers taught cannot be made known to all workers: %s; give evidence less "
			     "network_memory",
			     strerror(-err));
		return;
	}
	learning->before = learning->table;
	learning->table = table;
	learning->tables++;
	learning->untold = 0;
}

void zr_learning_round(struct zr_learning *learning, uint64_t now_ms)
{
	if (learning->known == NULL)
		return;
	zr_dataplane_learned(learning->dataplane, take, learning, TAKE_MOST);
	if (!zr_dataplane_taught(learning->dataplane))
		return;
	zr_learned_free(learning->before);
	learning->before = NULL;
	if (learning->untold > 0 && now_ms >= learning->next_ms)
		teach(learning, now_ms);
}

void zr_learning_clear(struct zr_learning *learning)
{
	zr_learned_free(learning->before);
	zr_learned_free(learning->table);
	zr_known_free(learning->known);
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *network_json(const struct zr_learning *learning)
{
	struct zr_known_status known = {.most = learning->config->evidence.network_bytes};

	if (learning->known != NULL)
		zr_known_status(learning->known, &known);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rows", number(known.rows), "others",
			 number(known.others), "bytes", number(known.bytes), "max_bytes", number(known.most), "added",
			 number(known.added), "renewed", number(known.renewed), "evicted", number(known.evicted),
			 "refused", number(known.refused), "tables", number(learning->tables));
}

json_t *zr_learning_json(const struct zr_learning *learning, const struct zr_dataplane_status *now)
{
	const struct zr_config *config = learning->config;
	uint64_t lessons = 0, untold = 0;

	for (unsigned int i = 0; i < now->worker_count; i++) {
		lessons += now->workers[i].lessons;
		untold += now->workers[i].learned_untold;
	}
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "resolvers", number(config->trusted_resolvers.count),
			 "verify", zr_verify_word((enum zr_verify)config->evidence.verify), "lessons", number(lessons),
			 "memory_bytes", number(config->evidence.memory_bytes), "untold", number(untold), "network",
			 network_json(learning));
}

const char *zr_learning_gap(const struct zr_learning *learning, const struct zr_image *image)
{
	bool require = zr_image_has_verify(image, ZR_VERIFY_REQUIRE),
	     learn = zr_image_has_verify(image, ZR_VERIFY_LEARN);

	if (learning->config->trusted_resolvers.count > 0)
		return NULL;
	if (require && learn)
		return "the list has entries with verify require and learn, and there are no trusted_resolvers: what "
		       "only answers "
		       "could back is charged";
	if (require)
		return "the list has entries with verify require, and there are no trusted_resolvers: their flows are "
		       "charged, but "
		       "for those to listed addresses";
	if (learn)
		return "the list has entries with verify learn, and there are no trusted_resolvers: nothing is learned "
		       "for them, and "
		       "flows without a name are charged";
	return NULL;
}

void zr_learning_tell(struct zr_learning *learning, const struct zr_image *image)
{
	const char *gap = zr_learning_gap(learning, image);

	if (gap == learning->told)
		return;
	learning->told = gap;
	if (gap != NULL)
		zr_log(ZR_LOG_WARNING, "%s; write trusted_resolvers into the configuration", gap);
}
