/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole daemon over a scripted dataplane: lists that are replaced, status, signals, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/client.h"
#include "control/control_socket.h"
#include "control/daemon.h"
#include "control/record/record.h"
#include "dataplane/pipeline/saved.h"
#include "tests/support/fake_dataplane.h"

#define HEAD                                                                                   \
	"#! issuer: test\n#! issued: 2020-01-01T00:00:00Z\n#! expires: 2099-12-31T23:59:59Z\n" \
	"match,service,rating_group\n"

/* How long something may take to come about. */
#define PATIENCE_MS 5000

static char folder[] = "/tmp/zr-daemon-XXXXXX";
static char gateway[] = "gw", workers[] = "1", no_eal[] = "", billing[] = "billing";
static char list_path[64], flows_path[80], *flows, state_path[64], records_path[64], control_path[64], ledger_path[64];

struct running {
	struct zr_config config;
	pthread_t thread;
	int result;
};

static void write_list(const char *text)
{
	FILE *file = fopen(list_path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* As if no list had ever been accepted. */
static void forget_lists(void)
{
	nftw(state_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void *run(void *arg)
{
	struct running *running = arg;

	running->result = zr_daemon_run(&running->config);
	return NULL;
}

/* Ask for the status; NULL when the daemon is not there. */
static json_t *ask(void)
{
	char error[ZR_CLIENT_ERROR], *reply = NULL;
	int fd = zr_client_connect(control_path, error);
	json_t *status = NULL;

	if (fd < 0)
		return NULL;
	if (zr_client_ask(fd, "{\"op\":\"status\"}", &reply, error) == 0)
		status = json_loads(reply, 0, NULL);
	free(reply);
	close(fd);
	return status;
}

static json_int_t number_at(const json_t *object, const char *member, const char *inner)
{
	const json_t *value = json_object_get(object, member);

	return json_integer_value(inner != NULL ? json_object_get(value, inner) : value);
}

/* Wait until a number of the status is so; the status, or NULL when it never came to be. */
static json_t *wait_for(const char *member, const char *inner, json_int_t value)
{
	for (unsigned int ms = 0; ms < PATIENCE_MS; ms += 5) {
		json_t *status = ask();

		if (status != NULL && number_at(status, member, inner) == value)
			return status;
		json_decref(status);
		usleep(5000);
	}
	return NULL;
}

/* Wait until a worker is shown to stand still, or no longer. */
static json_t *wait_for_stalled(unsigned int worker, bool stalled)
{
	for (unsigned int ms = 0; ms < PATIENCE_MS; ms += 5) {
		json_t *status = ask();
		const json_t *one = json_array_get(json_object_get(status, "workers"), worker);

		if (status != NULL && json_is_true(json_object_get(one, "stalled")) == stalled)
			return status;
		json_decref(status);
		usleep(5000);
	}
	return NULL;
}

/* Wait until the first consumer's lag is so. */
static json_t *wait_for_lag(json_int_t lag)
{
	for (unsigned int ms = 0; ms < PATIENCE_MS; ms += 5) {
		json_t *status = ask();

		if (number_at(json_array_get(json_object_get(status, "consumers"), 0), "lag", NULL) == lag)
			return status;
		json_decref(status);
		usleep(5000);
	}
	return NULL;
}

static struct zr_config make_config(void)
{
	return (struct zr_config){
		.gateway = gateway,
		.list = {.file = list_path, .state = state_path, .shrink_percent = 100},
		.workers = workers,
		.state = flows,
		.eal = no_eal,
		.records_memory_bytes = 1 << 20,
		.consumers = {.at = {billing}, .count = 1},
		.totals_us = UINT64_C(3600000000),
		.ledger = {.folder = ledger_path,
			   .batch_us = 1000,
			   .retention_us = UINT64_C(3600000000),
			   .disk_limit_bytes = UINT64_C(1) << 30,
			   .synchronous_full = true},
		.records = {.path = records_path, .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP},
		.control = {.path = control_path, .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP},
	};
}

/* Go on with the ledger of the run before. */
static void begin_again(struct running *running)
{
	*running = (struct running){.config = make_config()};
	fake_dataplane_reset();
	forget_lists();
	write_list("#! serial: 1\n" HEAD ".olm.vn,olm,1\n");
	assert_int_equal(pthread_create(&running->thread, NULL, run, running), 0);
	json_decref(wait_for("list", "serial", 1));
}

static void begin(struct running *running)
{
	nftw(ledger_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	begin_again(running);
}

static void end(struct running *running, int signal)
{
	kill(getpid(), signal);
	assert_int_equal(pthread_join(running->thread, NULL), 0);
	assert_int_equal(running->result, 0);
}

static int connect_records(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, records_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* All that comes until the daemon closes. */
static size_t read_to_end(int fd, char *out, size_t room)
{
	size_t len = 0;
	ssize_t got;

	while (len < room - 1 && (got = recv(fd, out + len, room - 1 - len, 0)) > 0)
		len += (size_t)got;
	out[len] = '\0';
	return len;
}

static unsigned int count_of(const char *text, const char *what)
{
	unsigned int count = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		count++;
	return count;
}

static void test_status_shape(void **state)
{
	static const char *const members[] = {
		"op",     "gateway",   "state",    "warnings",  "list",    "input_ended",     "distribution",
		"ports",  "workers",   "flows",    "counters",  "totals",  "exactness_bytes", "records",
		"ledger", "consumers", "mode",     "undecided", "version", "started",         "time",
		"twice",  "dpdk",      "evidence", "memory",
	};
	struct running running;
	json_t *status;

	(void)state;
	begin(&running);
	fake_dataplane.status.ports[0].drops[ZR_DROP_RING_FULL] = 3;
	fake_dataplane.status.workers[0].flows = 10;
	fake_dataplane.status.workers[1].flows = 5;
	fake_dataplane.status.workers[0].flows_undecided = 2;
	fake_dataplane.status.workers[1].flows_free = 4;
	fake_dataplane.status.workers[0].lost[ZR_FREE].traffic = (struct zr_traffic){.up_bytes = 1, .down_pkts = 2};
	fake_dataplane.status.workers[1].lost[ZR_CHARGED].traffic = (struct zr_traffic){.down_bytes = 4, .up_pkts = 8};
	fake_dataplane.status.workers[0].totals.received = (struct zr_volume){2, 100};
	fake_dataplane.status.workers[0].totals.reason[ZR_REASON_SNI] = (struct zr_volume){2, 100};
	fake_dataplane.events = 7;
	status = wait_for("records", "seq", 7);
	assert_non_null(status);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		assert_non_null(json_object_get(status, members[i]));
	assert_int_equal(json_object_size(status), sizeof(members) / sizeof(*members));
	assert_string_equal(json_string_value(json_object_get(status, "state")), "running");
	assert_int_equal(number_at(status, "exactness_bytes", NULL), 0);
	assert_int_equal(number_at(status, "memory", "flows_bytes"), 125000);
	assert_true(json_real_value(json_object_get(json_object_get(status, "memory"), "bytes_per_flow")) == 125);
	assert_int_equal(number_at(status, "memory", "bytes"), 125000 + (3 << 20));
	assert_string_equal(json_string_value(json_object_get(json_object_get(status, "memory"), "pages")), "huge");
	assert_int_equal(number_at(json_object_get(status, "records"), "lost", "bytes"), 5);
	assert_int_equal(number_at(json_object_get(status, "records"), "lost", "pkts"), 10);
	assert_int_equal(number_at(status, "flows", "open"), 15);
	assert_int_equal(number_at(status, "flows", "charged"), 9);
	assert_int_equal(number_at(status, "totals", "bytes"), 100);
	assert_int_equal(number_at(json_object_get(status, "totals"), "free", "pkts"), 2);
	assert_int_equal(number_at(status, "records", "kept"), 7);
	json_decref(status);
	status = wait_for("records", "committed", 7);
	assert_string_equal(json_string_value(json_object_get(json_object_get(status, "ledger"), "state")), "ok");
	assert_int_equal(number_at(status, "ledger", "files"), 1);
	assert_int_equal(json_array_size(json_object_get(status, "consumers")), 1);
	assert_true(
		json_is_false(json_object_get(json_array_get(json_object_get(status, "consumers"), 0), "connected")));
	assert_int_equal(number_at(json_array_get(json_object_get(status, "consumers"), 0), "lag", NULL), 7);
	assert_int_equal(number_at(json_array_get(json_object_get(status, "ports"), 0), "drops", "ring_full"), 3);
	assert_int_equal(json_array_size(json_object_get(status, "workers")), 2);
	assert_true(json_is_false(json_object_get(json_array_get(json_object_get(status, "workers"), 1), "stalled")));
	assert_int_equal(number_at(status, "list", "entries"), 1);
	assert_true(json_is_null(json_object_get(json_object_get(status, "list"), "refused")));
	json_decref(status);

	fake_dataplane.status.workers[1].totals.reason[ZR_REASON_SNI].bytes = 9;
	fake_dataplane.status.workers[0].totals.received.bytes += 4;
	status = ask();
	assert_int_equal(number_at(status, "exactness_bytes", NULL), 13);
	json_decref(status);
	end(&running, SIGTERM);
	assert_null(ask());
}

static void test_reload(void **state)
{
	struct running running;
	const struct zr_image *first;
	const json_t *refused;
	json_t *status;

	(void)state;
	begin(&running);
	first = fake_dataplane.image;
	write_list("#! serial: 2\n" HEAD ".olm.vn,olm,1\n.hocmai.vn,hocmai,2\n");
	kill(getpid(), SIGHUP);
	status = wait_for("list", "serial", 2);
	assert_non_null(status);
	assert_int_equal(number_at(status, "list", "entries"), 2);
	json_decref(status);
	assert_ptr_not_equal(fake_dataplane.image, first);

	write_list("#! serial: 3\n" HEAD "not a name,olm,1\n.x.vn,x\n");
	kill(getpid(), SIGHUP);
	for (unsigned int i = 0; i < 500; i++) {
		status = ask();
		refused = json_object_get(json_object_get(status, "list"), "refused");
		if (json_is_object(refused))
			break;
		json_decref(status);
		usleep(5000);
	}
	assert_int_equal(number_at(status, "list", "serial"), 2);
	assert_true(json_integer_value(json_object_get(refused, "error_count")) >= 2);
	assert_memory_equal(json_string_value(json_array_get(json_object_get(refused, "errors"), 0)), list_path,
			    strlen(list_path));
	json_decref(status);
	assert_int_equal(fake_dataplane.published, 2);

	/* A good one ends the refusal. */
	write_list("#! serial: 4\n" HEAD ".olm.vn,olm,1\n");
	kill(getpid(), SIGHUP);
	status = wait_for("list", "serial", 4);
	assert_true(json_is_null(json_object_get(json_object_get(status, "list"), "refused")));
	json_decref(status);
	unlink(list_path);
	kill(getpid(), SIGHUP);
	usleep(50000);
	status = ask();
	assert_int_equal(number_at(status, "list", "serial"), 4);
	json_decref(status);
	end(&running, SIGINT);
}

/* While one list is on its way any number of signals become one more replacement. */
static void test_reloads_fold(void **state)
{
	struct running running;
	json_t *status;

	(void)state;
	begin(&running);
	fake_dataplane.settles = false;
	write_list("#! serial: 2\n" HEAD ".olm.vn,olm,1\n");
	kill(getpid(), SIGHUP);
	json_decref(wait_for("list", "serial", 2));
	assert_int_equal(fake_dataplane.published, 2);
	write_list("#! serial: 3\n" HEAD ".olm.vn,olm,1\n");
	for (unsigned int i = 0; i < 20; i++) {
		kill(getpid(), SIGHUP);
		usleep(2000);
	}
	status = ask();
	assert_int_equal(number_at(status, "list", "serial"), 2);
	assert_string_equal(json_string_value(json_object_get(json_object_get(status, "list"), "phase")), "settling");
	json_decref(status);
	assert_int_equal(fake_dataplane.published, 2);
	fake_dataplane.settles = true;
	fake_dataplane.settled = true;
	json_decref(wait_for("list", "serial", 3));
	usleep(100000);
	assert_int_equal(fake_dataplane.published, 3);
	end(&running, SIGTERM);
}

static void say(int fd, const char *line)
{
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

/* The epoch in a text's first message that has one. */
static const char *epoch_in(const char *text, char out[ZR_TIME_TEXT])
{
	const char *at = strstr(text, "\"epoch\":\"");

	assert_non_null(at);
	memcpy(out, at + 9, ZR_TIME_TEXT - 1);
	out[ZR_TIME_TEXT - 1] = '\0';
	return out;
}

/* Numbers go on over a restart, and the consumer behind its last ack; flows are told apart by the start. */
static void test_restart(void **state)
{
	static char text[1 << 22];
	char epoch[ZR_TIME_TEXT], again[ZR_TIME_TEXT], ack[128];
	struct running running;
	json_t *status;
	int fd;

	(void)state;
	begin(&running);
	fake_dataplane.events = 100;
	status = wait_for("records", "committed", 100);
	strcpy(epoch, json_string_value(json_object_get(json_object_get(status, "records"), "epoch")));
	json_decref(status);
	fd = connect_records();
	say(fd, "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n");
	while (recv(fd, text, sizeof(text) - 1, MSG_PEEK) < 30000)
		usleep(1000);
	snprintf(ack, sizeof(ack), "{\"op\":\"ack\",\"epoch\":\"%s\",\"seq\":40}\n", epoch);
	say(fd, ack);
	status = wait_for_lag(60);
	assert_non_null(status);
	json_decref(status);
	end(&running, SIGTERM);
	close(fd);

	begin_again(&running);
	fd = connect_records();
	say(fd, "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n");
	fake_dataplane.events = 1;
	json_decref(wait_for("records", "committed", 103));
	fake_dataplane.at_stop = 1;
	kill(getpid(), SIGTERM);
	read_to_end(fd, text, sizeof(text));
	close(fd);
	assert_int_equal(pthread_join(running.thread, NULL), 0);
	assert_string_equal(epoch_in(text, again), epoch);
	assert_non_null(strstr(text, "\"next\":41}\n"));
	assert_int_equal(count_of(text, "\"type\":\"usage\""), 60 + 2);
	assert_int_equal(count_of(text, "\"type\":\"total\""), 2 + 2);
	assert_int_equal(count_of(text, "\"type\":\"loss\""), 0);
	assert_int_equal(count_of(text, "\"flow\":\"0000"), 60);
	assert_int_equal(count_of(text, "\"flow\":\"0001"), 2);
	assert_non_null(strstr(text, "\"seq\":106,"));
	assert_null(strstr(text, "\"seq\":107,"));
}

/* At the end what was cut is numbered and sent, more signals change nothing, then the connection is closed. */
static void test_end_delivers(void **state)
{
	static char text[1 << 22];
	struct running running;
	int fd;

	(void)state;
	begin(&running);
	fd = connect_records();
	say(fd, "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n");
	json_decref(wait_for("records", "seq", 0));
	fake_dataplane.stop_calls = 20;
	fake_dataplane.at_stop = 500;
	kill(getpid(), SIGTERM);
	usleep(5000);
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGHUP);
	read_to_end(fd, text, sizeof(text));
	assert_int_equal(count_of(text, "\"type\":\"usage\""), 500);
	assert_int_equal(count_of(strstr(text, "\"seq\":500,"), "\"type\":\"total\""), 2);
	assert_non_null(strstr(text, "\"seq\":502,"));
	close(fd);
	assert_int_equal(pthread_join(running.thread, NULL), 0);
	assert_int_equal(running.result, 0);
}

static void is_refused(const char *request, size_t len, const char *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char reply[1024];

	strcpy(address.sun_path, control_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, request, len, MSG_NOSIGNAL), len);
	read_to_end(fd, reply, sizeof(reply));
	assert_memory_equal(reply, "{\"op\":\"error\",\"error\":\"", 23);
	assert_non_null(strstr(reply, why));
	assert_string_equal(strchr(reply, '\n'), "\n");
	close(fd);
}

static void test_control_garbage(void **state)
{
	char line[5000];
	struct running running;
	json_t *status;

	(void)state;
	begin(&running);
	memset(line, 'x', sizeof(line));
	is_refused(line, 4096, "4096 bytes");
	is_refused("hello\n", 6, "one JSON object");
	is_refused("{\"op\":\"status\",\"all\":true}\n", 27, "status has no members");
	is_refused("{\"op\":7}\n", 9, "one JSON object");
	is_refused("{\"op\":\"list_log\"}\n", 18, "1 to 1000");
	is_refused("{\"op\":\"list_push\",\"file\":\"l\",\"signatures\":[]}\n", 46, "descriptors");
	is_refused("{\"op\":\"reload\",\"now\":true}\n", 27, "reload has no members");
	is_refused("{\"op\":\"reboot\"}\n", 16, "no such op: status, ");
	is_refused("{\"op\":\"status\\u0000\"}\n", 22, "one JSON object");
	status = ask();
	assert_non_null(status);
	json_decref(status);
	end(&running, SIGTERM);
}

/* Several requests on one connection, sent at once: as many replies, in one line each. */
static void test_control_many(void **state)
{
	static char text[1 << 20];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct running running;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	begin(&running);
	strcpy(address.sun_path, control_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	for (unsigned int i = 0; i < 200; i++)
		assert_int_equal(send(fd, "{\"op\":\"status\"}\n", 16, MSG_NOSIGNAL), 16);
	shutdown(fd, SHUT_WR);
	read_to_end(fd, text, sizeof(text));
	assert_int_equal(count_of(text, "{\"op\":\"status\""), 200);
	assert_int_equal(count_of(text, "\n"), 200);
	close(fd);
	end(&running, SIGTERM);
}

/* A flow in the form of the state file. */
static size_t make_flow(uint8_t out[ZR_SAVED_MAX])
{
	const struct zr_saved_flow flow = {.family = 4, .proto = 17, .rule = UINT32_MAX};

	return zr_saved_write(&flow, out);
}

static void test_flows_go_to_the_next_run(void **state)
{
	static uint8_t bytes[ZR_SAVED_MAX];
	struct running running;
	uint64_t count;

	(void)state;
	flows = flows_path;
	begin(&running);
	assert_null(fake_dataplane.saved);
	fake_dataplane.flows = bytes;
	fake_dataplane.flows_len = make_flow(bytes);
	end(&running, SIGTERM);
	assert_int_equal(fake_dataplane.saves, 1);
	assert_int_equal(fake_dataplane.forgets, 0);
	assert_int_equal(access(flows_path, F_OK), 0);

	begin_again(&running);
	assert_non_null(fake_dataplane.saved);
	assert_true(fake_dataplane.saved->same_epoch);
	assert_int_equal(fake_dataplane.saved->workers, 3);
	assert_true(zr_saved_run_check(fake_dataplane.saved, &count));
	assert_int_equal(count, 1);
	/* Gone, once the dataplane has it. */
	assert_int_equal(access(flows_path, F_OK), -1);
	end(&running, SIGTERM);
	flows = NULL;
}

/* Nobody knows what was in it: a `loss` record says that much, and the file is set aside. */
static void test_flows_that_cannot_be_read(void **state)
{
	static char text[1 << 20];
	char refused[96];
	struct running running;
	FILE *file;
	int fd;

	(void)state;
	flows = flows_path;
	file = fopen(flows_path, "w");
	assert_non_null(file);
	fputs("ZRSTATE\n and then the rest is gone", file);
	fclose(file);
	begin(&running);
	assert_null(fake_dataplane.saved);
	fd = connect_records();
	say(fd, "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n");
	json_decref(wait_for("records", "committed", 1));
	kill(getpid(), SIGTERM);
	read_to_end(fd, text, sizeof(text));
	close(fd);
	assert_int_equal(pthread_join(running.thread, NULL), 0);
	assert_int_equal(count_of(text, "\"type\":\"loss\""), 1);
	assert_non_null(strstr(text, "\"cause\":\"damaged\""));
	snprintf(refused, sizeof(refused), "%s.refused", flows_path);
	assert_int_equal(unlink(refused), 0);
	flows = NULL;
}

/* Then they end, and the records of that are delivered. */
static void test_flows_that_cannot_be_kept(void **state)
{
	static char nowhere[] = "/nowhere/at/all/flows";
	struct running running;

	(void)state;
	flows = nowhere;
	begin(&running);
	end(&running, SIGTERM);
	assert_int_equal(fake_dataplane.forgets, 1);
	flows = NULL;
}

/* A worker that stands still is warned of as long as it does, and keeps nothing else from going on. */
static void test_stalled_worker(void **state)
{
	struct running running;
	json_t *status;

	(void)state;
	begin(&running);
	fake_dataplane.stuck[1] = true;
	status = wait_for_stalled(1, true);
	assert_non_null(status);
	assert_true(json_is_false(json_object_get(json_array_get(json_object_get(status, "workers"), 0), "stalled")));
	assert_non_null(strstr(json_string_value(json_array_get(json_object_get(status, "warnings"), 1)),
			       "worker 1 (lcore 7) has made no progress for"));
	json_decref(status);
	fake_dataplane.stuck[1] = false;
	status = wait_for_stalled(1, false);
	assert_non_null(status);
	assert_int_equal(json_array_size(json_object_get(status, "warnings")), 1);
	json_decref(status);
	end(&running, SIGTERM);
}

/* Connections that nobody uses do not lock anybody out. */
static void test_control_silent(void **state)
{
	int silent[ZR_CONTROL_CLIENTS_MAX];
	char error[ZR_CLIENT_ERROR], byte;
	struct running running;
	json_t *status;

	(void)state;
	begin(&running);
	for (unsigned int i = 0; i < ZR_CONTROL_CLIENTS_MAX; i++) {
		silent[i] = zr_client_connect(control_path, error);
		assert_true(silent[i] >= 0);
	}
	status = ask();
	assert_string_equal(json_string_value(json_object_get(status, "op")), "status");
	json_decref(status);
	assert_int_equal(recv(silent[0], &byte, 1, 0), 0);
	assert_int_equal(recv(silent[1], &byte, 1, MSG_DONTWAIT), -1);
	for (unsigned int i = 0; i < ZR_CONTROL_CLIENTS_MAX; i++)
		close(silent[i]);
	end(&running, SIGTERM);
}

static void test_no_list(void **state)
{
	const struct zr_config config = make_config();

	(void)state;
	fake_dataplane_reset();
	forget_lists();
	write_list("#! serial: 1\n" HEAD "not a name,olm,1\n");
	assert_int_equal(zr_daemon_run(&config), -EINVAL);
	unlink(list_path);
	assert_int_equal(zr_daemon_run(&config), -ENOENT);
	assert_int_equal(fake_dataplane.published, 0);
}

static void test_client_errors(void **state)
{
	char error[ZR_CLIENT_ERROR];

	(void)state;
	assert_int_equal(zr_client_connect("/nowhere/control.sock", error), -ENOENT);
	assert_non_null(strstr(error, "start zerorated"));
	memset(error, 'x', 200);
	error[200] = '\0';
	assert_int_equal(zr_client_connect(strdupa(error), error), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_silent),
		cmocka_unit_test(test_status_shape),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reloads_fold),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_end_delivers),
		cmocka_unit_test(test_control_garbage),
		cmocka_unit_test(test_control_many),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_client_errors),
		cmocka_unit_test(test_stalled_worker),
		cmocka_unit_test(test_flows_go_to_the_next_run),
		cmocka_unit_test(test_flows_that_cannot_be_read),
		cmocka_unit_test(test_flows_that_cannot_be_kept),
	};
	sigset_t set;
	int failed;

	/* The daemon takes them as events, in whichever thread they would have arrived. */
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(list_path, sizeof(list_path), "%s/list.csv", folder);
	snprintf(flows_path, sizeof(flows_path), "%s/flows", folder);
	snprintf(state_path, sizeof(state_path), "%s/state", folder);
	snprintf(records_path, sizeof(records_path), "%s/records.sock", folder);
	snprintf(control_path, sizeof(control_path), "%s/control.sock", folder);
	snprintf(ledger_path, sizeof(ledger_path), "%s/ledger", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return failed;
}
