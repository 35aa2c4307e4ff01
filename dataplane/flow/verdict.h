/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of everything that is said of a flow. One list each; the second column is the name on the wire. */
#ifndef DATAPLANE_FLOW_VERDICT_H
#define DATAPLANE_FLOW_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum zr_verdict { ZR_CHARGED, ZR_FREE, ZR_VERDICT_COUNT };

/* Why a verdict is what it is. The third column is the verdict that it belongs to. */
#define ZR_REASONS(X)                                                                                    \
	X(SNI, "sni", ZR_FREE)                          /* the TLS hello's name is listed */             \
	X(QUIC_SNI, "quic_sni", ZR_FREE)                /* the QUIC hello's name is listed */            \
	X(DTLS_SNI, "dtls_sni", ZR_FREE)                /* the DTLS hello's name is listed */            \
	X(HOST, "host", ZR_FREE)                        /* the HTTP request's host is listed */          \
	X(PREFIX, "prefix", ZR_FREE)                    /* the server's address is listed */             \
	X(DNS_LEARNED, "dns_learned", ZR_FREE)          /* its address was learned for an entry */       \
	X(DNS_FREE, "dns_free", ZR_FREE)                /* it asks a resolver for listed names */        \
	X(NO_MATCH, "no_match", ZR_CHARGED)             /* its name is not listed */                     \
	X(NO_NAME, "no_name", ZR_CHARGED)               /* it carried no name, or was cut before one */  \
	X(MIDSTREAM, "midstream", ZR_CHARGED)           /* its start was not seen, nor a name later */   \
	X(INSPECT_LIMIT, "inspect_limit", ZR_CHARGED)   /* no name within the bounds of inspection */    \
	X(TABLE_FULL, "table_full", ZR_CHARGED)         /* evicted or not taken up: the table is full */ \
	X(OVERLOAD, "overload", ZR_CHARGED)             /* forwarded unread: its worker was too busy */  \
	X(NOT_SUBSCRIBER, "not_subscriber", ZR_CHARGED) /* neither address is a subscriber's */          \
	X(EXPIRED, "expired", ZR_CHARGED)               /* the list in force has expired */              \
	X(EXCLUDED, "excluded", ZR_CHARGED)             /* an exclusion of the list covers its name */   \
	X(SPOOF, "spoof", ZR_CHARGED)                   /* came twice, differing, or may not arrive */   \
	X(UNLEARNED, "unlearned", ZR_CHARGED)           /* nothing backs its name, and it has to be */   \
	X(UNBOUND, "unbound", ZR_CHARGED)               /* no free flow of the service it is bound to */

/* UNDECIDED stands before the reasons: volume under it is charged until a name is read. It is never written to a record. */
enum zr_reason {
	ZR_REASON_UNDECIDED,
#define X(id, name, verdict) ZR_REASON_##id,
	ZR_REASONS(X)
#undef X
		ZR_REASON_COUNT
};

/* Why a usage record was cut. */
#define ZR_CAUSES(X)                                                                              \
	X(FIN, "fin")                 /* both sides closed and the linger time passed */          \
	X(RST, "rst")                 /* one side reset and the linger time passed */             \
	X(IDLE, "idle")               /* no packet for its class's timeout */                     \
	X(INTERIM, "interim")         /* the interval passed, or a count was full */              \
	X(TARIFF, "tariff")           /* the tariff switched */                                   \
	X(LIST, "list")               /* another list came into force */                          \
	X(WINDOW, "window")           /* an entry's window opened or closed, or expiry */         \
	X(HOST_CHANGE, "host_change") /* a request on the connection names another host */        \
	X(VERDICT, "verdict")         /* a name or evidence changed it, or freed it uncredited */ \
	X(NEW_FLOW, "new_flow")       /* another connection began on the tuple */                 \
	X(EVICTED, "evicted")         /* the flow table was full */                               \
	X(SHUTDOWN, "shutdown")       /* the program ends */

enum zr_cause {
#define X(id, name) ZR_CAUSE_##id,
	ZR_CAUSES(X)
#undef X
		ZR_CAUSE_COUNT
};

/* What spoke for a verdict: bit numbers. */
#define ZR_EVIDENCE(X)                      \
	X(TLS_SNI, "tls_sni")               \
	X(QUIC_SNI, "quic_sni")             \
	X(DTLS_SNI, "dtls_sni")             \
	X(HTTP_HOST, "http_host")           \
	X(DNS_SUBSCRIBER, "dns_subscriber") \
	X(DNS_SEEN, "dns_seen")             \
	X(PREFIX, "prefix")

enum zr_evidence {
#define X(id, name) ZR_EVIDENCE_##id,
	ZR_EVIDENCE(X)
#undef X
		ZR_EVIDENCE_COUNT
};

/* What else is known of a flow: bit numbers. */
#define ZR_FLAGS(X)                       \
	X(ECH, "ech")                     \
	X(SPOOF_SUSPECT, "spoof_suspect") \
	X(MIDSTREAM, "midstream")

enum zr_flag {
#define X(id, name) ZR_FLAG_##id,
	ZR_FLAGS(X)
#undef X
		ZR_FLAG_COUNT
};

const char *zr_reason_name(enum zr_reason reason);
enum zr_verdict zr_reason_verdict(enum zr_reason reason); /* UNDECIDED is charged */
/* Is it free because of a name that the client wrote into a hello or request? */
bool zr_reason_claims(enum zr_reason reason);
/* Is it free because of a name that was read, which is told with it? */
bool zr_reason_tells_name(enum zr_reason reason);
const char *zr_cause_name(enum zr_cause cause);
const char *zr_evidence_name(enum zr_evidence evidence);
const char *zr_flag_name(enum zr_flag flag);
const char *zr_verdict_name(enum zr_verdict verdict);

#endif
