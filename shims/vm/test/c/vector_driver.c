/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector_driver: each vector from 0 to 255, as the IDT and as the handler of ring 3 have it. The world's code is where ring 3 is.
 * The core is a stand-in that says what it is asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "snp_world.h"
#include "../../tables.c"
#include "../../include/pvm.h"
#include "../../include/tee.h"
#include "../../include/trap.h"
#include "../../../core/include/fault.h"
#include "../../../core/include/lock.h"
#include "../../../core/include/memory.h"
#include "../../../core/include/syscall.h"

const uint8_t trap_stubs[VECTORS * TRAP_STUB_SIZE];
const uint8_t trap_system_call[1], pvm_breakpoint[1], pvm_call[2], pvm_call_entry[1], pvm_exception_entry[1];
uint64_t paging_changes;
struct ending keep_ending;

void paging_catch_up(struct vcpu *vcpu)
{
	(void)vcpu;
}

void context_load(struct context *context, const struct trap_frame *frame)
{
	(void)frame;
	memset(context, 0, sizeof(*context));
}

void context_store(const struct context *context, struct trap_frame *frame)
{
	(void)context, (void)frame;
}

unsigned signal_fault(struct context *context, const struct siginfo *info)
{
	(void)context;
	printf("signal %d\n", info->number);
	return 0;
}

unsigned signal_deliver(struct context *context)
{
	(void)context;
	return 0;
}

unsigned signal_return(struct context *context)
{
	(void)context;
	return 0;
}

uint64_t syscall_dispatch(uint64_t a, uint64_t b, uint64_t c, uint64_t number, const struct syscall_frame *frame)
{
	(void)a, (void)b, (void)c, (void)frame;
	printf("system call %llu\n", (unsigned long long)number);
	return 0;
}

enum memory_fault memory_fault(uint64_t address, unsigned need)
{
	(void)address;
	printf("page fault, needs %u\n", need);
	return MEMORY_FAULT_SERVED;
}

struct task *task_self(void)
{
	return &vcpu_self()->task;
}

void task_end(uint32_t status)
{
	printf("task ends %u\n", status);
	exit(0);
}

void keep_end(uint32_t status)
{
	printf("keep ends %u\n", status);
	exit(0);
}

void vm_out(uint32_t why)
{
	printf("out %u\n", why);
}

void vm_leave(uint32_t why, uint64_t rsi, uint64_t rdx)
{
	(void)rdx;
	printf("leaves %u %llu\n", why, (unsigned long long)rsi);
	exit(0);
}

static void print_gate(unsigned vector)
{
	const struct gate *gate = &idt[vector];
	uint64_t to = (uint64_t)gate->offset_high << 32 | (uint64_t)gate->offset_middle << 16 | gate->offset_low;

	printf("gate %u type %02x ist %u selector %u ", vector, gate->type, gate->ist, gate->selector);
	if (to == (uint64_t)pvm_breakpoint)
		printf("to the breakpoint\n");
	else
		printf("stub %lld\n", (long long)(to - (uint64_t)trap_stubs) / TRAP_STUB_SIZE);
}

/* In a process of its own: a refusal ends it. */
static void handle(unsigned vector, uint64_t rip, uint64_t error)
{
	struct trap_frame frame = {
		.rax = 39, .rcx = 0x1000, .r11 = 0x202, .vector = vector, .error = vector == FAULT_PF ? 0x4 : error, .rip = rip,
	};

	printf("vector %u ", vector);
	fflush(stdout);
	if (fork() == 0) {
		trap_handle(&frame, 0);
		printf("handled\n");
		exit(0);
	}
	syscall(SYS_wait4, -1, NULL, 0, NULL);
}

/* As pvm.S has it of SYSCALL, and of one that has jumped to where that leads. */
static void handle_call(uint64_t rcx)
{
	struct trap_frame frame = { .rax = 39, .vector = VECTOR_SYSCALL, .rip = rcx, .rflags = 0x202 };

	pvm_handle_call(&frame);
	printf("handled%s\n", frame.rip == rcx && frame.rflags == 0x202 ? ", on at RCX with R11" : "");
}

/* CPUID under SEV-SNP, which is done when the exception returns: of a program that steps, and of one that does not. */
static void handle_step(uint64_t rflags)
{
	struct trap_frame frame = {
		.vector = VECTOR_VC, .error = 0x72, .rip = (uint64_t)shim_start + WORLD_CODE, .rflags = rflags,
	};

	printf("step %llx: ", (unsigned long long)rflags);
	trap_handle(&frame, 0);
	printf("on at +%llu\n", (unsigned long long)(frame.rip - (uint64_t)shim_start - WORLD_CODE));
}

/* `external`: error codes say that something from outside was being delivered. */
int main(int count, char **args)
{
	uint64_t error = count > 1 && strcmp(args[1], "external") == 0;

	world_begin();
	if (count > 1 && strcmp(args[1], "step") == 0) {
		handle_step(0x202);
		handle_step(0x302);
		return 0;
	}
	pvm_host = vm_info()->mode == VM_MODE_KVM ? (uint32_t)world.host : 0;
	tables_make();
	for (unsigned vector = 0; vector < sizeof(idt) / sizeof(idt[0]); vector++)
		print_gate(vector);
	for (unsigned vector = 0; vector < 256; vector++)
		handle(vector, (uint64_t)shim_start + WORLD_CODE + world.code_length, error);
	if (pvm_host) {
		handle_call(0x1000);
		printf("jump ");
		handle_call(1ull << 47);
	}
	return 0;
}
