/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_malloc.h>
#include <rte_mbuf_dyn.h>

#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/spread.h"

#define FRAME_MIN 64
#define FRAME_MAX 65535

/* Can hardware spread, on all ports? All of them are known by now. */
static bool hardware_can(const struct zr_dataplane *dp, const struct zr_port_setup *setups)
{
	const struct zr_packet_rules *rules = &dp->config.pipeline.packets;
	struct zr_spread_port ports[ZR_PORTS_MAX] = {0};

	for (unsigned int i = 0; i < dp->config.port_count; i++)
		ports[i] = (struct zr_spread_port){
			.driver = setups[i].info.driver_name,
			.hash_types = setups[i].info.flow_type_rss_offloads,
			.queues_max = setups[i].info.max_rx_queues,
			.table_len = setups[i].info.reta_size,
			.key_len = setups[i].info.hash_key_size,
			.role = setups[i].device->role,
		};
	return zr_spread_in_hardware(ports, dp->config.port_count, dp->worker_count,
				     rules->open_all_tunnels ||
					     (rules->tunnel_endpoints != NULL && rules->tunnel_endpoints->count > 0));
}

/* A capture's times and the clock's cannot be had in one pipeline: what comes by the clock would end all flows of the other. */
static int times_agree(struct zr_port_setup *setups, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++)
		if (setups[i].device->ends != setups[0].device->ends)
			return zr_port_refuse(
				&setups[i], -EINVAL,
				"it and %s have different clocks, that of a capture file and the system's; use ports "
				"of one kind",
				setups[0].device->name);
	return 0;
}

/* Ports that forward stand in pairs. */
static int peers_agree(struct zr_dataplane *dp, struct zr_port_setup *setups)
{
	for (unsigned int i = 0; dp->config.forwards && i < dp->config.port_count; i++) {
		unsigned int peer = dp->config.ports[i].peer;

		if (peer >= dp->config.port_count || peer == i || dp->config.ports[peer].peer != i)
			return zr_port_refuse(
				&setups[i], -EINVAL,
				"it forwards to no other port that forwards to it; name two ports as peer "
				"of each other");
		dp->out[dp->devices[i].id] = (uint8_t)peer;
	}
	return 0;
}

/* The queues of all ports in one row, from which each worker takes its share. */
static int queues_list(struct zr_dataplane *dp, char *error, size_t error_len)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < dp->config.port_count; i++)
		count += dp->devices[i].queues;
	dp->queues = rte_zmalloc(NULL, count * sizeof(*dp->queues), alignof(struct zr_queue));
	if (dp->queues == NULL) {
		snprintf(error, error_len, "no memory for %u receive queues; give EAL more (-m)", count);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < dp->config.port_count; i++)
		for (uint16_t q = 0; q < dp->devices[i].queues; q++)
			dp->queues[dp->queue_count++] = (struct zr_queue){
				.port = dp->devices[i].id,
				.queue = q,
				.index = (uint16_t)i,
				.waits = dp->devices[i].file,
			};
	return 0;
}

static int frame_max_check(uint32_t frame_max, char *error, size_t error_len)
{
	if (frame_max >= FRAME_MIN && frame_max <= FRAME_MAX)
		return 0;
	snprintf(error, error_len, "frame_max is %u bytes; frames have %u to %u", frame_max, FRAME_MIN, FRAME_MAX);
	return -ERANGE;
}

int zr_ports_open(struct zr_dataplane *dp, char *error, size_t error_len)
{
	unsigned int count = dp->config.port_count;
	struct zr_port_setup setups[ZR_PORTS_MAX];
	int status = frame_max_check(dp->config.frame_max, error, error_len);

	for (unsigned int i = 0; status == 0 && i < count; i++) {
		const struct zr_dataplane_port *port = &dp->config.ports[i];
		struct zr_device *d = &dp->devices[i];

		*d = (struct zr_device){.role = port->role, .domain = port->domain, .link_up = true};
		memcpy(d->name, port->device, sizeof(d->name) - 1);
		setups[i] = (struct zr_port_setup){.dp = dp, .device = d, .error = error, .error_len = error_len};
		status = zr_port_find(&setups[i]);
	}
	if (status == 0)
		status = times_agree(setups, count);
	if (status == 0)
		status = peers_agree(dp, setups);
	if (status != 0)
		return status;
	dp->hardware = hardware_can(dp, setups);
	for (unsigned int i = 0; i < count; i++)
		setups[i].tx_segments = dp->config.forwards ? setups[dp->config.ports[i].peer].segments : 0;
	for (unsigned int i = 0; status == 0 && i < count; i++) {
		struct zr_device *d = &dp->devices[i];

		dp->views[d->id] = (struct zr_port){.link = ZR_LINK_ETHERNET, .role = d->role, .domain = d->domain};
		status = zr_port_configure(&setups[i]);
	}
	return status != 0 ? status : queues_list(dp, error, error_len);
}

/* Where packets get their time from: net_pcap marks each mbuf with its own, in microseconds; else the clock. */
static int time_find(struct zr_dataplane *dp, char *error, size_t error_len)
{
	int flag = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, NULL);

	dp->file_time = dp->config.port_count > 0 && dp->devices[0].ends;
	if (!dp->file_time) {
		dp->clock_offset_ns = zr_clock_ns(CLOCK_REALTIME) - zr_clock_ns(CLOCK_MONOTONIC);
		return 0;
	}
	dp->stamp_offset = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL);
	if (flag < 0 || dp->stamp_offset < 0) {
		snprintf(error, error_len, "port %s: its driver does not tell packets' times; use DPDK 22.11",
			 dp->devices[0].name);
		return -ENOTSUP;
	}
	dp->stamp_flag = RTE_BIT64(flag);
	return 0;
}

int zr_ports_start(struct zr_dataplane *dp, char *error, size_t error_len)
{
	int status = 0;

	for (unsigned int i = 0; status == 0 && i < dp->config.port_count; i++) {
		struct zr_port_setup s = {.dp = dp, .device = &dp->devices[i], .error = error, .error_len = error_len};

		status = zr_port_start(&s);
	}
	return status != 0 ? status : time_find(dp, error, error_len);
}

void zr_ports_close(struct zr_dataplane *dp)
{
	for (unsigned int i = 0; i < dp->config.port_count; i++) {
		struct zr_device *d = &dp->devices[i];

		if (d->configured) {
			rte_eth_dev_stop(d->id);
			rte_eth_dev_close(d->id);
		}
		rte_mempool_free(d->pool);
	}
	rte_free(dp->queues);
}
