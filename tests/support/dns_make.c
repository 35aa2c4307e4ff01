/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dns_make.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define CLASS_IN 1

void dns_put(struct dns_bytes *m, const void *data, size_t len)
{
	if (len > sizeof(m->at) - m->len)
		abort();
	if (len > 0)
		memcpy(m->at + m->len, data, len);
	m->len += len;
}

void dns_put_u16(struct dns_bytes *m, unsigned int value)
{
	uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

	dns_put(m, bytes, sizeof(bytes));
}

void dns_put_u32(struct dns_bytes *m, uint32_t value)
{
	dns_put_u16(m, value >> 16);
	dns_put_u16(m, value & 0xffff);
}

void dns_put_name(struct dns_bytes *m, const char *name)
{
	while (*name != '\0' && strcmp(name, ".") != 0) {
		size_t len = strcspn(name, ".");
		uint8_t len_byte = (uint8_t)len;

		dns_put(m, &len_byte, 1);
		dns_put(m, name, len);
		name += len + (name[len] == '.');
	}
	dns_put(m, "", 1);
}

void dns_put_pointer(struct dns_bytes *m, unsigned int target)
{
	dns_put_u16(m, 0xc000 | target);
}

void dns_count(struct dns_bytes *m, unsigned int at, int by)
{
	int value = (m->at[at] << 8 | m->at[at + 1]) + by;

	m->at[at] = (uint8_t)(value >> 8);
	m->at[at + 1] = (uint8_t)value;
}

void dns_begin(struct dns_bytes *m, uint16_t id, bool answer, const char *name, uint16_t type)
{
	static const uint8_t no_counts[8];

	m->len = 0;
	dns_put_u16(m, id);
	dns_put_u16(m, answer ? 0x8180 : 0x0100);
	dns_put(m, no_counts, sizeof(no_counts));
	if (name == NULL)
		return;
	dns_put_name(m, name);
	dns_put_u16(m, type);
	dns_put_u16(m, CLASS_IN);
	dns_count(m, DNS_COUNT_QUESTION, 1);
}

size_t dns_record(struct dns_bytes *m, unsigned int count_at, const char *owner, uint16_t type, uint32_t ttl_s)
{
	dns_put_name(m, owner);
	dns_put_u16(m, type);
	dns_put_u16(m, CLASS_IN);
	dns_put_u32(m, ttl_s);
	dns_put_u16(m, 0);
	dns_count(m, count_at, 1);
	return m->len;
}

void dns_record_end(struct dns_bytes *m, size_t record)
{
	size_t len = m->len - record;

	m->at[record - 2] = (uint8_t)(len >> 8);
	m->at[record - 1] = (uint8_t)len;
}

void dns_put_address(struct dns_bytes *m, const char *owner, uint32_t ttl_s, const char *address)
{
	bool v6 = strchr(address, ':') != NULL;
	size_t record = dns_record(m, DNS_COUNT_ANSWER, owner, v6 ? DNS_AAAA : DNS_A, ttl_s);
	uint8_t ip[16];

	if (inet_pton(v6 ? AF_INET6 : AF_INET, address, ip) != 1)
		abort();
	dns_put(m, ip, v6 ? 16 : 4);
	dns_record_end(m, record);
}

void dns_put_cname(struct dns_bytes *m, const char *owner, uint32_t ttl_s, const char *target)
{
	size_t record = dns_record(m, DNS_COUNT_ANSWER, owner, DNS_CNAME, ttl_s);

	dns_put_name(m, target);
	dns_record_end(m, record);
}

size_t dns_put_service(struct dns_bytes *m, uint16_t type, const char *owner, uint32_t ttl_s, uint16_t priority,
		       const char *target)
{
	size_t record = dns_record(m, DNS_COUNT_ANSWER, owner, type, ttl_s);

	dns_put_u16(m, priority);
	dns_put_name(m, target);
	return record;
}

void dns_put_parameter(struct dns_bytes *m, uint16_t key, const void *value, size_t len)
{
	dns_put_u16(m, key);
	dns_put_u16(m, (unsigned int)len);
	dns_put(m, value, len);
}
