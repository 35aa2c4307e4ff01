/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "control/record/json_writer.h"

/* Where a line lies: places count on from the beginning, so that older ones are lower. */
struct line {
	uint64_t at;
	uint32_t len;
};

struct zr_records {
	struct zr_exporter exporter;
	struct zr_ledger *ledger;
	char *bytes;
	size_t size;
	struct line *lines; /* of ZR_RECORDS_KEPT, by number */
	uint64_t oldest, next;
	uint64_t end; /* where the next line may begin */
};

/* Zeroed memory whose pages are taken when they are written. */
static void *map(size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

int zr_records_make(const struct zr_exporter *exporter, uint64_t next, size_t memory_bytes, struct zr_ledger *ledger,
		    struct zr_records **out)
{
	struct zr_records *records = calloc(1, sizeof(*records));

	if (records == NULL)
		return -ENOMEM;
	records->exporter = *exporter;
	records->ledger = ledger;
	records->oldest = records->next = next;
	records->size = memory_bytes;
	records->bytes = map(memory_bytes);
	records->lines = map(ZR_RECORDS_KEPT * sizeof(*records->lines));
	if (records->bytes == NULL || records->lines == NULL) {
		zr_records_free(records);
		return -ENOMEM;
	}
	*out = records;
	return 0;
}

void zr_records_free(struct zr_records *records)
{
	if (records == NULL)
		return;
	if (records->bytes != NULL)
		munmap(records->bytes, records->size);
	if (records->lines != NULL)
		munmap(records->lines, ZR_RECORDS_KEPT * sizeof(*records->lines));
	free(records);
}

static struct line *line_of(const struct zr_records *records, uint64_t seq)
{
	return &records->lines[seq % ZR_RECORDS_KEPT];
}

/* Bytes of the ring that hold what is not committed, or lie between. */
static size_t uncommitted_bytes(const struct zr_records *records, uint64_t committed)
{
	return committed + 1 < records->next ? records->end - line_of(records, committed + 1)->at : 0;
}

unsigned int zr_records_room(const struct zr_records *records)
{
	uint64_t committed = zr_ledger_committed(records->ledger);
	uint64_t numbers = ZR_RECORDS_KEPT - (records->next - 1 - committed);
	size_t lines = (records->size - uncommitted_bytes(records, committed)) / ZR_RECORD_LINE_MAX;
	unsigned int ledger = zr_ledger_room(records->ledger);

	/* One line's room may be left unused where the ring ends. */
	lines = lines > 0 ? lines - 1 : 0;
	lines = lines < numbers ? lines : numbers;
	return lines < ledger ? (unsigned int)lines : ledger;
}

/* Room for the longest line, in one piece; what lies there and is committed is dropped. NULL when not all of it is. */
static char *make_room(struct zr_records *records)
{
	uint64_t committed = zr_ledger_committed(records->ledger);
	size_t left = records->size - records->end % records->size;
	uint64_t at = left < ZR_RECORD_LINE_MAX ? records->end + left : records->end;

	while (records->oldest < records->next &&
	       (records->next - records->oldest >= ZR_RECORDS_KEPT ||
		at + ZR_RECORD_LINE_MAX - line_of(records, records->oldest)->at > records->size)) {
		if (records->oldest > committed)
			return NULL;
		records->oldest++;
	}
	records->end = at;
	return records->bytes + at % records->size;
}

/* Write the line of a record that has the next number, where there is room for it, and give it to the ledger. */
static bool add(struct zr_records *records, const struct zr_record *record, char *begin)
{
	char *object = zr_json_raw(begin, "{\"op\":\"record\",\"record\":");
	size_t len = zr_record_json(record, object);
	char *end = zr_json_raw(object + len, "}\n");

	if (!zr_ledger_put(records->ledger, record, object, len))
		return false;
	*line_of(records, records->next) = (struct line){.at = records->end, .len = (uint32_t)(end - begin)};
	records->end += (uint64_t)(end - begin);
	records->next++;
	return true;
}

bool zr_records_add_usage(struct zr_records *records, const struct zr_usage *usage)
{
	char *begin = make_room(records);
	struct zr_record record;

	if (begin == NULL)
		return false;
	zr_record_of_usage(&records->exporter, records->next, usage, &record);
	return add(records, &record, begin);
}

bool zr_records_add_total(struct zr_records *records, const struct zr_record_total *total)
{
	char *begin = make_room(records);
	struct zr_record record;

	if (begin == NULL)
		return false;
	zr_record_of_total(&records->exporter, records->next, total, &record);
	return add(records, &record, begin);
}

bool zr_records_add_loss(struct zr_records *records, const struct zr_record_loss *loss)
{
	char *begin = make_room(records);
	struct zr_record record;

	if (begin == NULL)
		return false;
	zr_record_of_loss(&records->exporter, records->next, loss, &record);
	return add(records, &record, begin);
}

const struct zr_exporter *zr_records_exporter(const struct zr_records *records)
{
	return &records->exporter;
}

uint64_t zr_records_next(const struct zr_records *records)
{
	return records->next;
}

uint64_t zr_records_committed(const struct zr_records *records)
{
	return zr_ledger_committed(records->ledger);
}

uint64_t zr_records_oldest(const struct zr_records *records)
{
	return records->oldest;
}

const char *zr_records_line(const struct zr_records *records, uint64_t seq, size_t *len)
{
	const struct line *line = line_of(records, seq);

	*len = line->len;
	return records->bytes + line->at % records->size;
}

const char *zr_records_lines(const struct zr_records *records, uint64_t seq, uint64_t last, size_t most, size_t *len)
{
	const char *begin = zr_records_line(records, seq, len);
	uint64_t end = line_of(records, seq)->at + *len;

	while (seq < last && *len < most) {
		const struct line *line = line_of(records, ++seq);

		if (line->at != end || line->at % records->size == 0)
			break;
		end += line->len;
		*len += line->len;
	}
	return begin;
}
