/* SPDX-License-Identifier: BSD-3-Clause */
/* records.sock over a scripted ledger, with clients that talk to it: what tests of consumers share. */
#ifndef TESTS_UNIT_CONTROL_CONSUMERS_SCENE_H
#define TESTS_UNIT_CONTROL_CONSUMERS_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/consumers.h"
#include "tests/support/fake_ledger.h"

#define EPOCH    "2026-11-23T05:57:05.818865Z"
#define EPOCH_US UINT64_C(1795413425818865)

/* Two epochs before it. */
#define OLDER    "2026-11-22T00:00:00.000000Z"
#define OLDER_US UINT64_C(1795305600000000)
#define OLD      "2026-11-23T00:00:00.000000Z"
#define OLD_US   UINT64_C(1795392000000000)

#define ACK(epoch, seq)       "{\"op\":\"ack\",\"epoch\":\"" epoch "\",\"seq\":" #seq "}\n"
#define LOST(epoch, from, to) "{\"op\":\"lost\",\"epoch\":\"" epoch "\",\"from\":" #from ",\"to\":" #to "}\n"

#define SUBSCRIBE_BILLING "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n"

/* Where the scene listens, from begin_scenes on. */
extern char socket_path[64];

struct scene {
	struct zr_loop *loop;
	struct zr_ledger ledger;
	struct zr_records *records;
	struct zr_consumers *consumers;
	struct zr_timer tick; /* so that no round waits long */
	struct zr_socket_config socket;
	struct zr_consumer_names names;
};

struct client {
	int fd;
	char *text; /* what has come and was not looked at */
	size_t len, room;
};

/* Make the folder of all scenes, and remove it. False when that is not possible. */
bool begin_scenes(void);
void end_scenes(void);

/* So many rounds of serving and of the loop. */
void rounds(struct scene *s, unsigned int count);

/* Listen once more, as the scene does. */
int open_consumers(struct scene *s, struct zr_consumers **out);

/* An empty ledger with two durable consumers, billing and archive. */
void open_scene(struct scene *s);

/*
 * Three epochs: OLDER 1..20, of which 5 to 7 and 18 to 20 are lost; OLD 1..10; the current one 1..30 before this start, of which
 * 2 is lost. billing has OLDER up to 3, archive has all of OLD.
 */
void open_old_scene(struct scene *s);

/* The rest of what opens a scene whose ledger was made and holds the current epoch's numbers before next. */
void open_scene_at(struct scene *s, uint64_t next);

void close_scene(struct scene *s);

void make_records(struct scene *s, unsigned int count);

void connect_client(struct scene *s, struct client *c);

/* Send a line, and let it be taken. */
void say(struct scene *s, struct client *c, const char *line);

/* Read all that comes within some rounds. */
void hear(struct scene *s, struct client *c);

unsigned int count_of(const struct client *c, const char *what);

void close_client(struct scene *s, struct client *c);

/* It was told why, in one line, and the connection is closed. */
void is_refused(struct scene *s, struct client *c, const char *why);

/* The numbers that came are from..to, one behind the other. */
void has_numbers(const struct client *c, uint64_t from, uint64_t to);

#endif
