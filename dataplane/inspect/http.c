/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/http.h"

#include <string.h>
#include <strings.h>

#define METHOD_MAX        24
#define LEADING_MAX       32 /* bytes of empty lines ahead of a request (RFC 9112, section 2.2) */
#define LENGTH_DIGITS_MAX 18 /* fits 64 bits */

/* What the header fields said of the body. */
struct framing {
	bool has_length, length_broken;
	bool has_coding, chunked;
	bool websocket, other_upgrade;
	uint64_t length_bytes;
};

static bool is_method_char(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static bool is_alpha(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct zr_slice trim(struct zr_slice s)
{
	while (s.len > 0 && is_blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

static bool is_word(struct zr_slice s, const char *word)
{
	return s.len == strlen(word) && strncasecmp((const char *)s.at, word, s.len) == 0;
}

static bool is_same(struct zr_slice a, struct zr_slice b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp((const char *)a.at, (const char *)b.at, a.len) == 0);
}

/* Bytes of empty lines at the start. */
static size_t leading_len(const uint8_t *data, size_t len)
{
	size_t n = 0;

	while (n < len && (data[n] == '\r' || data[n] == '\n'))
		n++;
	return n;
}

/* The host of an authority: without port (RFC 3986, section 3.2). */
static struct zr_slice without_port(struct zr_slice authority)
{
	size_t n = authority.len;

	while (n > 0 && is_digit(authority.at[n - 1]))
		n--;
	if (n > 0 && authority.at[n - 1] == ':')
		authority.len = n - 1;
	return authority;
}

/* The authority in a target of absolute or, with CONNECT, authority form; empty when the target has another form. */
static struct zr_slice target_authority(struct zr_slice target, bool connect)
{
	const uint8_t *end = target.at + target.len;
	const uint8_t *p = target.at;
	struct zr_slice authority;

	if (target.len == 0 || *p == '/')
		return (struct zr_slice){0};
	if (connect)
		return target;
	if (!is_alpha(*p))
		return (struct zr_slice){0};
	while (p < end && (is_alpha(*p) || is_digit(*p) || *p == '+' || *p == '-' || *p == '.'))
		p++;
	if (end - p < 3 || memcmp(p, "://", 3) != 0)
		return (struct zr_slice){0};
	authority.at = p += 3;
	while (p < end && *p != '/' && *p != '?' && *p != '#') {
		if (*p++ == '@')
			authority.at = p;
	}
	authority.len = (size_t)(p - authority.at);
	return authority;
}

/* Is this line, whole or cut short, like a request line so far: a method, a space, no control characters? */
static bool begins_request(struct zr_slice line, size_t *method_len)
{
	size_t n = 0;

	while (n < line.len && n <= METHOD_MAX && is_method_char(line.at[n]))
		n++;
	*method_len = n;
	if (n > METHOD_MAX)
		return false;
	if (n == line.len)
		return true;
	if (n == 0 || line.at[n] != ' ')
		return false;
	for (size_t i = n; i < line.len; i++) {
		if (line.at[i] < ' ' || line.at[i] == 0x7f)
			return false;
	}
	return true;
}

/* The line at the start of data without its end; *next is where the next one begins, 0 when the end is not there. */
static struct zr_slice first_line(const uint8_t *data, size_t len, size_t *next)
{
	const uint8_t *lf = len > 0 ? memchr(data, '\n', len) : NULL;
	struct zr_slice line = {.at = data, .len = lf != NULL ? (size_t)(lf - data) : len};

	*next = lf != NULL ? line.len + 1 : 0;
	if (line.len > 0 && data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/*
 * A whole request line. False when it is none of HTTP/1. The version's last digit and the target may be missing, as some
 * servers allow.
 */
static bool read_request_line(struct zr_slice line, size_t method_len, struct zr_http_head *out)
{
	static const char version[] = {' ', 'H', 'T', 'T', 'P', '/', '1', '.'};
	struct zr_slice target;
	size_t end;

	line = trim(line);
	end = line.len;
	while (end > method_len && is_digit(line.at[end - 1]))
		end--;
	if (end < method_len + sizeof(version) ||
	    memcmp(line.at + end - sizeof(version), version, sizeof(version)) != 0)
		return false;
	target.at = line.at + method_len;
	target.len = end - sizeof(version) - method_len;
	target = trim(target);
	out->connect = method_len == 7 && memcmp(line.at, "CONNECT", 7) == 0;
	out->host = without_port(target_authority(target, out->connect));
	return true;
}

static void read_length(struct zr_slice value, struct framing *f)
{
	uint64_t length_bytes = 0;

	if (value.len == 0 || value.len > LENGTH_DIGITS_MAX)
		f->length_broken = true;
	for (size_t i = 0; i < value.len && !f->length_broken; i++) {
		if (!is_digit(value.at[i]))
			f->length_broken = true;
		length_bytes = length_bytes * 10 + (value.at[i] - (uint64_t)'0');
	}
	if (f->has_length && length_bytes != f->length_bytes)
		f->length_broken = true;
	f->has_length = true;
	f->length_bytes = length_bytes;
}

/* Several fields are one list: the last coding of the last field decides (RFC 9112, section 6.3). */
static void read_coding(struct zr_slice value, struct framing *f)
{
	const uint8_t *comma = value.len > 0 ? memrchr(value.at, ',', value.len) : NULL;

	if (comma != NULL) {
		value.len -= (size_t)(comma + 1 - value.at);
		value.at = comma + 1;
	}
	f->has_coding = true;
	f->chunked = is_word(trim(value), "chunked");
}

/* One header field; host is NULL until a Host field was seen. */
static void read_field(struct zr_slice field, struct zr_slice *host, struct framing *f)
{
	const uint8_t *colon = memchr(field.at, ':', field.len);
	struct zr_slice name, value;

	if (colon == NULL)
		return;
	/* Some servers bear with blanks around a name. */
	name = trim((struct zr_slice){.at = field.at, .len = (size_t)(colon - field.at)});
	value = trim((struct zr_slice){.at = colon + 1, .len = field.len - (size_t)(colon + 1 - field.at)});
	if (is_word(name, "host")) {
		value = without_port(value);
		if (host->at == NULL)
			*host = value;
		else if (!is_same(*host, value))
			host->len = 0;
	} else if (is_word(name, "content-length")) {
		read_length(value, f);
	} else if (is_word(name, "transfer-encoding")) {
		read_coding(value, f);
	} else if (is_word(name, "upgrade")) {
		f->websocket |= is_word(value, "websocket");
		f->other_upgrade |= !is_word(value, "websocket");
	}
}

/* The header field at *at with the lines folded into it (RFC 9112, section 5.2); empty: the head's end. False: cut short. */
static bool take_field(const uint8_t *data, size_t len, size_t *at, struct zr_slice *field)
{
	const uint8_t *start = data + *at;

	do {
		size_t next;
		struct zr_slice line = first_line(data + *at, len - *at, &next);

		if (next == 0)
			return false;
		*at += next;
		*field = (struct zr_slice){.at = start, .len = (size_t)(line.at + line.len - start)};
	} while (field->len > 0 && *at < len && (data[*at] == ' ' || data[*at] == '\t'));
	return true;
}

static void decide_body(const struct framing *f, struct zr_http_head *out)
{
	/* The server may take another of the protocols; or none, and then a body comes, in which no request is seen. */
	bool upgrades = f->websocket && !f->other_upgrade && !f->has_coding && !f->length_broken &&
			f->length_bytes == 0;

	out->length_bytes = 0;
	if (out->connect || upgrades) {
		out->body = ZR_HTTP_BODY_TUNNEL;
	} else if (f->has_coding ? !f->chunked || f->has_length : f->length_broken) {
		out->body = ZR_HTTP_BODY_UNKNOWN;
	} else if (f->has_coding) {
		out->body = ZR_HTTP_BODY_CHUNKED;
	} else if (f->length_bytes > 0) {
		out->body = ZR_HTTP_BODY_LENGTH;
		out->length_bytes = f->length_bytes;
	} else {
		out->body = ZR_HTTP_BODY_NONE;
	}
}

/* The target's authority is what counts (RFC 9112, section 3.2.2), but some servers take the Host field all the same. */
static struct zr_slice one_host(struct zr_slice authority, struct zr_slice field, bool connect)
{
	if (authority.len == 0)
		return field;
	if (field.at != NULL && !connect && !is_same(authority, field))
		authority.len = 0;
	return authority;
}

enum zr_result zr_http_request(const uint8_t *data, size_t len, struct zr_http_head *out)
{
	struct zr_slice line, field, host = {0};
	struct framing framing = {0};
	size_t at, next, method_len;

	if (len > ZR_HTTP_HEAD_MAX)
		len = ZR_HTTP_HEAD_MAX;
	at = leading_len(data, len);
	if (at > LEADING_MAX)
		return ZR_NONE;
	line = first_line(data + at, len - at, &next);
	if (!begins_request(line, &method_len))
		return ZR_NONE;
	if (next == 0)
		return ZR_MORE;
	if (!read_request_line(line, method_len, out))
		return ZR_NONE;
	at += next;
	while (take_field(data, len, &at, &field)) {
		if (field.len > 0) {
			read_field(field, &host, &framing);
			continue;
		}
		out->host = one_host(out->host, host, out->connect);
		decide_body(&framing, out);
		out->head_len = at;
		return ZR_OK;
	}
	return ZR_MORE;
}

bool zr_http_request_ripe(const uint8_t *data, size_t seen, size_t len)
{
	const uint8_t *lf = seen < len ? memchr(data + seen, '\n', len - seen) : NULL;
	size_t start = leading_len(data, seen), next;

	/* Of the request line nothing was there yet. */
	if (start == seen)
		return seen < len;
	if (lf == NULL)
		return false;
	first_line(data + start, len - start, &next);
	if (start + next > seen)
		return true;
	while (lf != NULL) {
		size_t n = (size_t)(lf - data);

		if ((n >= 1 && data[n - 1] == '\n') || (n >= 2 && data[n - 1] == '\r' && data[n - 2] == '\n'))
			return true;
		lf = memchr(lf + 1, '\n', len - n - 1);
	}
	return false;
}
