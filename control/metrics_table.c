/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics_table.h"

#include <stddef.h>

#include "control/ledger/ledger.h"
#include "dataplane/dpdk/dataplane.h"

#define C ZR_METRIC_COUNTER
#define G ZR_METRIC_GAUGE

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The i-th reason of a verdict. */
static const char *reason_of(enum zr_verdict verdict, unsigned int i)
{
	for (unsigned int reason = ZR_REASON_UNDECIDED + 1; reason < ZR_REASON_COUNT; reason++)
		if (zr_reason_verdict((enum zr_reason)reason) == verdict && i-- == 0)
			return zr_reason_name((enum zr_reason)reason);
	return NULL;
}

static const char *free_reason(unsigned int i)
{
	return reason_of(ZR_FREE, i);
}

static const char *charged_reason(unsigned int i)
{
	return reason_of(ZR_CHARGED, i);
}

static const char *unaccounted(unsigned int i)
{
	unsigned int reason = ZR_ACCOUNTED + 1 + i;

	return reason < ZR_UNACCOUNTED_COUNT ? zr_unaccounted_name((enum zr_unaccounted)reason) : NULL;
}

static const char *flow_state(unsigned int i)
{
	static const char *const names[] = {"undecided", "free", "charged"};

	return i < LENGTH(names) ? names[i] : NULL;
}

static const char *list_phase(unsigned int i)
{
	static const char *const names[] = {"in_force", "building", "settling"};

	return i < LENGTH(names) ? names[i] : NULL;
}

static const char *ledger_state(unsigned int i)
{
	return i <= ZR_LEDGER_FAILING ? zr_ledger_state_name((enum zr_ledger_state)i) : NULL;
}

const struct zr_metric zr_metrics[] = {
	{"zerorate_info", G, ZR_METRIC_INFO, "status", "version", NULL, "version", NULL,
	 "The program, the gateway and how its ports stand in the traffic; always 1"},
	{"zerorate_info", G, ZR_METRIC_INFO, "status", "gateway", NULL, "gateway", NULL, ""},
	{"zerorate_info", G, ZR_METRIC_INFO, "status", "mode", NULL, "mode", NULL, ""},
	{"zerorate_start_timestamp_seconds", G, ZR_METRIC_TIME, "status", "started", NULL, NULL, NULL,
	 "When the daemon was started"},
	{"zerorate_snapshot_timestamp_seconds", G, ZR_METRIC_TIME, "status", "time", NULL, NULL, NULL,
	 "When these numbers were read; once a second while the daemon's control loop goes on"},
	{"zerorate_warnings", G, ZR_METRIC_COUNT, "status", "warnings", NULL, NULL, NULL,
	 "Sentences that zerorate status warns with"},
	{"zerorate_exactness_bytes", G, ZR_METRIC_NUMBER, "status", "exactness_bytes", NULL, NULL, NULL,
	 "Bytes that are neither free, charged nor unaccounted: 0, or the program is wrong"},
	{"zerorate_received_packets_total", C, ZR_METRIC_NUMBER, "status", "totals.pkts", NULL, NULL, NULL,
	 "Packets that workers judged"},
	{"zerorate_received_bytes_total", C, ZR_METRIC_NUMBER, "status", "totals.bytes", NULL, NULL, NULL,
	 "Volume of packets that workers judged, by IP length"},
	{"zerorate_free_packets_total", C, ZR_METRIC_NUMBER, "status", "totals.reasons.*.pkts", NULL, "reason",
	 free_reason, "Free packets, by the reason of the verdict"},
	{"zerorate_free_bytes_total", C, ZR_METRIC_NUMBER, "status", "totals.reasons.*.bytes", NULL, "reason",
	 free_reason, "Free bytes, by the reason of the verdict"},
	{"zerorate_charged_packets_total", C, ZR_METRIC_NUMBER, "status", "totals.reasons.*.pkts", NULL, "reason",
	 charged_reason, "Charged packets, by the reason of the verdict"},
	{"zerorate_charged_bytes_total", C, ZR_METRIC_NUMBER, "status", "totals.reasons.*.bytes", NULL, "reason",
	 charged_reason, "Charged bytes, by the reason of the verdict"},
	{"zerorate_undecided_packets", G, ZR_METRIC_NUMBER, "status", "undecided.pkts", NULL, NULL, NULL,
	 "Packets of flows that are not yet decided: charged unless their flow becomes free"},
	{"zerorate_undecided_bytes", G, ZR_METRIC_NUMBER, "status", "undecided.bytes", NULL, NULL, NULL,
	 "Bytes of flows that are not yet decided: charged unless their flow becomes free"},
	{"zerorate_unaccounted_packets_total", C, ZR_METRIC_NUMBER, "status", "totals.unaccounted.*.pkts", NULL,
	 "reason", unaccounted, "Packets that belong to no flow, by the reason"},
	{"zerorate_unaccounted_bytes_total", C, ZR_METRIC_NUMBER, "status", "totals.unaccounted.*.bytes", NULL,
	 "reason", unaccounted, "Bytes that belong to no flow, by the reason"},
	{"zerorate_flows", G, ZR_METRIC_NUMBER, "status", "flows.*", NULL, "state", flow_state,
	 "Open flows, by what is known of them"},
	{"zerorate_flows_limit", G, ZR_METRIC_NUMBER, "status", "flows.max", NULL, NULL, NULL,
	 "Flows that may be open at a time"},
	{"zerorate_events_total", C, ZR_METRIC_NUMBER, "status", "counters.*", NULL, "event", NULL,
	 "Events of the flow table and of inspection"},
	{"zerorate_seen_twice", G, ZR_METRIC_GIVEN, "status", "twice", NULL, NULL, NULL,
	 "1 since it was found that the same packets come in from two sides, and are counted twice"},
	{"zerorate_marks_total", C, ZR_METRIC_NUMBER, "status", "marks.*", NULL, "action", NULL,
	 "Inline: packets whose mark was written (marked), taken away (cleared) or could not be written "
	 "(mark_skipped)"},
	{"zerorate_evidence_resolvers", G, ZR_METRIC_NUMBER, "status", "evidence.resolvers", NULL, NULL, NULL,
	 "Prefixes of resolvers whose answers teach; 0: nothing is learned"},
	{"zerorate_evidence_lessons", G, ZR_METRIC_NUMBER, "status", "evidence.lessons", NULL, NULL, NULL,
	 "Addresses that stand for listed names, each towards one subscriber, in the workers' memory"},
	{"zerorate_evidence_untold_total", C, ZR_METRIC_NUMBER, "status", "evidence.untold", NULL, NULL, NULL,
	 "Lessons that had no room on their way from a worker; a later answer brings them again"},
	{"zerorate_evidence_network_rows", G, ZR_METRIC_NUMBER, "status", "evidence.network.rows", NULL, NULL, NULL,
	 "Addresses that stand for listed names network-wide"},
	{"zerorate_evidence_network_others", G, ZR_METRIC_NUMBER, "status", "evidence.network.others", NULL, NULL, NULL,
	 "Addresses that stand for names that are not listed, as far as they are kept"},
	{"zerorate_evidence_network_bytes", G, ZR_METRIC_NUMBER, "status", "evidence.network.bytes", NULL, NULL, NULL,
	 "Memory for what is known network-wide"},
	{"zerorate_evidence_network_limit_bytes", G, ZR_METRIC_NUMBER, "status", "evidence.network.max_bytes", NULL,
	 NULL, NULL, "Bound of the memory for what is known network-wide"},
	{"zerorate_evidence_network_evicted_total", C, ZR_METRIC_NUMBER, "status", "evidence.network.evicted", NULL,
	 NULL, NULL, "What was known network-wide and went for want of memory, the oldest first"},
	{"zerorate_evidence_tables_total", C, ZR_METRIC_NUMBER, "status", "evidence.network.tables", NULL, NULL, NULL,
	 "Tables of what is known network-wide that all workers were given"},
	{"zerorate_evidence_lag_seconds", G, ZR_METRIC_MS, "status", "evidence.network.lag_ms", NULL, NULL, NULL,
	 "How long the last table took from the begin until workers were given it"},
	{"zerorate_input_ended", G, ZR_METRIC_NUMBER, "status", "input_ended", NULL, NULL, NULL,
	 "1 when all ports play capture files, and these have ended"},
	{"zerorate_list_serial", G, ZR_METRIC_NUMBER, "list", "list.serial", NULL, NULL, NULL,
	 "Serial of the list in force"},
	{"zerorate_list_entries", G, ZR_METRIC_NUMBER, "list", "list.entries", NULL, NULL, NULL,
	 "Entries of the list in force"},
	{"zerorate_list_signatures", G, ZR_METRIC_COUNT, "list", "list.signers", NULL, NULL, NULL,
	 "Keys that signed the list in force"},
	{"zerorate_list_signatures_required", G, ZR_METRIC_NUMBER, "list", "list.signatures_required", NULL, NULL, NULL,
	 "Keys that must have signed a list; 0: anybody may make one"},
	{"zerorate_list_in_force_timestamp_seconds", G, ZR_METRIC_TIME, "list", "list.in_force_since", NULL, NULL, NULL,
	 "When the list in force became so"},
	{"zerorate_list_age_seconds", G, ZR_METRIC_NUMBER, "list", "list.age_s", NULL, NULL, NULL,
	 "For how long the list in force is so"},
	{"zerorate_list_expiry_timestamp_seconds", G, ZR_METRIC_TIME, "list", "list.expires", NULL, NULL, NULL,
	 "When the list in force expires"},
	{"zerorate_list_expired", G, ZR_METRIC_NUMBER, "list", "list.expired", NULL, NULL, NULL,
	 "1 when the list in force has expired: everything is charged"},
	{"zerorate_list_phase", G, ZR_METRIC_STATE, "list", "list.phase", NULL, "phase", list_phase,
	 "1 for what becomes of lists now: none is on its way (in_force), one is built, flows are judged by a new one"},
	{"zerorate_lists_published_total", C, ZR_METRIC_NUMBER, "list", "list.published", NULL, NULL, NULL,
	 "Lists that came into force since the start"},
	{"zerorate_list_refused", G, ZR_METRIC_GIVEN, "list", "list.refused", NULL, NULL, NULL,
	 "1 when a list was refused, and none was accepted since"},
	{"zerorate_list_refused_timestamp_seconds", G, ZR_METRIC_TIME, "list", "list.refused.at", NULL, NULL, NULL,
	 "When the refused list was refused"},
	{"zerorate_list_refused_errors", G, ZR_METRIC_NUMBER, "list", "list.refused.error_count", NULL, NULL, NULL,
	 "Errors that were found in the refused list"},
	{"zerorate_record_number", G, ZR_METRIC_NUMBER, "records", "records.seq", NULL, NULL, NULL,
	 "Number of the last record"},
	{"zerorate_record_committed_number", G, ZR_METRIC_NUMBER, "records", "records.committed", NULL, NULL, NULL,
	 "Number of the last record that is on the disk"},
	{"zerorate_records_in_memory", G, ZR_METRIC_NUMBER, "records", "records.kept", NULL, NULL, NULL,
	 "Records that memory holds"},
	{"zerorate_losses_total", C, ZR_METRIC_NUMBER, "records", "records.losses.*.times", NULL, "cause", NULL,
	 "How often records were lost, or volume was, by the cause"},
	{"zerorate_lost_records_total", C, ZR_METRIC_NUMBER, "records", "records.losses.*.records", NULL, "cause", NULL,
	 "Records that were lost, by the cause; 0 where it is not known how many"},
	{"zerorate_lost_free_bytes_total", C, ZR_METRIC_NUMBER, "records", "records.losses.*.free.bytes", NULL, "cause",
	 NULL, "Free volume of lost records, by the cause"},
	{"zerorate_lost_charged_bytes_total", C, ZR_METRIC_NUMBER, "records", "records.losses.*.charged.bytes", NULL,
	 "cause", NULL, "Charged volume of lost records, by the cause"},
	{"zerorate_unwritten_records", G, ZR_METRIC_NUMBER, "records", "records.unwritten.records", NULL, NULL, NULL,
	 "Lost records that no loss record tells yet"},
	{"zerorate_unwritten_free_bytes", G, ZR_METRIC_NUMBER, "records", "records.unwritten.free.bytes", NULL, NULL,
	 NULL, "Free volume of lost records that no loss record tells yet"},
	{"zerorate_unwritten_charged_bytes", G, ZR_METRIC_NUMBER, "records", "records.unwritten.charged.bytes", NULL,
	 NULL, NULL, "Charged volume of lost records that no loss record tells yet"},
	{"zerorate_ledger_state", G, ZR_METRIC_STATE, "records", "ledger.state", NULL, "state", ledger_state,
	 "1 for the state of the ledger: cramped deletes files early, full and failing write nothing"},
	{"zerorate_ledger_files", G, ZR_METRIC_NUMBER, "records", "ledger.files", NULL, NULL, NULL,
	 "Files of the ledger with records"},
	{"zerorate_ledger_damaged_files", G, ZR_METRIC_NUMBER, "records", "ledger.damaged_files", NULL, NULL, NULL,
	 "Damaged files of the ledger, which were set aside"},
	{"zerorate_ledger_bytes", G, ZR_METRIC_NUMBER, "records", "ledger.bytes", NULL, NULL, NULL,
	 "What all files of the ledger take"},
	{"zerorate_ledger_limit_bytes", G, ZR_METRIC_NUMBER, "records", "ledger.disk_limit_bytes", NULL, NULL, NULL,
	 "What all files of the ledger may take"},
	{"zerorate_ledger_wal_bytes", G, ZR_METRIC_NUMBER, "records", "ledger.wal_bytes", NULL, NULL, NULL,
	 "What the write-ahead logs of the ledger take"},
	{"zerorate_ledger_wal_held", G, ZR_METRIC_GIVEN, "records", "ledger.wal_held", NULL, NULL, NULL,
	 "1 when a reader lets a write-ahead log of the ledger grow"},
	{"zerorate_ledger_pending_records", G, ZR_METRIC_NUMBER, "records", "ledger.pending", NULL, NULL, NULL,
	 "Records that wait for the disk"},
	{"zerorate_ledger_pending_bytes", G, ZR_METRIC_NUMBER, "records", "ledger.pending_bytes", NULL, NULL, NULL,
	 "What records that wait for the disk take"},
	{"zerorate_ledger_batches_total", C, ZR_METRIC_NUMBER, "records", "ledger.batches", NULL, NULL, NULL,
	 "Batches of records that were written since the start"},
	{"zerorate_ledger_commit_seconds", G, ZR_METRIC_MS, "records", "ledger.commit_ms", NULL, NULL, NULL,
	 "How long the last batch of records took to be written"},
	{"zerorate_ledger_commit_max_seconds", G, ZR_METRIC_MS, "records", "ledger.commit_ms_max", NULL, NULL, NULL,
	 "How long the slowest batch of records since the start took to be written"},
	{"zerorate_port_link_up", G, ZR_METRIC_NUMBER, "ports", "ports.*.link_up", "device", NULL, NULL,
	 "1 when the port has a link"},
	{"zerorate_port_speed_bytes", G, ZR_METRIC_MBPS, "ports", "ports.*.link_mbps", "device", NULL, NULL,
	 "Speed of the port's link in bytes a second; 0: not known"},
	{"zerorate_port_receive_packets_total", C, ZR_METRIC_NUMBER, "ports", "ports.*.rx_pkts", "device", NULL, NULL,
	 "Frames that came in at the port and reached workers"},
	{"zerorate_port_receive_bytes_total", C, ZR_METRIC_NUMBER, "ports", "ports.*.rx_bytes", "device", NULL, NULL,
	 "Length of the frames that came in at the port and reached workers"},
	{"zerorate_port_receive_drops_total", C, ZR_METRIC_NUMBER, "ports", "ports.*.drops.*", "device", "reason", NULL,
	 "Frames that came in at the port and reached no worker, by the reason"},
	{"zerorate_port_transmit_packets_total", C, ZR_METRIC_NUMBER, "ports", "ports.*.tx_pkts", "device", NULL, NULL,
	 "Inline: frames that the port took to send"},
	{"zerorate_port_transmit_bytes_total", C, ZR_METRIC_NUMBER, "ports", "ports.*.tx_bytes", "device", NULL, NULL,
	 "Inline: length of the frames that the port took to send"},
	{"zerorate_port_transmit_drop_packets_total", C, ZR_METRIC_NUMBER, "ports", "ports.*.tx_drops.*.pkts", "device",
	 "reason", NULL, "Inline: frames that were to go out and did not, by the reason"},
	{"zerorate_port_transmit_drop_bytes_total", C, ZR_METRIC_NUMBER, "ports", "ports.*.tx_drops.*.bytes", "device",
	 "reason", NULL, "Inline: length of the frames that were to go out and did not, by the reason"},
	{"zerorate_port_transmit_errors_total", C, ZR_METRIC_NUMBER, "ports", "ports.*.tx_errors", "device", NULL, NULL,
	 "Inline: frames that the port's driver lost"},
	{"zerorate_worker_stalled", G, ZR_METRIC_NUMBER, "workers", "workers.*.stalled", "lcore", NULL, NULL,
	 "1 when the worker's rounds stand still"},
	{"zerorate_worker_still_seconds", G, ZR_METRIC_NUMBER, "workers", "workers.*.still_s", "lcore", NULL, NULL,
	 "For how long no progress of the worker was seen; looked at every 0.1 s"},
	{"zerorate_worker_busy_ratio", G, ZR_METRIC_NUMBER, "workers", "workers.*.load", "lcore", NULL, NULL,
	 "Share of the last second in which the worker found packets"},
	{"zerorate_worker_busy_seconds_total", C, ZR_METRIC_NUMBER, "workers", "workers.*.busy_s", "lcore", NULL, NULL,
	 "Time in which the worker found packets"},
	{"zerorate_worker_run_seconds_total", C, ZR_METRIC_NUMBER, "workers", "workers.*.run_s", "lcore", NULL, NULL,
	 "Time in which the worker looked for packets, found or not"},
	{"zerorate_worker_packets_total", C, ZR_METRIC_NUMBER, "workers", "workers.*.pkts", "lcore", NULL, NULL,
	 "Packets that the worker judged"},
	{"zerorate_worker_bursts_total", C, ZR_METRIC_NUMBER, "workers", "workers.*.bursts", "lcore", NULL, NULL,
	 "Bursts of packets that the worker judged"},
	{"zerorate_worker_flows", G, ZR_METRIC_NUMBER, "workers", "workers.*.flows", "lcore", NULL, NULL,
	 "Open flows of the worker"},
	{"zerorate_worker_flows_limit", G, ZR_METRIC_NUMBER, "workers", "workers.*.flows_max", "lcore", NULL, NULL,
	 "Flows that the worker may have open"},
	{"zerorate_worker_records_total", C, ZR_METRIC_NUMBER, "workers", "workers.*.records", "lcore", NULL, NULL,
	 "Records that the worker told"},
	{"zerorate_worker_lost_packets_total", C, ZR_METRIC_NUMBER, "workers", "workers.*.records_lost.pkts", "lcore",
	 NULL, NULL, "Packets of records that the worker's ring had no room for"},
	{"zerorate_worker_lost_bytes_total", C, ZR_METRIC_NUMBER, "workers", "workers.*.records_lost.bytes", "lcore",
	 NULL, NULL, "Volume of records that the worker's ring had no room for"},
	{"zerorate_worker_ring_used", G, ZR_METRIC_NUMBER, "workers", "workers.*.rings.*.used", "lcore", "ring", NULL,
	 "What waits in the worker's rings: frames from other workers, events for the ledger"},
	{"zerorate_worker_ring_size", G, ZR_METRIC_NUMBER, "workers", "workers.*.rings.*.size", "lcore", "ring", NULL,
	 "What may wait in the worker's rings"},
	{"zerorate_consumer_connected", G, ZR_METRIC_NUMBER, "consumers", "consumers.*.connected", "consumer", NULL,
	 NULL, "1 when the durable consumer is connected"},
	{"zerorate_consumer_acked_number", G, ZR_METRIC_NUMBER, "consumers", "consumers.*.acked", "consumer", NULL,
	 NULL, "Number of the last record that the consumer acknowledged"},
	{"zerorate_consumer_lag_records", G, ZR_METRIC_NUMBER, "consumers", "consumers.*.lag", "consumer", NULL, NULL,
	 "Records that are on the disk and that the consumer has not acknowledged"},
	{"zerorate_consumer_lag_seconds", G, ZR_METRIC_NUMBER, "consumers", "consumers.*.lag_s", "consumer", NULL, NULL,
	 "For how long the oldest record that the consumer has not acknowledged is on the disk, at most since the "
	 "start"},
	{"zerorate_consumer_in_flight_records", G, ZR_METRIC_NUMBER, "consumers", "consumers.*.in_flight", "consumer",
	 NULL, NULL, "Records that were sent to the consumer and are not acknowledged"},
	{"zerorate_consumer_window_records", G, ZR_METRIC_NUMBER, "consumers", "consumers.*.window", "consumer", NULL,
	 NULL, "Records that may be sent to the consumer and not acknowledged; 0: not connected"},
};

const unsigned int zr_metric_count = LENGTH(zr_metrics);
