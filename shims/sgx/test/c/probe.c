// SPDX-License-Identifier: Apache-2.0
// One thing that a program can do, by name: probe NAME. It exits with 0 when all was as it is under Linux.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "probe.h"

#define PAGE 4096
volatile int zero;
char written[3 * PAGE] = "in .data";

static void hello(void)
{
	CHECK(write(1, "hello\n", 6) == 6);
}

static void echo(void)
{
	char line[64];
	ssize_t length = read(0, line, sizeof(line));

	CHECK(length >= 0);
	CHECK(write(1, line, (size_t)length) == length);
}

static void clock_steps(void)
{
	struct timespec a, b;

	for (int i = 0; i < 20; i++) {
		CHECK(clock_gettime(CLOCK_MONOTONIC, &a) == 0 && clock_gettime(CLOCK_MONOTONIC, &b) == 0);
		CHECK(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
	}
}

/* The host is asked between the two reads of .data. */
static void data_page(void)
{
	CHECK(write(1, "", 0) == 0);
	printf("%s\n", (char *)(uintptr_t)written + zero);
}

static void segv(void)
{
	*(volatile char *)8 = 1;
}

static void not_canonical(void)
{
	*(volatile char *)0x8000000000000000ull = 1;
}

static void undefined(void)
{
	__asm__ volatile("ud2");
}

static void divide(void)
{
	printf("%d\n", (written[0] + 100) / zero);
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void alignment(void)
{
	__asm__ volatile("pushfq\n\torq $0x40000, (%%rsp)\n\tpopfq\n\tmovl 1(%0), %%eax" : : "r"(written) : "eax", "cc");
}

static void stack_overflow(void)
{
	volatile char frame[PAGE];

	frame[0] = (char)zero;
	if (frame[0] == 0)
		stack_overflow();
	written[0] = frame[0];
}

static void write_code(void)
{
	uintptr_t page = (uintptr_t)segv & ~(uintptr_t)(PAGE - 1);

	*(volatile char *)page = 0;
}

static void shim_jump(void)
{
	uint64_t entry = getauxval(AT_MOTTE_ENTRY);

	/* Far below the direct entry lie the shim's headers: not executable, and within the shim. */
	((void (*)(void))(entry & ~0xfffull) - 0x1000 * 1)();
}

/* W^X, and a page that was written and then runs (SECURITY.md, rule 10). */
static void late_code(void)
{
	static const uint8_t code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	uint8_t *page;

	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK(errno == EACCES);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	memcpy(page, code, sizeof(code));
	CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == -1 && errno == EACCES);
	CHECK(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
	CHECK(((int (*)(void))(uintptr_t)page)() == 42);
	CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0);
	page[1] = 43;
	CHECK(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
	CHECK(((int (*)(void))(uintptr_t)page)() == 43);
	page[1] = 44; /* SIGSEGV */
}

static void late_code_refused(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	CHECK(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == -1 && errno == EACCES);
}

static void read_only(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	page[0] = 1;
	CHECK(mprotect(page, PAGE, PROT_READ) == 0 && page[0] == 1);
	CHECK(syscall(SYS_getrandom, page, 16, 0) == -1 && errno == EFAULT);
	page[0] = 2; /* SIGSEGV */
}

static void memory(void)
{
	const size_t size = 64 * PAGE;
	char *a = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *b;

	CHECK(a != MAP_FAILED);
	memset(a, 7, size);
	CHECK(madvise(a, size, MADV_DONTNEED) == 0 && a[5] == 0 && a[size - 1] == 0);
	memset(a, 8, size);
	b = mremap(a, size, 2 * size, MREMAP_MAYMOVE);
	CHECK(b != MAP_FAILED && b[size - 1] == 8 && b[size] == 0 && b[2 * size - 1] == 0);
	CHECK(munmap(b, 2 * size) == 0);
	CHECK(syscall(SYS_getrandom, b, 1, 0) == -1 && errno == EFAULT);
	a = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < size; i++)
		CHECK(a[i] == 0);
	CHECK(munmap(a + PAGE, PAGE) == 0 && mprotect(a, 3 * PAGE, PROT_READ) == -1 && errno == ENOMEM);
	CHECK(mmap(NULL, (size_t)1 << 46, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
}

/* Pointers that are not the program's: below its memory, above, and ranges that wrap. */
static void bad_pointers(void)
{
	static const uint64_t bad[] = { 0, 1, 0x1000, 0x7ffffffff000, 0x8000000000000000, UINT64_MAX, UINT64_MAX - 7 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(syscall(SYS_write, 1, bad[i], 16) == -1 && errno == EFAULT);
		CHECK(syscall(SYS_read, 0, bad[i], 16) == -1 && errno == EFAULT);
		CHECK(syscall(SYS_clock_gettime, 0, bad[i]) == -1 && errno == EFAULT);
		CHECK(syscall(SYS_uname, bad[i]) == -1 && errno == EFAULT);
		CHECK(syscall(SYS_openat, AT_FDCWD, bad[i], 0) == -1 && errno == EFAULT);
	}
	/* The shim's own memory is not the program's either. */
	CHECK(syscall(SYS_write, 1, getauxval(AT_MOTTE_ENTRY), 16) == -1 && errno == EFAULT);
	CHECK(syscall(12345) == -1 && errno == ENOSYS);
}

/* For registers(), whose assembly has no register left to be given an address in. */
uint8_t ymm_before[3][32], ymm_after[3][32];
uint64_t seen[8];
uint32_t mxcsr_before = 0x1fa0, mxcsr_after;
uint16_t fcw_before = 0x27f, fcw_after;
struct timespec time_seen;

/* A trapped system call with a host call inside changes RAX, RCX and R11 alone. */
static void registers(void)
{
	for (size_t i = 0; i < sizeof(ymm_before); i++)
		((uint8_t *)ymm_before)[i] = (uint8_t)(i * 7 + 1);
	__asm__ volatile("ldmxcsr mxcsr_before(%%rip)\n\tfldcw fcw_before(%%rip)\n\t"
			 "vmovdqu ymm_before(%%rip), %%ymm0\n\tvmovdqu 32+ymm_before(%%rip), %%ymm5\n\t"
			 "vmovdqu 64+ymm_before(%%rip), %%ymm15\n\t"
			 "movl $228, %%eax\n\txorl %%edi, %%edi\n\tleaq time_seen(%%rip), %%rsi\n\t"
			 "movq $11, %%rdx\n\tmovq $12, %%r10\n\tmovq $13, %%r8\n\tmovq $14, %%r9\n\tmovq $15, %%r12\n\t"
			 "movq $16, %%r13\n\tmovq $17, %%r14\n\tsyscall\n\t"
			 "movq %%rax, seen(%%rip)\n\tmovq %%rdx, 8+seen(%%rip)\n\tmovq %%r10, 16+seen(%%rip)\n\t"
			 "movq %%r8, 24+seen(%%rip)\n\tmovq %%r9, 32+seen(%%rip)\n\tmovq %%r12, 40+seen(%%rip)\n\t"
			 "movq %%r13, 48+seen(%%rip)\n\tmovq %%r14, 56+seen(%%rip)\n\t"
			 "vmovdqu %%ymm0, ymm_after(%%rip)\n\tvmovdqu %%ymm5, 32+ymm_after(%%rip)\n\t"
			 "vmovdqu %%ymm15, 64+ymm_after(%%rip)\n\t"
			 "stmxcsr mxcsr_after(%%rip)\n\tfnstcw fcw_after(%%rip)\n\tfninit\n\tvzeroupper"
			 :
			 :
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "memory", "cc",
			   "xmm0", "xmm5", "xmm15");
	CHECK(seen[0] == 0);
	for (int i = 1; i < 8; i++)
		CHECK(seen[i] == (uint64_t)i + 10);
	CHECK(memcmp(ymm_before, ymm_after, sizeof(ymm_before)) == 0);
	CHECK(mxcsr_after == mxcsr_before && fcw_after == fcw_before);
}

/* The program's direction and alignment flags hurt nobody, and come back. */
static void flags(void)
{
	struct timespec time;
	uint64_t after;
	long result;

	__asm__ volatile("pushfq\n\torq $0x40400, (%%rsp)\n\tpopfq\n\tsyscall\n\tpushfq\n\tpopq %1\n\t"
			 "pushfq\n\tandq $~0x40400, (%%rsp)\n\tpopfq"
			 : "=a"(result), "=r"(after)
			 : "a"(SYS_clock_gettime), "D"(0), "S"(&time)
			 : "rcx", "r11", "memory", "cc");
	CHECK(result == 0 && (after & 0x40400) == 0x40400);
	__asm__ volatile("pushfq\n\torq $0x40400, (%%rsp)\n\tpopfq" : : : "cc", "memory");
	result = direct(SYS_clock_gettime, 0, (long)&time, 0);
	__asm__ volatile("cld\n\tpushfq\n\tandq $~0x40400, (%%rsp)\n\tpopfq" : : : "cc", "memory");
	CHECK(result == 0);
}

static void direct_entry(void)
{
	errno = 77; /* in thread-local storage: FS comes back after host calls */
	CHECK(direct(SYS_write, 1, (long)"direct\n", 7) == 7);
	CHECK(direct(SYS_write, 9, (long)"direct\n", 7) == -EBADF);
	CHECK(direct(SYS_getpid, 0, 0, 0) == getpid());
	CHECK(errno == 77);
}

static void random_bytes(void)
{
	uint8_t a[64], b[64];
	const uint8_t *given = (const uint8_t *)getauxval(AT_RANDOM);

	CHECK(getrandom(a, sizeof(a), 0) == sizeof(a) && getrandom(b, sizeof(b), GRND_NONBLOCK) == sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0 && memcmp(given, given + 8, 8) != 0 && memcmp(a, given, 16) != 0);
	CHECK(getrandom(a, sizeof(a), 0x80) == -1 && errno == EINVAL);
	for (int i = 0; i < 16; i++)
		printf("%02x", given[i]);
	putchar('\n');
}

static void deadlock(void)
{
	uint32_t word = 5;

	CHECK(syscall(SYS_futex, &word, 0, 6, NULL) == -1 && errno == EAGAIN);
	syscall(SYS_futex, &word, 0, 5, NULL);
}

static void *thread(void *argument)
{
	return argument;
}

static void threads(void)
{
	pthread_t other;

	CHECK(pthread_create(&other, NULL, thread, NULL) == EAGAIN);
	CHECK(fork() == -1 && errno == ENOSYS);
}

static void empty_stdin(void)
{
	struct pollfd poll_in = { .fd = 0, .events = POLLIN };
	struct stat stat;
	char byte;

	CHECK(read(0, &byte, 1) == 0 && write(0, "x", 1) == -1 && errno == EBADF);
	CHECK(fstat(0, &stat) == 0 && S_ISCHR(stat.st_mode) && !isatty(0));
	CHECK(poll(&poll_in, 1, -1) == 1 && poll_in.revents == POLLIN);
}

static void blocked_abort(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(raise(SIGTERM) == 0); /* waits */
	CHECK(signal(SIGUSR1, SIG_IGN) == SIG_DFL && raise(SIGUSR1) == 0);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

static const struct {
	const char *name;
	void (*run)(void);
} PROBES[] = {
	{ "hello", hello }, { "echo", echo }, { "clock", clock_steps }, { "data", data_page }, { "segv", segv },
	{ "not-canonical", not_canonical }, { "undefined", undefined }, { "divide", divide }, { "breakpoint", breakpoint },
	{ "alignment", alignment }, { "stack", stack_overflow }, { "code", write_code }, { "shim", shim_jump },
	{ "late-code", late_code }, { "late-code-refused", late_code_refused }, { "read-only", read_only },
	{ "memory", memory }, { "pointers", bad_pointers }, { "registers", registers }, { "flags", flags },
	{ "direct", direct_entry }, { "random", random_bytes }, { "deadlock", deadlock }, { "abort", abort },
	{ "blocked", blocked_abort }, { "threads", threads }, { "empty-stdin", empty_stdin },
	{ "signals", signal_handlers }, { "restart", signal_restart }, { "frames", signal_frames }, { "no-room", signal_no_room },
	{ "bad-rip", signal_bad_rip }, { "bad-state", signal_bad_state }, { "no-restorer", signal_no_restorer },
	{ "direct-return", signal_direct_return },
	{ "yields", threads_yields }, { "spins", threads_spins }, { "other-spins", threads_other_spins },
	{ "other-writes", threads_other_writes }, { "other-sleeps", threads_other_sleeps },
	{ "other-ends", threads_other_ends }, { "starts", threads_starts },
	{ "start-fails", threads_start_fails }, { "exec-replaces", exec_replaces },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(PROBES) / sizeof(PROBES[0]); i++) {
		if (argc == 2 && strcmp(PROBES[i].name, argv[1]) == 0) {
			PROBES[i].run();
			return 0;
		}
	}
	return 2;
}
