/* SPDX-License-Identifier: BSD-3-Clause */
/* The folder of accepted lists: what is kept, what is found again, and a process that is killed anywhere on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/list_state.h"
#include "tests/support/guard.h"
#include "tests/support/random.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Kills of a process that accepts one list after the other. */
#define KILLS 60

static char folder[] = "/tmp/zr-state-XXXXXX";
static char path[64];

static int remove_one(const char *name, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(name);
}

static int setup(void **state)
{
	(void)state;
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static void open_state(struct zr_list_state *state)
{
	char error[ZR_LIST_STATE_ERROR];

	assert_int_equal(zr_list_state_open(path, state, error), 0);
}

/* A list whose text tells its serial, with two signature files. */
static void make_files(uint64_t serial, struct zr_list_files *files)
{
	*files = (struct zr_list_files){.signature_count = 2};
	files->len = (size_t)asprintf(&files->text, "list %" PRIu64 "\n", serial);
	crypto_hash_sha256(files->sha256, (const unsigned char *)files->text, files->len);
	for (unsigned int i = 0; i < 2; i++)
		files->signatures[i] = (struct zr_signature_file){
			.name = strdup("x"), .text = strdup(i == 0 ? "sig 0" : "sig 1"), .len = 5};
}

static int commit(struct zr_list_state *state, uint64_t serial)
{
	const bool keep[ZR_SIGNATURE_FILES_MAX] = {false, true};
	struct zr_list_files files;
	int err;

	make_files(serial, &files);
	err = zr_list_state_commit(state, serial, &files, keep);
	zr_list_files_clear(&files);
	return err;
}

/* The highest list can be read back, and is what was accepted under its serial. */
static void is_whole(const struct zr_list_state *state)
{
	struct zr_list_files files;
	char text[64];

	assert_int_equal(zr_list_state_read(state, &files), 0);
	snprintf(text, sizeof(text), "list %" PRIu64 "\n", state->highest.serial);
	assert_string_equal(files.text, text);
	assert_int_equal(files.signature_count, 1);
	assert_int_equal(files.signatures[0].len, 5);
	assert_memory_equal(files.signatures[0].text, "sig 1", 5);
	zr_list_files_clear(&files);
}

static unsigned int count_kept(void)
{
	char accepted[80];
	unsigned int count = 0;
	DIR *open_folder;

	snprintf(accepted, sizeof(accepted), "%s/accepted", path);
	open_folder = opendir(accepted);
	assert_non_null(open_folder);
	for (const struct dirent *entry; (entry = readdir(open_folder)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(open_folder);
	return count;
}

static void test_first_start(void **unused)
{
	struct zr_list_state state;
	struct stat st;

	(void)unused;
	open_state(&state);
	assert_int_equal(state.highest.serial, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	zr_list_state_close(&state);
}

static void test_commit_and_reopen(void **unused)
{
	struct zr_list_state state;

	(void)unused;
	open_state(&state);
	for (uint64_t serial = 1; serial <= 15; serial++) {
		assert_int_equal(commit(&state, serial), 0);
		assert_int_equal(state.highest.serial, serial);
		is_whole(&state);
		assert_int_equal(count_kept(), serial < ZR_LIST_STATE_KEPT ? serial : ZR_LIST_STATE_KEPT);
	}
	zr_list_state_close(&state);
	open_state(&state);
	assert_int_equal(state.highest.serial, 15);
	is_whole(&state);
	/* The same list once more, over a damaged copy. */
	assert_int_equal(commit(&state, 15), 0);
	is_whole(&state);
	assert_int_equal(commit(&state, UINT64_MAX), 0);
	zr_list_state_close(&state);
	open_state(&state);
	assert_true(state.highest.serial == UINT64_MAX);
	is_whole(&state);
	zr_list_state_close(&state);
}

static void write_text(const char *name, const char *text)
{
	char file_path[128];
	FILE *file;

	snprintf(file_path, sizeof(file_path), "%s/%s", path, name);
	file = fopen(file_path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_damaged_copy(void **unused)
{
	struct zr_list_state state;
	struct zr_list_files files;
	char name[160], hex[ZR_SHA256_TEXT];

	(void)unused;
	open_state(&state);
	assert_int_equal(commit(&state, 3), 0);
	zr_sha256_format(state.highest.sha256, hex);
	snprintf(name, sizeof(name), "accepted/3-%.16s/list.csv", hex);
	write_text(name, "list 4\n");
	assert_int_equal(zr_list_state_read(&state, &files), -EBADMSG);
	zr_list_files_clear(&files);
	snprintf(name, sizeof(name), "%s/accepted/3-%.16s/list.csv", path, hex);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(zr_list_state_read(&state, &files), -ENOENT);
	zr_list_files_clear(&files);
	assert_int_equal(commit(&state, 3), 0);
	is_whole(&state);
	zr_list_state_close(&state);
}

static void test_damaged_highest(void **unused)
{
	static const char *const texts[] = {"", "\n", "1\n", "1 abc\n", "0 " HEX_A "\n", HEX_A, "1 " HEX_A "\n\n"};
	char error[ZR_LIST_STATE_ERROR];
	struct zr_list_state state;

	(void)unused;
	open_state(&state);
	zr_list_state_close(&state);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		write_text("highest", texts[i]);
		assert_int_not_equal(zr_list_state_open(path, &state, error), 0);
		assert_non_null(strstr(error, "highest is damaged"));
	}
	write_text("highest", "7 " HEX_A "\n");
	open_state(&state);
	assert_int_equal(state.highest.serial, 7);
	zr_list_state_close(&state);
}

/* Somebody writes the mark anew and mistypes it: no list is lost by that. */
static void test_mistyped_highest(void **unused)
{
	static const char *const texts[] = {"2 " HEX_A "\n", "1 " HEX_A "\n"};
	struct zr_list_state state;
	struct zr_list_mark mark;
	char hex[ZR_SHA256_TEXT], line[96];

	(void)unused;
	open_state(&state);
	assert_int_equal(commit(&state, 1), 0);
	assert_int_equal(commit(&state, 2), 0);
	mark = state.highest;
	zr_list_state_close(&state);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		write_text("highest", texts[i]);
		open_state(&state);
		assert_int_equal(count_kept(), 2);
		zr_list_state_close(&state);
	}
	zr_sha256_format(mark.sha256, hex);
	snprintf(line, sizeof(line), "2 %s\n", hex);
	write_text("highest", line);
	open_state(&state);
	is_whole(&state);
	zr_list_state_close(&state);
}

/* Lists were accepted, and their mark is gone: no start, and what is needed to write it again stays. */
static void test_missing_highest(void **unused)
{
	char error[ZR_LIST_STATE_ERROR], name[128];
	struct zr_list_state state;

	(void)unused;
	open_state(&state);
	assert_int_equal(commit(&state, 1), 0);
	assert_int_equal(commit(&state, 2), 0);
	zr_list_state_close(&state);
	snprintf(name, sizeof(name), "%s/highest", path);
	assert_int_equal(unlink(name), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(zr_list_state_open(path, &state, error), -ENOENT);
		assert_non_null(strstr(error, "highest is missing"));
		assert_int_equal(count_kept(), 2);
	}
	/* One alone is what a kill leaves before the first mark: however often, it is cleared away. */
	snprintf(name, sizeof(name), "%s/accepted/2-x", path);
	setup(NULL);
	for (unsigned int i = 0; i < 3; i++) {
		open_state(&state);
		assert_int_equal(count_kept(), 0);
		assert_int_equal(mkdir(name, 0700), 0);
		zr_list_state_close(&state);
	}
}

static void test_everybody_writes(void **unused)
{
	char error[ZR_LIST_STATE_ERROR];
	struct zr_list_state state;

	(void)unused;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0757), 0);
	assert_int_equal(zr_list_state_open(path, &state, error), -EPERM);
	assert_non_null(strstr(error, "chmod o-w"));
	assert_int_equal(chmod(path, 0775), 0);
	open_state(&state);
	zr_list_state_close(&state);
}

static void test_two_daemons(void **unused)
{
	char error[ZR_LIST_STATE_ERROR];
	struct zr_list_state first, second;

	(void)unused;
	open_state(&first);
	assert_int_equal(zr_list_state_open(path, &second, error), -EADDRINUSE);
	assert_non_null(strstr(error, "another daemon"));
	zr_list_state_close(&first);
	open_state(&second);
	zr_list_state_close(&second);
}

static void test_no_folder(void **unused)
{
	char error[ZR_LIST_STATE_ERROR];
	struct zr_list_state state;

	(void)unused;
	assert_int_equal(zr_list_state_open("/nowhere/at/all", &state, error), -ENOENT);
	assert_non_null(strstr(error, "/nowhere/at/all: cannot be the folder"));
	assert_int_equal(zr_list_state_open("/dev/null", &state, error), -ENOTDIR);
}

/* A folder that has gone: nothing is accepted, and the mark stays. */
static void test_folder_gone(void **unused)
{
	struct zr_list_state state;

	(void)unused;
	open_state(&state);
	assert_int_equal(commit(&state, 1), 0);
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	assert_int_not_equal(commit(&state, 2), 0);
	assert_int_equal(state.highest.serial, 1);
	zr_list_state_close(&state);
}

/* A disk that takes no more: the list is not accepted, the one before stays whole, and nothing is left lying about. */
static void test_full_disk(void **unused)
{
	struct rlimit before, limit;
	struct zr_list_state state;

	(void)unused;
	open_state(&state);
	assert_int_equal(commit(&state, 1), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	/* The list does not fit; the list fits, and its mark does not. */
	for (rlim_t room = 3; room <= 10; room += 7) {
		limit = before;
		limit.rlim_cur = room;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_int_equal(commit(&state, 2), -EFBIG);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(state.highest.serial, 1);
		is_whole(&state);
	}
	assert_int_equal(commit(&state, 2), 0);
	is_whole(&state);
	assert_int_equal(count_kept(), 2);
	zr_list_state_close(&state);
}

/* Accept lists from a serial on for ever, and tell each that is accepted. */
static void accept_for_ever(int out)
{
	char error[ZR_LIST_STATE_ERROR];
	struct zr_list_state state;

	if (zr_list_state_open(path, &state, error) != 0)
		_exit(1);
	for (uint64_t serial = state.highest.serial + 1;; serial++)
		if (commit(&state, serial) != 0 || write(out, &serial, sizeof(serial)) != sizeof(serial))
			_exit(1);
}

/* Accept lists 1 to 3. How long one took, in microseconds, on this machine's disk. */
static uint64_t measure(void)
{
	struct zr_list_state state;
	struct timespec begin, end;

	open_state(&state);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (uint64_t serial = 1; serial <= 3; serial++)
		assert_int_equal(commit(&state, serial), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	zr_list_state_close(&state);
	return (uint64_t)(((end.tv_sec - begin.tv_sec) * INT64_C(1000000000) + end.tv_nsec - begin.tv_nsec) / 3000);
}

/* What was told is never forgotten; what is the highest is whole. */
static void test_killed_anywhere(void **unused)
{
	struct random random = {.state = (uint64_t)getpid()};
	uint64_t told = 3, serial, commit_us = measure();

	(void)unused;
	print_message("seed %" PRIu64 ", %" PRIu64 " us a list\n", random.state, commit_us);
	for (unsigned int kills = 0; kills < KILLS; kills++) {
		struct zr_list_state state;
		int ends[2], status;
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			accept_for_ever(ends[1]);
		close(ends[1]);
		usleep((useconds_t)(random_next(&random) % (3 * commit_us + 500)));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		while (read(ends[0], &serial, sizeof(serial)) == sizeof(serial))
			told = serial;
		close(ends[0]);
		open_state(&state);
		assert_true(state.highest.serial == told || state.highest.serial == told + 1);
		is_whole(&state);
		told = state.highest.serial;
		zr_list_state_close(&state);
		assert_true(count_kept() <= ZR_LIST_STATE_KEPT);
	}
}

static void test_mark_edges(void **unused)
{
	static const char good[] = "18446744073709551615 " HEX_A "\n";
	static const char *const bad[] = {"18446744073709551616 " HEX_A "\n",
					  "-1 " HEX_A "\n",
					  " " HEX_A "\n",
					  "1  " HEX_A "\n",
					  "1 " HEX_A " ",
					  "1 g" HEX_A "\n",
					  "1 " HEX_A "a\n"};
	struct zr_list_mark mark;

	(void)unused;
	for (size_t len = 0; len <= strlen(good); len++) {
		struct guard guard;
		const char *text = (const char *)guard_copy(&guard, good, len);

		assert_int_equal(zr_list_mark_parse(text, len, &mark), len == strlen(good));
		guard_free(&guard);
	}
	assert_true(mark.serial == UINT64_MAX && mark.sha256[31] == 0xaa);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(zr_list_mark_parse(bad[i], strlen(bad[i]), &mark));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_first_start, setup),
		cmocka_unit_test_setup(test_commit_and_reopen, setup),
		cmocka_unit_test_setup(test_damaged_copy, setup),
		cmocka_unit_test_setup(test_damaged_highest, setup),
		cmocka_unit_test_setup(test_mistyped_highest, setup),
		cmocka_unit_test_setup(test_missing_highest, setup),
		cmocka_unit_test_setup(test_everybody_writes, setup),
		cmocka_unit_test_setup(test_two_daemons, setup),
		cmocka_unit_test_setup(test_no_folder, setup),
		cmocka_unit_test_setup(test_folder_gone, setup),
		cmocka_unit_test_setup(test_killed_anywhere, setup),
		cmocka_unit_test_setup(test_mark_edges, setup),
		cmocka_unit_test_setup(test_full_disk, setup),
	};
	int failed;

	if (sodium_init() < 0 || mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/state", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	setup(NULL);
	rmdir(folder);
	return failed;
}
