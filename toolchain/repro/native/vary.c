// SPDX-License-Identifier: Apache-2.0
// Preloaded into the programs of a build, it shows them another clock, directory order and host name, as the
// environment says (src/setting.ts):
//   MOTTE_VARY_SECONDS  how far the wall clock is ahead
//   MOTTE_VARY_ORDER    "up" or "down": readdir() by name, ascending or descending
//   MOTTE_VARY_HOST     the host name
// What calls the kernel without libc (static programs, Go) sees the machine as it is.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static long ahead(void)
{
	const char *text = getenv("MOTTE_VARY_SECONDS");
	return text ? strtol(text, NULL, 10) : 0;
}

// The system call itself: asking for libc's own by dlsym() may allocate, and allocators ask for the time.
int clock_gettime(clockid_t clock, struct timespec *now)
{
	const int status = (int)syscall(SYS_clock_gettime, clock, now);
	if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += ahead();
	return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	const int status = (int)syscall(SYS_gettimeofday, now, zone);
	if (status == 0)
		now->tv_sec += ahead();
	return status;
}

time_t time(time_t *where)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return (time_t)-1;
	if (where)
		*where = now.tv_sec;
	return now.tv_sec;
}

int uname(struct utsname *name)
{
	const int status = (int)syscall(SYS_uname, name);
	const char *host = getenv("MOTTE_VARY_HOST");
	if (status == 0 && host) {
		memset(name->nodename, 0, sizeof name->nodename);
		strncpy(name->nodename, host, sizeof name->nodename - 1);
	}
	return status;
}

int gethostname(char *into, size_t size)
{
	struct utsname name;
	if (uname(&name) != 0)
		return -1;
	strncpy(into, name.nodename, size);
	return 0;
}

// A directory that is being read: its entries, sorted, and how many were handed out.
struct listing {
	struct listing *next;
	DIR *dir;
	struct dirent **entries;
	size_t count, at;
};

static struct listing *listings;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct listing **find(DIR *dir)
{
	struct listing **at = &listings;
	while (*at && (*at)->dir != dir)
		at = &(*at)->next;
	return at;
}

static void forget(DIR *dir)
{
	pthread_mutex_lock(&lock);
	struct listing **at = find(dir), *gone = *at;
	if (gone)
		*at = gone->next;
	pthread_mutex_unlock(&lock);
	if (!gone)
		return;
	for (size_t i = 0; i < gone->count; i++)
		free(gone->entries[i]);
	free(gone->entries);
	free(gone);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct dirent *const *)a)->d_name, (*(struct dirent *const *)b)->d_name);
}

static int by_name_down(const void *a, const void *b)
{
	return by_name(b, a);
}

static struct listing *read_all(DIR *dir, struct dirent *(*next)(DIR *), const char *order)
{
	struct listing *made = calloc(1, sizeof *made);
	if (!made)
		return NULL;
	made->dir = dir;
	for (struct dirent *entry; (entry = next(dir)) != NULL;) {
		struct dirent **grown = realloc(made->entries, (made->count + 1) * sizeof *grown);
		struct dirent *copy = malloc(entry->d_reclen);
		if (grown)
			made->entries = grown;
		if (!grown || !copy) {
			free(copy);
			break;
		}
		memcpy(copy, entry, entry->d_reclen);
		made->entries[made->count++] = copy;
	}
	if (made->count > 0)
		qsort(made->entries, made->count, sizeof *made->entries, strcmp(order, "down") ? by_name : by_name_down);
	return made;
}

struct dirent *readdir(DIR *dir)
{
	static struct dirent *(*next)(DIR *);
	const char *order = getenv("MOTTE_VARY_ORDER");
	if (!next)
		next = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
	if (!order)
		return next(dir);
	pthread_mutex_lock(&lock);
	struct listing *found = *find(dir);
	if (!found && (found = read_all(dir, next, order)) != NULL) {
		found->next = listings;
		listings = found;
	}
	struct dirent *entry = found && found->at < found->count ? found->entries[found->at++] : NULL;
	pthread_mutex_unlock(&lock);
	return entry;
}

// On 64-bit Linux `struct dirent64` is `struct dirent`.
struct dirent64 *readdir64(DIR *dir)
{
	return (struct dirent64 *)readdir(dir);
}

void rewinddir(DIR *dir)
{
	static void (*rewind_it)(DIR *);
	if (!rewind_it)
		rewind_it = (void (*)(DIR *))dlsym(RTLD_NEXT, "rewinddir");
	forget(dir);
	rewind_it(dir);
}

int closedir(DIR *dir)
{
	static int (*close_it)(DIR *);
	if (!close_it)
		close_it = (int (*)(DIR *))dlsym(RTLD_NEXT, "closedir");
	forget(dir);
	return close_it(dir);
}
