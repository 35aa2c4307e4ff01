/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding through the worker's loop between two ports over rings (loop.h), against a bare loop over the same rings and mbufs
 * that does what testpmd does under the name 5tswap: walk through the headers, swap addresses and ports, note the headers'
 * lengths in the mbuf, send on. One thread does all of it.
 */
#include <string.h>

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_prefetch.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "tests/bench/harness.h"
#include "tests/bench/loop.h"

/* As many frames as there are, in bursts from either port. */
static void run_worker(void *arg)
{
	struct loop *loop = arg;
	uint64_t until = loop->worker->status.pkts + loop->options.frames;

	while (loop->worker->status.pkts < until)
		loop_round(loop);
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t kept[16];

	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
}

/* IPv4's, IPv6's or no header: addresses swapped. Returns what follows, or NULL. */
static uint8_t *swap_ip(struct rte_mbuf *m, rte_be16_t type, uint8_t *at, uint8_t *proto)
{
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) {
		struct rte_ipv4_hdr *ipv4 = (void *)at;

		swap((uint8_t *)&ipv4->src_addr, (uint8_t *)&ipv4->dst_addr, sizeof(ipv4->src_addr));
		m->l3_len = rte_ipv4_hdr_len(ipv4);
		*proto = ipv4->next_proto_id;
	} else if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6)) {
		struct rte_ipv6_hdr *ipv6 = (void *)at;

		swap(ipv6->src_addr, ipv6->dst_addr, sizeof(ipv6->src_addr));
		m->l3_len = sizeof(*ipv6);
		*proto = ipv6->proto;
	} else {
		return NULL;
	}
	return at + m->l3_len;
}

/* Stations, addresses and ports. */
static void turn_round(struct rte_mbuf *m)
{
	uint8_t *at = rte_pktmbuf_mtod(m, uint8_t *), proto;
	struct rte_ether_hdr *ethernet = (void *)at;
	rte_be16_t type = ethernet->ether_type;

	swap(ethernet->dst_addr.addr_bytes, ethernet->src_addr.addr_bytes, RTE_ETHER_ADDR_LEN);
	m->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	m->l2_len = sizeof(*ethernet);
	at += sizeof(*ethernet);
	while (type == RTE_BE16(RTE_ETHER_TYPE_VLAN) || type == RTE_BE16(RTE_ETHER_TYPE_QINQ)) {
		type = ((struct rte_vlan_hdr *)(void *)at)->eth_proto;
		m->l2_len += sizeof(struct rte_vlan_hdr);
		at += sizeof(struct rte_vlan_hdr);
	}
	at = swap_ip(m, type, at, &proto);
	if (at == NULL || (proto != IPPROTO_TCP && proto != IPPROTO_UDP))
		return;
	swap(at, at + 2, 2);
	m->l4_len = proto == IPPROTO_TCP ? (((struct rte_tcp_hdr *)(void *)at)->data_off >> 4) * 4
					 : sizeof(struct rte_udp_hdr);
}

static void run_bare(void *arg)
{
	struct loop *loop = arg;
	unsigned int port = 0;

	for (uint32_t done = 0; done < loop->options.frames; port = 1 - port) {
		struct rte_mbuf *frames[ZR_BURST];
		uint16_t count = rte_eth_rx_burst(loop->ports[port], 0, frames, ZR_BURST), sent = 0;

		for (unsigned int i = 0; i < count; i++) {
			if (i + 1U < count)
				rte_prefetch0(rte_pktmbuf_mtod(frames[i + 1], const void *));
			turn_round(frames[i]);
		}
		while (sent < count)
			sent = (uint16_t)(sent + rte_eth_tx_burst(loop->ports[1 - port], 0, frames + sent,
								  (uint16_t)(count - sent)));
		done += count;
	}
}

static void bench(const char *name, uint32_t flows, uint8_t family, bool marks)
{
	const struct loop_options options = {.name = "bench_forward",
					     .eal = "--no-huge --no-pci --no-shconf --no-telemetry -m 3072",
					     .flows = flows,
					     .frames = flows,
					     .capacity = flows,
					     .family = family,
					     .marks = marks};
	struct loop loop;
	const struct bench_side sides[2] = {{run_bare, &loop, flows}, {run_worker, &loop, flows}};
	struct bench_time time[2];

	loop_make(&loop, &options);
	bench_measure(sides, 2, time);
	loop_check(&loop);
	bench_print(&(struct bench_result){.name = name, .time = time[1], .floor = time[0], .ratio_max = 2.0});
	loop_free(&loop);
}

int main(void)
{
	uint32_t few = bench_size(4096, 64), some = bench_size(1 << 16, 128), many = bench_size(1 << 20, 256);

	bench("forward_ipv4_4k", few, 4, false);
	bench("forward_ipv6_4k", few, 6, false);
	bench("forward_ipv4_64k", some, 4, false);
	bench("forward_ipv4_1m", many, 4, false);
	bench("forward_ipv6_1m", many, 6, false);
	bench("forward_ipv4_1m_marks", many, 4, true);
	return 0;
}
