/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_refusal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "control/list_report.h"

static void digest_of(const struct zr_list_attempt *attempt, uint8_t out[ZR_LIST_DIGEST_OCTETS])
{
	const struct zr_findings *findings = &attempt->judgment.list.findings;
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, ZR_LIST_DIGEST_OCTETS);
	crypto_generichash_update(&state, attempt->judgment.origin.sha256, ZR_SHA256_OCTETS);
	for (size_t i = 0; i < findings->count; i++) {
		const struct zr_finding_at *at = &findings->at[i];
		const unsigned int place[2] = {at->line, at->column};

		crypto_generichash_update(&state, (const unsigned char *)place, sizeof(place));
		crypto_generichash_update(&state, (const unsigned char *)at->text, strlen(at->text) + 1);
	}
	crypto_generichash_final(&state, out, ZR_LIST_DIGEST_OCTETS);
}

void zr_list_refusal_clear(struct zr_list_refusal *refusal)
{
	zr_findings_clear(&refusal->why);
	free(refusal->file);
	*refusal = (struct zr_list_refusal){0};
}

void zr_list_refusal_settle(struct zr_list_refusal *refusal, const struct zr_list_attempt *attempt)
{
	if ((refusal->source == ZR_LIST_SOURCE_PUSH) == (attempt->source == ZR_LIST_SOURCE_PUSH))
		zr_list_refusal_clear(refusal);
}

void zr_list_refusal_keep(struct zr_list_refusal *refusal, struct zr_list_attempt *attempt)
{
	zr_list_refusal_clear(refusal);
	digest_of(attempt, refusal->digest);
	refusal->at_us = zr_list_report_now_us();
	refusal->source = attempt->source;
	refusal->file = strdup(attempt->file);
	refusal->serial = attempt->judgment.serial;
	refusal->has_sha256 = zr_list_report_is_read(&attempt->judgment);
	memcpy(refusal->sha256, attempt->judgment.origin.sha256, sizeof(refusal->sha256));
	refusal->why = attempt->judgment.list.findings;
	attempt->judgment.list.findings = (struct zr_findings){0};
}

bool zr_list_refusal_is_repeated(const struct zr_list_refusal *refusal, const struct zr_list_attempt *attempt)
{
	uint8_t digest[ZR_LIST_DIGEST_OCTETS];

	digest_of(attempt, digest);
	return refusal->at_us != 0 && memcmp(digest, refusal->digest, sizeof(digest)) == 0;
}
