/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/record/json_writer.h"
#include "control/record/record.h"

/* A named volume: its name, punctuation, two numbers. The whole, free and charged are three; then the rest. */
#define NAME_ROOM   24
#define VOLUME_ROOM (NAME_ROOM + 32 + 2 * ZR_JSON_U64_MAX)
#define REST_ROOM   64

_Static_assert((3 + ZR_REASON_COUNT + ZR_UNACCOUNTED_COUNT) * VOLUME_ROOM + REST_ROOM <= ZR_RECORD_JSON_MAX,
	       "the longest summary fits");

#define X(id, name, verdict) _Static_assert(sizeof(name) <= NAME_ROOM, name);
ZR_REASONS(X)
#undef X
#define X(id, name) _Static_assert(sizeof(name) <= NAME_ROOM, name);
ZR_UNACCOUNTED(X)
#undef X

static char *put_volume(char *at, const struct zr_volume *volume)
{
	at = zr_json_u64(zr_json_raw(at, "\"pkts\":"), volume->pkts);
	return zr_json_u64(zr_json_raw(at, ",\"bytes\":"), volume->bytes);
}

static char *put_object(char *at, const char *name, const struct zr_volume *volume)
{
	*at++ = '"';
	at = zr_json_raw(at, name);
	at = put_volume(zr_json_raw(at, "\":{"), volume);
	*at++ = '}';
	return at;
}

static struct zr_volume sum_of(const struct zr_totals *totals, enum zr_verdict verdict)
{
	struct zr_volume sum = {0};

	for (unsigned int i = 0; i < ZR_REASON_COUNT; i++) {
		if (zr_reason_verdict(i) != verdict)
			continue;
		sum.pkts += totals->reason[i].pkts;
		sum.bytes += totals->reason[i].bytes;
	}
	return sum;
}

static char *put_reasons(char *at, const struct zr_totals *totals)
{
	const char *comma = "";

	for (unsigned int i = ZR_REASON_UNDECIDED + 1; i < ZR_REASON_COUNT; i++) {
		if (totals->reason[i].pkts == 0)
			continue;
		at = put_object(zr_json_raw(at, comma), zr_reason_name(i), &totals->reason[i]);
		comma = ",";
	}
	return at;
}

static char *put_unaccounted(char *at, const struct zr_totals *totals)
{
	const char *comma = "";

	for (unsigned int i = ZR_ACCOUNTED + 1; i < ZR_UNACCOUNTED_COUNT; i++) {
		if (totals->unaccounted[i].pkts == 0)
			continue;
		at = put_object(zr_json_raw(at, comma), zr_unaccounted_name(i), &totals->unaccounted[i]);
		comma = ",";
	}
	return at;
}

size_t zr_summary_json(const struct zr_totals *totals, char *out)
{
	struct zr_volume free_volume = sum_of(totals, ZR_FREE);
	struct zr_volume charged_volume = sum_of(totals, ZR_CHARGED);
	char *at = zr_json_raw(out, "{\"type\":\"summary\",");

	at = put_volume(at, &totals->received);
	at = put_object(zr_json_raw(at, ","), "free", &free_volume);
	at = put_object(zr_json_raw(at, ","), "charged", &charged_volume);
	at = put_reasons(zr_json_raw(at, ",\"reasons\":{"), totals);
	at = put_unaccounted(zr_json_raw(at, "},\"unaccounted\":{"), totals);
	at = zr_json_raw(at, "}}");
	return (size_t)(at - out);
}
