/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/learning.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "control/log.h"
#include "control/loop.h"

/* Lessons that are taken at a time, and rows that are copied: about a millisecond, so that sockets are served between. */
#define TAKE_MOST 4096
#define COPY_MOST 4096

#define TABLE_MS 1000
/* Making tables takes one in so many of a CPU's time at most. */
#define MAKE_SHARE 4

#define US_PER_S 1000000

int zr_learning_start(struct zr_learning *learning, struct zr_loop *loop, struct zr_dataplane *dataplane)
{
	int err;

	learning->dataplane = dataplane;
	if (learning->config->trusted_resolvers.count == 0)
		return 0;
	err = zr_known_make(learning->config->evidence.network_bytes, &learning->known);
	return err == 0 ? zr_jobs_start(loop, &learning->jobs) : err;
}

static void take(void *arg, const struct zr_learned *learned)
{
	struct zr_learning *learning = arg;

	learning->ahead_s = (int64_t)(learned->time_us / US_PER_S) - (int64_t)time(NULL);
	learning->untold += zr_known_add(learning->known, learned);
}

int64_t zr_learning_now_s(const struct zr_learning *learning)
{
	return (int64_t)time(NULL) + learning->ahead_s;
}

static struct zr_learning_job *job_of(struct zr_job *job)
{
	return (struct zr_learning_job *)(void *)((char *)job - offsetof(struct zr_learning_job, job));
}

/* On the thread of its own. */
static void make(struct zr_job *arg)
{
	struct zr_learning_job *job = job_of(arg);
	uint64_t begun_ms = zr_loop_now_ms();

	zr_learned_free(job->old);
	job->old = NULL;
	job->table = NULL;
	job->err = zr_known_copy_end(&job->copy, &job->table);
	job->took_ms = zr_loop_now_ms() - begun_ms;
}

static void made(struct zr_job *arg)
{
	job_of(arg)->learning->step = ZR_LEARNING_MADE;
}

static void begin(struct zr_learning *learning, uint64_t now_ms)
{
	zr_known_copy_begin(&learning->job.copy, learning->known);
	learning->begun_ms = now_ms;
	learning->untold = 0;
	learning->step = ZR_LEARNING_COPY;
}

/* All rows are copied. The table before the one that is taught is read by nobody. */
static void hand_over(struct zr_learning *learning)
{
	struct zr_learning_job *job = &learning->job;

	job->job = (struct zr_job){.run = make, .done = made};
	job->learning = learning;
	job->old = learning->before;
	learning->before = NULL;
	learning->step = ZR_LEARNING_MAKE;
	zr_jobs_add(learning->jobs, &job->job);
}

static void teach(struct zr_learning *learning, uint64_t now_ms)
{
	struct zr_learning_job *job = &learning->job;
	uint64_t share_ms = job->took_ms * MAKE_SHARE;
	int err = job->err;

	learning->step = ZR_LEARNING_IDLE;
	learning->next_ms = learning->begun_ms + (share_ms > TABLE_MS ? share_ms : TABLE_MS);
	if (err == 0)
		err = zr_dataplane_teach(learning->dataplane, job->table);
	if (err != 0) {
		/* What it would have told is told with the next one. */
		learning->untold++;
		zr_learned_free(job->table);
		job->table = NULL;
		zr_log_often(ZR_LOG_KIND_LEARNED, 0, ZR_LOG_WARNING,
			     "what answers taught cannot be made known to all workers: %s; give evidence less "
			     "network_memory",
			     strerror(-err));
		return;
	}
	learning->before = learning->table;
	learning->table = job->table;
	job->table = NULL;
	learning->tables++;
	learning->lag_ms = now_ms - learning->begun_ms;
}

bool zr_learning_round(struct zr_learning *learning, uint64_t now_ms)
{
	unsigned int taken;

	if (learning->known == NULL)
		return false;
	taken = zr_dataplane_learned(learning->dataplane, take, learning, TAKE_MOST);
	switch (learning->step) {
	case ZR_LEARNING_IDLE:
		if (learning->untold > 0 && now_ms >= learning->next_ms && zr_dataplane_taught(learning->dataplane))
			begin(learning, now_ms);
		break;
	case ZR_LEARNING_COPY:
		if (!zr_known_copy_step(&learning->job.copy, learning->known, zr_learning_now_s(learning), COPY_MOST))
			hand_over(learning);
		break;
	case ZR_LEARNING_MAKE:
		break;
	case ZR_LEARNING_MADE:
		teach(learning, now_ms);
		break;
	}
	return taken == TAKE_MOST || learning->step == ZR_LEARNING_COPY;
}

void zr_learning_clear(struct zr_learning *learning)
{
	zr_jobs_stop(learning->jobs);
	zr_known_copy_clear(&learning->job.copy);
	zr_learned_free(learning->job.table);
	zr_learned_free(learning->job.old);
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
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rows", number(known.rows), "others",
			 number(known.others), "bytes", number(known.bytes), "max_bytes", number(known.most), "added",
			 number(known.added), "renewed", number(known.renewed), "evicted", number(known.evicted),
			 "refused", number(known.refused), "tables", number(learning->tables), "lag_ms",
			 number(learning->lag_ms));
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
