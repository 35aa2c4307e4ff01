/* SPDX-License-Identifier: BSD-3-Clause */
/* The audit log of lists: what is appended comes back, whatever else stands in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/list_audit.h"

static char folder_path[] = "/tmp/zr-audit-XXXXXX";
static int folder;

static int setup(void **state)
{
	(void)state;
	unlinkat(folder, "audit.jsonl", 0);
	return 0;
}

static void put(const char *bytes, size_t len)
{
	int fd = openat(folder, "audit.jsonl", O_WRONLY | O_APPEND | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void append(struct zr_list_audit *audit, int number)
{
	json_t *entry = json_pack("{s:s, s:i}", "event", "accepted", "n", number);

	assert_int_equal(zr_list_audit_append(audit, entry), 0);
	json_decref(entry);
}

/* The numbers of the last entries; -1 stands for a damaged line. */
static void tail_is(const struct zr_list_audit *audit, unsigned int most, const int *numbers, size_t count)
{
	json_t *entries = NULL;

	assert_int_equal(zr_list_audit_tail(audit, most, &entries), 0);
	assert_int_equal(json_array_size(entries), count);
	for (size_t i = 0; i < count; i++) {
		const json_t *entry = json_array_get(entries, i);

		if (numbers[i] >= 0)
			assert_int_equal(json_integer_value(json_object_get(entry, "n")), numbers[i]);
		else
			assert_string_equal(json_string_value(json_object_get(entry, "event")), "damaged");
	}
	json_decref(entries);
}

static void test_append_and_tail(void **state)
{
	static const int all[] = {0, 1, 2, 3, 4};
	struct zr_list_audit audit;

	(void)state;
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	tail_is(&audit, 5, NULL, 0);
	for (int i = 0; i < 5; i++)
		append(&audit, i);
	tail_is(&audit, 5, all, 5);
	tail_is(&audit, 1000, all, 5);
	tail_is(&audit, 2, all + 3, 2);
	zr_list_audit_close(&audit);
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	append(&audit, 5);
	tail_is(&audit, 1, (const int[]){5}, 1);
	zr_list_audit_close(&audit);
}

static void test_torn_line(void **state)
{
	struct zr_list_audit audit;

	(void)state;
	put("{\"n\":1}\n{\"n\":2", 14);
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	append(&audit, 3);
	tail_is(&audit, 9, (const int[]){1, -1, 3}, 3);
	/* A line that another program is still writing is not there yet. */
	put("{\"n\":4", 6);
	tail_is(&audit, 9, (const int[]){1, -1, 3}, 3);
	zr_list_audit_close(&audit);
}

static void test_hostile_lines(void **state)
{
	static char deep[200000], long_line[ZR_LIST_AUDIT_LINE + 2];
	struct zr_list_audit audit;

	(void)state;
	memset(deep, '[', sizeof(deep));
	deep[sizeof(deep) - 1] = '\n';
	memset(long_line, ' ', sizeof(long_line));
	memcpy(long_line, "{\"n\":1}", 7);
	long_line[sizeof(long_line) - 1] = '\n';
	put(deep, sizeof(deep));
	put(long_line, sizeof(long_line));
	put("\n\0\n[1]\n{\"n\":1,\"n\":2}\n{\"n\":9}\n", 29);
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	tail_is(&audit, 100, (const int[]){-1, -1, -1, -1, -1, -1, 9}, 7);
	zr_list_audit_close(&audit);
}

/* More than is read back: whole lines from within the file's end. */
static void test_large_file(void **state)
{
	static char line[1000];
	struct zr_list_audit audit;
	json_t *entries;

	(void)state;
	memset(line, 'y', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (size_t at = 0; at < 2 * ZR_LIST_AUDIT_BYTES; at += sizeof(line))
		put(line, sizeof(line));
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	append(&audit, 7);
	tail_is(&audit, 1, (const int[]){7}, 1);
	assert_int_equal(zr_list_audit_tail(&audit, UINT32_MAX, &entries), 0);
	assert_in_range(json_array_size(entries), 4000, ZR_LIST_AUDIT_BYTES / sizeof(line) + 1);
	json_decref(entries);
	zr_list_audit_close(&audit);
	/* One line without an end that fills all of it. */
	setup(NULL);
	for (size_t at = 0; at < ZR_LIST_AUDIT_BYTES + 4096; at += sizeof(line) - 1)
		put(line, sizeof(line) - 1);
	put("\n", 1);
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	tail_is(&audit, 9, NULL, 0);
	zr_list_audit_close(&audit);
}

static void test_too_long_entry(void **state)
{
	static char text[ZR_LIST_AUDIT_LINE];
	struct zr_list_audit audit;
	json_t *entry;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	entry = json_pack("{s:s}", "event", text);
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	assert_int_equal(zr_list_audit_append(&audit, entry), -EMSGSIZE);
	tail_is(&audit, 9, NULL, 0);
	json_decref(entry);
	zr_list_audit_close(&audit);
}

/* A full disk tears a line; the next one begins behind it. */
static void test_full_disk(void **state)
{
	struct rlimit before, limit;
	struct zr_list_audit audit;
	json_t *entry = json_pack("{s:s, s:i}", "event", "accepted", "n", 2);

	(void)state;
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	append(&audit, 1);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 40;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(zr_list_audit_append(&audit, entry), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	json_decref(entry);
	append(&audit, 3);
	tail_is(&audit, 9, (const int[]){1, -1, 3}, 3);
	zr_list_audit_close(&audit);
}

/* A start on a full disk, with a line that it has torn: what is there can be read. */
static void test_opened_on_full_disk(void **state)
{
	struct rlimit before, limit;
	struct zr_list_audit audit;

	(void)state;
	put("{\"n\":1}\n{\"n\":2", 14);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 14;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	tail_is(&audit, 9, (const int[]){1}, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	append(&audit, 3);
	tail_is(&audit, 9, (const int[]){1, -1, 3}, 3);
	zr_list_audit_close(&audit);
}

static void test_removed_file(void **state)
{
	json_t *entry = json_pack("{s:s}", "event", "accepted");
	struct zr_list_audit audit;

	(void)state;
	assert_int_equal(zr_list_audit_open(folder, &audit), 0);
	unlinkat(folder, "audit.jsonl", 0);
	assert_int_equal(zr_list_audit_append(&audit, entry), -ENOENT);
	assert_non_null(strstr(zr_list_audit_error(-ENOENT), "restart"));
	zr_list_audit_close(&audit);
	json_decref(entry);
}

static void test_no_file(void **state)
{
	struct zr_list_audit audit;

	(void)state;
	assert_int_equal(symlinkat("/dev/null", folder, "audit.jsonl"), 0);
	assert_int_equal(zr_list_audit_open(folder, &audit), -ELOOP);
	unlinkat(folder, "audit.jsonl", 0);
	assert_int_equal(mkdirat(folder, "audit.jsonl", 0700), 0);
	assert_int_equal(zr_list_audit_open(folder, &audit), -EISDIR);
	unlinkat(folder, "audit.jsonl", AT_REMOVEDIR);
	assert_int_equal(mkfifoat(folder, "audit.jsonl", 0600), 0);
	assert_int_equal(zr_list_audit_open(folder, &audit), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_append_and_tail, setup),
		cmocka_unit_test_setup(test_torn_line, setup),
		cmocka_unit_test_setup(test_hostile_lines, setup),
		cmocka_unit_test_setup(test_large_file, setup),
		cmocka_unit_test_setup(test_too_long_entry, setup),
		cmocka_unit_test_setup(test_full_disk, setup),
		cmocka_unit_test_setup(test_no_file, setup),
		cmocka_unit_test_setup(test_opened_on_full_disk, setup),
		cmocka_unit_test_setup(test_removed_file, setup),
	};
	int failed;

	if (mkdtemp(folder_path) == NULL)
		return 1;
	folder = open(folder_path, O_RDONLY | O_DIRECTORY);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	setup(NULL);
	close(folder);
	rmdir(folder_path);
	return failed;
}
