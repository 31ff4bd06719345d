/* SPDX-License-Identifier: Apache-2.0 */
#include "include/config_blob.h"
#include "include/bytes.h"

#define VERSION 1
#define EXEC_FLAGS (CONFIG_FLAG_EXEC_KEEP | CONFIG_FLAG_EXEC_GRANTED)
#define KNOWN_FLAGS (CONFIG_FLAG_ARGS_HOST | CONFIG_FLAG_ENV_HOST | CONFIG_FLAG_STDIN_NULL | EXEC_FLAGS)

/* How many texts a record's value has, with NUL between them; 0: there is no such type. */
static unsigned texts_of(unsigned type)
{
	switch (type) {
	case CONFIG_TYPE_ARG:
	case CONFIG_TYPE_ENV:
	case CONFIG_TYPE_ENV_UNMEASURED:
		return 1;
	case CONFIG_TYPE_FILE:
	case CONFIG_TYPE_CONNECT:
	case CONFIG_TYPE_IMAGE:
		return 2;
	case CONFIG_TYPE_LISTEN:
		return 3;
	default:
		return 0;
	}
}

size_t config_key(const char *value, size_t length)
{
	size_t at = 0;

	while (at < length && value[at] != '=')
		at++;
	return at;
}

/* Which bytes of a value order it among its type's records. */
static size_t order_key(const struct config_value *record)
{
	size_t at = 0;

	if (record->type == CONFIG_TYPE_ENV || record->type == CONFIG_TYPE_ENV_UNMEASURED)
		return config_key(record->value, record->length);
	if (record->type == CONFIG_TYPE_CONNECT)
		return record->length; /* host and port together */
	while (at < record->length && record->value[at] != 0)
		at++;
	return at;
}

static bool is_after(const struct config_value *one, const struct config_value *before)
{
	size_t length = order_key(one), other = order_key(before);
	int order = memcmp(before->value, one->value, other < length ? other : length);

	return order < 0 || (order == 0 && other < length);
}

static bool check_header(const struct config_header *header, size_t length)
{
	static const uint8_t zeros[sizeof(header->reserved_028)];

	return header->magic == CONFIG_MAGIC && header->version == VERSION && header->length == length &&
		(header->flags & ~(uint32_t)KNOWN_FLAGS) == 0 &&
		(header->flags & EXEC_FLAGS) != CONFIG_FLAG_EXEC_GRANTED && header->threads != 0 && header->memory != 0 &&
		header->memory % 4096 == 0 && header->reserved_01c == 0 &&
		memcmp(header->reserved_028, zeros, sizeof(zeros)) == 0;
}

/* Whether the record at `at` lies within the blob, has its zero padding and as many texts as its type wants. */
static bool check_bounds(const uint8_t *blob, size_t length, size_t at)
{
	const struct config_record *record = (const struct config_record *)(blob + at);
	unsigned texts = 1;
	size_t start, end;

	if (length - at < sizeof(*record) || record->reserved_002 != 0)
		return false;
	start = at + sizeof(*record);
	if (record->length > length - start)
		return false;
	end = start + record->length;
	for (size_t i = start; i < end; i++)
		texts += blob[i] == 0;
	if (texts != texts_of(record->type))
		return false;
	for (; end % 8 != 0; end++)
		if (end >= length || blob[end] != 0)
			return false;
	return true;
}

/* Rules between a record and the one before it of the same type. */
static bool check_order(const struct config_value *record, const struct config_value *before, uint32_t flags)
{
	bool same = before->type == record->type;

	if (record->type < before->type)
		return false;
	switch (record->type) {
	case CONFIG_TYPE_ARG:
		return !same || !(flags & CONFIG_FLAG_ARGS_HOST); /* then argv[0] is the only one */
	case CONFIG_TYPE_IMAGE:
		return !same;
	case CONFIG_TYPE_ENV:
	case CONFIG_TYPE_ENV_UNMEASURED:
		if ((flags & CONFIG_FLAG_ENV_HOST) || config_key(record->value, record->length) == 0)
			return false;
		if (record->type == CONFIG_TYPE_ENV && config_key(record->value, record->length) == record->length)
			return false;
		break;
	default:
		break;
	}
	return !same || is_after(record, before);
}

bool config_check(const void *blob, size_t length)
{
	const struct config_header *header = blob;
	struct config_value record = { 0 }, before;
	size_t at = sizeof(*header);
	uint32_t count = 0;

	if (length < sizeof(*header) || length > CONFIG_MAX || length % 8 != 0 || !check_header(header, length))
		return false;
	for (; at < length; at = record.next) {
		if (!check_bounds(blob, length, at))
			return false;
		before = record;
		record.next = at;
		config_next(blob, &record);
		if (count == 0 ? record.type != CONFIG_TYPE_ARG : !check_order(&record, &before, header->flags))
			return false;
		count++;
	}
	return count != 0 && count == header->records;
}

bool config_next(const void *blob, struct config_value *record)
{
	const struct config_header *header = blob;
	size_t at = record->next == 0 ? sizeof(*header) : record->next;
	const struct config_record *raw = (const struct config_record *)((const uint8_t *)blob + at);

	if (at >= header->length)
		return false;
	record->type = raw->type;
	record->value = (const char *)(raw + 1);
	record->length = raw->length;
	record->next = at + sizeof(*raw) + ((raw->length + 7ull) & ~7ull);
	return true;
}
