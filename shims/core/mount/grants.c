/* SPDX-License-Identifier: Apache-2.0 */
/* What the attested configuration grants of the host's files. */
#include "../include/bytes.h"
#include "../include/config_blob.h"
#include "../include/linux.h"
#include "../include/mount_file.h"
#include "../include/platform.h"

/* The host's handles of grants, in the order of the blob's records (packages/hostcall/src/rows/hostdir.ts). */
#define HANDLE_FIRST 3
/* st_dev of the first grant; the tree's is below. */
#define DEVICE_FIRST 0x100

static bool read_only[MOUNTS_MOST];

/* A path, a NUL, `ro` or `rw`: config_check() knows that records are whole, not what is in them. */
static void start_one(const struct config_value *record, uint32_t grant)
{
	char path[PATH_MAX];
	size_t length = 0;

	while (length < record->length && record->value[length] != 0)
		length++;
	if (grant >= MOUNTS_MOST || length >= PATH_MAX || length + 3 != record->length ||
	    record->value[length + 1] != 'r' || (record->value[length + 2] != 'o' && record->value[length + 2] != 'w'))
		keep_refuse(REASON_CONFIG_FORMAT);
	memcpy(path, record->value, length);
	path[length] = 0;
	read_only[grant] = record->value[length + 2] == 'o';
	if (path[0] != '/' || fs_mount(path, grant))
		keep_refuse(REASON_CONFIG_FORMAT);
}

void mount_start(const void *blob)
{
	struct config_value record = { 0 };
	uint32_t grant = 0;

	while (config_next(blob, &record))
		if (record.type == CONFIG_TYPE_FILE)
			start_one(&record, grant++);
}

int32_t mount_handle(uint32_t grant)
{
	return HANDLE_FIRST + (int32_t)grant;
}

bool mount_is_read_only(uint32_t grant)
{
	return read_only[grant];
}

void mount_settle(uint32_t grant, struct stat *stat)
{
	stat->dev = DEVICE_FIRST + grant;
	stat->rdev = 0;
	stat->pad = 0;
	memset(stat->unused, 0, sizeof(stat->unused));
}
