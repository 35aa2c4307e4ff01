/* SPDX-License-Identifier: BSD-3-Clause */
/* A pipeline's configuration, and where its parts lie in the caller's memory. */
#include <string.h>

#include "dataplane/pipeline/resolve.h"
#include "dataplane/pipeline/state.h"

#define US_PER_S       UINT64_C(1000000)
#define PERIOD_MAX_US  (24 * 3600 * US_PER_S)
#define CONTEXT_SHARE  8 /* one eighth of the reassembly memory is for contexts, */
#define FRAGMENT_SHARE 8 /* one for fragments, the rest for hellos */
#define NAMES_MIN      65536
#define REASSEMBLY_MIN 262144
#define SERVER_IDS_MIN 4096
#define LEARNED_MAX    (UINT64_C(1) << 36)
#define TIES_SHARE     16 /* one sixteenth of the learned memory is for ties, */
#define LESSONS_SHARE  2  /* one half for lessons, the rest for reading DNS (resolve.c) */
#define KEEP_MAX_US    (30 * PERIOD_MAX_US)

void zr_pipeline_defaults(struct zr_pipeline_config *config)
{
	*config = (struct zr_pipeline_config){
		.flows = 1U << 20,
		.reassembly_bytes = 64U << 20,
		.names_bytes = 64U << 20,
		.server_ids_bytes = 8U << 20,
		.learned_bytes = 16U << 20,
		.learned_ttl_min_us = 60 * US_PER_S,
		.learned_ttl_max_us = 24 * 3600 * US_PER_S,
		.learned_grace_us = 10 * 60 * US_PER_S,
		.verify = ZR_VERIFY_OFF,
		.bind_grace_us = 60 * US_PER_S,
		.dns_free_bytes = 1U << 20,
		.timeout_us =
			{
				[ZR_TIMEOUT_UNDECIDED] = 60 * US_PER_S,
				[ZR_TIMEOUT_TCP] = (2 * 60 + 4) * 60 * US_PER_S,
				[ZR_TIMEOUT_QUIC] = 10 * 60 * US_PER_S,
				[ZR_TIMEOUT_UDP] = 2 * 60 * US_PER_S,
				[ZR_TIMEOUT_LINGER] = 10 * US_PER_S,
			},
		.interim_us = 15 * 60 * US_PER_S,
		.retro_credit = true,
		.verify_checksums = true,
		.marks = {.otherwise = ZR_MARK_NONE},
	};
}

struct layout {
	size_t table_at, intern_at, assembly_at, contexts_at, datagrams_at, server_ids_at, identities_at, scratch_at,
		decisions_at, ties_at, lessons_at, watch_at, total;
	size_t assembly_bytes, datagrams_bytes;
	uint32_t contexts;
};

static size_t carve(size_t *total, size_t bytes)
{
	size_t at = *total;

	*total = (at + bytes + 63) & ~(size_t)63;
	return at;
}

static bool learns(const struct zr_pipeline_config *config)
{
	return config->trusted_resolvers != NULL && config->trusted_resolvers->count > 0;
}

static struct layout layout_of(const struct zr_pipeline_config *config)
{
	size_t for_contexts = config->reassembly_bytes / CONTEXT_SHARE;
	struct layout l = {0};

	l.contexts = (uint32_t)(for_contexts / sizeof(struct zr_context));
	l.datagrams_bytes = config->reassembly_bytes / FRAGMENT_SHARE;
	l.assembly_bytes = config->reassembly_bytes - for_contexts - l.datagrams_bytes;
	carve(&l.total, sizeof(struct zr_pipeline));
	l.table_at = carve(&l.total, zr_flow_table_memory(config->flows));
	l.intern_at = carve(&l.total, zr_intern_memory(config->names_bytes));
	l.assembly_at = carve(&l.total, zr_assembly_pool_memory(l.assembly_bytes));
	l.contexts_at = carve(&l.total, l.contexts * sizeof(struct zr_context));
	l.datagrams_at = carve(&l.total, zr_datagrams_memory(l.datagrams_bytes));
	l.server_ids_at = carve(&l.total, zr_server_ids_memory(config->server_ids_bytes));
	l.identities_at = carve(&l.total, config->identities * sizeof(uint64_t));
	l.scratch_at = carve(&l.total, ZR_SCRATCH);
	l.ties_at = carve(&l.total, zr_ties_memory(config->learned_bytes / TIES_SHARE));
	if (learns(config)) {
		struct zr_dns_watch_config watch = zr_resolve_watch(NULL, config);

		l.lessons_at = carve(&l.total, zr_lessons_memory(config->learned_bytes / LESSONS_SHARE));
		l.watch_at = carve(&l.total, zr_dns_watch_memory(&watch));
	}
	l.decisions_at = carve(&l.total, zr_decisions_memory(config->decisions_bytes));
	return l;
}

static bool in_bounds(const struct zr_pipeline_config *config)
{
	for (unsigned int i = 0; i < ZR_TIMEOUT_COUNT; i++)
		if (config->timeout_us[i] == 0 || config->timeout_us[i] > PERIOD_MAX_US)
			return false;
	if (config->learned_bytes < ZR_LEARNED_MIN || config->learned_bytes > LEARNED_MAX ||
	    config->learned_ttl_min_us > config->learned_ttl_max_us || config->learned_ttl_max_us > KEEP_MAX_US ||
	    config->learned_grace_us > KEEP_MAX_US || config->learned_ttl_max_us + config->learned_grace_us == 0 ||
	    config->verify < ZR_VERIFY_OFF || config->verify > ZR_VERIFY_REQUIRE ||
	    config->bind_grace_us > PERIOD_MAX_US)
		return false;
	return config->interim_us > 0 && config->interim_us <= PERIOD_MAX_US && config->names_bytes >= NAMES_MIN &&
	       config->reassembly_bytes >= REASSEMBLY_MIN && config->server_ids_bytes >= SERVER_IDS_MIN &&
	       config->usage != NULL;
}

size_t zr_pipeline_memory(const struct zr_pipeline_config *config)
{
	if (!in_bounds(config) || zr_flow_table_memory(config->flows) == 0)
		return 0;
	return layout_of(config).total;
}

/* The pool takes the oldest unfinished message's buffer for a newer one. */
static void given_up(void *arg, uint32_t owner)
{
	struct zr_pipeline *p = arg;
	uint32_t flow = owner >> 1;
	bool from_b = (owner & 1) != 0;

	*zr_context_held(zr_context_of(p, flow, from_b)) = NULL;
	zr_context_give_up(p, flow, from_b);
}

struct zr_pipeline *zr_pipeline_init(void *memory, const struct zr_pipeline_config *config,
				     const struct zr_image *image, const struct zr_suffix_index *index)
{
	struct layout l = layout_of(config);
	struct zr_pipeline *p = memory;
	uint8_t *base = memory;

	p->quic = zr_quic_crypto_new();
	if (p->quic == NULL)
		return NULL;
	p->config = *config;
	p->list = (struct zr_list_view){.image = image, .index = index};
	zr_flow_table_init(&p->table, base + l.table_at, config->flows, config->seed);
	p->intern = zr_intern_init(base + l.intern_at, config->names_bytes, config->seed);
	p->assembly = zr_assembly_pool_init(base + l.assembly_at, l.assembly_bytes, given_up, p);
	p->contexts.slots = (struct zr_context *)(void *)(base + l.contexts_at);
	p->contexts.count = l.contexts;
	zr_datagrams_init(&p->datagrams, base + l.datagrams_at, l.datagrams_bytes, config->seed, zr_fragment_ended, p);
	zr_server_ids_init(&p->server_ids, base + l.server_ids_at, config->server_ids_bytes);
	p->identities = (uint64_t *)(void *)(base + l.identities_at);
	p->identities_max = config->identities;
	p->next_flow = config->identities;
	p->scratch = base + l.scratch_at;
	p->bond_key[0] = config->seed[0] | 1;
	p->bond_key[1] = config->seed[1] | 1;
	zr_ties_init(&p->ties, base + l.ties_at, config->learned_bytes / TIES_SHARE);
	if (learns(config)) {
		struct zr_dns_watch_config watch = zr_resolve_watch(p, config);

		zr_lessons_init(&p->lessons, base + l.lessons_at, config->learned_bytes / LESSONS_SHARE, config->seed);
		p->watch = zr_dns_watch_init(base + l.watch_at, &watch);
	}
	zr_decisions_init(&p->decisions, base + l.decisions_at, config->decisions_bytes, config->seed);
	return p;
}

void zr_pipeline_fini(struct zr_pipeline *p)
{
	zr_quic_crypto_free(p->quic);
}
