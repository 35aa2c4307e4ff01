/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/name_text.h"

#include <errno.h>
#include <string.h>

#include "rules/idn.h"
#include "rules/report.h"
#include "rules/utf8.h"

/* A name on its way to canonical form. */
struct reading {
	const char *text;
	size_t len, at; /* at: what is read next */
	char *out;
	size_t out_len;
	struct zr_fault *fault;
};

/* Octets of the dot that stands at text, 0 when none does (UTS 46, section 4: label separators). */
static size_t dot_octets(const char *text, size_t len)
{
	if (text[0] == '.')
		return 1;
	if (len >= 3 && (memcmp(text, "\xe3\x80\x82", 3) == 0 || memcmp(text, "\xef\xbc\x8e", 3) == 0 ||
			 memcmp(text, "\xef\xbd\xa1", 3) == 0))
		return 3;
	return 0;
}

/* What is found in a label, told at its place in the name. */
static int fault_in(const struct reading *reading, size_t label_at, int error)
{
	if (error == -EINVAL && reading->fault != NULL)
		reading->fault->at += label_at;
	return error;
}

/*
 * Where in an ASCII label the first octet is that cannot stand in a name; len when all can. lower, with room for ZR_LABEL_MAX
 * octets, gets the label in lower case when all can and it is not too long.
 */
static size_t lower_ascii(const char *label, size_t len, char *lower)
{
	char canonical[ZR_NAME_MAX + 1];

	if (zr_name_canonical((const uint8_t *)label, len, canonical) > 0) {
		memcpy(lower, canonical, len);
		return len;
	}
	for (size_t i = 0; i < len; i++)
		if (zr_name_canonical((const uint8_t *)label + i, 1, canonical) < 0)
			return i;
	return len;
}

static int read_ascii_label(const struct reading *reading, const char *label, size_t len, char *out)
{
	size_t at = (size_t)(label - reading->text), wrong = lower_ascii(label, len, out);

	if (wrong < len && label[wrong] == '*')
		return zr_fault_set(reading->fault, at + wrong,
				    "'*' can only stand alone at the beginning: write *.name, or .name to include the "
				    "name itself");
	if (wrong < len && ((unsigned char)label[wrong] < 0x20 || label[wrong] == 0x7f))
		return zr_fault_set(reading->fault, at + wrong, "a control character cannot stand here: remove it");
	if (wrong < len)
		return zr_fault_set(reading->fault, at + wrong,
				    "'%c' cannot stand in a host name: write letters, digits, hyphens and dots",
				    label[wrong]);
	if (len > ZR_LABEL_MAX)
		return zr_fault_set(reading->fault, at, "the label has %zu octets: at most %d are allowed", len,
				    ZR_LABEL_MAX);
	if (label[0] == '-' || label[len - 1] == '-')
		return zr_fault_set(reading->fault, at, "a label cannot begin or end with a hyphen: write it without");
	out[len] = '\0';
	if (zr_idn_is_a_label(out, len)) {
		int error = zr_idn_check(out, reading->fault);

		if (error != 0)
			return fault_in(reading, at, error);
	}
	return (int)len;
}

/* Read up to the next dot or the end, and append what the label is to the name. 0 or the error. */
static int read_label(struct reading *reading)
{
	const char *label = reading->text + reading->at;
	size_t left = reading->len - reading->at, len = 0;
	char canonical[ZR_LABEL_MAX + 1];
	bool is_ascii = true;
	int result;

	for (; len < left && dot_octets(label + len, left - len) == 0; len++)
		is_ascii = is_ascii && (unsigned char)label[len] < 0x80;
	if (len == 0)
		return zr_fault_set(reading->fault, reading->at, "a label is empty: write one dot between labels");
	if (is_ascii)
		result = read_ascii_label(reading, label, len, canonical);
	else
		result = fault_in(reading, reading->at, zr_idn_from_text(label, len, canonical, reading->fault));
	if (result < 0)
		return result;
	if (reading->out_len + (size_t)result > ZR_NAME_MAX)
		return zr_fault_set(reading->fault, 0, "the name is longer than %d octets%s: write a shorter one",
				    ZR_NAME_MAX, is_ascii ? "" : " in A-labels (xn--...)");
	memcpy(reading->out + reading->out_len, canonical, (size_t)result);
	reading->out_len += (size_t)result;
	reading->at += len;
	return 0;
}

static bool is_number(const char *label)
{
	return label[strspn(label, "0123456789")] == '\0';
}

int zr_name_from_text(const char *text, size_t len, char *out, struct zr_fault *fault)
{
	char name[ZR_NAME_MAX + 2];
	struct reading reading = {.text = text, .len = len, .out = name, .fault = fault};
	const char *last;
	size_t dot;

	if (len == 0 || dot_octets(text, len) == len)
		return zr_fault_set(fault, 0, "a host name is missing: write it like olm.vn");
	do {
		int error = read_label(&reading);

		if (error != 0)
			return error;
		dot = reading.at < len ? dot_octets(text + reading.at, len - reading.at) : 0;
		reading.at += dot;
		/* A dot at the end is no part of the name. */
		if (reading.at < len)
			name[reading.out_len++] = '.';
	} while (reading.at < len);
	name[reading.out_len] = '\0';
	last = strrchr(name, '.');
	if (is_number(last != NULL ? last + 1 : name))
		return zr_fault_set(
			fault, 0, "\"%.*s\" is neither an address nor a host name, whose last label is never a number",
			zr_report_excerpt(text, len), text);
	memcpy(out, name, reading.out_len + 1);
	return (int)reading.out_len;
}
