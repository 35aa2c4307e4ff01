/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/ledger/book.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/random.h"

#define BEFORE "{\"op\":\"record\",\"record\":"

static uint64_t book_now(void *arg)
{
	const struct book *book = arg;

	return book->now_us;
}

void book_make(struct book *book)
{
	memset(book, 0, sizeof(*book));
	strcpy(book->folder, "/tmp/zr-ledger-XXXXXX");
	assert_non_null(mkdtemp(book->folder));
	book->now_us = BOOK_NOW_US;
	book->config = (struct zr_ledger_config){
		.folder = book->folder,
		.gateway = "hn-gw-01",
		.program = "test",
		.batch_us = 1000,
		.retention_us = 30 * 24 * BOOK_HOUR_US,
		.synchronous_full = true,
		.consumers = book->consumers,
		.now_us = book_now,
		.now_arg = book,
	};
}

static void empty(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

void book_free(struct book *book)
{
	if (book->ledger != NULL)
		book_close(book);
	empty(book->folder);
	assert_int_equal(rmdir(book->folder), 0);
}

void book_try_open(struct book *book)
{
	book->err = zr_ledger_open(&book->config, &book->ledger, &book->start, book->error, sizeof(book->error));
	if (book->err != 0)
		return;
	book->exporter = (struct zr_exporter){.gateway = "hn-gw-01", .epoch_us = book->start.epoch_us};
	book->next = book->start.next;
}

void book_open(struct book *book)
{
	book_try_open(book);
	if (book->err != 0)
		fail_msg("%s", book->error);
}

void book_close(struct book *book)
{
	assert_int_equal(zr_ledger_close(book->ledger), 0);
	book->ledger = NULL;
}

/* Every member that a record can have changes with its number. */
static void make_record(const struct zr_exporter *exporter, uint64_t seq, struct zr_record *out)
{
	static const struct zr_value service = {.kind = ZR_VALUE_TEXT, .len = 3, .text = "olm"};
	struct zr_usage usage = {
		.type = seq % 7 == 0 ? ZR_USAGE_TAG : ZR_USAGE_PART,
		.verdict = ZR_FREE,
		.reason = ZR_REASON_SNI,
		.cause = ZR_CAUSE_FIN,
		.final = seq % 2 == 0,
		.evidence = seq % 8,
		.flags = seq % 4,
		.worker = (uint8_t)seq,
		.flow = seq * 31,
		.part = (uint32_t)seq,
		.rule = ZR_ENTRY_NONE,
		.name = "b\xc3\xa0i-gi\xe1\xba\xa3ng \"1\".olm.vn",
		.family = seq % 3 == 0 ? 6 : 4,
		.proto = seq % 5 == 0 ? 50 : 6,
		.vlan_count = seq % 3,
		.vlans = {100, 4094},
		.has_teid_up = seq % 4 == 1,
		.teid_up = (uint32_t)(seq * 2654435761U),
		.client_port = (uint16_t)seq,
		.server_port = 443,
		.client.half = {seq * 0x9e3779b97f4a7c15ULL, seq},
		.server.half = {seq, 7},
		.up_bytes = seq,
		.down_bytes = seq * 1000003,
		.up_pkts = 1,
		.down_pkts = 2,
		.first_us = exporter->epoch_us + seq,
		.last_us = exporter->epoch_us + seq * 2,
	};

	zr_record_of_usage(exporter, seq, &usage, out);
	if (seq % 11 == 0)
		out->members[ZR_MEMBER_SERVICE] = service;
}

size_t book_line(const struct zr_exporter *exporter, uint64_t seq, char *out)
{
	struct zr_record record;
	size_t len = strlen(BEFORE);

	make_record(exporter, seq, &record);
	memcpy(out, BEFORE, len);
	len += zr_record_json(&record, out + len);
	memcpy(out + len, "}\n", 2);
	return len + 2;
}

bool book_try_put(struct book *book)
{
	char json[ZR_RECORD_JSON_MAX];
	struct zr_record record;

	make_record(&book->exporter, book->next, &record);
	if (!zr_ledger_put(book->ledger, &record, json, zr_record_json(&record, json)))
		return false;
	book->next++;
	return true;
}

void book_sleep(void)
{
	struct timespec pause = {.tv_nsec = 1000000};

	nanosleep(&pause, NULL);
}

void book_put(struct book *book, uint64_t count)
{
	while (count > 0) {
		zr_ledger_tick(book->ledger);
		if (book_try_put(book))
			count--;
		else
			book_sleep();
	}
	book_wait(book);
}

void book_wait(struct book *book)
{
	BOOK_UNTIL(book, zr_ledger_committed(book->ledger) == book->next - 1);
}

void book_in_child(struct book *book, void (*run)(struct book *book))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		run(book);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void put_wanted(struct book *book)
{
	book_open(book);
	book_put(book, book->wanted);
}

void book_put_and_kill(struct book *book, uint64_t count)
{
	book->wanted = count;
	book_in_child(book, put_wanted);
}

static void check_item(const struct zr_ledger_item *item, struct zr_position *at, struct book_found *found)
{
	struct zr_exporter exporter = {.gateway = "hn-gw-01", .epoch_us = item->epoch_us};
	char line[ZR_RECORD_JSON_MAX + 64];

	if (item->kind == ZR_LEDGER_EPOCH) {
		assert_true(item->epoch_us > at->epoch_us);
		*at = (struct zr_position){.epoch_us = item->epoch_us};
		found->epochs++;
		return;
	}
	assert_int_equal(item->epoch_us, at->epoch_us);
	assert_int_equal(item->from, at->seq + 1);
	assert_true(item->to >= item->from);
	at->seq = item->to;
	if (item->kind == ZR_LEDGER_GAP) {
		found->gaps++;
		found->lost += item->to - item->from + 1;
		return;
	}
	assert_int_equal(item->kind, ZR_LEDGER_LINE);
	assert_int_equal(item->from, item->to);
	assert_int_equal(item->len, book_line(&exporter, item->from, line));
	assert_memory_equal(item->line, line, item->len);
	found->lines++;
}

void book_read(struct book *book, struct zr_position after, size_t chunk_bytes, struct book_found *out)
{
	struct zr_ledger_reader *reader;
	const struct zr_ledger_chunk *chunk;

	memset(out, 0, sizeof(*out));
	assert_int_equal(zr_ledger_reader_make(book->ledger, &reader), 0);
	do {
		zr_ledger_read(reader, after, UINT64_MAX, chunk_bytes);
		BOOK_UNTIL(book, (chunk = zr_ledger_chunk(reader)) != NULL);
		for (unsigned int i = 0; i < chunk->count; i++)
			check_item(&chunk->items[i], &after, out);
		assert_int_equal(chunk->next.epoch_us, after.epoch_us);
		assert_int_equal(chunk->next.seq, after.seq);
		if (chunk->error != 0 && chunk->error != -EAGAIN)
			fail_msg("reading: %s", strerror(-chunk->error));
		if (chunk->error != 0)
			book_sleep();
	} while (!chunk->at_end);
	out->end = after;
	zr_ledger_reader_free(reader);
}

void book_read_all(struct book *book, struct book_found *out)
{
	struct zr_position oldest = zr_ledger_oldest(book->ledger);

	book_read(book, (struct zr_position){.epoch_us = oldest.epoch_us}, 100000, out);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

unsigned int book_files(const struct book *book, const char *begin, const char *end, char names[][64],
			unsigned int room)
{
	DIR *dir = opendir(book->folder);
	struct dirent *entry;
	unsigned int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (strncmp(entry->d_name, begin, strlen(begin)) == 0 && len >= strlen(end) &&
		    strcmp(entry->d_name + len - strlen(end), end) == 0) {
			assert_true(count < room && len < 64);
			strcpy(names[count++], entry->d_name);
		}
	}
	closedir(dir);
	qsort(names, count, 64, by_name);
	return count;
}

void book_path(const struct book *book, const char *name, char out[160])
{
	snprintf(out, 160, "%s/%s", book->folder, name);
}

size_t book_file_bytes(const struct book *book, const char *name)
{
	char path[160];
	struct stat st;

	book_path(book, name, path);
	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

void book_noise(const struct book *book, const char *name, size_t at, size_t len, uint64_t seed)
{
	struct random random = {seed};
	uint8_t bytes[8192];
	char path[160];
	int fd;

	assert_true(len <= sizeof(bytes));
	book_path(book, name, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, bytes, len, (off_t)at), len);
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= (uint8_t)(random_below(&random, 255) + 1);
	assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
	close(fd);
}

void book_cut(const struct book *book, const char *name, size_t len)
{
	char path[160];

	book_path(book, name, path);
	assert_int_equal(truncate(path, (off_t)len), 0);
}

void book_copy(const struct book *from, const struct book *to)
{
	char command[256];

	empty(to->folder);
	snprintf(command, sizeof(command), "cp %s/* %s/", from->folder, to->folder);
	assert_int_equal(system(command), 0);
}
