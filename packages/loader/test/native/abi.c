/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emulated entry function against the ABI of __vdso_sgx_enter_enclave (Linux, arch/x86/include/uapi/asm/sgx.h): its
 * arguments, what it preserves, the user handler, exceptions. Prints `ok`, or the line that failed.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "helper.h"

#define SIZE 0x10000
#define CHECK(what)                                       \
	do {                                              \
		if (!(what)) {                            \
			printf("line %d: %s\n", __LINE__, #what); \
			return 1;                         \
		}                                         \
	} while (0)

/* RDI 7: an exception; else counts its arguments up and leaves. At CSSA 1: leaves. */
__asm__(".globl code, code_end\n"
	"code:\n"
	"	cmp $7, %rdi\n"
	"	jne 1f\n"
	"	test %eax, %eax\n"
	"	jnz 1f\n"
	"	ud2\n"
	"1:	add $1, %rdi\n"
	"	add $2, %rsi\n"
	"	add $3, %rdx\n"
	"	add $4, %r8\n"
	"	add $5, %r9\n"
	"	mov %rcx, %rbx\n"
	"	mov $4, %eax\n"
	"	.byte 0x0f, 0x01, 0xd7\n"
	"code_end:\n");
extern const char code[], code_end[];

static struct {
	uint64_t rdi, rsi, rdx, rsp, r8, r9;
	struct sgx_enclave_run *run;
	int calls, answers[3];
} seen;

static int handler(uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t rsp, uint64_t r8, uint64_t r9,
		   struct sgx_enclave_run *run)
{
	seen.rdi = rdi;
	seen.rsi = rsi;
	seen.rdx = rdx;
	seen.rsp = rsp;
	seen.r8 = r8;
	seen.r9 = r9;
	seen.run = run;
	return seen.answers[seen.calls++];
}

static void set_page(uint32_t page, uint8_t type, uint8_t permissions)
{
	enclave.epcm[page] = (struct epcm_entry){.type = type, .permissions = permissions, .flags = EPCM_VALID, .limit = 7};
}

static void set_up(void)
{
	static struct secs secs;
	static struct epcm_entry epcm[SIZE / PAGE];
	static struct mapping all = {.length = SIZE, .permissions = 7};
	const int fd = memfd_create("abi", 0);
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	const stack_t alternate = {.ss_sp = (uint8_t *)cpu_self() + CPU_TRAP_STACK, .ss_size = CPU_SERVICE_STACK - CPU_TRAP_STACK};
	(void)!ftruncate(fd, SIZE);
	enclave.memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	enclave.base = mmap(NULL, SIZE, PROT_NONE, MAP_SHARED, fd, 0);
	enclave.size = SIZE;
	enclave.secs = &secs;
	enclave.epcm = epcm;
	enclave.mappings = &all;
	enclave.mapping_count = 1;
	enclave.memory_fd = fd;
	enclave.pages_end = SIZE;
	secs = (struct secs){.size = SIZE, .ssaframesize = 1, .miscselect = 1, .xfrm = 7, .attributes = 5};
	set_page(0, PT_REG, 5);
	set_page(1, PT_TCS, 0);
	set_page(2, PT_REG, 3);
	set_page(3, PT_REG, 3);
	memcpy(enclave.memory, code, (size_t)(code_end - code));
	struct tcs *tcs = (struct tcs *)(enclave.memory + PAGE);
	tcs->ossa = 2 * PAGE;
	tcs->nssa = 2;
	tcs->fslimit = tcs->gslimit = 0xfff;
	epc_apply(0, SIZE);
	cpu_start();
	sigaltstack(&alternate, NULL);
	action.sa_sigaction = (void (*)(int, siginfo_t *, void *))(void (*)(void))cpu_trap_entry;
	sigaction(SIGILL, &action, NULL);
	/* A CPU that has SGX, where nobody has turned it on: ENCLU is #GP there. */
	sigaction(SIGSEGV, &action, NULL);
}

static int test(void)
{
	set_up();
	struct sgx_enclave_run run = {.tcs = (uint64_t)enclave.base + PAGE};
	struct exit_registers registers = {1, 2, 3};
	CHECK(enter_keep(emulated_enter, &registers, &run, 4) == -22);
	CHECK(enter_keep(emulated_enter, &registers, &run, 1) == -22);
	run.reserved_028[215] = 1;
	int result = enter_keep(emulated_enter, &registers, &run, ENCLU_EENTER);
	cpu_host();
	CHECK(result == -22);
	run.reserved_028[215] = 0;

	registers = (struct exit_registers){10, 20, 30};
	result = enter_keep(emulated_enter, &registers, &run, ENCLU_EENTER);
	cpu_host();
	CHECK(result == 0 && run.function == ENCLU_EEXIT);
	CHECK(registers.rdi == 11 && registers.rsi == 22 && registers.rdx == 33);

	/* The handler sees what EEXIT left; a positive answer enters again with the registers that the handler left. */
	run.user_handler = (uint64_t)handler;
	seen.answers[0] = ENCLU_EENTER;
	seen.answers[1] = -5;
	registers = (struct exit_registers){100, 200, 300};
	result = enter_keep(emulated_enter, &registers, &run, ENCLU_EENTER);
	cpu_host();
	CHECK(result == -5 && seen.calls == 2);
	CHECK(seen.run == &run && seen.rsp != 0 && seen.rsp % 8 == 0);
	seen.calls = 0;
	seen.answers[0] = 0;
	registers = (struct exit_registers){100, 200, 300};
	result = enter_keep(emulated_enter, &registers, &run, ENCLU_EENTER);
	cpu_host();
	CHECK(result == 0 && seen.calls == 1);
	CHECK(seen.rdi == 101 && seen.rsi == 202 && seen.rdx == 303 && seen.r8 == 4 && seen.r9 == 5);
	run.user_handler = 0;

	/* An exception: the leaf is what AEX leaves in RAX, ERESUME. */
	registers = (struct exit_registers){7, 0, 0};
	result = enter_keep(emulated_enter, &registers, &run, ENCLU_EENTER);
	cpu_host();
	CHECK(result == 0 && run.function == ENCLU_ERESUME && run.exception_vector == 6);
	CHECK(run.exception_error_code == 0 && run.exception_addr == 0);
	/* A fault of EENTER itself: the leaf is EENTER. */
	run.tcs += 8;
	result = enter_keep(emulated_enter, &registers, &run, ENCLU_EENTER);
	cpu_host();
	CHECK(result == 0 && run.function == ENCLU_EENTER && run.exception_vector == 13);
	puts("ok");
	return 0;
}

static void *thread_main(void *failed)
{
	*(int *)failed = test();
	return NULL;
}

/* The emulated CPU finds its state below the stack that it is called on. */
int main(void)
{
	static uint8_t arena[CPU_ARENA] __attribute__((aligned(CPU_ARENA)));
	pthread_attr_t attributes;
	pthread_t thread;
	int failed = 1;
	enclave.cpus = (struct cpu *)arena;
	enclave.cpu_count = 1;
	cpu_features();
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, arena + CPU_MAIN_STACK, CPU_ARENA - CPU_MAIN_STACK);
	if (pthread_create(&thread, &attributes, thread_main, &failed) != 0)
		return 1;
	pthread_join(thread, NULL);
	return failed;
}
