/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/status.h"

#include <stdlib.h>

#include "control/list_report.h"
#include "control/list_status.h"
#include "control/loop.h"
#include "control/status_forward.h"
#include "control/status_memory.h"

#define MS_PER_S 1000

void zr_status_sample(struct zr_status *status, struct zr_dataplane *dataplane)
{
	status->before = status->now;
	status->before_ms = status->now_ms;
	zr_dataplane_status(dataplane, &status->now);
	status->now_ms = zr_loop_now_ms();
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *volume(const struct zr_volume *v)
{
	return json_pack("{s:o, s:o}", "pkts", number(v->pkts), "bytes", number(v->bytes));
}

/* By how much a counter grew in a second. */
static json_t *rate(const struct zr_status *status, uint64_t now, uint64_t before)
{
	uint64_t ms = status->now_ms - status->before_ms;

	return number(status->before_ms == 0 || ms == 0 ? 0 : (now - before) * MS_PER_S / ms);
}

static json_t *drops_json(const uint64_t *drops)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < ZR_DROP_COUNT; i++)
		json_object_set_new(object, zr_drop_name(i), number(drops[i]));
	return object;
}

static json_t *ports_json(const struct zr_status *status, const struct zr_dataplane_status *now)
{
	json_t *ports = json_array();

	for (unsigned int i = 0; i < now->port_count; i++) {
		const struct zr_port_status *port = &now->ports[i];
		const struct zr_port_status *a = &status->before.ports[i], *b = &status->now.ports[i];

		json_array_append_new(
			ports, json_pack("{s:s, s:s, s:i, s:b, s:i, s:o, s:o, s:o, s:o, s:o}", "device", port->device,
					 "role", zr_config_role_name(port->role), "domain", (int)port->domain,
					 "link_up", port->link_up, "link_mbps", (int)port->link_mbps, "rx_pkts",
					 number(port->rx_pkts), "rx_bytes", number(port->rx_bytes), "rx_pkts_per_s",
					 rate(status, b->rx_pkts, a->rx_pkts), "rx_bytes_per_s",
					 rate(status, b->rx_bytes, a->rx_bytes), "drops", drops_json(port->drops)));
	}
	return ports;
}

/* The share of its time in which a worker found packets. */
static double load_of(const struct zr_worker_status *now, const struct zr_worker_status *before)
{
	uint64_t total = now->total_cycles - before->total_cycles;

	return total > 0 ? (double)(now->busy_cycles - before->busy_cycles) / (double)total : 0;
}

static void add_volume(struct zr_volume *sum, const struct zr_volume *part)
{
	sum->pkts += part->pkts;
	sum->bytes += part->bytes;
}

struct zr_volume zr_status_lost(const struct zr_worker_status *worker)
{
	struct zr_volume sum = {0};

	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++) {
		const struct zr_traffic *lost = &worker->lost[verdict].traffic;

		sum.pkts += lost->up_pkts + lost->down_pkts;
		sum.bytes += lost->up_bytes + lost->down_bytes;
	}
	return sum;
}

static json_t *ring_json(const struct zr_ring_status *ring)
{
	return json_pack("{s:i, s:i}", "used", (int)ring->used, "size", (int)ring->size);
}

/* Of a worker: its time, its progress, what waits for it and for what it tells. */
static void worker_add(json_t *object, const struct zr_watchdog *watchdog, const struct zr_dataplane_status *now,
		       unsigned int worker)
{
	const struct zr_worker_status *counted = &now->workers[worker];
	double cycles_per_s = now->cycles_per_s > 0 ? (double)now->cycles_per_s : 1;
	json_t *rings = json_object();

	if (now->frames[worker].size > 0)
		json_object_set_new(rings, "frames", ring_json(&now->frames[worker]));
	json_object_set_new(rings, "events", ring_json(&now->events[worker]));
	json_object_set_new(object, "busy_s", json_real((double)counted->busy_cycles / cycles_per_s));
	json_object_set_new(object, "run_s", json_real((double)counted->total_cycles / cycles_per_s));
	json_object_set_new(object, "still_s",
			    json_real((double)zr_watchdog_still_ms(watchdog, worker, zr_loop_now_ms()) / MS_PER_S));
	json_object_set_new(object, "rings", rings);
}

static json_t *workers_json(const struct zr_status *status, const struct zr_watchdog *watchdog,
			    const struct zr_dataplane_status *now)
{
	json_t *workers = json_array();

	for (unsigned int i = 0; i < now->worker_count; i++) {
		const struct zr_worker_status *worker = &now->workers[i];
		struct zr_volume lost = zr_status_lost(worker);
		const struct zr_worker_status *a = &status->before.workers[i], *b = &status->now.workers[i];

		json_array_append_new(workers,
				      json_pack("{s:i, s:b, s:f, s:o, s:o, s:o, s:i, s:i, s:o, s:o}", "lcore",
						(int)worker->lcore, "stalled", zr_watchdog_stalled(watchdog, i), "load",
						load_of(b, a), "pkts", number(worker->pkts), "pkts_per_s",
						rate(status, b->pkts, a->pkts), "bursts", number(worker->bursts),
						"flows", (int)worker->flows, "flows_max", (int)worker->flows_max,
						"records", number(worker->records), "records_lost", volume(&lost)));
		worker_add(json_array_get(workers, i), watchdog, now, i);
	}
	return workers;
}

static json_t *flows_json(const struct zr_dataplane_status *now)
{
	uint64_t open = 0, undecided = 0, free_flows = 0, max = 0;

	for (unsigned int i = 0; i < now->worker_count; i++) {
		open += now->workers[i].flows;
		undecided += now->workers[i].flows_undecided;
		free_flows += now->workers[i].flows_free;
		max += now->workers[i].flows_max;
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "open", number(open), "undecided", number(undecided), "free",
			 number(free_flows), "charged", number(open - undecided - free_flows), "max", number(max));
}

static json_t *counters_json(const struct zr_dataplane_status *now)
{
	json_t *object = json_object();

	for (unsigned int counter = 0; counter < ZR_COUNTER_COUNT; counter++) {
		uint64_t sum = 0;

		for (unsigned int i = 0; i < now->worker_count; i++)
			sum += now->workers[i].counters[counter];
		json_object_set_new(object, zr_counter_name(counter), number(sum));
	}
	return object;
}

static void add_totals(struct zr_totals *sum, const struct zr_totals *part)
{
	add_volume(&sum->received, &part->received);
	for (unsigned int i = 0; i < ZR_REASON_COUNT; i++)
		add_volume(&sum->reason[i], &part->reason[i]);
	for (unsigned int i = 0; i < ZR_UNACCOUNTED_COUNT; i++)
		add_volume(&sum->unaccounted[i], &part->unaccounted[i]);
}

static json_t *totals_json(const struct zr_dataplane_status *now)
{
	struct zr_totals sum = {0};
	char text[ZR_RECORD_JSON_MAX];

	for (unsigned int i = 0; i < now->worker_count; i++)
		add_totals(&sum, &now->workers[i].totals);
	return json_loadb(text, zr_summary_json(&sum, text), 0, NULL);
}

/* Of the charged volume, what may still become free. */
static json_t *undecided_json(const struct zr_dataplane_status *now)
{
	struct zr_volume sum = {0};

	for (unsigned int i = 0; i < now->worker_count; i++)
		add_volume(&sum, &now->workers[i].totals.reason[ZR_REASON_UNDECIDED]);
	return volume(&sum);
}

uint64_t zr_status_exactness_bytes(const struct zr_dataplane_status *dataplane)
{
	uint64_t difference = 0;

	for (unsigned int i = 0; i < dataplane->worker_count; i++) {
		const struct zr_totals *totals = &dataplane->workers[i].totals;
		uint64_t explained = 0, received = totals->received.bytes;

		for (unsigned int reason = 0; reason < ZR_REASON_COUNT; reason++)
			explained += totals->reason[reason].bytes;
		for (unsigned int name = 0; name < ZR_UNACCOUNTED_COUNT; name++)
			explained += totals->unaccounted[name].bytes;
		difference += received > explained ? received - explained : explained - received;
	}
	return difference;
}

static json_t *warnings_json(const struct zr_status_sources *sources)
{
	const char *gap = zr_learning_gap(sources->learning, zr_lists_current(sources->lists)->image);
	json_t *warnings = json_array();

	zr_list_status_warnings(sources->lists, warnings);
	if (gap != NULL)
		json_array_append_new(warnings, json_string(gap));
	zr_watchdog_warn(sources->watchdog, zr_loop_now_ms(), warnings);
	zr_status_warn(sources, warnings);
	return warnings;
}

static json_t *all_json(const struct zr_status *status, const struct zr_status_sources *sources,
			const struct zr_dataplane_status *now)
{
	const struct zr_exporter *exporter = zr_records_exporter(sources->records);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "op", "status", "gateway", exporter->gateway, "version", ZR_VERSION, "dpdk",
			 zr_dataplane_version(), "state", sources->state, "warnings", warnings_json(sources), "list",
			 zr_list_status_json(sources->lists), "input_ended", zr_dataplane_idle(sources->dataplane),
			 "distribution", now->hardware_distribution ? "hardware" : "software", "ports",
			 ports_json(status, now), "workers", workers_json(status, sources->watchdog, now), "flows",
			 flows_json(now), "counters", counters_json(now), "totals", totals_json(now), "exactness_bytes",
			 number(zr_status_exactness_bytes(now)), "records", zr_status_records(sources, now), "ledger",
			 zr_status_ledger(sources), "consumers", zr_status_consumers(sources));
}

json_t *zr_status_json(const struct zr_status *status, const struct zr_status_sources *sources)
{
	struct zr_dataplane_status *now = malloc(sizeof(*now));
	json_t *all;

	if (now == NULL)
		return NULL;
	zr_dataplane_status(sources->dataplane, now);
	all = all_json(status, sources, now);
	if (all != NULL) {
		json_object_set_new(all, "evidence", zr_learning_json(sources->learning, now));
		json_object_set_new(all, "undecided", undecided_json(now));
		json_object_set_new(all, "started", zr_list_report_time(sources->started_us));
		json_object_set_new(all, "time", zr_list_report_time(zr_list_report_now_us()));
		json_object_set_new(all, "memory", zr_status_memory(now));
		zr_status_forward(all, now);
	}
	free(now);
	return all;
}
