// SPDX-License-Identifier: Apache-2.0
// exception.c on frames that no CPU would fill, beside those that it does: a line for each of the rows that
// standard input has: `EXITINFO BYTES WHERE AT ERRCD MADDR FAULT`, numbers hexadecimal. BYTES is the code at RIP; WHERE is
// `text` of the program, `ended` for that of a task that another one ends, `shim`, or `signal` for landing_signal. FAULT
// is what the ledger says of a page fault.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "../../include/sgx_keep.h"
#include "../../../core/include/memory.h"
#include "../../../core/include/platform.h"
#include "../../../core/include/signal.h"
#include "../../../core/include/task.h"

uint32_t exception_handle(uint8_t *frame, struct leaving *leaving);

static _Alignas(PAGE_SIZE) uint8_t text[PAGE_SIZE], shim[PAGE_SIZE];
static enum memory_fault fault;
static unsigned fault_need;
static struct siginfo told;
static const char *asked;
static struct task self;

/* KEEP_INFO, all zeros, is one page after this. */
_Alignas(PAGE_SIZE) __attribute__((section(".data"))) uint8_t shim_end_pages[2 * PAGE_SIZE];
__asm__(".globl shim_end\n.set shim_end, shim_end_pages");

struct task *task_self(void)
{
	return &self;
}

struct span platform_shim(void)
{
	return (struct span){ (uint64_t)shim, (uint64_t)shim + sizeof(shim) };
}

bool platform_lazy(void)
{
	return true;
}

/* Only the program's page is executable. */
long memory_touch(uint64_t address, uint64_t length, unsigned need)
{
	bool good = address >= (uint64_t)text && address + length <= (uint64_t)text + sizeof(text) && need == PERM_X;

	return good ? 0 : -EFAULT;
}

enum memory_fault memory_fault(uint64_t address, unsigned need)
{
	(void)address;
	fault_need = need;
	return fault;
}

void landing_trapped(void)
{
}

void landing_signal(void)
{
	__asm__ volatile("" : : "i"(1)); /* another address than landing_trapped */
}

void landing_direct(void)
{
	__asm__ volatile("" : : "i"(2));
}

/* Each run has one exception. */
struct ending keep_ending;

void keep_is_over(uint64_t why, uint64_t rsi, uint64_t rdx)
{
	(void)why, (void)rsi, (void)rdx;
}

/* No program here has a handler. */
unsigned signal_fault(struct context *context, const struct siginfo *info)
{
	(void)context;
	told = *info;
	return (unsigned)info->number;
}

unsigned signal_deliver(struct context *context)
{
	asked = "deliver";
	context->registers.rax = context->registers.rip;
	return 0;
}

unsigned signal_return(struct context *context)
{
	asked = "return";
	context->registers.rax = context->registers.rip;
	return 0;
}

void cpuid_answer(struct gprsgx *gpr)
{
	gpr->rax = 0x1234;
}

#define MADDR 0x1234
/* RFLAGS of the program, with all that a system call clears. */
#define FLAGS 0x44746ull

static void show(uint32_t why, const struct leaving *leaving, const struct gprsgx *gpr)
{
	if (why == EXIT_WHY_ENDED)
		printf("signal %llu code %d%s", (unsigned long long)leaving->rsi, told.code,
		       told.address == gpr->rip ? " at rip" : told.address == MADDR ? " at maddr" : "");
	else if (why == EXIT_WHY_REFUSED)
		printf("refused %llu %llx", (unsigned long long)leaving->rsi, (unsigned long long)leaving->rdx);
	else if (asked)
		printf("%s %llx", asked, (unsigned long long)(gpr->rax - (uint64_t)text));
	else if (gpr->rip == (uint64_t)landing_trapped)
		printf("%s %llx %llx %llx", gpr->rax == 60 ? "exit" : "syscall",
		       (unsigned long long)(gpr->rcx - (uint64_t)text), (unsigned long long)gpr->r11,
		       (unsigned long long)gpr->rflags);
	else if (gpr->rax == 0x1234)
		printf("cpuid %llx", (unsigned long long)(gpr->rip - (uint64_t)text));
	else
		printf("resume %x", fault_need);
	printf("%s\n", gpr->exitinfo == 0 ? "" : " still valid");
}

int main(void)
{
	static _Alignas(PAGE_SIZE) uint8_t frame[FRAME_SIZE];
	struct gprsgx *gpr = (struct gprsgx *)(frame + FRAME_GPRSGX);
	struct exinfo *info = (struct exinfo *)(frame + FRAME_EXINFO);
	unsigned exitinfo, code, errcd, answer;
	unsigned long long maddr, at;
	char where[8];

	while (scanf("%x %x %7s %llx %x %llx %x", &exitinfo, &code, where, &at, &errcd, &maddr, &answer) == 7) {
		uint8_t *page = strcmp(where, "shim") == 0 ? shim : text;
		struct leaving leaving;
		uint32_t why;

		memset(frame, 0, sizeof(frame));
		memset(page, 0x90, PAGE_SIZE);
		page[at] = (uint8_t)code;
		if (at + 1 < PAGE_SIZE)
			page[at + 1] = (uint8_t)(code >> 8);
		gpr->rip = strcmp(where, "signal") == 0 ? (uint64_t)landing_signal : (uint64_t)page + at;
		gpr->rcx = (uint64_t)page + at;
		gpr->rax = at;
		asked = NULL;
		self.ending = strcmp(where, "ended") == 0;
		gpr->rflags = FLAGS;
		gpr->exitinfo = exitinfo;
		info->errcd = errcd;
		info->maddr = maddr;
		fault = (enum memory_fault)answer;
		fault_need = 0;
		why = exception_handle(frame, &leaving);
		show(why, &leaving, gpr);
	}
	return 0;
}
