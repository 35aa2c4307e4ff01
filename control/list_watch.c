/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/list_files.h"
#include "control/log.h"

#define TICK_MS  50
#define QUIET_MS 200  /* a list and its signatures come one after the other */
#define MOST_MS  5000 /* whoever never stops writing is not waited for any longer */
#define LOOK_MS  1000

#define EVENTS (IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define GONE   (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)

/* Room for many events, of which each is at most this long. */
#define EVENT_ROOM (64 * (sizeof(struct inotify_event) + 256))

static void note(struct zr_list_watch *watch)
{
	watch->last_ms = zr_loop_now_ms();
	if (!watch->is_due)
		watch->first_ms = watch->last_ms;
	watch->is_due = true;
}

/* Look for the folder. The same one has the same watch, so that another folder in its place is noticed here, too. */
static void look(struct zr_list_watch *watch)
{
	int found = inotify_add_watch(watch->watch.fd, watch->folder, EVENTS);
	int err = errno;

	watch->looked_ms = zr_loop_now_ms();
	if (found == watch->watched && found >= 0)
		return;
	if (watch->watched >= 0)
		inotify_rm_watch(watch->watch.fd, watch->watched);
	watch->watched = found;
	if (found >= 0) {
		if (watch->is_missed)
			zr_log(ZR_LOG_NOTICE, "%s: the folder is there: lists in it are taken up again", watch->folder);
		watch->is_missed = false;
		note(watch);
	} else if (!watch->is_missed) {
		zr_log(ZR_LOG_WARNING,
		       "%s: the list's folder cannot be watched: %s; it is looked for every second, and the list in "
		       "force stays",
		       watch->folder, strerror(err));
		watch->is_missed = true;
	}
}

/* A file that was created is still being written; a link is whole. */
static bool is_link(const struct zr_list_watch *watch, const char *name)
{
	struct stat st;
	char *path;
	bool is;

	if (asprintf(&path, "%s/%s", watch->folder, name) < 0)
		return true; /* one look too many does no harm */
	is = lstat(path, &st) == 0 && (S_ISLNK(st.st_mode) || st.st_nlink > 1);
	free(path);
	return is;
}

/* Is it about the list, or a signature file, that can be read now? */
static bool is_ours(const struct zr_list_watch *watch, const struct inotify_event *event)
{
	const char *list_name = zr_list_base_name(watch->path);

	if (event->len == 0 ||
	    (strcmp(event->name, list_name) != 0 && !zr_signature_file_is_of(list_name, event->name)))
		return false;
	return (event->mask & IN_CREATE) == 0 || is_link(watch, event->name);
}

static void take_event(struct zr_list_watch *watch, const struct inotify_event *event)
{
	if ((event->mask & IN_Q_OVERFLOW) != 0)
		note(watch); /* whatever it was */
	else if (event->wd != watch->watched)
		return; /* of a folder that was left */
	else if ((event->mask & GONE) != 0)
		watch->looked_ms = 0;
	else if (is_ours(watch, event))
		note(watch);
}

static void ready(void *arg, uint32_t events)
{
	struct zr_list_watch *watch = arg;
	_Alignas(struct inotify_event) char room[EVENT_ROOM];
	ssize_t len = read(watch->watch.fd, room, sizeof(room));
	const struct inotify_event *event;

	(void)events;
	for (ssize_t at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const struct inotify_event *)(const void *)(room + at);
		take_event(watch, event);
	}
}

static void tick(void *arg)
{
	struct zr_list_watch *watch = arg;
	uint64_t now_ms = zr_loop_now_ms();

	if (now_ms - watch->looked_ms >= LOOK_MS)
		look(watch);
	if (!watch->is_due || (now_ms - watch->last_ms < QUIET_MS && now_ms - watch->first_ms < MOST_MS))
		return;
	watch->is_due = false;
	watch->changed(watch->arg);
}

int zr_list_watch_start(struct zr_list_watch *watch, struct zr_loop *loop, const char *path, void (*changed)(void *arg),
			void *arg)
{
	int err;

	*watch = (struct zr_list_watch){
		.path = path, .changed = changed, .arg = arg, .folder = zr_list_folder(path), .watched = -1};
	watch->watch = (struct zr_watch){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .ready = ready, .arg = watch};
	err = watch->folder == NULL ? -ENOMEM : watch->watch.fd < 0 ? -errno : 0;
	if (err == 0)
		err = zr_loop_add(loop, &watch->watch, EPOLLIN);
	if (err != 0) {
		zr_log(ZR_LOG_ERROR, "%s: cannot be watched: %s; see fs.inotify.max_user_instances of sysctl", path,
		       strerror(-err));
		if (watch->watch.fd >= 0)
			close(watch->watch.fd);
		free(watch->folder);
		return err;
	}
	watch->loop = loop;
	watch->timer = (struct zr_timer){.every_ms = TICK_MS, .expired = tick, .arg = watch};
	zr_loop_timer_add(loop, &watch->timer);
	look(watch);
	return 0;
}

void zr_list_watch_stop(struct zr_list_watch *watch)
{
	if (watch->loop == NULL)
		return;
	zr_loop_timer_remove(watch->loop, &watch->timer);
	zr_loop_remove(watch->loop, &watch->watch);
	close(watch->watch.fd);
	free(watch->folder);
	watch->loop = NULL;
}

bool zr_list_watch_sees(const struct zr_list_watch *watch)
{
	return watch->watched >= 0;
}
