// SPDX-License-Identifier: Apache-2.0
// Runs a test of LTP's new library in this process: for each variant setup, the test functions, cleanup.
#define _GNU_SOURCE
#define TST_NO_DEFAULT_MAIN
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tst_test.h"
#include "tst_timer_test.h"
#include "runner.h"

// Declared in headers of LTP that are for its own library only, whose other declarations want more than we have.
void tst_tmpdir(void);
void tst_rmdir(void);
int tst_tmpdir_created(void);
extern volatile void *tst_futexes;
extern unsigned int tst_max_futexes;

struct tst_test *tst_test;
unsigned int tst_variant;
struct tst_device *tst_device;
const char *TCID __attribute__((weak)); // tests of the old library define it
long TST_RET;
int TST_ERR;
int TST_PASS;

// Checkpoints are for children and threads; here there are threads alone.
#define CHECKPOINTS 1024
static uint32_t checkpoints[CHECKPOINTS];

// Seconds that a test may take for each thing that it repeats; LTP_RUNTIME_MUL makes it shorter.
static int runtime;
static time_t began;

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

void tst_set_runtime(int seconds)
{
	const char *factor = getenv("LTP_RUNTIME_MUL");
	const int least = tst_test->min_runtime > 0 ? tst_test->min_runtime : 1;
	const int most = (int)((factor != NULL ? atof(factor) : 1) * seconds);

	runtime = most > least ? most : least;
}

unsigned int tst_remaining_runtime(void)
{
	const time_t spent = now() - began;

	return spent < runtime ? (unsigned int)(runtime - spent) : 0;
}

// Whoever started us has a clock of his own.
void tst_set_timeout(int seconds)
{
	(void)seconds;
}

unsigned int tst_multiply_timeout(unsigned int timeout)
{
	return timeout;
}

void tst_reap_children(void)
{
	int status;

	while (wait(&status) > 0 || errno == EINTR) {
		if (status != 0)
			tst_brk(TBROK, "a child ended with %s", tst_strstatus(status));
	}
}

// These are reached by a test that does not say that it makes processes.
pid_t safe_fork(const char *file, unsigned int line)
{
	tst_brk_(file, (int)line, TBROK, "fork without forks_child");
	return -1;
}

pid_t safe_clone(const char *file, const int line, const struct tst_clone_args *args)
{
	(void)args;
	tst_brk_(file, line, TBROK, "clone without forks_child");
	return -1;
}

int tst_run_script(const char *name, char *const arguments[])
{
	(void)arguments;
	tst_brk(TBROK, "%s: a script without runs_script", name);
	return -1;
}

void tst_reinit(void)
{
	tst_brk(TBROK, "started by another test");
}

bool tst_cmd_present(const char *command)
{
	(void)command;
	return false;
}

int tst_creat_unlinked(const char *path, int flags, mode_t mode)
{
	const int fd = SAFE_OPEN(path, flags | O_CREAT | O_EXCL | O_RDWR, mode);

	SAFE_UNLINK(path);
	return fd;
}

static bool has_architecture(const char *const *names)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, "x86_64") == 0)
			return true;
	}
	return false;
}

// Ends a test that this machine, or this Keep, has no place for.
static void check_needs(void)
{
	struct sysinfo info;
	int version[3];

	if (tst_test->tconf_msg != NULL)
		tst_brk(TCONF, "%s", tst_test->tconf_msg);
	if (tst_test->supported_archs != NULL && !has_architecture(tst_test->supported_archs))
		tst_brk(TCONF, "not for x86_64");
	if (tst_test->needs_abi_bits != 0 && tst_test->needs_abi_bits != 64)
		tst_brk(TCONF, "for %d bits", tst_test->needs_abi_bits);
	if (tst_test->needs_root && geteuid() != 0)
		tst_brk(TCONF, "needs_root");
	if (tst_test->min_kver != NULL) {
		if (tst_parse_kver(tst_test->min_kver, &version[0], &version[1], &version[2]) != 0)
			tst_brk(TBROK, "min_kver %s", tst_test->min_kver);
		if (tst_kvercmp(version[0], version[1], version[2]) < 0)
			tst_brk(TCONF, "needs Linux %s", tst_test->min_kver);
	}
	if (tst_test->min_cpus > (unsigned long)sysconf(_SC_NPROCESSORS_ONLN))
		tst_brk(TCONF, "needs %lu processors", tst_test->min_cpus);
	if (tst_test->min_mem_avail != 0 &&
	    (sysinfo(&info) != 0 || tst_test->min_mem_avail > info.freeram * info.mem_unit >> 20))
		tst_brk(TCONF, "needs %lu MiB of memory", tst_test->min_mem_avail);
}

static void prepare(void)
{
	check_needs();
	if (tst_test->bufs != NULL)
		tst_buffers_alloc(tst_test->bufs);
	if (tst_test->needs_checkpoints) {
		tst_futexes = checkpoints;
		tst_max_futexes = CHECKPOINTS;
	}
	if ((tst_test->needs_tmpdir || tst_test->mntpoint != NULL) && !tst_tmpdir_created())
		tst_tmpdir();
	if (tst_test->mntpoint != NULL)
		SAFE_MKDIR(tst_test->mntpoint, 0777);
	for (const struct tst_ulimit_val *limit = tst_test->ulimit; limit != NULL && limit->resource != 0; limit++) {
		struct rlimit value;

		SAFE_GETRLIMIT(limit->resource, &value);
		value.rlim_cur = limit->rlim_cur;
		SAFE_SETRLIMIT(limit->resource, &value);
	}
	if (tst_test->caps != NULL)
		tst_cap_setup(tst_test->caps, TST_CAP_REQ);
	if (tst_test->setup != NULL)
		tst_test->setup();
	if (tst_test->caps != NULL)
		tst_cap_setup(tst_test->caps, TST_CAP_DROP);
}

static void run_one(unsigned int number)
{
	const struct counts before = counted();

	began = now();
	if (tst_test->test != NULL)
		tst_test->test(number);
	else
		tst_test->test_all();
	const struct counts after = counted();
	if (memcmp(&before, &after, sizeof(before)) == 0)
		tst_brk(TBROK, "test %u reported nothing", number);
}

static void run_variant(int times)
{
	jmp_buf ended;

	if (setjmp(ended) == 0) {
		reports_end_at(&ended);
		prepare();
		const unsigned int cases = tst_test->test != NULL ? tst_test->tcnt : 1;
		for (unsigned int i = 0; i < cases * (unsigned int)times; i++)
			run_one(i % cases);
	}
	reports_end_at(NULL);
	reports_in_cleanup(true);
	if (tst_test->cleanup != NULL)
		tst_test->cleanup();
	tst_free_all();
	reports_in_cleanup(false);
}

static int status(void)
{
	const struct counts total = counted();
	int sum = 0;

	sum |= total.failed > 0 ? TFAIL : 0;
	sum |= total.broken > 0 ? TBROK : 0;
	sum |= total.warned > 0 ? TWARN : 0;
	sum |= total.passed == 0 && sum == 0 ? TCONF : 0;
	return sum;
}

// -i N runs the test N times; the other options are the test's own. Returns N.
static int read_options(int count, char *arguments[])
{
	char letters[128] = "i:";
	int letter, times = 1;

	for (const struct tst_option *own = tst_test->options; own != NULL && own->optstr != NULL; own++)
		strncat(letters, own->optstr, sizeof(letters) - strlen(letters) - 1);
	while ((letter = getopt(count, arguments, letters)) != -1) {
		if (letter == 'i') {
			if (tst_parse_int(optarg, &times, 1, INT_MAX) != 0)
				tst_brk(TBROK, "-i %s", optarg);
			continue;
		}
		const struct tst_option *own = tst_test->options;
		while (own != NULL && own->optstr != NULL && own->optstr[0] != letter)
			own++;
		if (own == NULL || own->optstr == NULL)
			tst_brk(TBROK, "no such option");
		*own->arg = optarg != NULL ? optarg : "";
	}
	return times;
}

void tst_run_tcases(int count, char *arguments[], struct tst_test *self)
{
	const char *slash = strrchr(arguments[0], '/');
	const char *why = unsupported(self);

	TCID = slash != NULL ? slash + 1 : arguments[0];
	tst_test = self;
	if (why != NULL) {
		fprintf(stderr, "unsupported: %s\n", why);
		exit(EXIT_UNSUPPORTED);
	}
	const int times = read_options(count, arguments);
	if (self->sample != NULL)
		tst_test = tst_timer_test_setup(self);
	tst_set_runtime(tst_test->runtime);
	const unsigned int variants = tst_test->test_variants != 0 ? tst_test->test_variants : 1;
	for (tst_variant = 0; tst_variant < variants; tst_variant++)
		run_variant(times);
	if (tst_tmpdir_created()) {
		tst_futexes = NULL; // else LTP unmaps what it takes for a shared mapping
		tst_rmdir();
	}
	fflush(stdout);
	exit(status());
}
