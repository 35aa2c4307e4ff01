/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS messages: header, question, names, records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/inspect/dns.h"
#include "tests/support/dns_make.h"
#include "tests/support/guard.h"

#define NAME     "www.olm.vn"
#define QUESTION 12 /* where it stands */

static struct dns_bytes m;
static struct zr_dns_message message;

/* Read the first len bytes, which end at a guard page. What read tells of the message is copied, its bytes are not. */
static enum zr_result read_prefix(size_t len)
{
	struct guard guard;
	enum zr_result result = zr_dns_read(guard_copy(&guard, m.at, len), len, &message);

	guard_free(&guard);
	return result;
}

static void assert_read(enum zr_result expected)
{
	assert_int_equal(read_prefix(m.len), expected);
}

/* Read all records; returns how many, -1 when they break off. */
static int count_records(void)
{
	struct zr_dns_records records;
	struct zr_dns_record record;
	struct guard guard;
	int count = 0;

	assert_int_equal(zr_dns_read(guard_copy(&guard, m.at, m.len), m.len, &message), ZR_OK);
	records = zr_dns_records_of(&message);
	while (zr_dns_record_next(&records, &record))
		count++;
	guard_free(&guard);
	return records.at.short_ ? -1 : count;
}

/* The name that begins at an offset; NULL when there is none. */
static const char *name_at(size_t at)
{
	static struct zr_dns_name name;
	struct guard guard;
	const uint8_t *copy = guard_copy(&guard, m.at, m.len);
	struct zr_cursor c = zr_cursor_of(copy + at, m.len - at);
	bool read = zr_dns_name_read((struct zr_slice){.at = copy, .len = m.len}, &c, &name);

	assert_int_equal(c.short_, !read);
	assert_int_equal(strlen(name.text), name.len);
	guard_free(&guard);
	return read ? name.text : NULL;
}

static void test_query(void **state)
{
	(void)state;
	dns_begin(&m, 0x1234, false, "WWW.olm.VN", DNS_AAAA);
	assert_read(ZR_OK);
	assert_false(message.answer);
	assert_int_equal(message.id, 0x1234);
	assert_int_equal(message.type, ZR_DNS_AAAA);
	assert_int_equal(message.class_, ZR_DNS_CLASS_IN);
	assert_string_equal(message.name.text, NAME);
	assert_int_equal(message.name.len, strlen(NAME));
	assert_int_equal(message.records_at, m.len);
}

static void test_answer(void **state)
{
	(void)state;
	dns_begin(&m, 7, true, NAME, DNS_A);
	m.at[3] |= 5; /* RCODE: refused */
	dns_put_address(&m, NAME, 60, "203.0.113.1");
	assert_read(ZR_OK);
	assert_true(message.answer);
	assert_int_equal(message.rcode, 5);
	assert_int_equal(message.counts[ZR_DNS_ANSWER], 1);
	assert_int_equal(count_records(), 1);
}

static void test_every_prefix_of_a_query_is_none(void **state)
{
	(void)state;
	dns_begin(&m, 1, false, NAME, DNS_A);
	for (size_t len = 0; len < m.len; len++)
		assert_int_not_equal(read_prefix(len), ZR_OK);
}

static void test_every_prefix_of_an_answer_breaks_off(void **state)
{
	size_t whole;

	(void)state;
	dns_begin(&m, 1, true, NAME, DNS_A);
	dns_put_cname(&m, NAME, 60, "a.example.vn");
	dns_put_address(&m, "a.example.vn", 60, "203.0.113.1");
	whole = m.len;
	for (m.len = 0; m.len < whole; m.len++)
		if (read_prefix(m.len) == ZR_OK)
			assert_int_equal(count_records(), -1);
	assert_int_equal(count_records(), 2);
}

static void test_other_messages_are_none(void **state)
{
	(void)state;
	dns_begin(&m, 1, false, NULL, 0);
	assert_read(ZR_NONE); /* no question */
	dns_begin(&m, 1, false, NAME, DNS_A);
	dns_count(&m, DNS_COUNT_QUESTION, 1);
	dns_put_name(&m, NAME);
	dns_put_u32(&m, 0x00010001);
	assert_read(ZR_NONE); /* two */
	dns_begin(&m, 1, false, NAME, DNS_A);
	m.at[2] |= 5 << 3; /* UPDATE */
	assert_read(ZR_NONE);
}

static void test_counts_are_bounded_by_bytes(void **state)
{
	(void)state;
	dns_begin(&m, 1, false, NAME, DNS_A);
	for (unsigned int at = DNS_COUNT_ANSWER; at <= DNS_COUNT_ADDITIONAL; at += 2) {
		dns_count(&m, at, 2);
		assert_read(ZR_NONE);
		dns_count(&m, at, -2);
	}
	/* Three records of eleven bytes, which are the shortest there are. */
	dns_begin(&m, 1, false, ".", DNS_A);
	for (unsigned int at = DNS_COUNT_ANSWER; at <= DNS_COUNT_ADDITIONAL; at += 2)
		dns_record(&m, at, ".", DNS_A, 0);
	assert_read(ZR_OK);
	assert_int_equal(count_records(), 3);
	m.len--;
	assert_read(ZR_NONE);
}

static void test_begins(void **state)
{
	/* A TLS record and handshake header behind what would be a message's length. */
	static const uint8_t tls[12] = {0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0xaa, 0xbb, 0xcc};

	(void)state;
	assert_false(zr_dns_begins(tls, 0x1603));
	dns_begin(&m, 1, true, NAME, DNS_A);
	dns_put_address(&m, NAME, 60, "203.0.113.1");
	assert_true(zr_dns_begins(m.at, m.len));
	assert_false(zr_dns_begins(m.at, 12 + 5 + 10));
	assert_false(zr_dns_begins(m.at, 0));
}

static void test_names(void **state)
{
	static const struct {
		const char *wire, *name;
	} cases[] = {
		{"olm.vn", "olm.vn"}, {"_dns.OLM.vn", "_dns.olm.vn"}, {"localhost", "localhost"}, {".", ""},
		{"a b.vn", ""},       {"h\303\266c.vn", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dns_begin(&m, 1, false, cases[i].wire, DNS_A);
		assert_string_equal(name_at(QUESTION), cases[i].name);
	}
}

static void test_a_dot_inside_a_label_separates_nothing(void **state)
{
	(void)state;
	dns_begin(&m, 1, false, "olm.vn", DNS_A);
	m.at[QUESTION] = 6; /* one label, "olm\.vn" */
	m.at[QUESTION + 4] = '.';
	assert_string_equal(name_at(QUESTION), "");
	assert_read(ZR_OK);
	assert_int_equal(message.name.len, 0);
}

static void test_lengths_of_labels_and_names(void **state)
{
	char name[260];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	dns_begin(&m, 1, false, name, DNS_A);
	assert_string_equal(name_at(QUESTION), name);
	name[63] = 'a'; /* 64: the two top bits of a length are no longer clear */
	name[64] = '\0';
	dns_begin(&m, 1, false, name, DNS_A);
	assert_null(name_at(QUESTION));
	memset(name, 'a', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	dns_begin(&m, 1, false, name, DNS_A);
	assert_string_equal(name_at(QUESTION), name);
	name[253] = 'a';
	name[254] = '\0';
	dns_begin(&m, 1, false, name, DNS_A);
	assert_null(name_at(QUESTION));
}

static void test_pointers_lead_backwards(void **state)
{
	size_t at;

	(void)state;
	dns_begin(&m, 1, false, NAME, DNS_A);
	at = m.len;
	dns_put_pointer(&m, QUESTION);
	assert_string_equal(name_at(at), NAME);
	m.len = at;
	dns_put(&m, "\3hoc", 4);
	dns_put_pointer(&m, QUESTION + 4);
	assert_string_equal(name_at(at), "hoc.olm.vn");
	m.len = at;
	dns_put_pointer(&m, (unsigned int)at); /* to itself */
	assert_null(name_at(at));
	m.len = at;
	dns_put_pointer(&m, (unsigned int)at + 2); /* forward */
	dns_put_name(&m, NAME);
	assert_null(name_at(at));
	m.len = at;
	dns_put_pointer(&m, QUESTION - 1); /* into the header */
	assert_null(name_at(at));
	m.len = at;
	dns_put_pointer(&m, 0x3fff); /* behind the end */
	assert_null(name_at(at));
	m.len = at;
	dns_put(&m, "\1a", 2);
	dns_put_pointer(&m, (unsigned int)at); /* a circle */
	assert_null(name_at(at));
	m.len = at;
	dns_put(&m, "\xc0", 1); /* half a pointer */
	assert_null(name_at(at));
}

/* A label and a pointer to the one before, as deep as a name can be. */
static void test_pointers_as_deep_as_a_name(void **state)
{
	size_t at = QUESTION;

	(void)state;
	dns_begin(&m, 1, false, "a", DNS_A);
	for (unsigned int labels = 2; labels <= 127; labels++) {
		size_t before = at;

		at = m.len;
		dns_put(&m, "\1b", 2);
		dns_put_pointer(&m, (unsigned int)before);
		assert_int_equal(strlen(name_at(at)), 2 * labels - 1);
	}
	dns_put(&m, "\1b", 2);
	dns_put_pointer(&m, (unsigned int)at);
	assert_null(name_at(m.len - 4));
}

static void test_pointers_to_pointers_are_bounded(void **state)
{
	size_t at = QUESTION;
	unsigned int good = 0;

	(void)state;
	dns_begin(&m, 1, false, "a", DNS_A);
	for (unsigned int i = 0; i < 1000; i++) {
		size_t before = at;

		at = m.len;
		dns_put_pointer(&m, (unsigned int)before);
		good += name_at(at) != NULL;
	}
	assert_int_equal(good, 128);
}

static void test_records_of_all_sections(void **state)
{
	struct zr_dns_records records;
	struct zr_dns_record record;
	size_t at;

	(void)state;
	dns_begin(&m, 1, true, NAME, DNS_A);
	dns_put_address(&m, NAME, 60, "203.0.113.1");
	at = dns_record(&m, DNS_COUNT_AUTHORITY, "olm.vn", 2, 0x80000001);
	dns_put_name(&m, "ns.olm.vn");
	dns_record_end(&m, at);
	dns_record(&m, DNS_COUNT_ADDITIONAL, ".", DNS_OPT, 0x81000000);
	assert_int_equal(zr_dns_read(m.at, m.len, &message), ZR_OK);
	records = zr_dns_records_of(&message);
	assert_true(zr_dns_record_next(&records, &record));
	assert_int_equal(record.section, ZR_DNS_ANSWER);
	assert_int_equal(record.type, ZR_DNS_A);
	assert_int_equal(record.ttl_s, 60);
	assert_int_equal(zr_cursor_left(&record.data), 4);
	assert_string_equal(record.owner.text, NAME);
	assert_true(zr_dns_record_next(&records, &record));
	assert_int_equal(record.section, ZR_DNS_AUTHORITY);
	assert_int_equal(record.ttl_s, 0); /* no TTL has its top bit set */
	assert_true(zr_dns_record_next(&records, &record));
	assert_int_equal(record.section, ZR_DNS_ADDITIONAL);
	assert_int_equal(record.ttl_s, 0x81000000);
	assert_int_equal(record.owner.len, 0);
	assert_false(zr_dns_record_next(&records, &record));
	assert_false(records.at.short_);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_every_prefix_of_a_query_is_none),
		cmocka_unit_test(test_every_prefix_of_an_answer_breaks_off),
		cmocka_unit_test(test_other_messages_are_none),
		cmocka_unit_test(test_counts_are_bounded_by_bytes),
		cmocka_unit_test(test_begins),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_a_dot_inside_a_label_separates_nothing),
		cmocka_unit_test(test_lengths_of_labels_and_names),
		cmocka_unit_test(test_pointers_lead_backwards),
		cmocka_unit_test(test_pointers_as_deep_as_a_name),
		cmocka_unit_test(test_pointers_to_pointers_are_bounded),
		cmocka_unit_test(test_records_of_all_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
