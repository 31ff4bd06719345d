/* SPDX-License-Identifier: Apache-2.0 */
/* Of LTP's interface, what our runner and the tests of this tree use. */
#ifndef TST_TEST_H
#define TST_TEST_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>
#include "tst_parse.h"

enum { TPASS = 0, TFAIL = 1, TBROK = 2, TWARN = 4, TDEBUG = 8, TINFO = 16, TCONF = 32 };
enum { TERRNO = 0x100, TTERRNO = 0x200, TRERRNO = 0x400 };
#define TTYPE_MASK 0x3f
#define TTYPE_RESULT(type) ((type) & TTYPE_MASK)

struct tst_option {
	char *optstr;
	char **arg;
	char *help;
};
struct tst_ulimit_val {
	int resource;
	rlim_t rlim_cur;
};
struct tst_test {
	unsigned int tcnt;
	struct tst_option *options;
	const char *min_kver;
	const char *const *supported_archs;
	const char *tconf_msg;
	unsigned int needs_tmpdir : 1, needs_root : 1, forks_child : 1, needs_device : 1, needs_checkpoints : 1;
	unsigned int needs_overlay : 1, format_device : 1, mount_device : 1, needs_rofs : 1, child_needs_reinit : 1;
	unsigned int runs_script : 1, needs_devfs : 1, restore_wallclock : 1, all_filesystems : 1, needs_hugetlbfs : 1;
	int needs_abi_bits;
	unsigned long min_cpus, min_mem_avail, min_swap_avail;
	struct {
		unsigned long number;
	} hugepages;
	unsigned int test_variants;
	const char *mntpoint;
	int runtime, min_runtime;
	void (*setup)(void);
	void (*cleanup)(void);
	void (*test)(unsigned int number);
	void (*test_all)(void);
	int (*sample)(int clock, long long microseconds);
	const char *const *resource_files;
	const void *save_restore;
	const struct tst_ulimit_val *ulimit;
	void *bufs;
	void *caps;
	void *needs_cmds;
	const char *const *needs_cgroup_ctrls;
};
struct tst_device;
struct tst_clone_args;

extern long TST_RET;
extern int TST_ERR;
extern unsigned int tst_variant;

void tst_res_(const char *file, const int line, int type, const char *format, ...);
void tst_brk_(const char *file, const int line, int type, const char *format, ...);
void tst_run_tcases(int count, char *arguments[], struct tst_test *self) __attribute__((noreturn));
const char *tst_strerrno(int number);
const char *tst_strstatus(int status);
int tst_parse_kver(const char *text, int *first, int *second, int *third);
int tst_kvercmp(int first, int second, int third);
void tst_buffers_alloc(void *buffers);
void tst_free_all(void);
enum { TST_CAP_DROP = 1, TST_CAP_REQ = 2 };
void tst_cap_setup(void *capabilities, unsigned int action);

#define tst_res(type, ...) tst_res_(__FILE__, __LINE__, (type), __VA_ARGS__)
#define tst_brk(type, ...) tst_brk_(__FILE__, __LINE__, (type), __VA_ARGS__)

/* A call of the C library that must succeed. */
#define MUST(call)                                          \
	({                                                      \
		const int result_ = (call);                         \
		if (result_ < 0)                                    \
			tst_brk(TBROK | TERRNO, #call);                 \
		result_;                                            \
	})
#define SAFE_OPEN(...) MUST(open(__VA_ARGS__))
#define SAFE_UNLINK(path) MUST(unlink(path))
#define SAFE_MKDIR(path, mode) MUST(mkdir(path, mode))
#define SAFE_GETRLIMIT(resource, limit) MUST(getrlimit(resource, limit))
#define SAFE_SETRLIMIT(resource, limit) MUST(setrlimit(resource, limit))
int mkdir(const char *path, mode_t mode);

#ifndef TST_NO_DEFAULT_MAIN
static struct tst_test test;

int main(int count, char *arguments[])
{
	tst_run_tcases(count, arguments, &test);
}
#endif

#endif
