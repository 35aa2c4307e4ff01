/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "control/log.h"

/* How often it is asked whether a published list has settled. */
#define SETTLE_MS 10

#define FINDING_ROOM 1024
#define US_PER_S     1000000U

struct zr_lists {
	const char *path;
	uint64_t key[2];
	struct zr_loop *loop; /* NULL until started and once stopped */
	struct zr_dataplane *dataplane;

	struct zr_list_loaded current, old; /* old: until the current one has settled */
	uint64_t in_force_us, published;
	uint64_t refused_us;
	struct zr_findings refused_why;

	enum zr_lists_phase phase;
	bool again; /* asked for while a replacement was on its way */
	struct zr_timer settle;

	/* The builder's while it builds, from pthread_create until done is written. */
	struct zr_list_loaded next;
	int next_err;
	pthread_t builder;
	struct zr_watch done; /* an eventfd */
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

static void log_findings(const struct zr_lists *lists, const struct zr_findings *findings)
{
	char text[FINDING_ROOM];

	for (size_t i = 0; i < findings->count && i < ZR_LISTS_FINDINGS; i++) {
		zr_list_finding_format(lists->path, &findings->at[i], text, sizeof(text));
		zr_log(ZR_LOG_ERROR, "%s", text);
	}
	if (findings->count > ZR_LISTS_FINDINGS)
		zr_log(ZR_LOG_ERROR, "%s: %zu more errors", lists->path, findings->count - ZR_LISTS_FINDINGS);
}

static void log_in_force(const struct zr_lists *lists)
{
	const struct zr_image *image = lists->current.image;

	zr_log(ZR_LOG_NOTICE, "%s: list %" PRIu64 " with %" PRIu32 " entries is in force", lists->path,
	       zr_image_serial(image), zr_image_entry_count(image));
	if (zr_image_expires_s(image) <= time(NULL))
		zr_log(ZR_LOG_WARNING, "%s: the list has expired: everything is charged until there is a newer one",
		       lists->path);
}

/* The list's file was read into list, which becomes the current one. */
static void take_force(struct zr_lists *lists, const struct zr_list_loaded *list)
{
	lists->current = *list;
	lists->in_force_us = now_us();
	lists->published++;
	zr_findings_clear(&lists->refused_why);
	lists->refused_us = 0;
	log_in_force(lists);
}

int zr_lists_make(const char *path, const uint64_t key[2], struct zr_lists **out)
{
	struct zr_lists *lists = calloc(1, sizeof(*lists));
	struct zr_list_loaded first;
	int err;

	if (lists == NULL)
		return -ENOMEM;
	lists->path = path;
	memcpy(lists->key, key, sizeof(lists->key));
	lists->done.fd = -1;
	err = zr_list_load(path, key, &first);
	if (err != 0) {
		log_findings(lists, &first.findings);
		zr_list_loaded_clear(&first);
		free(lists);
		return err;
	}
	take_force(lists, &first);
	*out = lists;
	return 0;
}

/* The builder's thread. */
static void *build(void *arg)
{
	struct zr_lists *lists = arg;
	uint64_t one = 1;

	lists->next_err = zr_list_load(lists->path, lists->key, &lists->next);
	(void)!write(lists->done.fd, &one, sizeof(one)); /* an eventfd takes it */
	return NULL;
}

static void build_begin(struct zr_lists *lists)
{
	int err = pthread_create(&lists->builder, NULL, build, lists);

	if (err != 0) {
		zr_log(ZR_LOG_ERROR, "%s: the list cannot be read: no thread: %s; the one in force stays", lists->path,
		       strerror(err));
		return;
	}
	lists->phase = ZR_LISTS_BUILDING;
}

/* A replacement has come to its end. Another one, if it was asked for meanwhile. */
static void phase_end(struct zr_lists *lists)
{
	bool again = lists->again;

	lists->phase = ZR_LISTS_IDLE;
	lists->again = false;
	if (again && lists->loop != NULL)
		build_begin(lists);
}

static void refuse(struct zr_lists *lists)
{
	log_findings(lists, &lists->next.findings);
	zr_log(ZR_LOG_ERROR, "%s: refused; list %" PRIu64 " stays in force", lists->path,
	       zr_image_serial(lists->current.image));
	zr_findings_clear(&lists->refused_why);
	lists->refused_why = lists->next.findings;
	lists->next.findings = (struct zr_findings){0};
	lists->refused_us = now_us();
	zr_list_loaded_clear(&lists->next);
	phase_end(lists);
}

static void publish(struct zr_lists *lists)
{
	int err = zr_dataplane_publish(lists->dataplane, lists->next.image, lists->next.index);

	if (err != 0) { /* never: the one before has settled */
		zr_log(ZR_LOG_ERROR, "%s: the workers do not take the list: %s; the one in force stays", lists->path,
		       strerror(-err));
		zr_list_loaded_clear(&lists->next);
		phase_end(lists);
		return;
	}
	lists->old = lists->current;
	take_force(lists, &lists->next);
	lists->next = (struct zr_list_loaded){0};
	lists->phase = ZR_LISTS_SETTLING;
}

static void build_done(void *arg, uint32_t events)
{
	struct zr_lists *lists = arg;
	uint64_t count;

	(void)events;
	(void)!read(lists->done.fd, &count, sizeof(count));
	pthread_join(lists->builder, NULL);
	if (lists->next_err != 0)
		refuse(lists);
	else
		publish(lists);
}

static void settle(void *arg)
{
	struct zr_lists *lists = arg;

	if (lists->phase != ZR_LISTS_SETTLING || lists->loop == NULL || !zr_dataplane_settled(lists->dataplane))
		return;
	zr_list_loaded_clear(&lists->old);
	phase_end(lists);
}

int zr_lists_start(struct zr_lists *lists, struct zr_loop *loop, struct zr_dataplane *dataplane)
{
	int err;

	lists->done = (struct zr_watch){
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = build_done, .arg = lists};
	if (lists->done.fd < 0)
		return -errno;
	err = zr_loop_add(loop, &lists->done, EPOLLIN);
	if (err != 0)
		return err;
	lists->settle = (struct zr_timer){.every_ms = SETTLE_MS, .expired = settle, .arg = lists};
	zr_loop_timer_add(loop, &lists->settle);
	lists->loop = loop;
	lists->dataplane = dataplane;
	return 0;
}

void zr_lists_reload(struct zr_lists *lists)
{
	if (lists->loop == NULL)
		return;
	if (lists->phase == ZR_LISTS_IDLE)
		build_begin(lists);
	else
		lists->again = true;
}

void zr_lists_stop(struct zr_lists *lists)
{
	if (lists->loop == NULL)
		return;
	zr_loop_remove(lists->loop, &lists->done);
	lists->loop = NULL;
	if (lists->phase == ZR_LISTS_BUILDING) {
		pthread_join(lists->builder, NULL);
		zr_list_loaded_clear(&lists->next);
		lists->phase = ZR_LISTS_IDLE;
	}
}

void zr_lists_free(struct zr_lists *lists)
{
	if (lists == NULL)
		return;
	zr_lists_stop(lists);
	if (lists->done.fd >= 0)
		close(lists->done.fd);
	zr_list_loaded_clear(&lists->old);
	zr_list_loaded_clear(&lists->current);
	zr_findings_clear(&lists->refused_why);
	free(lists);
}

const struct zr_list_loaded *zr_lists_current(const struct zr_lists *lists)
{
	return &lists->current;
}

enum zr_lists_phase zr_lists_phase(const struct zr_lists *lists)
{
	return lists->phase;
}

void zr_lists_status(const struct zr_lists *lists, struct zr_lists_status *out)
{
	*out = (struct zr_lists_status){
		.path = lists->path,
		.phase = lists->phase,
		.image = lists->current.image,
		.in_force_us = lists->in_force_us,
		.refused_us = lists->refused_us,
		.refused_why = &lists->refused_why,
		.published = lists->published,
	};
}
