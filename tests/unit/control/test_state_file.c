/* SPDX-License-Identifier: BSD-3-Clause */
/* The state file: whole or not there, checked in full, nobody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/state_file.h"
#include "dataplane/pipeline/saved.h"

#define EPOCH    UINT64_C(1795305600000000)
#define HASH_LEN 32

static char folder[] = "/tmp/zr-state-XXXXXX";
static char path[64], beside[80];
static char why[256];
static struct zr_state state;

static int make_folder(void **arg)
{
	(void)arg;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state", folder);
	snprintf(beside, sizeof(beside), "%s.new", path);
	return 0;
}

static int remove_folder(void **arg)
{
	(void)arg;
	unlink(path);
	unlink(beside);
	return rmdir(folder);
}

static size_t flow(uint16_t port, uint8_t *out)
{
	const struct zr_saved_flow s = {.family = 4, .proto = 17, .client_port = port, .rule = UINT32_MAX};

	return zr_saved_write(&s, out);
}

static void write_flows(unsigned int count)
{
	const struct zr_saved_run run = {.list = 77, .saved_us = EPOCH + 5, .workers = 3, .hardware = true};
	struct zr_state_writer *writer;
	uint8_t bytes[ZR_SAVED_MAX];

	assert_int_equal(zr_state_begin(path, &writer), 0);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(zr_state_put(writer, bytes, flow((uint16_t)i, bytes)), 0);
	assert_int_equal(zr_state_commit(writer, &run, "hn-gw-01", EPOCH), 0);
}

static int read_file(void)
{
	why[0] = '\0';
	return zr_state_read(path, "hn-gw-01", &state, why, sizeof(why));
}

static void assert_refused(int err, const char *part)
{
	assert_int_equal(read_file(), err);
	if (strstr(why, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why, part);
	assert_null(state.bytes);
}

/* The whole file, to be changed; and back. */
static uint8_t *load(size_t *len)
{
	uint8_t *bytes = malloc(1 << 20);
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0 && bytes != NULL);
	*len = (size_t)read(fd, bytes, 1 << 20);
	close(fd);
	return bytes;
}

static void store(const uint8_t *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

/* With a checksum that fits: what comes then is up to the other checks. */
static void store_signed(uint8_t *bytes, size_t len)
{
	crypto_generichash(bytes + len - HASH_LEN, HASH_LEN, bytes, len - HASH_LEN, NULL, 0);
	store(bytes, len);
}

static void comes_back(void **arg)
{
	struct stat st;
	uint64_t count;

	(void)arg;
	write_flows(1000);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(read_file(), 0);
	assert_int_equal(state.flows, 1000);
	assert_int_equal(state.epoch_us, EPOCH);
	assert_int_equal(state.run.list, 77);
	assert_int_equal(state.run.saved_us, EPOCH + 5);
	assert_int_equal(state.run.workers, 3);
	assert_true(state.run.hardware);
	assert_true(zr_saved_run_check(&state.run, &count));
	free(state.bytes);
	write_flows(0);
	assert_int_equal(read_file(), 0);
	assert_int_equal(state.flows, 0);
	assert_int_equal(state.run.len, 0);
	free(state.bytes);
}

static void none_is_told_apart(void **arg)
{
	(void)arg;
	unlink(path);
	assert_int_equal(read_file(), -ENOENT);
}

static void every_byte_counts(void **arg)
{
	uint8_t *bytes;
	size_t len;

	(void)arg;
	write_flows(3);
	bytes = load(&len);
	for (size_t at = 0; at < len; at++) {
		bytes[at] ^= 1;
		store(bytes, len);
		assert_true(read_file() < 0);
		assert_true(why[0] != '\0');
		bytes[at] ^= 1;
	}
	store(bytes, len);
	assert_int_equal(read_file(), 0);
	free(state.bytes);
	free(bytes);
}

static void every_length_counts(void **arg)
{
	uint8_t *bytes;
	size_t len;

	(void)arg;
	write_flows(3);
	bytes = load(&len);
	for (size_t cut = 0; cut < len; cut++) {
		store(bytes, cut);
		assert_true(read_file() < 0);
	}
	memset(bytes + len, 0, 100);
	store(bytes, len + 100);
	assert_refused(-EBADMSG, "size");
	free(bytes);
}

/* One that is far too large is refused before memory is asked for: this one would be 60 GiB. */
static void length_is_known_before_it_is_read(void **arg)
{
	(void)arg;
	write_flows(3);
	assert_int_equal(truncate(path, (off_t)60 << 30), 0);
	assert_refused(-EBADMSG, "size");
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
	assert_refused(-EBADMSG, "size");
}

static void says_what_it_is(void **arg)
{
	uint8_t *bytes;
	size_t len;

	(void)arg;
	write_flows(1);
	bytes = load(&len);
	bytes[0] = 'X';
	store_signed(bytes, len);
	assert_refused(-EILSEQ, "it is no state file");
	bytes[0] = 'Z';
	bytes[11] = 9;
	store_signed(bytes, len);
	assert_refused(-EPROTO, "version 9, this program reads version 1");
	bytes[11] = ZR_STATE_VERSION;
	/* The flow's own reason. */
	bytes[16 + 2 + 4] = 99;
	store_signed(bytes, len);
	assert_refused(-EBADMSG, "a flow in it cannot be read");
	free(bytes);
	store((const uint8_t *)"hello", 5);
	assert_refused(-EBADMSG, "size");
}

/* More flows in the tail than there are, or other bytes of them. */
static void tail_fits_the_flows(void **arg)
{
	static const char *const said[] = {"size", "a flow in it cannot be read"};
	uint8_t *bytes;
	size_t len;

	(void)arg;
	for (size_t member = 0; member < 2; member++) {
		write_flows(2);
		bytes = load(&len);
		bytes[len - HASH_LEN - 120 + 8 * member + 7]++;
		store_signed(bytes, len);
		assert_refused(-EBADMSG, said[member]);
		free(bytes);
	}
}

static void another_gateways_is_refused(void **arg)
{
	(void)arg;
	write_flows(1);
	assert_int_equal(zr_state_read(path, "hn-gw-02", &state, why, sizeof(why)), -ESTALE);
	assert_string_equal(why, "it is of gateway \"hn-gw-01\"");
}

/* Who may write it decides what is free. */
static void others_must_not_have_written_it(void **arg)
{
	(void)arg;
	write_flows(1);
	assert_int_equal(chmod(path, 0620), 0);
	assert_refused(-EPERM, "others");
	assert_int_equal(chmod(path, 0602), 0);
	assert_refused(-EPERM, "others");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(read_file(), 0);
	free(state.bytes);
	/* Only root can give it away. */
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_refused(-EPERM, "others");
		assert_int_equal(chown(path, 0, 65534), 0);
	}
	assert_int_equal(rename(path, beside), 0);
	assert_int_equal(symlink(beside, path), 0);
	assert_refused(-ELOOP, "symbolic link");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(-EPERM, "regular");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(-EPERM, "regular");
	unlink(path);
}

static void old_one_stays_until_the_new_one_is_whole(void **arg)
{
	struct zr_state_writer *writer;
	uint8_t bytes[ZR_SAVED_MAX];

	(void)arg;
	write_flows(5);
	assert_int_equal(zr_state_begin(path, &writer), 0);
	assert_int_equal(zr_state_put(writer, bytes, flow(1, bytes)), 0);
	assert_int_equal(read_file(), 0);
	assert_int_equal(state.flows, 5);
	free(state.bytes);
	zr_state_abort(writer);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(read_file(), 0);
	free(state.bytes);
}

static void rest_of_a_killed_run_is_no_obstacle(void **arg)
{
	(void)arg;
	store((const uint8_t *)"x", 1);
	assert_int_equal(rename(path, beside), 0);
	write_flows(2);
	assert_int_equal(read_file(), 0);
	assert_int_equal(state.flows, 2);
	free(state.bytes);
}

static void what_cannot_be_read_is_not_written(void **arg)
{
	struct zr_state_writer *writer;

	(void)arg;
	assert_int_equal(zr_state_begin(path, &writer), 0);
	assert_int_equal(zr_state_put(writer, "nonsense", 8), -EBADMSG);
	zr_state_abort(writer);
}

/* As on a full disk: what was there stays, and nothing of the new one. */
static void file_that_cannot_be_written_leaves_the_old_one(void **arg)
{
	const struct rlimit least = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
	const struct rlimit all = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	const struct zr_saved_run run = {0};
	struct zr_state_writer *writer;
	uint8_t bytes[ZR_SAVED_MAX];
	int err = 0;

	(void)arg;
	write_flows(5);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(zr_state_begin(path, &writer), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &least), 0);
	for (unsigned int i = 0; i < 1000 && err == 0; i++)
		err = zr_state_put(writer, bytes, flow((uint16_t)i, bytes));
	assert_int_equal(err, -EFBIG);
	zr_state_abort(writer);
	/* Nor when only the end does not fit. */
	setrlimit(RLIMIT_FSIZE, &all);
	assert_int_equal(zr_state_begin(path, &writer), 0);
	assert_int_equal(zr_state_put(writer, bytes, flow(1, bytes)), 0);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 100, .rlim_max = RLIM_INFINITY});
	assert_int_equal(zr_state_commit(writer, &run, "hn-gw-01", EPOCH), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &all);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(read_file(), 0);
	assert_int_equal(state.flows, 5);
	free(state.bytes);
}

static void no_folder(void **arg)
{
	struct zr_state_writer *writer;

	(void)arg;
	assert_int_equal(zr_state_begin("/nowhere/at/all/state", &writer), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(none_is_told_apart),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(every_length_counts),
		cmocka_unit_test(length_is_known_before_it_is_read),
		cmocka_unit_test(says_what_it_is),
		cmocka_unit_test(tail_fits_the_flows),
		cmocka_unit_test(another_gateways_is_refused),
		cmocka_unit_test(others_must_not_have_written_it),
		cmocka_unit_test(old_one_stays_until_the_new_one_is_whole),
		cmocka_unit_test(rest_of_a_killed_run_is_no_obstacle),
		cmocka_unit_test(what_cannot_be_read_is_not_written),
		cmocka_unit_test(file_that_cannot_be_written_leaves_the_old_one),
		cmocka_unit_test(no_folder),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
