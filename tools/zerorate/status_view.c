/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/status_view.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "tools/zerorate/text.h"

#define TEXT_ROOM 512
#define DAY_S     86400
#define HOUR_S    3600
#define MINUTE_S  60
#define MIB       (1024.0 * 1024)

/* A text of the daemon's, fit for a terminal. */
struct text {
	char clean[TEXT_ROOM];
};

static struct text clean(const json_t *value)
{
	const char *text = json_string_value(value);
	struct text out;

	zr_text_clean(out.clean, sizeof(out.clean), text != NULL ? text : "-");
	return out;
}

static struct text text_of(const json_t *object, const char *member)
{
	return clean(json_object_get(object, member));
}

static int64_t number_of(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

/* "3 d 4 h": the two largest units. */
static struct text span(int64_t s)
{
	struct text out;

	if (s >= DAY_S)
		snprintf(out.clean, sizeof(out.clean), "%" PRId64 " d %" PRId64 " h", s / DAY_S, s % DAY_S / HOUR_S);
	else if (s >= HOUR_S)
		snprintf(out.clean, sizeof(out.clean), "%" PRId64 " h %" PRId64 " min", s / HOUR_S,
			 s % HOUR_S / MINUTE_S);
	else
		snprintf(out.clean, sizeof(out.clean), "%" PRId64 " min %" PRId64 " s", s / MINUTE_S, s % MINUTE_S);
	return out;
}

/* Who issued the list in force, and whose keys signed it. */
static void view_origin(const json_t *list, FILE *out)
{
	const json_t *signers = json_object_get(list, "signers"), *signer;
	size_t i;

	fprintf(out, "          issued by %s\n          signed by", text_of(list, "issuer").clean);
	json_array_foreach(signers, i, signer) fprintf(out, " %s", clean(signer).clean);
	fprintf(out, "%s (%" PRId64 " required)\n          SHA-256 %s\n",
		json_array_size(signers) == 0 ? " nobody" : "", number_of(list, "signatures_required"),
		text_of(list, "sha256").clean);
}

static void view_refusal(const json_t *refused, FILE *out)
{
	const json_t *error;
	size_t i;

	fprintf(out, "Refused   %s at %s (%s), %" PRId64 " errors:\n", text_of(refused, "file").clean,
		text_of(refused, "at").clean, text_of(refused, "source").clean, number_of(refused, "error_count"));
	json_array_foreach(json_object_get(refused, "errors"), i, error)
		fprintf(out, "          %s\n", clean(error).clean);
}

static void view_list(const json_t *list, FILE *out)
{
	const json_t *refused = json_object_get(list, "refused");
	int64_t left_s = number_of(list, "expires_in_s");

	fprintf(out, "List      %" PRId64 ", %" PRId64 " entries, in force for %s, %s %s (%s)\n",
		number_of(list, "serial"), number_of(list, "entries"), span(number_of(list, "age_s")).clean,
		left_s > 0 ? "expires in" : "expired since", span(left_s > 0 ? left_s : -left_s).clean,
		text_of(list, "phase").clean);
	view_origin(list, out);
	if (json_is_object(refused))
		view_refusal(refused, out);
}

/* tx_drops: what a port that forwards did not take; NULL: it only listens. */
static void view_drops(const json_t *drops, const json_t *tx_drops, FILE *out)
{
	const json_t *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)tx_drops, name, value) if (number_of(value, "pkts") > 0)
		fprintf(out, "  %s %" PRId64, name, number_of(value, "pkts"));
	json_object_foreach((json_t *)(uintptr_t)drops, name, value) if (json_integer_value(value) > 0)
		fprintf(out, "  %s %" PRId64, name, (int64_t)json_integer_value(value));
	fputc('\n', out);
}

static void view_ports(const json_t *ports, FILE *out)
{
	const json_t *port;
	size_t i;

	fprintf(out, "\n%-24s %5s %15s %12s %12s  %s\n", "Port", "link", "packets", "packets/s", "Mbit/s", "drops");
	json_array_foreach(ports, i, port)
	{
		fprintf(out, "%-24s %5s %15" PRId64 " %12" PRId64 " %12.1f", text_of(port, "device").clean,
			json_is_true(json_object_get(port, "link_up")) ? "up" : "down", number_of(port, "rx_pkts"),
			number_of(port, "rx_pkts_per_s"), (double)number_of(port, "rx_bytes_per_s") * 8 / 1e6);
		view_drops(json_object_get(port, "drops"), json_object_get(port, "tx_drops"), out);
	}
}

static void view_workers(const json_t *workers, FILE *out)
{
	const json_t *worker;
	size_t i;

	fprintf(out, "\n%-24s %5s %15s %12s %12s %12s\n", "Worker", "load", "packets", "packets/s", "flows", "records");
	json_array_foreach(workers, i, worker)
	{
		fprintf(out, "lcore %-18" PRId64 " %4.0f%% %15" PRId64 " %12" PRId64 " %12" PRId64 " %12" PRId64 "%s\n",
			number_of(worker, "lcore"), json_real_value(json_object_get(worker, "load")) * 100,
			number_of(worker, "pkts"), number_of(worker, "pkts_per_s"), number_of(worker, "flows"),
			number_of(worker, "records"),
			json_is_true(json_object_get(worker, "stalled")) ? "  stalled" : "");
	}
}

static void view_volume(const char *name, const json_t *volume, FILE *out)
{
	fprintf(out, "%-24s %21" PRId64 " %25" PRId64 "\n", name, number_of(volume, "pkts"),
		number_of(volume, "bytes"));
}

static void view_volumes(const json_t *volumes, FILE *out)
{
	const json_t *volume;
	const char *name;
	char indented[64];

	json_object_foreach((json_t *)(uintptr_t)volumes, name, volume)
	{
		snprintf(indented, sizeof(indented), "  %s", name);
		view_volume(indented, volume, out);
	}
}

static void view_totals(const json_t *totals, const json_t *undecided, FILE *out)
{
	fprintf(out, "\n%-24s %21s %25s\n", "Totals", "packets", "bytes");
	view_volume("free", json_object_get(totals, "free"), out);
	view_volume("charged", json_object_get(totals, "charged"), out);
	view_volumes(json_object_get(totals, "reasons"), out);
	if (number_of(undecided, "pkts") > 0)
		view_volume("  (undecided)", undecided, out);
	view_volumes(json_object_get(totals, "unaccounted"), out);
	view_volume("total", totals, out);
}

static void view_consumers(const json_t *consumers, FILE *out)
{
	const json_t *consumer;
	size_t i;

	if (json_array_size(consumers) == 0)
		return;
	fprintf(out, "\n%-24s %5s %15s %12s %12s\n", "Consumer", "there", "lag", "in flight", "window");
	json_array_foreach(consumers, i, consumer)
	{
		struct text name = text_of(consumer, "consumer");
		bool connected = json_is_true(json_object_get(consumer, "connected"));

		fprintf(out, "%-24s %5s %15" PRId64, name.clean[0] != '\0' ? name.clean : "(anonymous)",
			connected ? "yes" : "no", number_of(consumer, "lag"));
		if (connected)
			fprintf(out, " %12" PRId64 " %12" PRId64, number_of(consumer, "in_flight"),
				number_of(consumer, "window"));
		fputc('\n', out);
	}
}

static void view_records(const json_t *records, const json_t *ledger, FILE *out)
{
	fprintf(out, "Records   %" PRId64 " since %s, %" PRId64 " on the disk\n", number_of(records, "seq"),
		text_of(records, "epoch").clean, number_of(records, "committed"));
	fprintf(out, "Ledger    %s, %" PRId64 " files, %.1f of %.1f MiB, last commit %.1f ms (longest %.1f ms)\n",
		text_of(ledger, "state").clean, number_of(ledger, "files"), (double)number_of(ledger, "bytes") / MIB,
		(double)number_of(ledger, "disk_limit_bytes") / MIB,
		json_real_value(json_object_get(ledger, "commit_ms")),
		json_real_value(json_object_get(ledger, "commit_ms_max")));
}

/* Is the ledger not written? */
static unsigned int ledger_wrongs(const json_t *ledger, const json_t *unwritten, FILE *out)
{
	const char *state = json_string_value(json_object_get(ledger, "state"));
	int64_t free_bytes = number_of(json_object_get(unwritten, "free"), "bytes");
	int64_t charged_bytes = number_of(json_object_get(unwritten, "charged"), "bytes");

	if (state == NULL || (strcmp(state, "full") != 0 && strcmp(state, "failing") != 0))
		return 0;
	fprintf(out,
		"zerorate status: the ledger cannot be written: %s; %" PRId64 " records of %" PRId64
		" free and %" PRId64 " charged bytes were only summed up so far\n",
		text_of(ledger, "error").clean, number_of(unwritten, "records"), free_bytes, charged_bytes);
	return 1;
}

static void view_memory(const json_t *memory, FILE *out)
{
	if (memory != NULL)
		fprintf(out, "Memory    %.0f MiB, %.1f bytes a flow, %s pages\n",
			(double)number_of(memory, "bytes") / MIB,
			json_number_value(json_object_get(memory, "bytes_per_flow")), text_of(memory, "pages").clean);
}

void zr_status_view(const json_t *status, FILE *out)
{
	const json_t *flows = json_object_get(status, "flows"), *records = json_object_get(status, "records"), *warning;
	const json_t *evidence = json_object_get(status, "evidence"), *network = json_object_get(evidence, "network");
	size_t i;

	fprintf(out, "Gateway   %s, %s\n", text_of(status, "gateway").clean, text_of(status, "state").clean);
	view_list(json_object_get(status, "list"), out);
	fprintf(out,
		"Flows     %" PRId64 " of %" PRId64 ": %" PRId64 " free, %" PRId64 " charged, %" PRId64 " undecided\n",
		number_of(flows, "open"), number_of(flows, "max"), number_of(flows, "free"),
		number_of(flows, "charged"), number_of(flows, "undecided"));
	view_memory(json_object_get(status, "memory"), out);
	if (number_of(evidence, "resolvers") > 0)
		fprintf(out,
			"Evidence  %" PRId64 " lessons of subscribers (room for %.1f MiB; %" PRId64
			" went for want of it), %" PRId64 " network-wide (%.1f of %.1f MiB; %" PRId64 " went)\n",
			number_of(evidence, "lessons"), (double)number_of(evidence, "memory_bytes") / MIB,
			number_of(json_object_get(status, "counters"), "lessons_evicted"), number_of(network, "rows"),
			(double)number_of(network, "bytes") / MIB, (double)number_of(network, "max_bytes") / MIB,
			number_of(network, "evicted"));
	view_records(records, json_object_get(status, "ledger"), out);
	json_array_foreach(json_object_get(status, "warnings"), i, warning)
		fprintf(out, "Warning   %s\n", clean(warning).clean);
	view_ports(json_object_get(status, "ports"), out);
	view_workers(json_object_get(status, "workers"), out);
	view_totals(json_object_get(status, "totals"), json_object_get(status, "undecided"), out);
	view_consumers(json_object_get(status, "consumers"), out);
}

static unsigned int worker_wrongs(const json_t *workers, FILE *out)
{
	const json_t *worker;
	unsigned int count = 0;
	size_t i;

	json_array_foreach(workers, i, worker)
	{
		if (!json_is_true(json_object_get(worker, "stalled")))
			continue;
		fprintf(out,
			"zerorate status: the worker on lcore %" PRId64
			" makes no progress: see which program takes its "
			"CPU, or restart the daemon\n",
			number_of(worker, "lcore"));
		count++;
	}
	return count;
}

unsigned int zr_status_wrongs(const json_t *status, FILE *out)
{
	const json_t *list = json_object_get(status, "list"), *records = json_object_get(status, "records");
	int64_t lost = number_of(json_object_get(records, "lost"), "bytes");
	unsigned int count = 0;

	if (number_of(status, "exactness_bytes") != 0 || json_object_get(status, "exactness_bytes") == NULL) {
		fprintf(out, "zerorate status: the totals do not add up: %" PRId64 " bytes; report this\n",
			number_of(status, "exactness_bytes"));
		count++;
	}
	if (json_is_object(json_object_get(list, "refused"))) {
		fputs("zerorate status: the last list was refused (see above, or --json): correct it, or put the one "
		      "in force "
		      "back in its place\n",
		      out);
		count++;
	}
	if (json_is_true(json_object_get(list, "expired"))) {
		fputs("zerorate status: the list has expired, everything is charged: put a newer one in its place\n",
		      out);
		count++;
	}
	if (lost > 0) {
		fprintf(out, "zerorate status: records of %" PRId64 " bytes were lost before they were numbered\n",
			lost);
		count++;
	}
	count += worker_wrongs(json_object_get(status, "workers"), out);
	return count + ledger_wrongs(json_object_get(status, "ledger"), json_object_get(records, "unwritten"), out);
}
