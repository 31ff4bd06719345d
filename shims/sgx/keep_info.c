/* SPDX-License-Identifier: Apache-2.0 */
#include "include/sgx_keep.h"
#include "shim_config.h"
#include "../core/include/platform.h"

#define VERSION 1
/* The plan's memory must be the one that this shim was compiled for. */
#define FLAGS (SHIM_SGX == 2 ? KEEP_INFO_SGX2 : 0)

static bool aligned(uint64_t value, uint64_t to)
{
	return (value & (to - 1)) == 0;
}

void keep_info_check(void)
{
	const struct keep_info *info = keep_info();
	uint64_t info_end = (uint64_t)(info + 1) - keep_base();
	uint64_t threads_end;
	bool good;

	good = info->magic == KEEP_INFO_MAGIC && info->version == VERSION && info->flags == FLAGS;
	/* A power of two, and the base a multiple of it. */
	good = good && info->elrange_size != 0 && aligned(info->elrange_size, info->elrange_size) &&
		aligned(keep_base(), info->elrange_size);
	good = good && info->thread_count != 0 && info->thread_start >= info_end && aligned(info->thread_start, PAGE_SIZE) &&
		!__builtin_mul_overflow(info->thread_count, (uint64_t)SGX_MAP_THREAD_STRIDE, &threads_end) &&
		!__builtin_add_overflow(threads_end, info->thread_start, &threads_end) && threads_end <= info->exec_start;
	good = good && aligned(info->exec_start, SGX_MAP_REGION_ALIGN) && aligned(info->exec_end, PAGE_SIZE) &&
		aligned(info->heap_start, SGX_MAP_REGION_ALIGN) && aligned(info->heap_end, PAGE_SIZE);
	good = good && info->exec_start < info->exec_end && info->exec_end < info->heap_start &&
		info->heap_start < info->heap_end && info->heap_end <= info->elrange_size;
	/* More addresses than memory only where pages are added as they are used. */
	good = good && info->memory != 0 && aligned(info->memory, PAGE_SIZE) &&
		(SHIM_SGX == 2 ? info->memory <= info->heap_end - info->heap_start :
				 info->memory == info->heap_end - info->heap_start);
	good = good && info->exec_entry >= info->exec_start && info->exec_entry < info->exec_end &&
		info->exec_phdr >= info->exec_start && info->exec_phdr < info->exec_end && aligned(info->exec_phdr, 8) &&
		info->exec_phnum != 0 && info->exec_phnum <= (info->exec_end - info->exec_phdr) / 56;
	/* x87 and SSE always; nothing that a thread's save area has no room for. */
	good = good && (info->xfrm & (XFRM_X87 | XFRM_SSE)) == (XFRM_X87 | XFRM_SSE) &&
		(info->xfrm & ~(uint64_t)XSAVE_COMPONENTS) == 0;
	if (!good)
		keep_refuse(REASON_KEEP_INFO);
}
