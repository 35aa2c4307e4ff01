/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/control/consumers_scene.h"

/* Smallest memory for records: about 2600 of them. */
#define MEMORY (1 << 20)

static char folder[] = "/tmp/zr-consumers-XXXXXX";
char socket_path[64];

bool begin_scenes(void)
{
	if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0)
		return false;
	snprintf(socket_path, sizeof(socket_path), "%s/records.sock", folder);
	return true;
}

void end_scenes(void)
{
	rmdir(folder);
}

static void nothing(void *arg)
{
	(void)arg;
}

void rounds(struct scene *s, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		zr_consumers_serve(s->consumers);
		assert_int_equal(zr_loop_round(s->loop), 0);
	}
}

int open_consumers(struct scene *s, struct zr_consumers **out)
{
	const struct zr_consumers_config config = {&s->socket, &s->names};

	return zr_consumers_open(s->loop, &config, s->records, &s->ledger, out);
}

/* The ledger that the scene begins with holds the numbers before next. */
void open_scene_at(struct scene *s, uint64_t next)
{
	static char billing[] = "billing", archive[] = "archive";
	const struct zr_exporter exporter = {.gateway = "gw", .epoch_us = EPOCH_US};

	assert_int_equal(zr_loop_make(&s->loop), 0);
	s->tick = (struct zr_timer){.every_ms = 1, .expired = nothing};
	zr_loop_timer_add(s->loop, &s->tick);
	assert_int_equal(zr_records_make(&exporter, next, MEMORY, &s->ledger, &s->records), 0);
	s->names = (struct zr_consumer_names){.at = {billing, archive}, .count = 2};
	assert_int_equal(open_consumers(s, &s->consumers), 0);
}

void open_scene(struct scene *s)
{
	*s = (struct scene){.socket = {.path = socket_path, .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP}};
	fake_ledger_make(&s->ledger, EPOCH_US);
	fake_ledger_consumer(&s->ledger, 0, "billing", (struct zr_position){EPOCH_US, 0});
	fake_ledger_consumer(&s->ledger, 1, "archive", (struct zr_position){EPOCH_US, 0});
	open_scene_at(s, 1);
}

void open_old_scene(struct scene *s)
{
	*s = (struct scene){.socket = {.path = socket_path, .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP}};
	fake_ledger_make(&s->ledger, EPOCH_US);
	fake_ledger_consumer(&s->ledger, 0, "billing", (struct zr_position){OLDER_US, 3});
	fake_ledger_consumer(&s->ledger, 1, "archive", (struct zr_position){OLD_US, 10});
	fake_ledger_add(&s->ledger, OLDER_US, 1, 4, true);
	fake_ledger_add(&s->ledger, OLDER_US, 5, 7, false);
	fake_ledger_add(&s->ledger, OLDER_US, 8, 17, true);
	fake_ledger_add(&s->ledger, OLDER_US, 18, 20, false);
	fake_ledger_add(&s->ledger, OLD_US, 1, 10, true);
	fake_ledger_add(&s->ledger, EPOCH_US, 1, 30, true);
	fake_ledger_lose(&s->ledger, EPOCH_US, 2, 2);
	open_scene_at(s, 31);
}

void close_scene(struct scene *s)
{
	zr_consumers_close(s->consumers);
	zr_records_free(s->records);
	zr_loop_free(s->loop);
	assert_int_equal(s->ledger.readers, 0);
	fake_ledger_free(&s->ledger);
	assert_int_not_equal(access(socket_path, F_OK), 0);
}

void make_records(struct scene *s, unsigned int count)
{
	const struct zr_usage usage = {
		.type = ZR_USAGE_PART, .verdict = ZR_FREE, .reason = ZR_REASON_SNI, .rule = ZR_ENTRY_NONE, .family = 4};

	for (unsigned int i = 0; i < count; i++)
		assert_true(zr_records_add_usage(s->records, &usage));
}

void connect_client(struct scene *s, struct client *c)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, socket_path);
	*c = (struct client){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), .text = calloc(1, 1), .room = 1};
	assert_int_equal(connect(c->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	rounds(s, 2);
}

void say(struct scene *s, struct client *c, const char *line)
{
	assert_int_equal(send(c->fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	rounds(s, 3);
}

void hear(struct scene *s, struct client *c)
{
	for (unsigned int i = 0; i < 50; i++) {
		char part[65536];
		ssize_t got;

		rounds(s, 1);
		while ((got = recv(c->fd, part, sizeof(part), 0)) > 0) {
			if (c->len + (size_t)got >= c->room) {
				c->room = 2 * (c->len + (size_t)got) + 1;
				c->text = realloc(c->text, c->room);
			}
			memcpy(c->text + c->len, part, (size_t)got);
			c->len += (size_t)got;
			c->text[c->len] = '\0';
		}
	}
}

unsigned int count_of(const struct client *c, const char *what)
{
	unsigned int count = 0;

	for (const char *at = c->text; (at = strstr(at, what)) != NULL; at++)
		count++;
	return count;
}

void close_client(struct scene *s, struct client *c)
{
	close(c->fd);
	free(c->text);
	rounds(s, 2);
}

void is_refused(struct scene *s, struct client *c, const char *why)
{
	char byte;

	hear(s, c);
	assert_int_equal(count_of(c, "{\"op\":\"error\",\"error\":\""), 1);
	assert_non_null(strstr(c->text, why));
	assert_true(recv(c->fd, &byte, 1, 0) <= 0);
	assert_int_equal(send(c->fd, "x", 1, MSG_NOSIGNAL), -1);
}

void has_numbers(const struct client *c, uint64_t from, uint64_t to)
{
	uint64_t wanted = from;

	for (const char *line = c->text, *end; (end = memchr(line, '\n', c->len - (size_t)(line - c->text))) != NULL;
	     line = end + 1) {
		const char *seq = memmem(line, (size_t)(end - line), "\"seq\":", 6);

		if (seq != NULL)
			assert_int_equal(strtoull(seq + 6, NULL, 10), wanted++);
	}
	assert_int_equal(wanted, to + 1);
}
