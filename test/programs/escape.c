// SPDX-License-Identifier: Apache-2.0
// Every way out of a granted directory that names allow: escape DIR MODE. What is outside is the host's `../out`;
// what made its way there says so on standard output, and ends with 1. MODE:
//   names   every name and every call, of a grant that may be written; escape DIR names OUTSIDE. Natively it finds its
//           ways out, and does there what it can: all that they lead to is OUTSIDE, the test's own
//   mounts  between the grant and the rest of the Keep's tree; not natively, where it would move the machine's own
//   race    opens below `swap`, which somebody outside swaps between a directory and a link that leads out
//   swap    is that somebody: natively, until its standard input ends
//   ro      everything that changes something, of a grant that may only be read
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CANARY "canary"
// Each of what a race can come to, this often; a machine under load may take its time.
#define RACE_EACH 500
#define RACE_SECONDS 300

static int failures;

static void out(const char *how, const char *path)
{
	printf("out: %s %s\n", how, path);
	failures++;
}

// Whether what was opened is the canary: its first bytes are known.
static void look(int fd, const char *how, const char *path)
{
	char text[16] = "";

	if (fd < 0)
		return;
	if (pread(fd, text, sizeof(CANARY) - 1, 0) > 0 && strcmp(text, CANARY) == 0)
		out(how, path);
	close(fd);
}

static void refused(long result, const char *how, const char *path)
{
	if (result >= 0)
		out(how, path);
}

// What a path that leads out can be used for.
static void try_path(const char *path)
{
	char other[4200], text[64];
	struct stat stat_of;

	look(open(path, O_RDONLY), "open", path);
	look(open(path, O_RDWR), "open for writing", path);
	look(open(path, O_RDWR | O_CREAT, 0600), "open to create", path);
	look(open(path, O_WRONLY | O_TRUNC), "open to truncate", path);
	look(open(path, O_PATH), "open as a path", path);
	if (stat(path, &stat_of) == 0 && S_ISREG(stat_of.st_mode) && stat_of.st_size == sizeof(CANARY) - 1)
		out("stat", path);
	refused(truncate(path, 0), "truncate", path);
	refused(chmod(path, 0777), "chmod", path);
	refused(link(path, "inside-link") == 0 && (look(open("inside-link", O_RDONLY), "link", path), 0) ? 0 : -1, "link", path);
	unlink("inside-link");
	snprintf(other, sizeof(other), "%s/made", path);
	refused(mkdir(other, 0700), "mkdir", other);
	refused(symlink("x", other), "symlink", other);
	refused(link("file", other), "link to", other);
	refused(rename("file", other), "rename to", other);
	refused(open(other, O_WRONLY | O_CREAT, 0600), "create", other);
	refused(readlink(other, text, sizeof(text)), "readlink", other);
}

static const char *const paths[] = {
	"relative", "absolute", "relative-dir/canary", "absolute-dir/canary", "absolute-dir/../out/canary",
	"sub/../relative-dir/canary", "relative-dir", "absolute-dir", "dangling", "dangling-absolute",
	"magic-cwd/../out/canary", "magic-fd/../out/canary", "chain-1", "sub/up/out/canary", "sub/up-up/canary", "relative-dir/./canary",
	"./relative-dir//canary", "sub/../../out/canary", "../out/canary", "../../out/canary",
};

// Links of the Keep's own making, to everywhere.
static void make_links(const char *outside)
{
	char text[4200];

	mkdir("sub", 0700);
	symlink("../out/canary", "relative");
	symlink("../out", "relative-dir");
	symlink("../out/new", "dangling");
	symlink("/proc/self/root", "magic-root");
	symlink("/proc/self/cwd", "magic-cwd");
	snprintf(text, sizeof(text), "/proc/self/fd/%d", open(".", O_RDONLY | O_DIRECTORY));
	symlink(text, "magic-fd");
	symlink("chain-2", "chain-1");
	symlink("sub/../relative", "chain-2");
	symlink("../..", "sub/up");
	symlink("../../out", "sub/up-up");
	snprintf(text, sizeof(text), "%s/canary", outside);
	symlink(text, "absolute");
	symlink(outside, "absolute-dir");
	snprintf(text, sizeof(text), "%s/new", outside);
	symlink(text, "dangling-absolute");
}

// Descriptors as starting points, names that are long, trees that are deep.
static void try_descriptors(void)
{
	char deep[4000] = "", up[4000] = "";
	int fd = open("sub", O_RDONLY | O_DIRECTORY), link_fd;

	look(openat(fd, "../relative", O_RDONLY), "openat", "../relative");
	look(openat(fd, "../../out/canary", O_RDONLY), "openat", "../../out/canary");
	look(openat(fd, "up/out/canary", O_RDONLY), "openat", "up/out/canary");
	refused(mkdirat(fd, "up/out/made", 0700), "mkdirat", "up/out/made");
	refused(renameat(AT_FDCWD, "file", fd, "up/out/made"), "renameat", "up/out/made");
	refused(linkat(fd, "../relative", AT_FDCWD, "got", AT_SYMLINK_FOLLOW), "linkat that follows", "../relative");
	refused(fchdir(fd) == 0 ? chdir("up/out") : -1, "chdir", "up/out");
	refused(chdir("../relative-dir"), "chdir", "../relative-dir");
	if (chdir("..") != 0)
		out("chdir back", "..");
	// The directory goes elsewhere while it is open.
	mkdir("moving", 0700);
	link_fd = open("moving", O_RDONLY | O_DIRECTORY);
	rename("moving", "sub/moved");
	look(openat(link_fd, "../../relative", O_RDONLY), "openat of what moved", "../../relative");
	look(openat(link_fd, "../../../out/canary", O_RDONLY), "openat of what moved", "../../../out/canary");
	close(link_fd);
	close(fd);
	for (int i = 0; i < 60; i++) {
		strcat(deep, i ? "/d" : "d");
		strcat(up, "../");
		if (mkdir(deep, 0700) != 0 && errno != EEXIST)
			out("mkdir within", deep);
	}
	strcat(deep, "/");
	strcat(deep, up);
	strcat(deep, "../out/canary");
	look(open(deep, O_RDONLY), "open", "a deep tree and as many ..");
}

static void race(void)
{
	long opened = 0, denied = 0;
	time_t begun = time(NULL);

	while ((opened < RACE_EACH || denied < RACE_EACH) && time(NULL) - begun < RACE_SECONDS) {
		for (int i = 0; i < 200; i++) {
			char text[16] = "";
			int fd = open(i % 2 ? "swap/canary" : "swap/../swap/canary", i % 3 ? O_RDONLY : O_RDWR);

			if (fd >= 0) {
				opened += read(fd, text, 6) == 6 && strcmp(text, "inside") == 0;
				if (strcmp(text, CANARY) == 0)
					out("race", "swap/canary");
				close(fd);
			} else {
				denied++;
			}
			// What it makes outside, the one who runs the test finds there.
			mkdir("swap/made-by-race", 0700);
			rmdir("swap/made-by-race");
		}
	}
	printf("opened %s, denied %s\n", opened < RACE_EACH ? "few" : "many", denied < RACE_EACH ? "few" : "many");
}

static void swap(void)
{
	struct pollfd input = { .events = POLLIN };

	while (poll(&input, 1, 0) == 0)
		for (int i = 0; i < 100; i++)
			if (syscall(SYS_renameat2, AT_FDCWD, "swap", AT_FDCWD, "swap-link", RENAME_EXCHANGE) != 0)
				out("swap", strerror(errno));
}

static void read_only(void)
{
	const struct timespec times[2] = { { 1, 0 }, { 2, 0 } };
	char text[8] = "";
	int fd = open("file", O_RDONLY), directory = open("sub", O_RDONLY | O_DIRECTORY);

#define REFUSED(call)                                                    \
	do {                                                             \
		errno = 0;                                               \
		if ((call) >= 0)                                         \
			out("done", #call);                              \
		else                                                     \
			printf("%s: %s\n", #call, strerrorname_np(errno)); \
	} while (0)
	REFUSED(open("file", O_WRONLY));
	REFUSED(open("file", O_RDWR));
	REFUSED(open("file", O_RDONLY | O_TRUNC));
	REFUSED(open("fresh", O_RDONLY | O_CREAT, 0600));
	REFUSED(open("file", O_RDONLY | O_CREAT | O_EXCL, 0600));
	REFUSED(open(".", O_RDWR | O_TMPFILE, 0600));
	REFUSED(write(fd, "x", 1));
	REFUSED(pwrite(fd, "x", 1, 0));
	REFUSED(ftruncate(fd, 0));
	REFUSED(fallocate(fd, 0, 0, 100));
	REFUSED(fchmod(fd, 0777));
	REFUSED(futimens(fd, times));
	REFUSED(fchown(fd, 0, 0));
	REFUSED(truncate("file", 0));
	REFUSED(chmod("file", 0777));
	REFUSED(utimensat(AT_FDCWD, "file", times, 0));
	REFUSED(unlink("file"));
	REFUSED(unlink("none"));
	REFUSED(rmdir("sub"));
	REFUSED(mkdir("fresh", 0700));
	REFUSED(mkdir("sub", 0700));
	REFUSED(mkdirat(directory, "fresh", 0700));
	REFUSED(rename("file", "other"));
	REFUSED(rename("none", "other"));
	REFUSED(link("file", "other"));
	REFUSED(symlink("file", "other"));
	REFUSED(mknod("fresh", S_IFREG | 0600, 0));
	printf("read %zd %s\n", read(fd, text, 6), text);
	fd = open("file", O_RDONLY | O_CREAT, 0600);
	printf("open to create what is there: %d\n", fd >= 0);
}

int main(int argc, char **argv)
{
	if (argc < 3 || chdir(argv[1]) != 0)
		return 2;
	if (strcmp(argv[2], "race") == 0) {
		race();
	} else if (strcmp(argv[2], "swap") == 0) {
		swap();
		return failures;
	} else if (strcmp(argv[2], "ro") == 0) {
		read_only();
	} else if (strcmp(argv[2], "mounts") == 0) {
		refused(rename("file", "/tmp/file"), "rename into the Keep", "/tmp/file");
		refused(link("file", "/tmp/file"), "link into the Keep", "/tmp/file");
		refused(rename("/tmp", "sub/tmp"), "rename out of the Keep", "/tmp");
	} else {
		char magic[4200];

		if (argc != 4)
			return 2;
		make_links(argv[3]);
		for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
			try_path(paths[i]);
		snprintf(magic, sizeof(magic), "magic-root%s/canary", argv[3]);
		try_path(magic);
		try_descriptors();
	}
	printf("%d ways out\n", failures);
	return failures != 0;
}
