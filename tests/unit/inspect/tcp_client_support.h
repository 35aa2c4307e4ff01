/* SPDX-License-Identifier: BSD-3-Clause */
/* A TCP client inspector with its pool, and the names that it told. */
#ifndef TESTS_UNIT_INSPECT_TCP_CLIENT_SUPPORT_H
#define TESTS_UNIT_INSPECT_TCP_CLIENT_SUPPORT_H

#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/tcp_client.h"

#define TOLD_MAX 4096

struct told {
	char name[ZR_NAME_MAX + 1];
	uint8_t source;
	bool malformed, spoof;
};

struct client {
	struct zr_tcp_client c;
	struct zr_assembly_pool *pool;
	uint32_t isn; /* where offset 0 of the stream stands */
	uint8_t scratch[ZR_HELLO_MAX];
	unsigned int count;
	struct told told[TOLD_MAX];
};

static void client_given_up(void *arg, uint32_t owner)
{
	struct client *client = arg;

	if (owner == client->c.owner)
		client->c.held = NULL;
}

static struct client *client_new(size_t pool_bytes)
{
	size_t room = (zr_assembly_pool_memory(pool_bytes) + 63) / 64 * 64;
	struct client *client = calloc(1, sizeof(*client));
	void *memory = aligned_alloc(64, room);

	if (client == NULL || memory == NULL)
		abort();
	memset(memory, 0, room);
	client->pool = zr_assembly_pool_init(memory, pool_bytes, client_given_up, client);
	return client;
}

static void client_free(struct client *client)
{
	free(client->pool);
	free(client);
}

/* A new connection. */
static void client_start(struct client *client, uint32_t isn, uint32_t first, bool anchored)
{
	client->isn = isn;
	client->count = 0;
	zr_tcp_client_start(&client->c, 1, isn + first, anchored);
}

static void client_found(void *arg, const struct zr_hello *hello)
{
	struct client *client = arg;
	struct told *told = &client->told[client->count++];

	if (client->count > TOLD_MAX || strlen(hello->name) != hello->name_len)
		abort();
	memcpy(told->name, hello->name, sizeof(told->name));
	told->source = hello->source;
	told->malformed = hello->malformed_name;
	told->spoof = hello->spoof;
}

/* Feed bytes that stand at offset of the stream, from memory that holds nothing else. */
static enum zr_feed client_feed(struct client *client, uint32_t offset, const void *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum zr_feed feed;

	if (copy == NULL)
		abort();
	memcpy(copy, data, len);
	feed = zr_tcp_client_feed(&client->c, client->pool, client->scratch, client->isn + offset, copy, (uint32_t)len,
				  client_found, client);
	free(copy);
	return feed;
}

/* End the connection; returns how many buffers are still in use, which must be none. */
static uint64_t client_stop(struct client *client)
{
	struct zr_assembly_stats stats;

	zr_tcp_client_stop(&client->c, client->pool);
	zr_assembly_pool_stats(client->pool, &stats);
	return stats.in_use;
}

#endif
