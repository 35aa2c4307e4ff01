/* SPDX-License-Identifier: BSD-3-Clause */
/* Killed fifty times at random points: it opens, nothing that was told to be committed is missing, nothing is there twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/random.h"
#include "tests/unit/ledger/book.h"

/* What the killed process had been told, in memory that outlives it. */
struct told {
	_Atomic uint64_t committed, put, acked;
};

/* Put records, acknowledge and let hours pass until the end comes. */
static void run(struct book *book, struct told *told, struct random *random)
{
	book_open(book);
	for (;;) {
		zr_ledger_tick(book->ledger);
		for (unsigned int i = 0; i < 200 && book_try_put(book); i++)
			told->put = book->next - 1;
		told->committed = zr_ledger_committed(book->ledger);
		if (random_percent(random, 10) && told->committed > 0) {
			uint64_t seq = told->committed;

			assert_true(zr_ledger_ack(book->ledger, "billing",
						  (struct zr_position){book->start.epoch_us, seq}));
			told->acked = seq;
		}
		if (random_percent(random, 2))
			book->now_us += BOOK_HOUR_US;
	}
}

static void test_fifty_kills(void **state)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct random random = {20261123};
	struct book_found found;
	struct book book;
	uint64_t epoch_us = 0;

	(void)state;
	assert_true(told != MAP_FAILED);
	book_make(&book);
	book.consumers[0] = "billing";
	book.config.consumer_count = 1;
	book.config.retention_us = 1000 * BOOK_HOUR_US;
	for (unsigned int kill_number = 0; kill_number < 50; kill_number++) {
		struct timespec life = {.tv_nsec = (long)random_between(&random, 0, 150) * 1000000};
		pid_t child;
		int status;

		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			run(&book, told, &random);
		nanosleep(&life, NULL);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(WTERMSIG(status), SIGKILL);

		book.now_us += BOOK_HOUR_US / 3;
		book_open(&book);
		if (kill_number == 0)
			epoch_us = book.start.epoch_us;
		assert_int_equal(book.start.epoch_us, epoch_us);
		assert_in_range(book.start.next, told->committed + 1, told->put + 1);
		assert_in_range(zr_ledger_cursor(book.ledger, "billing").seq, 0, told->acked);
		book_read_all(&book, &found);
		assert_int_equal(found.lines, book.start.next - 1);
		assert_int_equal(found.gaps + found.epochs, 0);
		book_close(&book);
		told->committed = told->put = book.start.next - 1;
	}
	print_message("%llu records\n", (unsigned long long)told->committed);
	assert_true(told->committed > 1000);
	munmap(told, sizeof(*told));
	book_free(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_fifty_kills)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
