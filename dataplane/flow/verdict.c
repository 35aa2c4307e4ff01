/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/flow/verdict.h"

const char *zr_reason_name(enum zr_reason reason)
{
	static const char *const names[ZR_REASON_COUNT] = {[ZR_REASON_UNDECIDED] = "undecided",
#define X(id, name, verdict) [ZR_REASON_##id] = name,
							   ZR_REASONS(X)
#undef X
	};

	return names[reason];
}

enum zr_verdict zr_reason_verdict(enum zr_reason reason)
{
	static const uint8_t verdicts[ZR_REASON_COUNT] = {[ZR_REASON_UNDECIDED] = ZR_CHARGED,
#define X(id, name, verdict) [ZR_REASON_##id] = verdict,
							  ZR_REASONS(X)
#undef X
	};

	return (enum zr_verdict)verdicts[reason];
}

bool zr_reason_claims(enum zr_reason reason)
{
	return reason == ZR_REASON_SNI || reason == ZR_REASON_QUIC_SNI || reason == ZR_REASON_DTLS_SNI ||
	       reason == ZR_REASON_HOST;
}

bool zr_reason_tells_name(enum zr_reason reason)
{
	return zr_reason_claims(reason) || reason == ZR_REASON_DNS_FREE;
}

const char *zr_cause_name(enum zr_cause cause)
{
	static const char *const names[ZR_CAUSE_COUNT] = {
#define X(id, name) [ZR_CAUSE_##id] = name,
		ZR_CAUSES(X)
#undef X
	};

	return names[cause];
}

const char *zr_evidence_name(enum zr_evidence evidence)
{
	static const char *const names[ZR_EVIDENCE_COUNT] = {
#define X(id, name) [ZR_EVIDENCE_##id] = name,
		ZR_EVIDENCE(X)
#undef X
	};

	return names[evidence];
}

const char *zr_flag_name(enum zr_flag flag)
{
	static const char *const names[ZR_FLAG_COUNT] = {
#define X(id, name) [ZR_FLAG_##id] = name,
		ZR_FLAGS(X)
#undef X
	};

	return names[flag];
}

const char *zr_verdict_name(enum zr_verdict verdict)
{
	return verdict == ZR_FREE ? "free" : "charged";
}
