/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scripted pipeline: a list as text, packets at stated times, and what the pipeline told. After every packet a scene checks
 * that totals add up, and at the end that what was told, lost and left untold adds up to them.
 */
#ifndef TESTS_SUPPORT_SCENE_H
#define TESTS_SUPPORT_SCENE_H

#include "dataplane/pipeline/pipeline.h"
#include "rules/name.h"
#include "tests/support/frame.h"

#define SCENE_EVENTS 4096

/* An event with what it points to copied. */
struct scene_event {
	struct zr_usage usage;
	char name[ZR_NAME_MAX + 1]; /* empty: none */
	char rule[128];             /* empty: none */
};

struct scene {
	struct zr_pipeline_config config; /* change between scene_init and scene_open */
	struct zr_pipeline *pipeline;
	struct zr_image *image;
	struct zr_suffix_index *index;
	struct zr_prefix_set subscribers, resolvers;
	struct zr_port port;
	void *block, *memory;
	size_t memory_len;
	uint64_t base_us; /* time 0 of the script: 2026-11-22T00:00:00Z */
	struct scene_event events[SCENE_EVENTS];
	unsigned int count;
	bool (*refuses)(const struct zr_usage *usage); /* is there no room for it? NULL: there is always room */
	unsigned int refused;                          /* how often there was none */
};

/* The time 0 of every script as it is written in a list. */
#define SCENE_DAY "2026-11-22T00:"

/* rows: list rows after the header, each ended by a newline. Defaults: charged flows leave records. */
void scene_init(struct scene *s, const char *rows);
void scene_subscribers(struct scene *s, const char *prefix);
void scene_resolvers(struct scene *s, const char *prefix);
void scene_open(struct scene *s);
/* One packet at so many milliseconds after time 0. */
void scene_send(struct scene *s, uint64_t ms, const struct frame_spec *spec);
/* One fragment of it, of its tunnel's packet: bytes from to from + len of the content (frame_content, frame_outer_content). */
void scene_part(struct scene *s, uint64_t ms, const struct frame_spec *spec, uint32_t id, size_t from, size_t len);
void scene_outer_part(struct scene *s, uint64_t ms, const struct frame_spec *spec, uint32_t id, size_t from,
		      size_t len);
/* A TCP or UDP conversation; the sequence numbers run along. */
struct scene_conn {
	const char *client, *server;
	uint16_t client_port, server_port;
	uint32_t up_seq, down_seq;
	uint16_t vlan;
};

/* What one side sends next; without flags and data. */
struct frame_spec scene_spec(const struct scene_conn *c, bool up, uint8_t proto);

/* 10.0.0.1 to 203.0.113.1, HTTPS, with that client port and client ISN 1000. */
struct scene_conn scene_conn(uint16_t client_port);
void scene_tcp(struct scene *s, uint64_t ms, struct scene_conn *c, bool up, unsigned int flags, const void *data,
	       size_t len);
/* SYN, SYN+ACK, ACK at ms. */
void scene_handshake(struct scene *s, uint64_t ms, struct scene_conn *c);
void scene_up(struct scene *s, uint64_t ms, struct scene_conn *c, const void *data, size_t len);
/* So many zero bytes from the server. */
void scene_down(struct scene *s, uint64_t ms, struct scene_conn *c, size_t len);
/* A hello for name in one segment. */
void scene_hello(struct scene *s, uint64_t ms, struct scene_conn *c, const char *name);
void scene_udp(struct scene *s, uint64_t ms, const struct scene_conn *c, bool up, const void *data, size_t len);

/*
 * What was told, lost, cut without being told and is open now, by verdict, and in undecided what flows hold that have none.
 * Checks that it is what totals say, to the byte.
 */
void scene_sums(const struct scene *s, struct zr_traffic sums[ZR_VERDICT_COUNT], struct zr_traffic *undecided);
void scene_check_sums(const struct scene *s);

/* Cuts what is open, checks the sums. Events stay readable until scene_free. */
void scene_close(struct scene *s);
void scene_free(struct scene *s);

/* The n-th event of a type (enum zr_usage_type), from 0; fails the test when there are not so many. */
const struct scene_event *scene_event(const struct scene *s, enum zr_usage_type type, unsigned int n);
unsigned int scene_events(const struct scene *s, enum zr_usage_type type);

#endif
