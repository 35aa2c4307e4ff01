/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/gateway/words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/gateway/endpoint.h"
#include "tools/zerorate/json_table.h"
#include "tools/zerorate/text.h"

/* What is put in for a list. */
#define LIST_MARK '@'

struct word {
	const char *name, *words;
	const char *next; /* reasons: what to do */
};

#define LOOK_UP                                                                                          \
	"`zerorate list lookup --list FILE NAME`; a charged name is shown only while `zerorate explain " \
	"--record IP` runs"

static const struct word reasons[] = {
	{"undecided", "no host is known yet, and what is undecided is charged", NULL},
	{"sni", "the host in its TLS hello is on @", NULL},
	{"quic_sni", "the host in its QUIC hello is on @", NULL},
	{"dtls_sni", "the host in its DTLS hello is on @", NULL},
	{"host", "the host that its HTTP request asks for is on @", NULL},
	{"prefix", "the server's address is on @", NULL},
	{"dns_learned", "it shows no name, and its server's address was learned for an entry of @ that takes that",
	 NULL},
	{"dns_free", "it asks a trusted resolver for hosts on @", NULL},
	{"no_match", "the host that it named is not on @", "see why its name is not listed: " LOOK_UP},
	{"no_name", "it named no host, or ended before it did",
	 "its address can be listed, if nobody else is served from it: `zerorate list lookup --list FILE ADDRESS` "
	 "tells "
	 "what is listed now"},
	{"midstream", "its beginning was not seen, and it named no host later",
	 "after a start these are connections that were open before (dataplane.state in zerorated.conf lets a restart "
	 "keep "
	 "verdicts); later they are rare, or the gateway misses packets: see `zerorate ports` for drops, and whether "
	 "both "
	 "directions reach it"},
	{"inspect_limit", "no host was found within what is inspected, or its hello could not be kept whole",
	 "list the server's address if no name can be expected; if `zerorate status --json` counts hellos_given_up, "
	 "raise "
	 "dataplane.reassembly_memory; a restart gives up what was half read"},
	{"table_full", "the flow table had no room for it, or for it any longer",
	 "raise dataplane.flows in zerorated.conf: `zerorate status` tells how many flows are open"},
	{"overload", "its worker was too busy to read it",
	 "give the daemon more workers, or a port that spreads packets: `zerorate status` tells their load"},
	{"not_subscriber", "neither of its addresses is a subscriber's",
	 "compare subscribers in zerorated.conf with the addresses of this flow"},
	{"expired", "@ has expired", "have a newer list signed and put in force: `zerorate list push`"},
	{"excluded", "an exclusion of @ covers the host that it named",
	 "see which exclusion covers its name: " LOOK_UP},
	{"spoof", "part of what it sent came twice with different bytes, as forged hellos do",
	 "no browser does this; look at what the subscriber runs"},
	{"unlearned", "the host that it named is on @, but no answer of a trusted resolver backs that address",
	 "see what resolvers said of the server: `zerorate list learned ADDRESS`; who asks one that trusted_resolvers "
	 "in zerorated.conf "
	 "does not name, or asks encrypted, has no evidence; else look at what the subscriber runs: `zerorate fraud`"},
	{"unbound",
	 "the server's address is on @ for subscribers who use the service that it is bound to, and this one does not",
	 "its flows are free from when a flow under that service is: `zerorate flows --subscriber IP`"},
};

static const struct word causes[] = {
	{"first", "", NULL},
	{"name", "", NULL},
	{"fin", "decided when the connection was closed", NULL},
	{"rst", "decided when the connection was reset", NULL},
	{"idle", "decided when it had been idle", NULL},
	{"interim", "decided at the interim interval", NULL},
	{"tariff", "decided when the tariff switched", NULL},
	{"list", "judged anew: another list came into force", NULL},
	{"window", "judged anew: an entry's time began or ended, or the list expired", NULL},
	{"host_change", "judged anew: a request named another host", NULL},
	{"verdict", "judged anew: a name was read, or what backs or binds it came or went", NULL},
	{"new_flow", "decided when another connection took its place", NULL},
	{"evicted", "decided when the flow table was full", NULL},
	{"shutdown", "decided when the daemon ended", NULL},
	{"rebound", "it goes on with a QUIC connection that had this verdict", NULL},
	{"restored", "taken up after a restart", NULL},
};

static const struct word evidence[] = {
	{"tls_sni", "the TLS hello", NULL},
	{"quic_sni", "the QUIC hello", NULL},
	{"dtls_sni", "the DTLS hello", NULL},
	{"http_host", "the HTTP request", NULL},
	{"dns_subscriber", "a resolver's answer to this subscriber", NULL},
	{"dns_seen", "a resolver's answers to others", NULL},
	{"prefix", "the server's address", NULL},
};

static const struct word flags[] = {
	{"ech", "the hello is encrypted (ECH): this is its outer name", NULL},
	{"spoof_suspect", "the name may be forged", NULL},
	{"midstream", "its beginning was not seen", NULL},
};

static const struct word *find(const struct word *words, size_t count, const char *name)
{
	for (size_t i = 0; name != NULL && i < count; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

#define WORDS_OF(table, name) words_of(find(table, sizeof(table) / sizeof(*(table)), name))

static const char *words_of(const struct word *word)
{
	return word != NULL ? word->words : NULL;
}

const char *zr_words_reason(const char *reason)
{
	return WORDS_OF(reasons, reason);
}

const char *zr_words_cause(const char *cause)
{
	return WORDS_OF(causes, cause);
}

const char *zr_words_evidence(const char *name)
{
	return WORDS_OF(evidence, name);
}

const char *zr_words_flag(const char *flag)
{
	return WORDS_OF(flags, flag);
}

const char *zr_words_next(const char *reason)
{
	const struct word *word = find(reasons, sizeof(reasons) / sizeof(*reasons), reason);

	return word != NULL ? word->next : NULL;
}

/* A line that is being written; what does not fit is cut. */
struct line {
	char text[ZR_WORDS_ROOM];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list args;
	int added;

	va_start(args, format);
	added = vsnprintf(line->text + line->len, room, format, args);
	va_end(args);
	if (added > 0)
		line->len += (size_t)added < room ? (size_t)added : room - 1;
}

/* Why: the words of the reason with the list in them, or what a newer daemon calls it. */
static void add_reason(struct line *line, const json_t *decision)
{
	const char *reason = zr_json_member(decision, "reason"), *words = zr_words_reason(reason);
	json_int_t serial = json_integer_value(json_object_get(decision, "list_serial"));
	const char *mark = words != NULL ? strchr(words, LIST_MARK) : NULL;

	if (mark != NULL && serial > 0)
		add(line, "%.*slist %" PRId64 "%s", (int)(mark - words), words, (int64_t)serial, mark + 1);
	else if (mark != NULL)
		add(line, "%.*sthe list%s", (int)(mark - words), words, mark + 1);
	else
		add(line, "%s", words != NULL ? words : "for a reason that this program does not know");
	add(line, " (%s)", reason);
}

/* Each of an array of names, in words. */
static void add_each(struct line *line, const json_t *names, const char *before, const char *(*words_for)(const char *))
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name), *words = words_for(text);

		if (text != NULL)
			add(line, "%s%s", i == 0 ? before : " and ", words != NULL ? words : text);
	}
}

static void add_entry(struct line *line, const json_t *decision)
{
	const char *name = json_string_value(json_object_get(decision, "name"));
	const char *rule = json_string_value(json_object_get(decision, "rule"));
	const char *service = json_string_value(json_object_get(decision, "service"));

	if (name != NULL)
		add(line, "; the host is %s", name);
	if (rule != NULL)
		add(line, "; entry %s", rule);
	if (service != NULL)
		add(line, " of service %s", service);
}

void zr_words_decision(const json_t *decision, char out[ZR_WORDS_ROOM])
{
	const char *cause = zr_words_cause(zr_json_member(decision, "cause"));
	char server[ZR_ENDPOINT_TEXT], client[ZR_ENDPOINT_TEXT], proto[ZR_ENDPOINT_TEXT];
	struct line line = {.len = 0};

	zr_endpoint_proto(decision, proto);
	zr_endpoint_format(decision, "client_ip", "client_port", client);
	zr_endpoint_format(decision, "server_ip", "server_port", server);
	add(&line, "%.19s  %s %s to %s  %s: ", zr_json_member(decision, "time"), proto, client, server,
	    zr_json_member(decision, "verdict"));
	add_reason(&line, decision);
	add_entry(&line, decision);
	add_each(&line, json_object_get(decision, "evidence"), "; read from ", zr_words_evidence);
	add_each(&line, json_object_get(decision, "flags"), "; ", zr_words_flag);
	if (cause != NULL && *cause != '\0')
		add(&line, "; %s", cause);
	zr_text_clean(out, ZR_WORDS_ROOM, line.text);
}
