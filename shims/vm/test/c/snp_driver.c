/* SPDX-License-Identifier: Apache-2.0 */
/* snp_driver COMMAND...: what the shim does with the world of standard input. The last line is how it ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "snp_world.h"
#include "../../include/ghcb.h"
#include "../../../core/include/platform.h"

uint32_t pvm_host;

static void do_cpuid(int count, char **args)
{
	snp_cpuid_check();
	for (int i = 0; i + 1 < count; i += 2) {
		struct cpuid_words words =
			snp_cpuid((uint32_t)strtoul(args[i], NULL, 16), (uint32_t)strtoul(args[i + 1], NULL, 16));

		printf("cpuid %s %s %08x %08x %08x %08x\n", args[i], args[i + 1], words.word[0], words.word[1], words.word[2],
		       words.word[3]);
	}
}

static void do_secrets(struct snp_channel *channel)
{
	snp_secrets_take(channel);
	print_bytes("key", channel->key, sizeof(channel->key));
	print_bytes("left", shim_start + WORLD_SECRETS, 0xa0);
}

static void do_report(uint64_t times, uint64_t sequence)
{
	struct snp_channel channel;
	struct snp_report report;
	uint8_t data[64];

	snp_secrets_take(&channel);
	channel.sequence = sequence;
	ghcb_start(vcpu_self());
	for (uint64_t i = 0; i < times; i++) {
		memset(data, (int)i + 1, sizeof(data));
		snp_report(&channel, data, &report);
		print_bytes("host_data", report.host_data, sizeof(report.host_data));
	}
	printf("sequence %llu\n", (unsigned long long)channel.sequence);
}

static void do_key(void)
{
	struct snp_channel channel;
	uint8_t key[SNP_KEY_SIZE];

	snp_secrets_take(&channel);
	ghcb_start(vcpu_self());
	snp_key(&channel, GUEST_FIELD_MEASUREMENT | GUEST_FIELD_POLICY, 0x0102030405060708, key);
	print_bytes("derived", key, sizeof(key));
}

/* Exit codes up to `last` on one instruction, in a process each, since most end the Keep. */
static void do_exceptions(uint64_t last)
{
	for (uint64_t error = 0; error <= last; error++) {
		printf("exit %llx: ", (unsigned long long)error);
		fflush(stdout);
		if (syscall(SYS_fork) == 0) {
			struct trap_frame frame = {
				.vector = VECTOR_VC, .error = error, .rip = (uint64_t)shim_start + WORLD_CODE,
			};

			printf("%s\n", snp_exception(&frame) ? "goes on" : "undefined");
			fflush(stdout);
			_exit(0);
		}
		syscall(SYS_wait4, -1, NULL, 0, NULL);
	}
}

static void do_exception(uint64_t error)
{
	struct trap_frame frame = {
		.rax = 1, .rcx = 0, .vector = VECTOR_VC, .error = error, .rip = (uint64_t)shim_start + WORLD_CODE,
	};
	bool goes_on;

	ghcb_start(vcpu_self());
	snp_cpuid_check();
	goes_on = snp_exception(&frame);
	printf("%s rip=+%llu rax=%llx rbx=%llx rcx=%llx rdx=%llx\n", goes_on ? "goes on" : "undefined",
	       (unsigned long long)(frame.rip - (uint64_t)shim_start - WORLD_CODE), (unsigned long long)frame.rax,
	       (unsigned long long)frame.rbx, (unsigned long long)frame.rcx, (unsigned long long)frame.rdx);
}

/* Key, sequence, header, body: sealed, opened again, and with each bit of tag, header and body changed. */
static void do_gcm(void)
{
	static struct {
		uint8_t key[SNP_KEY_SIZE];
		uint64_t sequence;
		uint32_t header_size, size;
		uint8_t header[64], body[256];
	} in;
	uint8_t tag[SNP_TAG_SIZE], sealed_body[256];
	struct snp_sealed sealed;
	unsigned wrong = 0;

	memcpy(&in, world.secrets, sizeof(in));
	sealed = (struct snp_sealed){ in.key, in.sequence, in.header, in.header_size, in.body, in.size };
	gcm_seal(&sealed, tag);
	print_bytes("body", in.body, in.size);
	print_bytes("tag", tag, sizeof(tag));
	memcpy(sealed_body, in.body, sizeof(sealed_body));
	for (unsigned bit = 0; bit < 8 * (SNP_TAG_SIZE + in.header_size + in.size); bit++) {
		uint8_t *byte = bit / 8 < SNP_TAG_SIZE ? &tag[bit / 8] :
				bit / 8 < SNP_TAG_SIZE + in.header_size ? &in.header[bit / 8 - SNP_TAG_SIZE] :
									  &sealed_body[bit / 8 - SNP_TAG_SIZE - in.header_size];

		*byte ^= (uint8_t)(1 << bit % 8);
		memcpy(in.body, sealed_body, sizeof(sealed_body));
		wrong += gcm_open(&sealed, tag);
		*byte ^= (uint8_t)(1 << bit % 8);
	}
	memcpy(in.body, sealed_body, sizeof(sealed_body));
	printf("forged %u, opened %u\n", wrong, gcm_open(&sealed, tag));
	print_bytes("opened", in.body, in.size);
}

int main(int count, char **args)
{
	const char *command = count > 1 ? args[1] : "";
	uint64_t number = count > 2 ? strtoull(args[2], NULL, 16) : 0;
	struct snp_channel channel;

	world_begin();
	if (strcmp(command, "check") == 0)
		snp_check();
	else if (strcmp(command, "start") == 0)
		ghcb_start(vcpu_at(number));
	else if (strcmp(command, "leave") == 0) {
		ghcb_start(vcpu_self());
		snp_leave((uint32_t)number, 0x1234, 0x5678);
	} else if (strcmp(command, "cpuid") == 0)
		do_cpuid(count - 2, args + 2);
	else if (strcmp(command, "secrets") == 0)
		do_secrets(&channel);
	else if (strcmp(command, "report") == 0)
		do_report(number, count > 3 ? strtoull(args[3], NULL, 16) : 1);
	else if (strcmp(command, "key") == 0)
		do_key();
	else if (strcmp(command, "exception") == 0)
		do_exception(number);
	else if (strcmp(command, "exceptions") == 0)
		do_exceptions(number);
	else if (strcmp(command, "own") == 0) {
		ghcb_start(vcpu_self());
		snp_own(VM_MAP_BASE, number);
	} else if (strcmp(command, "disown") == 0) {
		ghcb_start(vcpu_self());
		snp_disown(VM_MAP_BASE, number);
	} else if (strcmp(command, "validate") == 0)
		snp_validate(number);
	else if (strcmp(command, "invalidate") == 0)
		snp_invalidate(number);
	else if (strcmp(command, "gcm") == 0)
		do_gcm();
	else
		return 2;
	printf("done\n");
	return 0;
}
