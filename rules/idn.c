/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/idn.h"

#include <errno.h>
#include <idn2.h>
#include <stdio.h>
#include <string.h>

#include "rules/report.h"
#include "rules/utf8.h"

#define A_LABEL_PREFIX "xn--"

/* Octets of a label in its own letters. */
#define U_LABEL_ROOM (ZR_RULE_MAX + 1)

/* Room for the name of a character, "U+10FFFF". */
#define CODE_ROOM 16

bool zr_idn_is_a_label(const char *label, size_t len)
{
	return len >= strlen(A_LABEL_PREFIX) && memcmp(label, A_LABEL_PREFIX, strlen(A_LABEL_PREFIX)) == 0;
}

/* Map (UTS 46, not transitional), compose and encode one label. libidn2's result; out is set when it is IDN2_OK. */
static int encode(const char *label, char out[ZR_LABEL_MAX + 1])
{
	uint8_t *found = NULL;
	int result = idn2_lookup_u8((const uint8_t *)label, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (result != IDN2_OK)
		return result;
	if (strlen((const char *)found) > ZR_LABEL_MAX)
		result = IDN2_TOO_BIG_LABEL;
	else
		strcpy(out, (const char *)found);
	idn2_free(found);
	return result;
}

/* The strict test, that of registration: nothing is mapped, and every contextual rule counts (RFC 5892, appendix A). */
static int test(const char *a_label)
{
	uint8_t *found = NULL;
	int result = idn2_register_u8(NULL, (const uint8_t *)a_label, &found, 0);

	if (result == IDN2_OK)
		idn2_free(found);
	return result;
}

/*
 * Is what a label was mapped to, an A-label or a plain one, all host name? Mapping may bring in any of ASCII's signs. Hyphens at
 * its ends and underscores are no more allowed than in the label itself.
 */
static bool is_host_label(const char *label)
{
	char canonical[ZR_NAME_MAX + 1];
	size_t len = strlen(label);

	return strpbrk(label, "._") == NULL && zr_name_canonical((const uint8_t *)label, len, canonical) == (int)len;
}

/* The first character that may not stand in any label, as "U+2603", and where it is; false when none is found. */
static bool find_disallowed(const char *label, size_t len, char code_text[CODE_ROOM], size_t *at)
{
	char one[5], encoded[ZR_LABEL_MAX + 1];
	uint32_t code;

	for (size_t i = 0, octets; i < len; i += octets) {
		int result;

		octets = zr_utf8_read(label + i, len - i, &code);
		if (octets == 0)
			return false;
		memcpy(one, label + i, octets);
		one[octets] = '\0';
		result = encode(one, encoded);
		if (result == IDN2_OK ? is_host_label(encoded) : result != IDN2_DISALLOWED && result != IDN2_UNASSIGNED)
			continue;
		snprintf(code_text, CODE_ROOM, "U+%04X", code);
		*at = i;
		return true;
	}
	return false;
}

/* Why libidn2 refuses a label, and what to do about it, as the end of a sentence. */
static const char *reason_of(int result)
{
	switch (result) {
	case IDN2_2HYPHEN:
		return "its third and fourth characters are hyphens, which only xn-- may have: remove one of them";
	case IDN2_HYPHEN_STARTEND:
		return "a label cannot begin or end with a hyphen: write it without";
	case IDN2_LEADING_COMBINING:
		return "it begins with a mark that belongs to the letter before it: write that letter first";
	case IDN2_CONTEXTJ:
	case IDN2_CONTEXTJ_NO_RULE:
		return "an invisible joiner (U+200C or U+200D) stands where its script has no use for it: remove it";
	case IDN2_CONTEXTO:
	case IDN2_CONTEXTO_NO_RULE:
		return "a mark stands where it may not (U+00B7 only between two l, U+0375 before a Greek, U+05F3 and "
		       "U+05F4 behind a Hebrew, U+30FB beside a Japanese letter, digits of one script alone): remove "
		       "it";
	case IDN2_BIDI:
		return "it mixes letters written from the right with others, or begins with a digit (RFC 5893): write "
		       "letters of one direction, and digits behind them";
	case IDN2_TOO_BIG_LABEL:
	case IDN2_TOO_BIG_DOMAIN:
	case IDN2_PUNYCODE_BIG_OUTPUT:
		return "its A-label (xn--...) is longer than 63 octets: write a shorter label";
	case IDN2_NOT_NFC:
		return "its letters are not composed (NFC): write it in its own letters";
	case IDN2_PUNYCODE_BAD_INPUT:
	case IDN2_PUNYCODE_OVERFLOW:
	case IDN2_INVALID_ALABEL:
		return "it encodes no name: write the name in its own letters";
	default:
		return "a character in it cannot stand in a host name (IDNA 2008): write the name as its site does";
	}
}

/* Characters that people and their programs put in the place of others. NULL when it is none of these. */
static const char *lookalike(uint32_t code)
{
	if (zr_utf8_is_blank(code))
		return "is a blank: remove it";
	if (zr_utf8_is_invisible(code))
		return "is invisible: remove it";
	if ((code >= 0x2010 && code <= 0x2015) || code == 0x2212 || code == 0xfe58 || code == 0xfe63)
		return "is a dash: write a hyphen, '-'";
	if ((code >= 0x2018 && code <= 0x201f) || code == 0x2039 || code == 0x203a || code == 0xab || code == 0xbb ||
	    code == 0xb4 || code == 0xff02 || code == 0xff07)
		return "is a quotation mark: remove it";
	if (code == 0x2026)
		return "is an ellipsis: write the label that it stands for";
	return NULL;
}

/* Characters that are told before anything is mapped, since mapping would drop them or tell of something else. */
static int refuse_characters(const char *text, size_t len, struct zr_fault *fault)
{
	uint32_t code;

	for (size_t i = 0, octets; i < len; i += octets) {
		char canonical[ZR_NAME_MAX + 1];
		const char *what;

		octets = zr_utf8_read(text + i, len - i, &code);
		if (octets == 0)
			return zr_fault_set(fault, i, "an octet is not UTF-8: write the name in UTF-8");
		what = lookalike(code);
		if (what != NULL)
			return zr_fault_set(fault, i, "U+%04X %s", code, what);
		if (code < 0x80 && (code == '_' || zr_name_canonical((const uint8_t *)text + i, 1, canonical) < 0))
			return zr_fault_set(fault, i,
					    "'%c' cannot stand in a label with letters outside ASCII: write letters, "
					    "digits and hyphens",
					    code < 0x20 || code == 0x7f ? '?' : (char)code);
	}
	return 0;
}

static int refuse(const char *label, size_t len, int result, struct zr_fault *fault)
{
	char code_text[CODE_ROOM];
	size_t at;

	if (result == IDN2_MALLOC)
		return -ENOMEM;
	if (fault != NULL && find_disallowed(label, len, code_text, &at))
		return zr_fault_set(fault, at,
				    "%s cannot stand in a host name (IDNA 2008): remove it, or write the letters that "
				    "the site itself writes",
				    code_text);
	return zr_fault_set(fault, 0, "\"%.*s\" cannot be a label: %s", zr_report_excerpt(label, len), label,
			    reason_of(result));
}

enum script { SCRIPT_OTHER, SCRIPT_LATIN, SCRIPT_GREEK, SCRIPT_CYRILLIC };

/* The scripts whose letters look alike. */
static enum script script_of(uint32_t code)
{
	static const struct {
		uint32_t first, last;
		enum script script;
	} ranges[] = {
		{'a', 'z', SCRIPT_LATIN},          {0xdf, 0xf6, SCRIPT_LATIN},      {0xf8, 0x24f, SCRIPT_LATIN},
		{0x370, 0x3ff, SCRIPT_GREEK},      {0x400, 0x52f, SCRIPT_CYRILLIC}, {0x1c80, 0x1c8f, SCRIPT_CYRILLIC},
		{0x1e00, 0x1eff, SCRIPT_LATIN},    {0x1f00, 0x1fff, SCRIPT_GREEK},  {0x2c60, 0x2c7f, SCRIPT_LATIN},
		{0xa640, 0xa69f, SCRIPT_CYRILLIC}, {0xa720, 0xa7ff, SCRIPT_LATIN},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]) && code >= ranges[i].first; i++)
		if (code <= ranges[i].last)
			return ranges[i].script;
	return SCRIPT_OTHER;
}

/* Does the text hold letters of two of these scripts? Then strange gets the first one of those that are not Latin. */
static bool mixes_scripts(const char *text, size_t len, uint32_t *strange)
{
	enum script first = SCRIPT_OTHER;
	uint32_t code;

	for (size_t i = 0, octets; i < len && (octets = zr_utf8_read(text + i, len - i, &code)) > 0; i += octets) {
		enum script script = script_of(code);

		if (script == SCRIPT_OTHER || script == first)
			continue;
		if (first == SCRIPT_OTHER || script != SCRIPT_LATIN)
			*strange = code;
		if (first != SCRIPT_OTHER)
			return true;
		first = script;
	}
	return false;
}

/*
 * A label of two scripts reads like another label, so that nobody who approves a list would see what it frees (UTS 39, section
 * 5.2, moderately restrictive). Its A-label can be seen to be something else, and is what to write if it is meant. What letters
 * are mapped to counts. 0, -EINVAL or -ENOMEM.
 */
static int refuse_mixed_scripts(const char *label, size_t len, const char *a_label, struct zr_fault *fault)
{
	char *decoded = NULL;
	uint32_t strange = 0;
	int result = idn2_to_unicode_8z8z(a_label, &decoded, IDN2_NO_TR46);
	bool is_mixed = result == IDN2_OK && mixes_scripts(decoded, strlen(decoded), &strange);

	idn2_free(decoded);
	if (result == IDN2_MALLOC)
		return -ENOMEM;
	if (!is_mixed)
		return 0;
	return zr_fault_set(fault, 0,
			    "\"%.*s\" mixes scripts whose letters look alike: U+%04X in it is a %s letter: write all "
			    "letters in one script, or %s if the site is really called so",
			    zr_report_excerpt(label, len), label, strange,
			    script_of(strange) == SCRIPT_GREEK ? "Greek" : "Cyrillic", a_label);
}

int zr_idn_from_text(const char *text, size_t len, char *out, struct zr_fault *fault)
{
	char label[U_LABEL_ROOM], encoded[ZR_LABEL_MAX + 1];
	int result;

	if (refuse_characters(text, len, fault) != 0)
		return -EINVAL;
	if (len >= sizeof(label))
		return zr_fault_set(fault, 0, "the label has %zu octets: write a shorter one", len);
	memcpy(label, text, len);
	label[len] = '\0';
	result = encode(label, encoded);
	if (result == IDN2_OK && zr_idn_is_a_label(encoded, strlen(encoded)))
		result = test(encoded);
	if (result != IDN2_OK)
		return refuse(label, len, result, fault);
	/* What was mapped to plain letters is a plain label: one that could have been written so. */
	if (!is_host_label(encoded))
		return refuse(label, len, IDN2_DISALLOWED, fault);
	if (encoded[0] == '-' || encoded[strlen(encoded) - 1] == '-')
		return refuse(label, len, IDN2_HYPHEN_STARTEND, fault);
	result = refuse_mixed_scripts(label, len, encoded, fault);
	if (result != 0)
		return result;
	strcpy(out, encoded);
	return (int)strlen(out);
}

/* An A-label that is wrong, though it can be decoded: tell what it stands for, and the right one where there is one. */
static int refuse_decoded(const char *label, const char *decoded, int result, struct zr_fault *fault)
{
	char right[ZR_LABEL_MAX + 1], code_text[CODE_ROOM], reason[320];
	int excerpt = zr_report_excerpt(decoded, strlen(decoded));
	size_t at;

	if (encode(decoded, right) == IDN2_OK && zr_idn_is_a_label(right, strlen(right)) && test(right) == IDN2_OK)
		return zr_fault_set(fault, 0,
				    "\"%s\" stands for \"%.*s\", which is not written as IDNA 2008 asks: write %s",
				    label, excerpt, decoded, right);
	snprintf(reason, sizeof(reason), "%s", reason_of(result));
	if (result == IDN2_DISALLOWED && find_disallowed(decoded, strlen(decoded), code_text, &at))
		snprintf(reason, sizeof(reason),
			 "%s in it cannot stand in a host name (IDNA 2008): write the letters that the site itself "
			 "writes",
			 code_text);
	return zr_fault_set(fault, 0, "\"%s\" stands for \"%.*s\", which cannot be a label: %s", label, excerpt,
			    decoded, reason);
}

int zr_idn_check(const char *label, struct zr_fault *fault)
{
	int result = test(label);
	char *decoded = NULL;

	if (result == IDN2_OK)
		return 0;
	if (result == IDN2_MALLOC)
		return -ENOMEM;
	if (fault == NULL)
		return -EINVAL;
	if (idn2_to_unicode_8z8z(label, &decoded, IDN2_NO_TR46) == IDN2_OK &&
	    zr_utf8_is_printable(decoded, strlen(decoded)))
		refuse_decoded(label, decoded, result, fault);
	else
		zr_fault_set(fault, 0, "\"%s\" begins like an A-label, but %s", label,
			     reason_of(IDN2_PUNYCODE_BAD_INPUT));
	idn2_free(decoded);
	return -EINVAL;
}
