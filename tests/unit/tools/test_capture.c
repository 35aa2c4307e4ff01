/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files written byte by byte: formats, byte orders, precisions, link types, and every way to be broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/zerorate/capture.h"

#define MAGIC_US 0xa1b2c3d4
#define MAGIC_NS 0xa1b23c4d

/* A file being written. */
struct file {
	char path[32];
	FILE *stream;
	bool swapped; /* big-endian */
};

static void put32(struct file *f, uint32_t value)
{
	uint32_t stored = f->swapped ? __builtin_bswap32(value) : value;

	assert_int_equal(fwrite(&stored, sizeof(stored), 1, f->stream), 1);
}

static void put16(struct file *f, uint16_t value)
{
	uint16_t stored = f->swapped ? __builtin_bswap16(value) : value;

	assert_int_equal(fwrite(&stored, sizeof(stored), 1, f->stream), 1);
}

static void begin(struct file *f, bool swapped)
{
	int fd;

	strcpy(f->path, "/tmp/zr_capture_XXXXXX");
	f->swapped = swapped;
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	f->stream = fdopen(fd, "wb");
	assert_non_null(f->stream);
}

static void begin_pcap(struct file *f, bool swapped, uint32_t magic, uint32_t link)
{
	begin(f, swapped);
	put32(f, magic);
	put16(f, 2);
	put16(f, 4);
	put32(f, 0);
	put32(f, 0);
	put32(f, ZR_CAPTURE_FRAME_MAX);
	put32(f, link);
}

static void put_packet(struct file *f, uint32_t s, uint32_t fraction, uint32_t caplen, uint32_t len, uint8_t fill)
{
	put32(f, s);
	put32(f, fraction);
	put32(f, caplen);
	put32(f, len);
	for (uint32_t i = 0; i < caplen; i++)
		putc(fill, f->stream);
}

static void open_whole(struct file *f, struct zr_capture *c)
{
	assert_int_equal(fclose(f->stream), 0);
	assert_true(zr_capture_open(c, f->path));
}

static void close_both(struct file *f, struct zr_capture *c)
{
	zr_capture_close(c);
	unlink(f->path);
}

static void check_times(bool swapped, uint32_t magic, uint64_t expected_ns)
{
	struct zr_view views[ZR_BURST];
	struct zr_capture c;
	struct file f;

	begin_pcap(&f, swapped, magic, 1);
	put_packet(&f, 1700000000, 123456, 60, 1500, 0xaa);
	put_packet(&f, 1700000001, 0, 0, 0, 0);
	open_whole(&f, &c);
	assert_int_equal(zr_capture_burst(&c, views), 2);
	assert_int_equal(views[0].time_ns, expected_ns);
	assert_int_equal(views[0].len, 60);
	assert_int_equal(views[0].wire_len, 1500);
	assert_int_equal(views[0].data[59], 0xaa);
	assert_int_equal(views[0].port->link, ZR_LINK_ETHERNET);
	assert_int_equal(views[1].time_ns, 1700000001000000000);
	assert_int_equal(views[1].len, 0);
	assert_int_equal(zr_capture_burst(&c, views), 0);
	assert_int_equal(zr_capture_burst(&c, views), 0);
	assert_string_equal(c.error, "");
	assert_int_equal(c.pkts, 2);
	assert_int_equal(zr_capture_done_bytes(&c), zr_capture_size_bytes(&c));
	close_both(&f, &c);
}

static void test_pcap(void **state)
{
	(void)state;
	check_times(false, MAGIC_US, 1700000000123456000);
	check_times(true, MAGIC_US, 1700000000123456000);
	check_times(false, MAGIC_NS, 1700000000000123456);
	check_times(true, MAGIC_NS, 1700000000000123456);
}

/* Section header, one interface with a resolution of 10^-resolution s, one enhanced packet block. */
static void write_pcapng(struct file *f, bool swapped, uint16_t link, uint8_t resolution, uint64_t time)
{
	begin(f, swapped);
	put32(f, 0x0a0d0d0a);
	put32(f, 28);
	put32(f, 0x1a2b3c4d);
	put16(f, 1);
	put16(f, 0);
	put32(f, UINT32_MAX);
	put32(f, UINT32_MAX);
	put32(f, 28);

	put32(f, 1);
	put32(f, 32);
	put16(f, link);
	put16(f, 0);
	put32(f, ZR_CAPTURE_FRAME_MAX);
	put16(f, 9); /* if_tsresol */
	put16(f, 1);
	putc(resolution, f->stream);
	fwrite("\0\0\0", 3, 1, f->stream);
	put32(f, 0); /* end of options */
	put32(f, 32);

	put32(f, 6);
	put32(f, 36);
	put32(f, 0);
	put32(f, (uint32_t)(time >> 32));
	put32(f, (uint32_t)time);
	put32(f, 4);
	put32(f, 90);
	fwrite("abcd", 4, 1, f->stream);
	put32(f, 36);
}

static void check_pcapng(bool swapped, uint8_t resolution, uint64_t time, uint64_t expected_ns)
{
	struct zr_view views[ZR_BURST];
	struct zr_capture c;
	struct file f;

	write_pcapng(&f, swapped, 101, resolution, time);
	open_whole(&f, &c);
	assert_int_equal(zr_capture_burst(&c, views), 1);
	assert_int_equal(views[0].time_ns, expected_ns);
	assert_int_equal(views[0].len, 4);
	assert_int_equal(views[0].wire_len, 90);
	assert_memory_equal(views[0].data, "abcd", 4);
	assert_int_equal(views[0].port->link, ZR_LINK_RAW);
	assert_int_equal(zr_capture_burst(&c, views), 0);
	assert_string_equal(c.error, "");
	close_both(&f, &c);
}

static void test_pcapng(void **state)
{
	(void)state;
	check_pcapng(false, 6, 1700000000123456, 1700000000123456000);
	check_pcapng(true, 6, 1700000000123456, 1700000000123456000);
	check_pcapng(false, 9, 1700000000123456789, 1700000000123456789);
	check_pcapng(false, 3, 1700000000123, 1700000000123000000);
}

static void test_link_types(void **state)
{
	/* Numbers as they stand in files (LINKTYPE_*). */
	static const struct {
		uint32_t in_file;
		enum zr_link link;
	} cases[] = {
		{0, ZR_LINK_NULL},    {1, ZR_LINK_ETHERNET}, {9, ZR_LINK_PPP},    {50, ZR_LINK_PPP},
		{101, ZR_LINK_RAW},   {108, ZR_LINK_NULL},   {113, ZR_LINK_SLL},  {228, ZR_LINK_RAW},
		{229, ZR_LINK_RAW},   {276, ZR_LINK_SLL2},   {51, ZR_LINK_OTHER}, {105, ZR_LINK_OTHER},
		{147, ZR_LINK_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct zr_view views[ZR_BURST];
		struct zr_capture c;
		struct file f;

		begin_pcap(&f, false, MAGIC_US, cases[i].in_file);
		put_packet(&f, 1, 0, 20, 20, 1);
		open_whole(&f, &c);
		assert_int_equal(zr_capture_burst(&c, views), 1);
		assert_int_equal(views[0].port->link, cases[i].link);
		close_both(&f, &c);
	}
}

/* Times from hostile headers: no overflow, nothing beyond a second's end. */
static void test_odd_times(void **state)
{
	struct zr_view views[ZR_BURST];
	struct zr_capture c;
	struct file f;

	(void)state;
	begin_pcap(&f, false, MAGIC_NS, 1);
	put_packet(&f, UINT32_MAX, 5, 0, 0, 0); /* in 2106, not before 1970 */
	put_packet(&f, 7, UINT32_MAX, 0, 0, 0);
	put_packet(&f, 7, 2000000000, 0, 0, 0);
	open_whole(&f, &c);
	assert_int_equal(zr_capture_burst(&c, views), 3);
	assert_int_equal(views[0].time_ns, UINT32_MAX * 1000000000ULL + 5);
	assert_in_range(views[1].time_ns, 7000000000, 7999999999);
	assert_int_equal(views[2].time_ns, 7999999999);
	close_both(&f, &c);
}

/* A wire length below what was captured is a lie: the bytes are there. */
static void test_short_wire_length(void **state)
{
	struct zr_view views[ZR_BURST];
	struct zr_capture c;
	struct file f;

	(void)state;
	begin_pcap(&f, false, MAGIC_US, 1);
	put_packet(&f, 1, 0, 60, 0, 1);
	open_whole(&f, &c);
	assert_int_equal(zr_capture_burst(&c, views), 1);
	assert_int_equal(views[0].len, 60);
	assert_int_equal(views[0].wire_len, 60);
	close_both(&f, &c);
}

/* Many packets of all sizes: bursts keep their bytes until the next call, in order. */
static void test_bursts(void **state)
{
	static const uint32_t lens[] = {60, 1500, 9000, ZR_CAPTURE_FRAME_MAX, 0, 65535, 100};
	struct zr_view views[ZR_BURST];
	unsigned int count, seen = 0;
	struct zr_capture c;
	struct file f;

	(void)state;
	begin_pcap(&f, false, MAGIC_US, 1);
	for (unsigned int i = 0; i < 100; i++)
		put_packet(&f, i, 0, lens[i % 7], lens[i % 7], (uint8_t)i);
	open_whole(&f, &c);
	while ((count = zr_capture_burst(&c, views)) > 0) {
		assert_in_range(count, 1, ZR_BURST);
		for (unsigned int i = 0; i < count; i++, seen++) {
			assert_int_equal(views[i].len, lens[seen % 7]);
			assert_int_equal(views[i].time_ns, seen * 1000000000ULL);
			if (views[i].len > 0) {
				assert_int_equal(views[i].data[0], (uint8_t)seen);
				assert_int_equal(views[i].data[views[i].len - 1], (uint8_t)seen);
			}
		}
	}
	assert_int_equal(seen, 100);
	assert_string_equal(c.error, "");
	close_both(&f, &c);
}

/* A file cut at any byte: what is whole is read, and the cut is told unless it falls between two packets. */
static void test_every_cut(void **state)
{
	(void)state;
	for (long len = 24; len <= 24 + 2 * 26; len++) {
		struct zr_view views[ZR_BURST];
		unsigned int whole = (unsigned int)(len - 24) / 26, count;
		struct zr_capture c;
		struct file f;

		begin_pcap(&f, false, MAGIC_US, 1);
		put_packet(&f, 1, 0, 10, 10, 1);
		put_packet(&f, 2, 0, 10, 10, 1);
		assert_int_equal(fflush(f.stream), 0);
		assert_int_equal(ftruncate(fileno(f.stream), len), 0);
		open_whole(&f, &c);
		count = zr_capture_burst(&c, views);
		assert_int_equal(count, whole);
		if (count > 0)
			assert_int_equal(zr_capture_burst(&c, views), 0);
		if ((len - 24) % 26 == 0)
			assert_string_equal(c.error, "");
		else
			assert_non_null(strstr(c.error, "copy it again"));
		close_both(&f, &c);
	}
}

/* A packet beyond the file's own bound is cut there, and what follows is read: by libpcap, since it is odd. */
static void check_beyond_snapshot(unsigned int before)
{
	struct zr_view views[ZR_BURST];
	unsigned int count, seen = 0;
	struct zr_capture c;
	struct file f;

	begin(&f, false);
	put32(&f, MAGIC_US);
	put16(&f, 2);
	put16(&f, 4);
	put32(&f, 0);
	put32(&f, 0);
	put32(&f, 80);
	put32(&f, 1);
	for (unsigned int i = 0; i < before + 3; i++) {
		uint32_t len = i == before ? 100 : 60 + i % 20;

		put_packet(&f, i, 0, len, len, (uint8_t)i);
	}
	open_whole(&f, &c);
	while ((count = zr_capture_burst(&c, views)) > 0) {
		for (unsigned int i = 0; i < count; i++, seen++) {
			uint32_t len = seen == before ? 80 : 60 + seen % 20;

			assert_int_equal(views[i].len, len);
			assert_int_equal(views[i].time_ns, seen * 1000000000ULL);
			assert_int_equal(views[i].data[0], (uint8_t)seen);
			assert_int_equal(views[i].data[len - 1], (uint8_t)seen);
		}
	}
	assert_int_equal(seen, before + 3);
	assert_string_equal(c.error, "");
	assert_int_equal(zr_capture_done_bytes(&c), zr_capture_size_bytes(&c));
	close_both(&f, &c);
}

/* Wherever in the file libpcap goes on: in what it has read with the header, behind that, and behind the first stretch. */
static void test_beyond_snapshot(void **state)
{
	static const unsigned int before[] = {0, 1, 700, 800, 5000, 6200, 20000};

	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		check_beyond_snapshot(before[i]);
}

/* What was written behind the end meanwhile is read as well. */
static void test_growing_file(void **state)
{
	struct zr_view views[ZR_BURST];
	struct zr_capture c;
	struct file f;

	(void)state;
	begin_pcap(&f, false, MAGIC_US, 1);
	put_packet(&f, 1, 0, 60, 60, 1);
	assert_int_equal(fflush(f.stream), 0);
	assert_true(zr_capture_open(&c, f.path));
	assert_int_equal(zr_capture_burst(&c, views), 1);
	put_packet(&f, 2, 0, 70, 70, 2);
	assert_int_equal(fclose(f.stream), 0);
	assert_int_equal(zr_capture_burst(&c, views), 1);
	assert_int_equal(views[0].len, 70);
	assert_int_equal(views[0].data[69], 2);
	assert_int_equal(zr_capture_burst(&c, views), 0);
	assert_string_equal(c.error, "");
	assert_int_equal(c.pkts, 2);
	close_both(&f, &c);
}

static void check_refused(const char *bytes, size_t len, const char *expected)
{
	struct zr_capture c;
	struct file f;

	begin(&f, false);
	assert_int_equal(fwrite(bytes, 1, len, f.stream), len);
	assert_int_equal(fclose(f.stream), 0);
	assert_false(zr_capture_open(&c, f.path));
	assert_non_null(strstr(c.error, expected));
	close_both(&f, &c);
}

static void test_no_capture(void **state)
{
	struct zr_capture c;

	(void)state;
	check_refused("", 0, "is empty");
	check_refused("\xd4", 1, "is no capture");
	check_refused("\xd4\xc3\xb2\xa1\2\0\4\0", 8, "is no capture");
	check_refused("This is a text and no capture, is it?\n", 38, "is no capture");
	check_refused("\x1f\x8b\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 25, "unpacked");

	assert_false(zr_capture_open(&c, "/nonexistent/a.pcap"));
	assert_non_null(strstr(c.error, "cannot be opened"));
	zr_capture_close(&c);
	assert_false(zr_capture_open(&c, "/tmp"));
	assert_non_null(strstr(c.error, "cannot be read"));
	zr_capture_close(&c);
}

/* A packet header with an impossible length: what came before is kept. */
static void test_corrupt(void **state)
{
	struct zr_view views[ZR_BURST];
	struct zr_capture c;
	struct file f;

	(void)state;
	begin_pcap(&f, false, MAGIC_US, 1);
	put_packet(&f, 1, 0, 10, 10, 1);
	put32(&f, 2);
	put32(&f, 0);
	put32(&f, 0xfffffff0);
	put32(&f, 10);
	open_whole(&f, &c);
	assert_int_equal(zr_capture_burst(&c, views), 1);
	assert_int_equal(zr_capture_burst(&c, views), 0);
	assert_non_null(strstr(c.error, "breaks off in packet 2 "));
	close_both(&f, &c);
}

/* What is no regular file is read as well, only its size is not known. */
static void test_fifo(void **state)
{
	char path[] = "/tmp/zr_fifo_XXXXXX";
	struct zr_view views[ZR_BURST];
	struct zr_capture c;
	struct file f;
	char command[128];

	(void)state;
	begin_pcap(&f, false, MAGIC_US, 1);
	put_packet(&f, 1, 0, 10, 10, 1);
	assert_int_equal(fclose(f.stream), 0);
	assert_non_null(mkdtemp(path));
	snprintf(command, sizeof(command), "mkfifo %s/f && (cat %s >%s/f &)", path, f.path, path);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "%s/f", path);
	assert_true(zr_capture_open(&c, command));
	assert_int_equal(zr_capture_size_bytes(&c), 0);
	assert_int_equal(zr_capture_burst(&c, views), 1);
	assert_int_equal(zr_capture_burst(&c, views), 0);
	assert_string_equal(c.error, "");
	close_both(&f, &c);
	unlink(command);
	rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap),
		cmocka_unit_test(test_pcapng),
		cmocka_unit_test(test_link_types),
		cmocka_unit_test(test_odd_times),
		cmocka_unit_test(test_short_wire_length),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_beyond_snapshot),
		cmocka_unit_test(test_growing_file),
		cmocka_unit_test(test_no_capture),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_fifo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
