/* SPDX-License-Identifier: Apache-2.0 */
#include "include/net.h"
#include "include/bytes.h"
#include "include/config_blob.h"
#include "include/heap.h"
#include "include/platform.h"

/* Most [[listen]]s; the helper has no more either. */
#define LISTENS_MOST 64

struct grant {
	struct grant *next;
	bool listen;
	bool claimed;
	int32_t number; /* of a [[listen]], in the order of the blob */
	uint32_t type;
	struct net_address address;
};

static struct grant *grants;
static int32_t listens;

static size_t text_length(const char *text, size_t room)
{
	size_t at = 0;

	while (at < room && text[at] != 0)
		at++;
	return at;
}

static struct grant *add(void)
{
	struct grant *grant = heap_get(sizeof(*grant));

	if (!grant)
		keep_refuse(REASON_OUT_OF_MEMORY);
	grant->next = grants;
	grants = grant;
	return grant;
}

/* name NUL protocol NUL address:port */
static void add_listen(const struct config_value *record)
{
	size_t name = text_length(record->value, record->length) + 1;
	size_t protocol = text_length(record->value + name, record->length - name) + 1;
	const char *where = record->value + name + protocol;
	size_t length = record->length - name - protocol, colon = length;
	struct grant *grant = add();

	while (colon > 0 && where[colon - 1] != ':')
		colon--;
	grant->type = record->value[name] == 'u' ? SOCK_DGRAM : SOCK_STREAM;
	grant->number = listens++;
	grant->listen = colon > 0 && listens <= LISTENS_MOST &&
		net_parse(where, colon - 1, where + colon, length - colon, &grant->address);
}

/* host NUL port; a name is nobody's to resolve, and stands for no address */
static void add_connect(const struct config_value *record)
{
	size_t host = text_length(record->value, record->length);
	struct net_address address;

	if (net_parse(record->value, host, record->value + host + 1, record->length - host - 1, &address))
		add()->address = address;
}

void net_start(const void *blob)
{
	struct config_value record = { 0 };

	while (config_next(blob, &record)) {
		if (record.type == CONFIG_TYPE_LISTEN)
			add_listen(&record);
		else if (record.type == CONFIG_TYPE_CONNECT)
			add_connect(&record);
	}
}

static bool same(const struct net_address *a, const struct net_address *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int32_t net_find_listen(uint32_t type, const struct net_address *address)
{
	static const uint8_t any[sizeof(address->bytes)];

	for (const struct grant *grant = grants; grant; grant = grant->next) {
		struct net_address asked = *address;

		if (!grant->listen || grant->type != type)
			continue;
		if (memcmp(asked.bytes, any, sizeof(any)) == 0)
			memcpy(asked.bytes, grant->address.bytes, sizeof(any));
		if (same(&asked, &grant->address))
			return grant->number;
	}
	return -1;
}

bool net_may_reach(const struct net_address *address)
{
	for (const struct grant *grant = grants; grant; grant = grant->next)
		if (!grant->listen && grant->type == 0 && same(address, &grant->address))
			return true;
	return false;
}

static struct grant *numbered(int32_t listen)
{
	struct grant *grant = grants;

	while (grant && !(grant->listen && grant->number == listen))
		grant = grant->next;
	return grant;
}

bool net_claim(int32_t listen)
{
	struct grant *grant = numbered(listen);

	if (!grant || grant->claimed)
		return false;
	grant->claimed = true;
	return true;
}

void net_release(int32_t listen)
{
	struct grant *grant = numbered(listen);

	if (grant)
		grant->claimed = false;
}
