// SPDX-License-Identifier: Apache-2.0
// Linux's rules for memory, corner by corner, then thousands of random changes: results, permissions and contents are
// printed and must be the ones of Linux. Addresses are told relative to an arena, so that they can be compared.
#include "memory.h"

static void clear(void)
{
	MMAP(arena, PAGES * PAGE, PROT_NONE, ANON | MAP_FIXED);
	MUNMAP(arena, PAGES * PAGE);
}

__attribute__((noinline)) static void write_all(unsigned long from, unsigned long count)
{
	for (unsigned long i = from; i < from + count; i++)
		*(volatile uint64_t *)AT(i) = i + 1;
}

// Writes to pages, up to the first that cannot be written.
__attribute__((noinline)) static void mark(unsigned long from, unsigned long count)
{
	expected = 1;
	if (sigsetjmp(back, 1) == 0)
		write_all(from, count);
	expected = 0;
}

static void maps(void)
{
	clear();
	told("no length", MMAP(0, 0, RW, ANON));
	told("too long", MMAP(0, ~0ul, RW, ANON));
	told("longer than user space", MMAP(0, 1ul << 48, RW, ANON));
	told("no type", MMAP(0, PAGE, RW, MAP_ANONYMOUS));
	told("validate, anonymous", MMAP(0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS));
	told("shared, grows", MMAP(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN));
	told("unaligned offset", raw(SYS_mmap, 0, PAGE, RW, ANON, -1ul, 7));
	told("no descriptor", raw(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, 999, 0));
	told("no descriptor, no length", raw(SYS_mmap, 0, 0, RW, MAP_PRIVATE, 999, 0));
	told("fixed, unaligned", MMAP(arena + 5, PAGE, RW, ANON | MAP_FIXED));
	told("fixed", MMAP(AT(2), 3 * PAGE, RW, ANON | MAP_FIXED));
	mark(2, 3);
	told("noreplace over it", MMAP(AT(1), 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE));
	told("noreplace beside it", MMAP(AT(5), 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE));
	placed("hint that is free", MMAP(AT(10), PAGE, RW, ANON), AT(10));
	placed("hint, unaligned", MMAP(AT(12) + 123, PAGE, RW, ANON), AT(12));
	placed("hint that is taken", MMAP(AT(3), PAGE, RW, ANON), AT(3));
	told("length is rounded", MMAP(AT(14), PAGE + 1, PROT_READ, ANON | MAP_FIXED));
	told("over the middle", MMAP(AT(3), PAGE, PROT_READ, ANON | MAP_FIXED));
	told("noreserve, stack, populate", MMAP(AT(18), PAGE, RW, ANON | MAP_FIXED | MAP_NORESERVE | MAP_STACK | MAP_POPULATE));
	told("shared", MMAP(AT(20), PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED));
	told("populate without access", MMAP(AT(22), PAGE, PROT_NONE, ANON | MAP_FIXED | MAP_POPULATE));
	told("write alone", MMAP(AT(24), PAGE, PROT_WRITE, ANON | MAP_FIXED));
	show(0, 28);
}

static void unmaps(void)
{
	clear();
	told("unaligned", MUNMAP(arena + 1, PAGE));
	told("no length", MUNMAP(arena, 0));
	told("a hole", MUNMAP(arena, 10 * PAGE));
	told("beyond user space", MUNMAP(0x7ffffffff000, PAGE));
	told("too long", MUNMAP(arena, ~0ul));
	MMAP(AT(0), 10 * PAGE, RW, ANON | MAP_FIXED);
	mark(0, 10);
	told("the middle", MUNMAP(AT(3), 2 * PAGE - 1));
	told("over holes", MUNMAP(AT(2), 5 * PAGE));
	show(0, 11);
	told("again", MMAP(AT(2), 5 * PAGE, RW, ANON | MAP_FIXED));
	show(0, 11);
}

static void protects(void)
{
	clear();
	MMAP(AT(0), 6 * PAGE, RW, ANON | MAP_FIXED);
	MMAP(AT(8), 2 * PAGE, RW, ANON | MAP_FIXED);
	mark(0, 6);
	mark(8, 2);
	told("unaligned", MPROTECT(arena + 1, PAGE, PROT_READ));
	told("unknown", MPROTECT(arena, PAGE, 0x40));
	told("unknown, no length", MPROTECT(arena, 0, 0x40));
	told("grows", MPROTECT(arena, PAGE, PROT_READ | PROT_GROWSDOWN));
	told("grows both ways", MPROTECT(arena, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP));
	told("too long", MPROTECT(arena, ~0ul, PROT_READ));
	told("in a hole", MPROTECT(AT(6), PAGE, PROT_READ));
	told("over a hole", MPROTECT(AT(4), 6 * PAGE, PROT_READ));
	told("semaphores", MPROTECT(AT(0), PAGE, PROT_READ | 8));
	told("nothing", MPROTECT(AT(1), PAGE, PROT_NONE));
	show(0, 11);
	told("back", MPROTECT(AT(0), 6 * PAGE, RW));
	show(0, 11);
	told("code", MPROTECT(AT(0), PAGE, PROT_READ | PROT_EXEC));
	told("and no access", MPROTECT(AT(0), PAGE, PROT_NONE));
	told("and data", MPROTECT(AT(0), PAGE, RW));
	show(0, 2);
	told("code", MPROTECT(AT(0), 2 * PAGE, PROT_READ | PROT_EXEC));
	told("unmapped", MUNMAP(AT(0), 2 * PAGE));
	told("and mapped", MMAP(AT(0), 2 * PAGE, RW, ANON | MAP_FIXED));
	show(0, 3);
}

static void remaps(void)
{
	clear();
	MMAP(AT(0), 4 * PAGE, RW, ANON | MAP_FIXED);
	mark(0, 4);
	told("unaligned", MREMAP(arena + 1, PAGE, PAGE, 0, 0));
	told("flags", MREMAP(arena, PAGE, PAGE, 8, 0));
	told("fixed, must not move", MREMAP(arena, PAGE, PAGE, MREMAP_FIXED, AT(20)));
	told("no new length", MREMAP(arena, PAGE, 0, 0, 0));
	told("no old length", MREMAP(arena, 0, PAGE, MREMAP_MAYMOVE, 0));
	told("a hole", MREMAP(AT(10), PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0));
	told("into a hole", MREMAP(AT(3), 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, 0));
	told("grow in place", MREMAP(AT(0), 4 * PAGE, 6 * PAGE, 0, 0));
	show(0, 8);
	told("shrink", MREMAP(AT(0), 6 * PAGE, 3 * PAGE, 0, 0));
	show(0, 8);
	MMAP(AT(3), PAGE, PROT_READ, ANON | MAP_FIXED);
	told("no room", MREMAP(AT(0), 3 * PAGE, 4 * PAGE, 0, 0));
	told("two kinds", MREMAP(AT(2), 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, 0));
	told("fixed, unaligned", MREMAP(AT(0), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(20) + 1));
	told("fixed, over itself", MREMAP(AT(0), 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(1)));
	told("fixed, and grow", MREMAP(AT(0), 2 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(20)));
	told("fixed, and shrink", MREMAP(AT(20), 5 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(30)));
	show(0, 8);
	show(18, 16);
	told("read-only, to another place", MREMAP(AT(3), PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(40)));
	MPROTECT(AT(30), PAGE, PROT_NONE);
	told("without access", MREMAP(AT(30), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(44)));
	show(40, 6);
	MPROTECT(AT(44), PAGE, RW);
	show(40, 6);
	told("dontunmap, other length", MREMAP(AT(44), PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0));
	told("dontunmap, must not move", MREMAP(AT(44), PAGE, PAGE, MREMAP_DONTUNMAP, 0));
	told("dontunmap", MREMAP(AT(44), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, AT(50)));
	show(44, 8);
}

static void advice(void)
{
	unsigned char vector[8];

	clear();
	MMAP(AT(0), 20 * PAGE, RW, ANON | MAP_FIXED);
	mark(0, 20);
	told("unaligned", MADVISE(arena + 1, PAGE, MADV_DONTNEED));
	told("unknown", MADVISE(arena, PAGE, 999));
	told("no length", MADVISE(arena, 0, MADV_DONTNEED));
	told("no length, unknown", MADVISE(arena, 0, 999));
	told("too long", MADVISE(arena, ~0ul, MADV_DONTNEED));
	told("one page", MADVISE(AT(1), PAGE, MADV_DONTNEED));
	MPROTECT(AT(3), PAGE, PROT_READ);
	MPROTECT(AT(4), PAGE, PROT_NONE);
	told("whatever it permits", MADVISE(AT(3), 2 * PAGE, MADV_DONTNEED));
	told("beyond the end", MADVISE(AT(19), 2 * PAGE, MADV_DONTNEED));
	show(0, 8);
	show(18, 3);
	for (int i = 0; i < 4; i++)
		told("advice", MADVISE(AT(0), PAGE, i));
	for (int i = 10; i < 12; i++)
		told("advice", MADVISE(AT(0), PAGE, i));
	for (int i = 14; i < 22; i++)
		told("advice", MADVISE(AT(0), PAGE, i));
	told("remove", MADVISE(AT(0), PAGE, MADV_REMOVE));
	told("populate", MADVISE(AT(0), 2 * PAGE, MADV_POPULATE_WRITE));
	told("populate, read-only", MADVISE(AT(3), PAGE, MADV_POPULATE_WRITE));
	told("populate to read", MADVISE(AT(3), PAGE, MADV_POPULATE_READ));
	told("populate without access", MADVISE(AT(4), PAGE, MADV_POPULATE_READ));
	told("populate a hole", MADVISE(AT(22), PAGE, MADV_POPULATE_READ));
	told("free", MADVISE(AT(5), PAGE, MADV_FREE));
	MMAP(AT(30), 3 * PAGE, RW, ANON | MAP_FIXED);
	mark(30, 1);
	told("mincore, unaligned", raw(SYS_mincore, (long)AT(30) + 1, PAGE, (long)vector, 0, 0, 0));
	told("mincore, a hole", raw(SYS_mincore, (long)AT(32), 2 * PAGE, (long)vector, 0, 0, 0));
	told("mincore, no vector", raw(SYS_mincore, (long)AT(30), PAGE, 8, 0, 0, 0));
	told("mincore", raw(SYS_mincore, (long)AT(30), 1, (long)vector, 0, 0, 0));
	printf("in core: %d\n", vector[0] & 1);
	told("mlock", raw(SYS_mlock, (long)AT(30) + 5, PAGE, 0, 0, 0, 0));
	told("mlock, a hole", raw(SYS_mlock, (long)AT(32), 2 * PAGE, 0, 0, 0, 0));
	told("mlock2, flags", raw(SYS_mlock2, (long)AT(30), PAGE, 8, 0, 0, 0));
	told("munlock", raw(SYS_munlock, (long)AT(30), 2 * PAGE, 0, 0, 0, 0));
	told("mlockall, nothing", raw(SYS_mlockall, 0, 0, 0, 0, 0, 0));
	told("mlockall, unknown", raw(SYS_mlockall, 32, 0, 0, 0, 0, 0));
	told("munlockall", raw(SYS_munlockall, 0, 0, 0, 0, 0, 0));
	told("msync", raw(SYS_msync, (long)AT(30), 3 * PAGE, MS_SYNC, 0, 0, 0));
	told("msync, both", raw(SYS_msync, (long)AT(30), PAGE, MS_SYNC | MS_ASYNC, 0, 0, 0));
	told("msync, unknown", raw(SYS_msync, (long)AT(30), PAGE, 64, 0, 0, 0));
	told("msync, unaligned", raw(SYS_msync, (long)AT(30) + 1, PAGE, MS_SYNC, 0, 0, 0));
	told("msync, a hole", raw(SYS_msync, (long)AT(32), 2 * PAGE, MS_SYNC, 0, 0, 0));
}

static void breaks(void)
{
	char *start = (char *)syscall(SYS_brk, 0), *end = start + 5 * PAGE + 7;

	printf("up: %d\n", (char *)syscall(SYS_brk, end) == end);
	memset(start, 7, 5 * PAGE);
	printf("down: %d\n", (char *)syscall(SYS_brk, start + 3) == start + 3);
	printf("too far down: %d\n", (char *)syscall(SYS_brk, 1) == start + 3);
	printf("up again: %d\n", (char *)syscall(SYS_brk, end) == end);
	printf("zero: %d\n", end[-8 - (long)PAGE]);
	syscall(SYS_brk, start);
}

static void files(void)
{
	static char text[3 * PAGE + 100];
	char name[] = "/tmp/memory-XXXXXX";
	int fd = mkstemp(name), zero = open("/dev/zero", O_RDWR), other;
	char *at;

	unlink(name);
	for (unsigned long i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i / PAGE);
	if (write(fd, text, sizeof(text)) != (ssize_t)sizeof(text))
		exit(1);
	at = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	printf("file: %d %d\n", memcmp(at, text, sizeof(text)), at[sizeof(text)]);
	at[0] = 'Z';
	printf("its own: %zd %c\n", pread(fd, text, 1, 0), text[0]);
	munmap(at, 4 * PAGE);
	at = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
	printf("offset: %c %c\n", at[0], at[PAGE]);
	munmap(at, 2 * PAGE);
	at = mmap(NULL, PAGE, RW, MAP_PRIVATE, zero, 0);
	printf("zero: %d\n", at[17]);
	at[17] = 1;
	munmap(at, PAGE);
	told("offset too large", raw(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, (unsigned long)fd, ~0ul & ~(PAGE - 1)));
	other = open("/tmp", O_RDONLY | O_DIRECTORY);
	told("a directory", raw(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, (unsigned long)other, 0));
	close(other);
	other = open("/dev/null", O_RDWR);
	told("null", raw(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, (unsigned long)other, 0));
	close(other);
}

// A shared mapping and its file are alike.
static void shared(void)
{
	static char page[PAGE];
	char name[] = "/tmp/shared-XXXXXX";
	int fd = mkstemp(name), other;
	char *at, *first;

	told("extend", ftruncate(fd, 4 * PAGE));
	first = at = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, PAGE);
	at[5] = 'm';
	printf("from the mapping: %zd %c\n", pread(fd, page, PAGE, PAGE), page[5]);
	printf("to the mapping: %zd", pwrite(fd, "file", 4, 2 * PAGE - 2));
	printf(" %.4s\n", at + PAGE - 2);
	lseek(fd, 3 * PAGE, SEEK_SET);
	printf("at its position: %zd %.3s\n", write(fd, "pos", 3), at + 2 * PAGE);
	told("protect", mprotect(at, PAGE, PROT_READ));
	printf("read-only: %zd %c\n", pwrite(fd, "r", 1, PAGE), at[0]);
	told("no access", mprotect(at, PAGE, PROT_NONE));
	printf("none: %zd", pread(fd, page, PAGE, PAGE));
	printf(" %c%c", page[0], page[5]);
	printf(" %zd\n", pwrite(fd, "n", 1, PAGE));
	told("again", mprotect(at, 3 * PAGE, RW));
	printf("%c%c\n", at[0], at[5]);
	told("discard", madvise(at, PAGE, MADV_DONTNEED));
	printf("%c%c\n", at[0], at[5]);
	told("sync", msync(at, 3 * PAGE, MS_SYNC));
	at[PAGE] = '2';
	told("unmap the middle", munmap(at + PAGE, PAGE));
	at[0] = '1';
	at[2 * PAGE] = '3';
	printf("%zd", pread(fd, page, 1, PAGE));
	printf("%c %zd", page[0], pread(fd, page, 1, 2 * PAGE));
	printf("%c %zd", page[0], pread(fd, page, 1, 3 * PAGE));
	printf("%c\n", page[0]);
	munmap(at, 3 * PAGE);
	at = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	printf("afterwards: %c%c%c%c\n", at[PAGE], at[PAGE + 5], at[2 * PAGE], at[3 * PAGE]);
	munmap(at, 4 * PAGE);
	other = open(name, O_RDONLY);
	told("read-only file", raw(SYS_mmap, 0, PAGE, RW, MAP_SHARED, (unsigned long)other, 0));
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other, 0);
	told("and later", mprotect(at, PAGE, RW) == 0 ? 0 : -errno);
	first = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, other, 0);
	printf("twice: %zd", pwrite(fd, "both", 4, 0));
	printf(" %.4s %.4s\n", at, first);
	munmap(at, PAGE);
	munmap(first, 2 * PAGE);
	close(other);
	other = open(name, O_WRONLY);
	told("write-only file", raw(SYS_mmap, 0, PAGE, PROT_WRITE, MAP_SHARED, (unsigned long)other, 0));
	told("private as well", raw(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, (unsigned long)other, 0));
	unlink(name);
}

static uint64_t state;

static unsigned long below(unsigned long n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned long)(state >> 33) % n;
}

// Random changes, always within one mapping that is anonymous, so that Linux's own bookkeeping of mappings shows nowhere.
static void random_steps(uint64_t seed, int steps)
{
	static const int prots[] = { RW, RW, PROT_READ, PROT_NONE, PROT_READ | PROT_EXEC };

	state = seed;
	clear();
	for (int i = 0; i < steps; i++) {
		unsigned long from = below(PAGES), count = 1 + below(PAGES - from < 24 ? PAGES - from : 24);

		switch (below(6)) {
		case 0: told("mmap", MMAP(AT(from), count * PAGE, prots[below(5)], ANON | MAP_FIXED)); break;
		case 1: told("mmap", MMAP(AT(from), count * PAGE, prots[below(5)], ANON | MAP_FIXED_NOREPLACE)); break;
		case 2: told("munmap", MUNMAP(AT(from), count * PAGE)); break;
		case 3: told("mprotect", MPROTECT(AT(from), count * PAGE, prots[below(5)])); break;
		case 4: told("madvise", MADVISE(AT(from), count * PAGE, MADV_DONTNEED)); break;
		default: mark(from, count); break;
		}
		if (i % 16 == 0)
			show(0, PAGES);
	}
	show(0, PAGES);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	setvbuf(stdout, out, _IOFBF, sizeof(out)); // nothing but this program maps memory
	arena = mmap(NULL, PAGES * PAGE, PROT_NONE, ANON, -1, 0);
	maps();
	unmaps();
	protects();
	remaps();
	advice();
	breaks();
	files();
	shared();
	for (uint64_t seed = 1; seed <= 4; seed++)
		random_steps(seed, 300);
	return 0;
}
