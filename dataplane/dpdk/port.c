/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/port.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>

#include "dataplane/dpdk/interface.h"
#include "dataplane/dpdk/memory.h"
#include "dataplane/dpdk/spread.h"

#define DESCRIPTORS   1024
#define SEGMENT_BYTES 2048
#define ROOM_MAX      (UINT16_MAX - RTE_PKTMBUF_HEADROOM)
#define POOL_CACHE    256
#define RING_FRAMES   2048
/* The longest frame by the Ethernet standard, with a VLAN tag: what a port takes when it is told nothing. */
#define FRAME_USUAL (RTE_ETHER_MAX_LEN + RTE_VLAN_HLEN)
/* Frames of a capture file that is played without end: its driver keeps them all in mbufs. */
#define ENDLESS_FRAMES 16384
/* net_af_packet: its default frame slot, and what the kernel takes of it (TPACKET_V2 header and alignment). */
#define AF_PACKET_SLOT     2048
#define AF_PACKET_OVERHEAD 66
/* No receive ring of a driver holds more frames. */
#define RING_FRAMES_MAX (1u << 20)

/* Drivers of which we know more than ethdev tells. */
struct zr_driver {
	const char *name;
	bool fixed;  /* queues and frame size are those it was made with: all queues must be polled, no MTU is set */
	bool chains; /* a frame longer than an mbuf comes in several, though no offload says so */
	bool pairs;  /* it wants as many transmit queues as receive queues, used or not */
	bool socket; /* it sends through an interface of the kernel, of which it tells nothing */
	/* Longer frames, but for a VLAN tag, keep those behind them from going out; 0: there is no bound. */
	uint32_t tx_len_max;
};

static const struct zr_driver *driver_of(const struct rte_eth_dev_info *info)
{
	static const struct zr_driver known[] = {
		{.name = "net_pcap", .fixed = true, .chains = true},
		{.name = "net_ring", .fixed = true, .chains = true},
		{.name = "net_af_packet", .fixed = true, .socket = true},
		{.name = "net_tap", .pairs = true, .tx_len_max = RTE_ETHER_MAX_LEN},
	};
	static const struct zr_driver other = {0};

	for (size_t i = 0; i < RTE_DIM(known); i++)
		if (strcmp(info->driver_name, known[i].name) == 0)
			return &known[i];
	return &other;
}

int zr_port_refuse(const struct zr_port_setup *s, int status, const char *format, ...)
{
	int len = snprintf(s->error, s->error_len, "port %s: ", s->device->name);
	va_list args;

	va_start(args, format);
	if (len >= 0 && (size_t)len < s->error_len)
		vsnprintf(s->error + len, s->error_len - (size_t)len, format, args);
	va_end(args);
	return status;
}

/* The arguments that a vdev was made with; empty for others. */
static const char *arguments_of(const struct rte_eth_dev_info *info)
{
	const struct rte_devargs *devargs = info->device != NULL ? rte_dev_devargs(info->device) : NULL;

	return devargs != NULL && devargs->args != NULL ? devargs->args : "";
}

static bool plays_without_end(const char *arguments)
{
	const char *value = strstr(arguments, "infinite_rx=");

	return value != NULL && atoi(value + strlen("infinite_rx=")) > 0;
}

static int not_found(struct zr_port_setup *s)
{
	char names[256] = "";
	size_t len = 0;
	uint16_t id;

	RTE_ETH_FOREACH_DEV(id)
	{
		char name[RTE_ETH_NAME_MAX_LEN];

		if (rte_eth_dev_get_name_by_port(id, name) == 0 && len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", len > 0 ? ", " : "", name);
	}
	return zr_port_refuse(
		s, -ENODEV,
		"there is no such port; EAL found %s. Name one of them, bind the device to a driver that DPDK can "
		"use, or add --vdev=%s,... to eal",
		len > 0 ? names : "none", s->device->name);
}

static int device_find(struct zr_port_setup *s)
{
	struct zr_device *d = s->device;
	char address[ZR_DEVICE_MAX + sizeof("0000:")];

	snprintf(address, sizeof(address), "0000:%s", d->name);
	if (rte_eth_dev_get_port_by_name(d->name, &d->id) != 0 && rte_eth_dev_get_port_by_name(address, &d->id) != 0)
		return not_found(s);
	for (const struct zr_device *other = s->dp->devices; other < d; other++)
		if (other->id == d->id)
			return zr_port_refuse(s, -EEXIST, "it is named twice, also as %s; leave one out", other->name);
	if (rte_eth_dev_info_get(d->id, &s->info) != 0)
		return zr_port_refuse(s, -EIO, "it does not say what it can do; is another program using it?");
	if (s->info.max_rx_queues == 0)
		return zr_port_refuse(s, -ENOTSUP, "it receives nothing; leave it out");
	s->driver = driver_of(&s->info);
	d->file = strcmp(s->info.driver_name, "net_pcap") == 0 && strstr(arguments_of(&s->info), "rx_pcap=") != NULL;
	d->ends = d->file && !plays_without_end(arguments_of(&s->info));
	return 0;
}

/* The longest frame that the port can take. */
static uint32_t frame_limit(const struct zr_port_setup *s)
{
	const char *slot;
	uint32_t limit;

	if (!s->driver->socket)
		return s->info.max_rx_pktlen;
	slot = strstr(arguments_of(&s->info), "framesz=");
	limit = slot != NULL ? (uint32_t)strtoul(slot + strlen("framesz="), NULL, 10) : AF_PACKET_SLOT;
	return limit > AF_PACKET_OVERHEAD ? limit - AF_PACKET_OVERHEAD : 0;
}

/* How mbufs must be made so that the largest frame fits into one, or into several when the port can chain them. */
static int frame_plan(struct zr_port_setup *s)
{
	uint32_t frame_max = s->dp->config.frame_max, limit = frame_limit(s);
	bool chains = s->driver->chains || (s->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;

	if (frame_max > limit)
		return zr_port_refuse(
			s, -ERANGE, "it takes frames of at most %u bytes and frame_max is %u; lower frame_max%s", limit,
			frame_max,
			s->driver->socket ? ", or give the vdev a larger framesz (and blocksz, a multiple of it)" : "");
	s->room = RTE_MAX(SEGMENT_BYTES, s->info.min_rx_bufsize);
	if (s->driver->socket)
		s->room = RTE_MAX(s->room, limit + AF_PACKET_OVERHEAD);
	if (frame_max > s->room && !chains)
		s->room = RTE_ALIGN(frame_max, 64);
	if (s->room > ROOM_MAX)
		return zr_port_refuse(
			s, -ERANGE,
			"it does not spread a frame over several mbufs and one holds at most %u bytes; lower "
			"frame_max (%u) or the vdev's framesz",
			(unsigned int)ROOM_MAX, frame_max);
	s->segments = (frame_max + s->room - 1) / s->room;
	return 0;
}

/* What of the frames that its peer gives it can go out. */
static void sending_plan(struct zr_port_setup *s)
{
	struct zr_device *d = s->device;

	d->interface = s->driver->socket ? s->info.if_index : 0;
	d->tx_room = s->driver->socket ? frame_limit(s) : UINT32_MAX - RTE_VLAN_HLEN;
	d->tx_len_max = s->driver->tx_len_max != 0 ? s->driver->tx_len_max : d->tx_room;
	zr_interface_look(d);
}

int zr_port_find(struct zr_port_setup *s)
{
	int status = device_find(s);

	if (status == 0)
		status = frame_plan(s);
	if (status == 0)
		sending_plan(s);
	return status;
}

static unsigned int segments_of_largest(const struct zr_dataplane *dp)
{
	return (dp->config.frame_max + SEGMENT_BYTES - 1) / SEGMENT_BYTES;
}

/* With jumbo frames rings hold fewer of them, so that they keep about the same bytes; but two bursts of each worker. */
unsigned int zr_port_ring_frames(const struct zr_dataplane *dp)
{
	unsigned int frames = RING_FRAMES / segments_of_largest(dp);

	return rte_align32pow2(RTE_MAX(frames, 2 * ZR_BURST * dp->worker_count));
}

/* Every mbuf that can be away from the pool at one time: in queues, in the rings, in workers' hands, in lcores' caches. */
static unsigned int pool_mbufs(const struct zr_port_setup *s)
{
	unsigned int workers = s->dp->worker_count;
	unsigned int frames = workers * 2 * ZR_BURST;
	unsigned int mbufs = s->device->queues * s->descriptors + (workers + 1) * (POOL_CACHE + POOL_CACHE / 2);

	if (workers > 1 && !s->dp->hardware)
		frames += workers * zr_port_ring_frames(s->dp);
	/* What its peer has not sent yet. */
	if (s->dp->config.forwards)
		mbufs += workers * DESCRIPTORS;
	if (s->device->file && !s->device->ends)
		mbufs += ENDLESS_FRAMES;
	return mbufs + frames * s->segments;
}

static int pool_make(struct zr_port_setup *s)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	unsigned int mbufs = pool_mbufs(s);
	uint16_t room = (uint16_t)(s->room + RTE_PKTMBUF_HEADROOM);

	snprintf(name, sizeof(name), "zr_port_%u", s->device->id);
	if (zr_memory_fits(mbufs * (uint64_t)rte_mempool_calc_obj_size(sizeof(struct rte_mbuf) + room, 0, NULL)))
		s->device->pool = rte_pktmbuf_pool_create(name, mbufs, POOL_CACHE, 0, room,
							  rte_eth_dev_socket_id(s->device->id));
	if (s->device->pool == NULL)
		return zr_port_refuse(
			s, -ENOMEM,
			"no memory for %u buffers of %u bytes; give EAL more (-m, or more hugepages), or the "
			"machine, or lower frame_max (%u) or the number of workers",
			mbufs, s->room, s->dp->config.frame_max);
	return 0;
}

uint64_t zr_port_pool_bytes(const struct zr_device *d)
{
	const struct rte_mempool *pool = d->pool;

	return pool->size * ((uint64_t)pool->header_size + pool->elt_size + pool->trailer_size);
}

/* What to ask of the port. */
static struct rte_eth_conf conf_of(const struct zr_port_setup *s)
{
	/* The same on all ports: the key of the worked examples for RSS. What is behind it stays 0 and is not reached. */
	static const uint8_t key[64] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
		0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
		0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
	};
	struct zr_spread_port port = {.hash_types = s->info.flow_type_rss_offloads, .role = s->device->role};
	struct rte_eth_conf conf = {0};

	if (s->dp->config.frame_max > FRAME_USUAL && !s->driver->fixed)
		conf.rxmode.mtu = s->dp->config.frame_max - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN;
	if (s->segments > 1)
		conf.rxmode.offloads = s->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	if (s->tx_segments > 1)
		conf.txmode.offloads = s->info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (s->dp->hardware) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
			.rss_key = (uint8_t *)(uintptr_t)key,
			.rss_key_len = RTE_MIN(s->info.hash_key_size, sizeof(key)),
			.rss_hf = zr_spread_hash(&port),
		};
	}
	return conf;
}

static uint16_t tx_queues_of(const struct zr_port_setup *s)
{
	if (s->dp->config.forwards)
		return (uint16_t)s->dp->worker_count;
	return s->driver->pairs ? s->device->queues : 0;
}

static int queues_setup(struct zr_port_setup *s)
{
	struct rte_eth_rxconf rxconf = s->info.default_rxconf;
	struct zr_device *d = s->device;
	int status = 0;

	rxconf.offloads = 0;
	for (uint16_t q = 0; status == 0 && q < d->queues; q++)
		status = rte_eth_rx_queue_setup(d->id, q, s->descriptors, (unsigned int)rte_eth_dev_socket_id(d->id),
						&rxconf, d->pool);
	for (uint16_t q = 0; status == 0 && q < tx_queues_of(s); q++)
		status = rte_eth_tx_queue_setup(d->id, q, s->tx_descriptors, (unsigned int)rte_eth_dev_socket_id(d->id),
						NULL);
	if (status == 0)
		return 0;
	if (d->file && !d->ends)
		return zr_port_refuse(
			s, status,
			"a capture played without end may hold at most %u frames of %u bytes each, and its file "
			"must be readable (%s)",
			ENDLESS_FRAMES, s->room, strerror(-status));
	return zr_port_refuse(s, status,
			      "it does not set up %u receive queues of %u descriptors and %u to send (%s); use fewer "
			      "workers",
			      d->queues, s->descriptors, tx_queues_of(s), strerror(-status));
}

static uint16_t queues_of(const struct zr_port_setup *s)
{
	if (s->driver->fixed)
		return s->info.max_rx_queues;
	if (s->dp->config.forwards && s->driver->pairs)
		return (uint16_t)s->dp->worker_count;
	return s->dp->hardware ? (uint16_t)s->dp->worker_count : 1;
}

/* Can it send what its peer gives it, a queue for each worker? */
static int sending_check(const struct zr_port_setup *s)
{
	if (s->tx_segments > 1 && (s->info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) == 0)
		return zr_port_refuse(
			s, -ENOTSUP,
			"it does not send frames that lie in several buffers, as its peer gives them; lower "
			"frame_max (%u)",
			s->dp->config.frame_max);
	if (tx_queues_of(s) > s->info.max_tx_queues)
		return zr_port_refuse(
			s, -ERANGE,
			"it has %u queues to send and each of %u workers needs one; use fewer workers, or "
			"make the vdev with more queues",
			s->info.max_tx_queues, s->dp->worker_count);
	return 0;
}

int zr_port_configure(struct zr_port_setup *s)
{
	struct zr_device *d = s->device;
	struct rte_eth_conf conf = conf_of(s);
	int status;

	d->queues = queues_of(s);
	status = sending_check(s);
	if (status != 0)
		return status;
	status = rte_eth_dev_configure(d->id, d->queues, tx_queues_of(s), &conf);
	if (status != 0)
		return zr_port_refuse(
			s, status,
			"it does not take %u receive queues and frames of %u bytes (%s); use fewer workers or lower "
			"frame_max",
			d->queues, s->dp->config.frame_max, strerror(-status));
	d->configured = true;
	s->descriptors = s->tx_descriptors = DESCRIPTORS;
	status = rte_eth_dev_adjust_nb_rx_tx_desc(d->id, &s->descriptors, &s->tx_descriptors);
	if (status != 0)
		return zr_port_refuse(s, status, "it does not say how many descriptors it has (%s)", strerror(-status));
	status = pool_make(s);
	return status != 0 ? status : queues_setup(s);
}

/*
 * Until it binds its sockets to the interface, net_af_packet (22.11) takes what comes in at any interface: other traffic of
 * this machine, and what came in at the peer, which would go out where it came from. All of it is older than the port's start.
 */
static void rings_empty(const struct zr_device *d)
{
	struct rte_mbuf *frames[ZR_BURST];

	for (uint16_t q = 0; q < d->queues; q++) {
		unsigned int left = RING_FRAMES_MAX, count;

		do {
			count = rte_eth_rx_burst(d->id, q, frames, ZR_BURST);
			rte_pktmbuf_free_bulk(frames, count);
			left -= RTE_MIN(count, left);
		} while (count > 0 && left > 0);
	}
}

int zr_port_start(struct zr_port_setup *s)
{
	struct zr_device *d = s->device;
	int status = rte_eth_dev_start(d->id);

	if (status != 0)
		return zr_port_refuse(s, status, "it does not start (%s)%s", strerror(-status),
				      d->file ? "; can its file be read?" : "");
	status = rte_eth_promiscuous_enable(d->id);
	/* A driver that knows no such mode hands over all it gets. */
	if (status != 0 && status != -ENOTSUP)
		return zr_port_refuse(s, status, "it does not take frames for other addresses (promiscuous mode: %s)",
				      strerror(-status));
	if (d->interface != 0)
		rings_empty(d);
	return 0;
}
