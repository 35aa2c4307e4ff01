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

int zr_records_make(const struct zr_exporter *exporter, size_t memory_bytes, struct zr_records **out)
{
	struct zr_records *records = calloc(1, sizeof(*records));

	if (records == NULL)
		return -ENOMEM;
	records->exporter = *exporter;
	records->oldest = records->next = 1;
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

/* Room for the longest line, in one piece; whatever lies there is dropped. */
static char *make_room(struct zr_records *records)
{
	size_t left = records->size - records->end % records->size;

	if (left < ZR_RECORD_LINE_MAX)
		records->end += left;
	while (records->oldest < records->next &&
	       (records->next - records->oldest >= ZR_RECORDS_KEPT ||
		records->end + ZR_RECORD_LINE_MAX - line_of(records, records->oldest)->at > records->size))
		records->oldest++;
	return records->bytes + records->end % records->size;
}

void zr_records_take(void *arg, const struct zr_usage *usage)
{
	struct zr_records *records = arg;
	char *begin = make_room(records);
	char *at = zr_json_raw(begin, "{\"op\":\"record\",\"record\":");
	struct line *line = line_of(records, records->next);
	struct zr_record record;

	zr_record_of_usage(&records->exporter, records->next, usage, &record);
	at += zr_record_json(&record, at);
	at = zr_json_raw(at, "}\n");
	*line = (struct line){.at = records->end, .len = (uint32_t)(at - begin)};
	records->end += line->len;
	records->next++;
}

const struct zr_exporter *zr_records_exporter(const struct zr_records *records)
{
	return &records->exporter;
}

uint64_t zr_records_next(const struct zr_records *records)
{
	return records->next;
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
