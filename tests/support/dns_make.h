/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes DNS messages. Everything is put at the end of a message; aborts when it is full. */
#ifndef TESTS_SUPPORT_DNS_MAKE_H
#define TESTS_SUPPORT_DNS_MAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_ROOM 65536

enum { DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28, DNS_OPT = 41, DNS_SVCB = 64, DNS_HTTPS = 65 };

/* Where the header's counts stand. */
enum { DNS_COUNT_QUESTION = 4, DNS_COUNT_ANSWER = 6, DNS_COUNT_AUTHORITY = 8, DNS_COUNT_ADDITIONAL = 10 };

struct dns_bytes {
	size_t len;
	uint8_t at[DNS_ROOM];
};

/* Begin a message: a header, and the question when name is not NULL. */
void dns_begin(struct dns_bytes *m, uint16_t id, bool answer, const char *name, uint16_t type);

void dns_put(struct dns_bytes *m, const void *data, size_t len);
void dns_put_u16(struct dns_bytes *m, unsigned int value);
void dns_put_u32(struct dns_bytes *m, uint32_t value);
/* Labels between the dots, then the root; "." is the root alone. */
void dns_put_name(struct dns_bytes *m, const char *name);
/* A compression pointer. */
void dns_put_pointer(struct dns_bytes *m, unsigned int target);

/* Add to one of the header's counts, at its offset. */
void dns_count(struct dns_bytes *m, unsigned int at, int by);

/* A record's head, counted in a section; its data follows, then dns_record_end with what this returned. */
size_t dns_record(struct dns_bytes *m, unsigned int count_at, const char *owner, uint16_t type, uint32_t ttl_s);
void dns_record_end(struct dns_bytes *m, size_t record);

/* Answers. */
void dns_put_address(struct dns_bytes *m, const char *owner, uint32_t ttl_s, const char *address);
void dns_put_cname(struct dns_bytes *m, const char *owner, uint32_t ttl_s, const char *target);
/* The head of HTTPS or SVCB data and its parameters; dns_record_end ends it. */
size_t dns_put_service(struct dns_bytes *m, uint16_t type, const char *owner, uint32_t ttl_s, uint16_t priority,
		       const char *target);
void dns_put_parameter(struct dns_bytes *m, uint16_t key, const void *value, size_t len);

#endif
