/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the Keep's image: ranges of files that the loader has opened. They are not among the handles of the Keep, and
 * nothing is done with them but this.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include "files.h"
#include "hostcall_host.h"

int image_descriptor(const struct keep_host *host, uint32_t part)
{
	return HELPER_FD_GRANT + (int)(host->start.grant_count + part);
}

/* All that is there: the Keep takes less for a lie. */
static long read_whole(int fd, uint8_t *to, uint64_t count, uint64_t offset)
{
	uint64_t done = 0;
	while (done < count) {
		const long got = sys(SYS_pread64, fd, (long)(to + done), (long)(count - done), (long)(offset + done));
		if (got == -EINTR)
			continue;
		if (got < 0)
			return -EIO;
		if (got == 0)
			break;
		done += (uint64_t)got;
	}
	return (long)done;
}

/* Within one part: what goes on in the next is asked for again. */
long serve_image_read(struct keep_host *host, void *bytes, uint64_t count, int64_t offset)
{
	uint64_t at = (uint64_t)offset;
	for (uint32_t i = 0; i < host->start.part_count; i++) {
		const struct image_part *part = &host->parts[i];
		if (at < part->length) {
			const uint64_t left = part->length - at;
			return read_whole(image_descriptor(host, i), bytes, count < left ? count : left, part->offset + at);
		}
		at -= part->length;
	}
	return 0;
}
