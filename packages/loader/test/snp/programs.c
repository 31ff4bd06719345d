/* SPDX-License-Identifier: Apache-2.0 */
/* What the Keeps of keeps.test.ts run, by the first argument. Exit status 0 is that all went as Linux has it. */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS 3
#define ROUNDS 200
#define LARGE (80ul << 20)
#define MORE (16ul << 20)
#define PAGE 4096

/* A page of data to take away: its address follows from the symbol table. */
static volatile uint8_t target[4 * PAGE] __attribute__((aligned(PAGE))) = {1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int sum;

static void *count(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		sum++;
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static int threads(void)
{
	pthread_t made[THREADS];
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&made[i], NULL, count, NULL) != 0)
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(made[i], NULL);
	printf("%d\n", sum);
	return sum != THREADS * ROUNDS;
}

static int files(void)
{
	char text[16] = "";
	struct stat status;
	const int fd = open("/tmp/a", O_CREAT | O_RDWR, 0600);
	if (fd < 0 || write(fd, "contents", 8) != 8 || pread(fd, text, sizeof text, 0) != 8 || fstat(fd, &status) != 0 ||
	    rename("/tmp/a", "/tmp/b") != 0 || unlink("/tmp/b") != 0)
		return 1;
	printf("%s %ld\n", text, (long)status.st_size);
	return 0;
}

/* More than the host has given at the start. */
static int memory(void)
{
	uint8_t *large = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (large == MAP_FAILED)
		return 1;
	for (size_t at = 0; at < LARGE; at += PAGE << 4)
		if (large[at]++ != 0)
			return 2;
	for (size_t at = 0; at < LARGE; at += PAGE << 4)
		if (large[at] != 1)
			return 3;
	return 0;
}

/* The host has had its chance in write(). */
static int touch(void)
{
	write(1, "before\n", 7);
	target[2 * PAGE]++;
	write(1, "after\n", 6);
	return 0;
}

static int grow(void)
{
	write(1, "before\n", 7);
	volatile uint8_t *more = mmap(NULL, MORE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t at = 0; at < MORE; at += PAGE)
		more[at] = 1;
	write(1, "after\n", 6);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	setvbuf(stdout, NULL, _IONBF, 0);
	if (strcmp(what, "threads") == 0)
		return threads();
	if (strcmp(what, "files") == 0)
		return files();
	if (strcmp(what, "memory") == 0)
		return memory();
	if (strcmp(what, "touch") == 0)
		return touch();
	if (strcmp(what, "grow") == 0)
		return grow();
	puts("hello");
	return 7;
}
