/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
	struct zr_job *first, **last;
};

struct zr_jobs {
	struct zr_loop *loop;
	pthread_t thread;
	struct zr_watch wake; /* an eventfd: some job has ended */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t work;
	struct queue waiting, ended;
	bool ending;
};

static void push(struct queue *queue, struct zr_job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct zr_job *pop(struct queue *queue)
{
	struct zr_job *job = queue->first;

	if (job != NULL) {
		queue->first = job->next;
		if (queue->first == NULL)
			queue->last = &queue->first;
	}
	return job;
}

static void *work(void *arg)
{
	struct zr_jobs *jobs = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&jobs->lock);
	for (;;) {
		struct zr_job *job = pop(&jobs->waiting);

		if (job == NULL && jobs->ending)
			break;
		if (job == NULL) {
			pthread_cond_wait(&jobs->work, &jobs->lock);
			continue;
		}
		pthread_mutex_unlock(&jobs->lock);
		job->run(job);
		pthread_mutex_lock(&jobs->lock);
		push(&jobs->ended, job);
		(void)!write(jobs->wake.fd, &one, sizeof(one)); /* an eventfd takes it */
	}
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

static struct zr_job *next_ended(struct zr_jobs *jobs)
{
	struct zr_job *job;

	pthread_mutex_lock(&jobs->lock);
	job = pop(&jobs->ended);
	pthread_mutex_unlock(&jobs->lock);
	return job;
}

static void woken(void *arg, uint32_t events)
{
	struct zr_jobs *jobs = arg;
	struct zr_job *job;
	uint64_t count;

	(void)events;
	(void)!read(jobs->wake.fd, &count, sizeof(count));
	while ((job = next_ended(jobs)) != NULL)
		job->done(job);
}

static int start_thread(struct zr_jobs *jobs)
{
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->work, NULL);
	return -pthread_create(&jobs->thread, NULL, work, jobs);
}

int zr_jobs_start(struct zr_loop *loop, struct zr_jobs **out)
{
	struct zr_jobs *jobs = calloc(1, sizeof(*jobs));
	int err;

	if (jobs == NULL)
		return -ENOMEM;
	jobs->loop = loop;
	jobs->waiting.last = &jobs->waiting.first;
	jobs->ended.last = &jobs->ended.first;
	jobs->wake = (struct zr_watch){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = woken, .arg = jobs};
	err = jobs->wake.fd >= 0 ? zr_loop_add(loop, &jobs->wake, EPOLLIN) : -errno;
	if (err == 0)
		err = start_thread(jobs);
	if (err != 0) {
		if (jobs->wake.fd >= 0)
			close(jobs->wake.fd);
		free(jobs);
		return err;
	}
	*out = jobs;
	return 0;
}

void zr_jobs_add(struct zr_jobs *jobs, struct zr_job *job)
{
	pthread_mutex_lock(&jobs->lock);
	push(&jobs->waiting, job);
	pthread_cond_signal(&jobs->work);
	pthread_mutex_unlock(&jobs->lock);
}

static void end_thread(struct zr_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->ending = true;
	pthread_cond_signal(&jobs->work);
	pthread_mutex_unlock(&jobs->lock);
	pthread_join(jobs->thread, NULL);
}

/* The next job that an ended one has added; the thread is gone, so that it is run here. */
static struct zr_job *run_added(struct zr_jobs *jobs)
{
	struct zr_job *job = pop(&jobs->waiting);

	if (job != NULL)
		job->run(job);
	return job;
}

void zr_jobs_stop(struct zr_jobs *jobs)
{
	struct zr_job *job;

	if (jobs == NULL)
		return;
	end_thread(jobs);
	while ((job = next_ended(jobs)) != NULL || (job = run_added(jobs)) != NULL)
		job->done(job);
	zr_loop_remove(jobs->loop, &jobs->wake);
	close(jobs->wake.fd);
	pthread_cond_destroy(&jobs->work);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}
