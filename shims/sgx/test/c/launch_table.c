// SPDX-License-Identifier: Apache-2.0
// keep_info.c and report.c over a page and a report of the test's: launch_table < lines of `FIELD VALUE`, each of which
// changes one field of what is good. Prints `good` or `refused REASON` a line. The linker gives shim_start and shim_end.
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "../../include/sgx_keep.h"
#include "../../../core/include/boot.h"
#include "../../../core/include/platform.h"

#define SIZE 0x10000000ull

static jmp_buf ended;
static struct report given;

_Noreturn void keep_refuse(uint32_t reason)
{
	longjmp(ended, (int)reason);
}

uint64_t sgx_enclu(uint64_t leaf, uint64_t rbx, uint64_t rcx, uint64_t rdx)
{
	(void)rcx;
	/* EREPORT faults on misaligned structures. */
	if (leaf != ENCLU_EREPORT || rbx % 512 || rcx % 128 || rdx % 512)
		return 0;
	memcpy((void *)rdx, &given, sizeof(given));
	return leaf;
}

static const struct keep_info GOOD = {
	.magic = KEEP_INFO_MAGIC, .version = 1, .flags = KEEP_INFO_SGX2, .elrange_size = SIZE, .thread_start = 0x13000,
	.thread_count = 2, .exec_start = 0x200000, .exec_end = 0x240000, .exec_entry = 0x201000, .exec_phdr = 0x200040,
	.exec_phnum = 8, .heap_start = 0x400000, .heap_end = 0x8000000, .xfrm = 7, .memory = 0x4000000,
};

static uint64_t *field(struct keep_info *info, const char *name)
{
#define FIELD(member) \
	if (strcmp(name, #member) == 0) \
		return &info->member
	FIELD(magic);
	FIELD(elrange_size);
	FIELD(thread_start);
	FIELD(thread_count);
	FIELD(exec_start);
	FIELD(exec_end);
	FIELD(exec_entry);
	FIELD(exec_phdr);
	FIELD(exec_phnum);
	FIELD(heap_start);
	FIELD(heap_end);
	FIELD(memory);
	FIELD(xfrm);
	return 0;
}

static void change(struct keep_info *info, const char *name, uint64_t value)
{
	uint64_t *of_info = field(info, name);

	if (of_info)
		*of_info = value;
	else if (strcmp(name, "version") == 0)
		info->version = (uint32_t)value;
	else if (strcmp(name, "flags") == 0)
		info->flags = (uint32_t)value;
	else if (strcmp(name, "report.attributes") == 0)
		given.attributes = value;
	else if (strcmp(name, "report.xfrm") == 0)
		given.xfrm = value;
	else if (strcmp(name, "report.miscselect") == 0)
		given.miscselect = (uint32_t)value;
	else if (strcmp(name, "report.configid") == 0)
		given.configid[value] ^= 1;
	else if (strcmp(name, "nothing") != 0)
		printf("no such field: ");
}

int main(void)
{
	void *base = mmap((void *)shim_start, 0x20000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	struct keep_info *info = (struct keep_info *)(uintptr_t)keep_info();
	static const uint8_t digest[32] = { 1, 2, 3 };
	unsigned long long value;
	char name[32];

	if (base != shim_start)
		return 2;
	while (scanf("%31s %llx", name, &value) == 2) {
		int reason;

		*info = GOOD;
		memset(&given, 0, sizeof(given));
		given.attributes = ATTR_INIT | ATTR_MODE64BIT | ATTR_KSS;
		given.xfrm = 7;
		given.miscselect = MISCSELECT_EXINFO;
		memcpy(given.configid, digest, sizeof(digest));
		change(info, name, value);
		reason = setjmp(ended);
		if (reason) {
			printf("refused %d\n", reason);
			continue;
		}
		keep_info_check();
		report_check();
		puts(platform_config_is(digest) ? "good" : "another config");
	}
	return 0;
}
