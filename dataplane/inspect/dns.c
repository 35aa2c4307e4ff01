/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/dns.h"

#include <string.h>

/* Bits of the header's second word (RFC 1035, section 4.1.1). */
#define FLAG_ANSWER 0x8000
#define OPCODE_MASK 0x7800
#define RCODE_MASK  0x000f

/* The shortest question (root, type, class) and record (root, type, class, TTL, length). */
#define QUESTION_MIN 5
#define RECORD_MIN   11

#define POINTER      0xc0 /* the two top bits of a label's length */
#define POINTERS_MAX 128  /* as many as a name can have labels, and one more */

struct header {
	uint16_t id, flags, questions;
	uint16_t counts[ZR_DNS_SECTIONS];
};

static struct header read_header(struct zr_cursor *c)
{
	struct header h;

	h.id = zr_cursor_u16(c);
	h.flags = zr_cursor_u16(c);
	h.questions = zr_cursor_u16(c);
	for (unsigned int i = 0; i < ZR_DNS_SECTIONS; i++)
		h.counts[i] = zr_cursor_u16(c);
	return h;
}

static bool counts_fit(const struct header *h, size_t len)
{
	size_t records = 0;

	for (unsigned int i = 0; i < ZR_DNS_SECTIONS; i++)
		records += h->counts[i];
	return ZR_DNS_HEADER_LEN + (size_t)h->questions * QUESTION_MIN + records * RECORD_MIN <= len;
}

bool zr_dns_begins(const uint8_t *header, size_t len)
{
	struct zr_cursor c = zr_cursor_of(header, ZR_DNS_HEADER_LEN);
	struct header h = read_header(&c);

	return h.questions <= 1 && counts_fit(&h, len);
}

enum zr_result zr_dns_read(const uint8_t *data, size_t len, struct zr_dns_message *out)
{
	struct zr_cursor c = zr_cursor_of(data, len);
	struct header h = read_header(&c);

	if (c.short_ || (h.flags & OPCODE_MASK) != 0 || h.questions != 1 || !counts_fit(&h, len))
		return ZR_NONE;
	out->bytes = (struct zr_slice){.at = data, .len = len};
	out->id = h.id;
	out->answer = (h.flags & FLAG_ANSWER) != 0;
	out->rcode = h.flags & RCODE_MASK;
	memcpy(out->counts, h.counts, sizeof(out->counts));
	zr_dns_name_read(out->bytes, &c, &out->name);
	out->type = zr_cursor_u16(&c);
	out->class_ = zr_cursor_u16(&c);
	out->records_at = (size_t)(c.at - data);
	return c.short_ ? ZR_BAD : ZR_OK;
}

/* The labels of a name, with dots between them. */
struct labels {
	uint8_t text[ZR_NAME_MAX];
	size_t len;
	bool host; /* no label holds a dot of its own */
};

static bool add_label(struct labels *labels, const uint8_t *label, size_t len)
{
	size_t dot = labels->len > 0;

	if (label == NULL || len > ZR_LABEL_MAX || labels->len + dot + len > ZR_NAME_MAX)
		return false;
	if (dot)
		labels->text[labels->len++] = '.';
	memcpy(labels->text + labels->len, label, len);
	labels->len += len;
	if (memchr(label, '.', len) != NULL)
		labels->host = false;
	return true;
}

/* Turn to where a pointer leads. False: not backwards. */
static bool follow(struct zr_slice message, struct zr_cursor *run, const uint8_t **run_start, size_t target)
{
	if (target < ZR_DNS_HEADER_LEN || target >= (size_t)(*run_start - message.at))
		return false;
	*run_start = message.at + target;
	*run = zr_cursor_of(*run_start, message.len - target);
	return true;
}

/* The labels at the cursor and behind its pointers; the cursor steps over those that stand there. */
static bool read_labels(struct zr_slice message, struct zr_cursor *c, struct labels *labels)
{
	const uint8_t *run_start = c->at;
	unsigned int pointers = 0;
	struct zr_cursor run = *c;
	uint8_t len;

	while ((len = zr_cursor_u8(&run)) != 0) {
		size_t target = (size_t)(len & ~POINTER) << 8;

		if (len < POINTER) {
			if (!add_label(labels, zr_cursor_take(&run, len), len))
				return false;
			continue;
		}
		target |= zr_cursor_u8(&run);
		if (pointers++ == 0)
			c->at = run.at;
		if (run.short_ || pointers > POINTERS_MAX || !follow(message, &run, &run_start, target))
			return false;
	}
	if (pointers == 0)
		c->at = run.at;
	return !run.short_;
}

bool zr_dns_name_read(struct zr_slice message, struct zr_cursor *c, struct zr_dns_name *out)
{
	struct labels labels = {.host = true};
	int len;

	out->len = 0;
	out->text[0] = '\0';
	if (c->short_ || !read_labels(message, c, &labels)) {
		c->short_ = true;
		return false;
	}
	len = labels.host ? zr_name_canonical(labels.text, labels.len, out->text) : -1;
	out->len = len < 0 ? 0 : (uint8_t)len;
	return true;
}

struct zr_dns_records zr_dns_records_of(const struct zr_dns_message *message)
{
	struct zr_dns_records records = {
		.message = message->bytes,
		.at = zr_cursor_of(message->bytes.at + message->records_at, message->bytes.len - message->records_at),
	};

	memcpy(records.left, message->counts, sizeof(records.left));
	return records;
}

bool zr_dns_record_next(struct zr_dns_records *records, struct zr_dns_record *out)
{
	struct zr_cursor *c = &records->at;
	unsigned int section = ZR_DNS_ANSWER;

	while (section < ZR_DNS_SECTIONS && records->left[section] == 0)
		section++;
	if (section == ZR_DNS_SECTIONS)
		return false;
	records->left[section]--;
	out->section = (enum zr_dns_section)section;
	zr_dns_name_read(records->message, c, &out->owner);
	out->type = zr_cursor_u16(c);
	out->class_ = zr_cursor_u16(c);
	out->ttl_s = zr_cursor_u32(c);
	if (out->type != ZR_DNS_OPT && out->ttl_s > INT32_MAX)
		out->ttl_s = 0;
	out->data = zr_cursor_sub(c, zr_cursor_u16(c));
	return !c->short_;
}
