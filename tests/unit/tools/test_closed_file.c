/* SPDX-License-Identifier: BSD-3-Clause */
/* Closed files: what stands in the folder at every moment at which the writer may be killed, and how it goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/records/closed_file.h"

#define EPOCH_A "2026-11-23T05:57:05.818865Z"
#define EPOCH_0 "2020-01-01T00:00:00.000000Z"
#define EPOCH_B "2026-11-24T05:57:05.818865Z"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/zr_closed_XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
	struct dirent *entry;
	DIR *all = opendir(folder);
	char path[512];
	(void)state;

	while ((entry = readdir(all)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	closedir(all);
	return rmdir(folder);
}

static unsigned int count_files(void)
{
	DIR *all = opendir(folder);
	unsigned int count = 0;

	while (readdir(all) != NULL)
		count++;
	closedir(all);
	return count - 2;
}

static struct zr_closed_files *open_files(const char *suffix)
{
	struct zr_closed_files *files;

	assert_true(zr_closed_files_open(folder, suffix, &files));
	return files;
}

static char *path_of(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static json_t *read_trailer(const char *name)
{
	json_t *trailer = json_load_file(path_of(name), 0, NULL);

	assert_non_null(trailer);
	return trailer;
}

static void test_a_file_and_its_trailer(void **state)
{
	struct zr_closed_files *files = open_files("csv");
	char hex[2 * crypto_hash_sha256_BYTES + 1];
	unsigned char hash[crypto_hash_sha256_BYTES];
	json_t *trailer, *ranges, *gaps;
	char text[64];
	FILE *file;
	size_t len;
	(void)state;

	assert_int_equal(zr_closed_files_count(files), 0);
	assert_true(zr_closed_files_put(files, "head\n", 5));
	assert_true(zr_closed_files_add(files, EPOCH_A, 7, "seven\n", 6));
	assert_true(zr_closed_files_add(files, EPOCH_A, 8, "eight\n", 6));
	assert_true(zr_closed_files_add_gap(files, EPOCH_A, 9, 11));
	assert_true(zr_closed_files_add(files, EPOCH_A, 12, "twelve\n", 7));
	assert_true(zr_closed_files_add(files, EPOCH_B, 1, "one\n", 4));
	assert_int_equal(zr_closed_files_count(files), 5);
	assert_int_equal(access(path_of("records-000000000001.csv"), F_OK), -1);
	assert_true(zr_closed_files_close(files, "hn-gw-01"));
	assert_int_equal(zr_closed_files_count(files), 0);
	assert_int_equal(count_files(), 2);

	file = fopen(path_of("records-000000000001.csv"), "r");
	assert_non_null(file);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_int_equal(len, 28);
	assert_memory_equal(text, "head\nseven\neight\ntwelve\none\n", 28);
	crypto_hash_sha256(hash, (const unsigned char *)text, len);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));

	trailer = read_trailer("records-000000000001.csv.trailer");
	assert_string_equal(json_string_value(json_object_get(trailer, "file")), "records-000000000001.csv");
	assert_string_equal(json_string_value(json_object_get(trailer, "sha256")), hex);
	assert_string_equal(json_string_value(json_object_get(trailer, "gateway")), "hn-gw-01");
	assert_int_equal(json_integer_value(json_object_get(trailer, "records")), 4);
	assert_int_equal(json_integer_value(json_object_get(trailer, "bytes")), 28);
	ranges = json_pack("[{s:s,s:i,s:i},{s:s,s:i,s:i},{s:s,s:i,s:i}]", "epoch", EPOCH_A, "from", 7, "to", 8, "epoch",
			   EPOCH_A, "from", 12, "to", 12, "epoch", EPOCH_B, "from", 1, "to", 1);
	gaps = json_pack("[{s:s,s:i,s:i}]", "epoch", EPOCH_A, "from", 9, "to", 11);
	assert_true(json_equal(json_object_get(trailer, "ranges"), ranges));
	assert_true(json_equal(json_object_get(trailer, "gaps"), gaps));
	json_decref(ranges);
	json_decref(gaps);
	ranges = json_pack("[{s:s,s:i},{s:s,s:i}]", "epoch", EPOCH_A, "seq", 12, "epoch", EPOCH_B, "seq", 1);
	assert_true(json_equal(json_object_get(trailer, "until"), ranges));
	json_decref(ranges);
	json_decref(trailer);
	zr_closed_files_free(files);
}

static void check_known(struct zr_closed_files *files)
{
	assert_true(zr_closed_files_has(files, EPOCH_A, 7));
	assert_true(zr_closed_files_has(files, EPOCH_A, 8));
	assert_false(zr_closed_files_has(files, EPOCH_A, 9));
	assert_false(zr_closed_files_has(files, EPOCH_B, 7));
}

/* Only acknowledgements were lost, of several files: what is in any of them is known, also with another format. */
static void test_going_on_behind_a_closed_file(void **state)
{
	struct zr_closed_files *files = open_files("csv");
	(void)state;

	assert_true(zr_closed_files_add(files, EPOCH_A, 7, "x", 1));
	assert_true(zr_closed_files_add(files, EPOCH_A, 8, "y", 1));
	assert_true(zr_closed_files_close(files, "g"));
	check_known(files);
	zr_closed_files_free(files);
	files = open_files("jsonl");
	check_known(files);
	assert_true(zr_closed_files_add(files, EPOCH_A, 9, "z", 1));
	assert_true(zr_closed_files_close(files, "g"));
	json_decref(read_trailer("records-000000000002.jsonl.trailer"));
	assert_true(zr_closed_files_has(files, EPOCH_A, 8));
	assert_true(zr_closed_files_has(files, EPOCH_A, 9));
	assert_false(zr_closed_files_has(files, EPOCH_A, 10));
	zr_closed_files_free(files);

	/* An epoch may sort before another one, as when a gateway is set up anew and its clock is wrong. */
	files = open_files("csv");
	assert_true(zr_closed_files_add_gap(files, EPOCH_0, 1, 4));
	assert_true(zr_closed_files_add(files, EPOCH_0, 5, "0", 1));
	assert_true(zr_closed_files_close(files, "g"));
	zr_closed_files_free(files);
	files = open_files("csv");
	assert_true(zr_closed_files_has(files, EPOCH_0, 4));
	assert_true(zr_closed_files_has(files, EPOCH_0, 5));
	assert_false(zr_closed_files_has(files, EPOCH_0, 6));
	assert_true(zr_closed_files_has(files, EPOCH_A, 9));
	assert_false(zr_closed_files_has(files, EPOCH_A, 10));
	assert_false(zr_closed_files_has(files, EPOCH_B, 1));
	zr_closed_files_free(files);
}

/* Killed before the rename, between the renames: the next writer makes the same number anew. */
static void test_what_was_not_finished_is_made_again(void **state)
{
	struct zr_closed_files *files;
	json_t *trailer;
	(void)state;

	fclose(fopen(path_of("records-000000000001.csv"), "w"));
	fclose(fopen(path_of("records-000000000001.csv.trailer.part"), "w"));
	fclose(fopen(path_of("records-000000000002.csv.part"), "w"));
	fclose(fopen(path_of("notes.part"), "w"));
	files = open_files("csv");
	assert_int_equal(count_files(), 2); /* the file without a trailer, and what is not ours */
	assert_false(zr_closed_files_has(files, EPOCH_A, 1));
	assert_true(zr_closed_files_add(files, EPOCH_A, 1, "new", 3));
	assert_true(zr_closed_files_close(files, "g"));
	trailer = read_trailer("records-000000000001.csv.trailer");
	assert_int_equal(json_integer_value(json_object_get(trailer, "bytes")), 3);
	json_decref(trailer);
	zr_closed_files_free(files);
}

static void test_a_file_at_hand_is_given_up(void **state)
{
	struct zr_closed_files *files = open_files("csv");
	(void)state;

	assert_true(zr_closed_files_add(files, EPOCH_A, 1, "x", 1));
	assert_int_equal(count_files(), 1);
	zr_closed_files_free(files);
	assert_int_equal(count_files(), 0);
}

static void test_one_writer_at_a_time(void **state)
{
	struct zr_closed_files *files = open_files("csv"), *other;
	(void)state;

	assert_false(zr_closed_files_open(folder, "csv", &other));
	zr_closed_files_free(files);
}

static void test_a_trailer_that_is_none(void **state)
{
	static const char *const texts[] = {"", "[]", "{}", "{\"until\":{}}", "{\"ranges\":[]}", "\xff"};
	struct zr_closed_files *files;
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		FILE *file = fopen(path_of("records-000000000009.csv.trailer"), "w");

		fputs(texts[i], file);
		fclose(file);
		assert_false(zr_closed_files_open(folder, "csv", &files));
	}
	unlink(path_of("records-000000000009.csv.trailer"));
	assert_false(zr_closed_files_open("/tmp/zr_closed_nowhere", "csv", &files));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_a_file_and_its_trailer),
		IN_FOLDER(test_going_on_behind_a_closed_file),
		IN_FOLDER(test_what_was_not_finished_is_made_again),
		IN_FOLDER(test_a_file_at_hand_is_given_up),
		IN_FOLDER(test_one_writer_at_a_time),
		IN_FOLDER(test_a_trailer_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
