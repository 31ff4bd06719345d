/* SPDX-License-Identifier: Apache-2.0 */
/* motte-helper: enters one Keep and serves it. What it is told, by whom: docs/helper-protocol.md. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "helper.h"

static struct keep_host keep;

/* This process dies with its loader, leaves no core, gains no rights, and leaves ^C to the loader. */
static void settle(void)
{
	const struct rlimit none = {0, 0};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	const int ignored[] = {SIGPIPE, SIGINT, SIGQUIT, SIGHUP};
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
}

int main(int argc, char **argv)
{
	(void)argv;
	int type;
	socklen_t length = sizeof type;
	if (argc > 1 || getsockopt(HELPER_FD_CONTROL, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM) {
		fputs("motte-helper enters a Keep for Motte's loader, which starts it with a socket as descriptor 3.\n"
		      "To run a program in a Keep: motte run FILE\n",
		      stderr);
		return 64;
	}
	if (!debug_open())
		return 1;
	settle();
	vm_read_ahead();
	struct message header;
	uint8_t *bytes = message_receive(&header);
	keep.started_ns = now_ns();
	const bool started = header.type == MESSAGE_START ? start_parse(&keep, bytes, header.length) && memory_map(&keep) &&
								    patch_sites(&keep)
							  : end_killed(&keep, CAUSE_START_INVALID, "the first message is of type 0x%x",
								       header.type);
	debug_settle(&keep);
	if (started) {
		/* Before there are other threads: it is for this one and those that it starts. */
		const uint32_t landlock = landlock_enter(&keep);
		const struct started answer = {.version = PROTOCOL_VERSION,
					       .patched_sites = enclave.stats.patched_sites,
					       .base = is_vm(&keep) ? keep.start.base : (uint64_t)keep.base,
					       .landlock = landlock,
					       .cr4_missing = vm_cr4_missing(),
					       .cpuid_corrected = vm_cpuid_corrected()};
		enclave.stats.map_ns = now_ns() - keep.started_ns;
		message_send(MESSAGE_STARTED, header.id, &answer, sizeof answer, NULL, 0);
		if (!threads_make(&keep))
			keep.over = true;
	} else {
		keep.over = true;
	}
	control_loop(&keep);
	return 0;
}
