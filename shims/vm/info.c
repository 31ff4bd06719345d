/* SPDX-License-Identifier: Apache-2.0 */
#include "include/tee.h"
#include "../core/generated/sgx.h"
#include "../core/include/platform.h"

#define VERSION 1

static bool aligned(uint64_t value, uint64_t to)
{
	return (value & (to - 1)) == 0;
}

void vm_info_check(void)
{
	const struct vm_info *info = vm_info();
	uint64_t info_end = (uint64_t)(info + 1) - keep_base();
	uint64_t vcpus_end;
	bool good;

	good = info->magic == VM_INFO_MAGIC && info->version == VERSION && keep_base() == VM_MAP_BASE;
	good = good && tee_is_known(info);
	good = good && info->vcpu_count != 0 && info->vcpu_start >= info_end && aligned(info->vcpu_start, PAGE_SIZE) &&
		!__builtin_mul_overflow(info->vcpu_count, (uint64_t)VM_MAP_VCPU_STRIDE, &vcpus_end) &&
		!__builtin_add_overflow(vcpus_end, info->vcpu_start, &vcpus_end) && vcpus_end <= info->root_table;
	good = good && aligned(info->root_table, PAGE_SIZE) && info->root_table < info->exec_start;
	good = good && aligned(info->shim_table, PAGE_SIZE) && (info->shim_table == 0 || info->shim_table > info->root_table) &&
		info->shim_table < info->exec_start;
	good = good && aligned(info->exec_start, VM_MAP_REGION_ALIGN) && aligned(info->exec_end, PAGE_SIZE) &&
		aligned(info->heap_start, VM_MAP_REGION_ALIGN) && aligned(info->heap_end, PAGE_SIZE);
	good = good && info->exec_start < info->exec_end && info->exec_end < info->heap_start &&
		info->heap_start < info->heap_end && info->heap_end <= VM_MAP_OWN - VM_MAP_BASE;
	good = good && info->memory != 0 && aligned(info->memory, PAGE_SIZE) && info->memory <= info->heap_end - info->heap_start;
	good = good && info->pages_start == info->heap_start && aligned(info->pages_ready, VM_MAP_REGION_ALIGN) &&
		aligned(info->pages_end, VM_MAP_REGION_ALIGN) && info->pages_start < info->pages_ready &&
		info->pages_ready <= info->pages_end && info->memory < info->pages_end - info->pages_start;
	good = good && info->exec_entry >= info->exec_start && info->exec_entry < info->exec_end &&
		info->exec_phdr >= info->exec_start && info->exec_phdr < info->exec_end && aligned(info->exec_phdr, 8) &&
		info->exec_phnum != 0 && info->exec_phnum <= (info->exec_end - info->exec_phdr) / 56;
	/* x87 and SSE always; nothing that a vCPU's save area has no room for. */
	good = good && (info->xcr0 & (XFRM_X87 | XFRM_SSE)) == (XFRM_X87 | XFRM_SSE) &&
		(info->xcr0 & ~(uint64_t)XSAVE_COMPONENTS) == 0;
	if (!good)
		keep_refuse(REASON_KEEP_INFO);
}
