/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/forward.h"

#include <rte_ethdev.h>
#include <rte_pause.h>

/* How often a port that is full is asked again, at once: some microseconds, in which it sends a few frames. */
#define TX_TRIES 8

/* Does somebody else hold what lies in this segment? */
static bool is_shared(struct rte_mbuf *m)
{
	if (RTE_MBUF_CLONED(m) || rte_mbuf_refcnt_read(m) > 1)
		return true;
	return RTE_MBUF_HAS_EXTBUF(m) && rte_mbuf_ext_refcnt_read(m->shinfo) > 1;
}

/* One byte of a frame; NULL when it must not be written. */
static uint8_t *byte_at(struct rte_mbuf *m, uint32_t at)
{
	while (at >= m->data_len) {
		at -= m->data_len;
		m = m->next;
	}
	return is_shared(m) ? NULL : rte_pktmbuf_mtod_offset(m, uint8_t *, at);
}

bool zr_forward_write(struct rte_mbuf *frame, const struct zr_mark_edit *edits, unsigned int count)
{
	uint8_t *bytes[ZR_MARK_EDITS_MAX][2];

	for (unsigned int i = 0; i < count; i++)
		for (unsigned int b = 0; b < 2; b++) {
			bytes[i][b] = byte_at(frame, edits[i].at + b);
			if (bytes[i][b] == NULL)
				return false;
		}
	for (unsigned int i = 0; i < count; i++)
		for (unsigned int b = 0; b < 2; b++)
			*bytes[i][b] = edits[i].bytes[b];
	return true;
}

static void mark(struct zr_worker *w, const struct zr_view *view, struct rte_mbuf *frame, uint8_t code_point)
{
	const struct zr_dataplane_config *config = &w->dp->config;
	struct zr_mark_edit edits[ZR_MARK_EDITS_MAX];
	unsigned int count = zr_mark_plan(&config->pipeline.packets, &config->marks, view, code_point, edits);

	if (count == 0)
		return;
	if (!zr_forward_write(frame, edits, count))
		w->status.mark_skipped++;
	else if (code_point == ZR_MARK_NONE)
		w->status.cleared++;
	else
		w->status.marked++;
}

void zr_forward(struct zr_worker *w, const struct zr_view *view, struct rte_mbuf *frame, uint8_t code_point)
{
	struct zr_tx *tx = &w->tx[w->dp->out[frame->port]];

	if (w->dp->marks && (code_point != ZR_MARK_NONE || w->dp->config.marks.cleared != 0))
		mark(w, view, frame, code_point);
	tx->frames[tx->count++] = frame;
}

static uint64_t bytes_of(struct rte_mbuf *const *frames, unsigned int count)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < count; i++)
		bytes += frames[i]->pkt_len;
	return bytes;
}

static void drop(struct zr_tx *tx, enum zr_tx_drop why, struct rte_mbuf **frames, unsigned int count)
{
	zr_tally(&tx->dropped_pkts[why], count);
	zr_tally(&tx->dropped_bytes[why], bytes_of(frames, count));
	rte_pktmbuf_free_bulk(frames, count);
}

bool zr_forward_fits(const struct zr_device *d, const struct rte_mbuf *frame)
{
	uint32_t len_max = atomic_load_explicit(&d->tx_len_max, memory_order_relaxed);
	const struct rte_ether_hdr *header;

	if (frame->pkt_len <= len_max)
		return true;
	if (frame->pkt_len > len_max + RTE_VLAN_HLEN || frame->pkt_len > d->tx_room ||
	    frame->data_len < sizeof(*header))
		return false;
	/* The kernel allows for one tag of 802.1Q, and for no other. */
	header = rte_pktmbuf_mtod(frame, const struct rte_ether_hdr *);
	return header->ether_type == RTE_BE16(RTE_ETHER_TYPE_VLAN);
}

/* Frames that the driver would take and lose. */
static void drop_too_long(struct zr_tx *tx)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < tx->count; i++) {
		if (zr_forward_fits(tx->device, tx->frames[i]))
			tx->frames[kept++] = tx->frames[i];
		else
			drop(tx, ZR_TX_DROP_TOO_LONG, &tx->frames[i], 1);
	}
	tx->count = kept;
}

static void send_all(struct zr_tx *tx, uint16_t queue)
{
	uint64_t bytes = bytes_of(tx->frames, tx->count);
	unsigned int sent = 0;

	for (unsigned int tries = 0; tries < TX_TRIES && sent < tx->count; tries++) {
		if (tries > 0)
			rte_pause();
		sent += rte_eth_tx_burst(tx->device->id, queue, tx->frames + sent, (uint16_t)(tx->count - sent));
	}
	zr_tally(&tx->pkts, sent);
	zr_tally(&tx->bytes, bytes - bytes_of(tx->frames + sent, tx->count - sent));
	if (sent < tx->count)
		drop(tx, ZR_TX_DROP_FULL, tx->frames + sent, tx->count - sent);
}

void zr_forward_flush(struct zr_worker *w)
{
	for (unsigned int i = 0; i < w->dp->config.port_count; i++) {
		struct zr_tx *tx = &w->tx[i];

		if (tx->count == 0)
			continue;
		if (!atomic_load_explicit(&tx->device->link_up, memory_order_relaxed)) {
			drop(tx, ZR_TX_DROP_LINK_DOWN, tx->frames, tx->count);
		} else {
			drop_too_long(tx);
			send_all(tx, (uint16_t)w->index);
		}
		tx->count = 0;
	}
}
