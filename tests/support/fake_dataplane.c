/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/fake_dataplane.h"

#include <errno.h>
#include <string.h>

#include "dataplane/pipeline/saved.h"

struct zr_dataplane fake_dataplane;

void fake_dataplane_reset(void)
{
	fake_dataplane = (struct zr_dataplane){
		.settles = true,
		.settled = true,
		.usage =
			{
				.type = ZR_USAGE_PART,
				.verdict = ZR_FREE,
				.reason = ZR_REASON_SNI,
				.cause = ZR_CAUSE_FIN,
				.final = true,
				.recorded = true,
				.rule = ZR_ENTRY_NONE,
				.family = 4,
				.proto = 6,
				.up_bytes = 40,
				.up_pkts = 1,
				.first_us = 1,
				.last_us = 2,
			},
		.status = {.port_count = 1,
			   .worker_count = 2,
			   .pages = ZR_PAGES_HUGE,
			   .memory = {.flows_bytes = 125000, .flows_max = 1000, .bounded_bytes = 3 << 20}},
	};
	strcpy(fake_dataplane.status.ports[0].device, "fake0");
	fake_dataplane.status.ports[0].link_up = true;
	fake_dataplane.status.workers[0].lcore = 3;
	fake_dataplane.status.workers[1].lcore = 7;
}

int zr_dataplane_memory(const struct zr_dataplane_config *config, bool alone, struct zr_memory *out, char *error,
			size_t error_len)
{
	(void)config;
	(void)alone;
	(void)error;
	(void)error_len;
	*out = (struct zr_memory){0};
	return 0;
}

uint64_t zr_dataplane_room(void)
{
	return UINT64_MAX;
}

int zr_dataplane_start(const struct zr_dataplane_config *config, const struct zr_image *image,
		       const struct zr_suffix_index *index, struct zr_dataplane **out, char *error, size_t error_len)
{
	(void)index;
	(void)error;
	(void)error_len;
	fake_dataplane.image = image;
	fake_dataplane.saved = config->saved;
	fake_dataplane.usage.start = config->pipeline.start;
	fake_dataplane.published = 1;
	*out = &fake_dataplane;
	return 0;
}

int zr_dataplane_publish(struct zr_dataplane *dp, const struct zr_image *image, const struct zr_suffix_index *index)
{
	(void)index;
	if (!dp->settled)
		return -EBUSY;
	dp->image = image;
	dp->published++;
	dp->settled = dp->settles;
	return 0;
}

bool zr_dataplane_settled(const struct zr_dataplane *dp)
{
	return dp->settled;
}

unsigned int zr_dataplane_drain(struct zr_dataplane *dp, void (*take)(void *arg, const struct zr_usage *usage),
				void *arg, unsigned int max)
{
	unsigned int count = dp->events < max ? dp->events : max;

	if (dp->drain != NULL)
		return dp->drain(take, arg, max);
	for (unsigned int i = 0; i < count; i++)
		take(arg, &dp->usage);
	dp->events -= count;
	return count;
}

const char *zr_drop_name(enum zr_drop drop)
{
	static const char *const names[] = {
#define X(id, name) [ZR_DROP_##id] = name,
		ZR_DROPS(X)
#undef X
	};

	return names[drop];
}

const char *zr_tx_drop_name(enum zr_tx_drop drop)
{
	static const char *const names[] = {
#define X(id, name) [ZR_TX_DROP_##id] = name,
		ZR_TX_DROPS(X)
#undef X
	};

	return names[drop];
}

const char *zr_pages_name(enum zr_pages pages)
{
	return pages == ZR_PAGES_HUGE ? "huge" : "ordinary";
}

const char *zr_pages_text(enum zr_pages pages)
{
	return zr_pages_name(pages);
}

const char *zr_dataplane_version(void)
{
	return "0.0.0";
}

void zr_dataplane_links(struct zr_dataplane *dp)
{
	(void)dp;
}

void zr_dataplane_status(struct zr_dataplane *dp, struct zr_dataplane_status *out)
{
	*out = dp->status;
}

void zr_dataplane_telemetry(const struct zr_telemetry_value *values, unsigned int count)
{
	fake_dataplane.values = values;
	fake_dataplane.value_count = count;
}

uint64_t zr_dataplane_progress(struct zr_dataplane *dp, unsigned int worker)
{
	return dp->stuck[worker] ? dp->progress[worker] : ++dp->progress[worker];
}

bool zr_dataplane_idle(struct zr_dataplane *dp)
{
	(void)dp;
	return true;
}

int zr_dataplane_stop(struct zr_dataplane *dp)
{
	dp->events += dp->at_stop;
	dp->at_stop = 0;
	if (dp->stop_calls == 0)
		return dp->events > 0 ? -EAGAIN : 0;
	dp->stop_calls--;
	return -EAGAIN;
}

void zr_dataplane_free(struct zr_dataplane *dp)
{
	(void)dp;
}

bool zr_saved_run_check(const struct zr_saved_run *run, uint64_t *count)
{
	struct zr_saved_flow flow;
	size_t at = 0, used;

	for (*count = 0; zr_saved_read(run->flows + at, run->len - at, &used, &flow) == ZR_OK; at += used)
		++*count;
	return at == run->len;
}

bool zr_dataplane_restored(const struct zr_dataplane *dp)
{
	return dp->restored;
}

int zr_dataplane_save(struct zr_dataplane *dp, struct zr_saved_run *run,
		      int (*write)(void *arg, const void *bytes, size_t len), void *arg)
{
	dp->saves++;
	run->list = 1;
	run->saved_us = 2;
	run->workers = 3;
	return dp->flows_len > 0 ? write(arg, dp->flows, dp->flows_len) : 0;
}

void zr_dataplane_forget(struct zr_dataplane *dp)
{
	dp->forgets++;
}

int zr_dataplane_ask(struct zr_dataplane *dp, const struct zr_question *question)
{
	if (dp->asking || dp->holds)
		return -EBUSY;
	dp->asking = true;
	dp->asked++;
	dp->answered = 0;
	dp->question = *question;
	return 0;
}

unsigned int zr_dataplane_answers(struct zr_dataplane *dp, void (*take)(void *arg, const struct zr_answer *answer),
				  void *arg, unsigned int max)
{
	unsigned int count = 0;

	while (dp->asking && !dp->silent && count < max && dp->answered < dp->answer_count) {
		take(arg, &dp->answers[dp->answered++]);
		count++;
	}
	return count;
}

bool zr_dataplane_answered(const struct zr_dataplane *dp, struct zr_ask_progress *progress)
{
	*progress = (struct zr_ask_progress){.looked = dp->answered, .open = dp->answered};
	return dp->asking && !dp->silent && dp->answered == dp->answer_count;
}

void zr_dataplane_ask_end(struct zr_dataplane *dp)
{
	dp->asking = false;
}

unsigned int zr_dataplane_learned(struct zr_dataplane *dp, void (*take)(void *arg, const struct zr_learned *learned),
				  void *arg, unsigned int max)
{
	unsigned int count = dp->lesson_count < max ? dp->lesson_count : max;

	for (unsigned int i = 0; i < count; i++)
		take(arg, dp->lessons++);
	dp->lesson_count -= count;
	return count;
}

int zr_dataplane_teach(struct zr_dataplane *dp, const struct zr_learned_table *table)
{
	if (dp->unlearned)
		return -EBUSY;
	dp->taught = table;
	dp->tables++;
	return 0;
}

bool zr_dataplane_taught(struct zr_dataplane *dp)
{
	return !dp->unlearned;
}

int zr_dataplane_record(struct zr_dataplane *dp, const struct zr_prefix *subscriber)
{
	if (dp->holds)
		return -EAGAIN;
	dp->recordings++;
	dp->recorded = subscriber != NULL ? *subscriber : (struct zr_prefix){0};
	return 0;
}
