/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch of native/snp over its software KVM and firmware, by a script: a command a line on standard input, numbers and bytes in
 * hex, an answer a line for each. For test/snp: what an ioctl says, what a launch asks for, and the digest that comes of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "software.h"

#define ROWS_MOST 64
#define RUNS_MOST 64

static struct software software;
static struct cpuid_row rows[ROWS_MOST];
static struct launch_run runs[RUNS_MOST];
static struct launch launch_block;
static uint32_t row_count, run_count;
static uint8_t *memory, *source, *vmsas;
static uint64_t base;

/* The next word of the line as a number. */
static uint64_t number(void)
{
	const char *word = strtok(NULL, " \n");
	return word == NULL ? 0 : strtoull(word, NULL, 16);
}

/* The next word as bytes, at most `size`. */
static void bytes(uint8_t *to, size_t size)
{
	const char *word = strtok(NULL, " \n");
	unsigned byte;
	for (size_t i = 0; word != NULL && i < size && sscanf(word + 2 * i, "%2x", &byte) == 1; i++)
		to[i] = (uint8_t)byte;
}

static void print(const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		printf("%02x", from[i]);
}

/* What SNP_LAUNCH_UPDATE is answered in place of the software: no progress, a CPUID page that is never right, a strange status. */
enum { HONEST, STUCK, PICKY, STRANGE };

/* What goes by, as text, and then to the software. */
static struct recording {
	struct snp_calls calls;
	struct snp_calls *to;
	bool silent;
	uint32_t hostile, updates;
} recording;

static void record_op(const struct sev_cmd *cmd)
{
	const struct snp_launch_update *update = (const struct snp_launch_update *)cmd->data;
	const struct snp_launch_finish *finish = (const struct snp_launch_finish *)cmd->data;
	if (cmd->id == SEV_CMD_SNP_LAUNCH_UPDATE) {
		printf("update %llx %llx %x ", (unsigned long long)update->gfn_start, (unsigned long long)update->len, update->type);
		if (update->uaddr != 0)
			print((const uint8_t *)update->uaddr, update->len);
		else
			printf("-");
		puts("");
	} else if (cmd->id == SEV_CMD_SNP_LAUNCH_START) {
		printf("start %llx\n", (unsigned long long)((const struct snp_launch_start *)cmd->data)->policy);
	} else if (cmd->id == SEV_CMD_SNP_LAUNCH_FINISH) {
		printf("finish %u %u ", finish->id_block_en, finish->auth_key_en);
		print(finish->host_data, sizeof finish->host_data);
		puts("");
	}
}

static long record(struct snp_calls *calls, unsigned long request, void *argument)
{
	struct recording *self = (struct recording *)calls;
	struct sev_cmd *cmd = argument;
	if (request == SNP_IOC_ENCRYPT_OP && cmd->id == SEV_CMD_SNP_LAUNCH_UPDATE && self->hostile != HONEST) {
		self->updates++;
		cmd->error = self->hostile == STUCK ? FIRMWARE_SUCCESS : self->hostile == PICKY ? FIRMWARE_INVALID_PARAM : 0xbad;
		return self->hostile == STUCK ? -EAGAIN : -EIO;
	}
	if (request == SNP_IOC_ENCRYPT_OP && !self->silent)
		record_op(argument);
	return self->to->ioctl(self->to, request, argument);
}

/* An ioctl by itself: its result, and the firmware's status. */
static void operate(uint32_t id, void *data)
{
	struct sev_cmd cmd = {.id = id, .data = (uint64_t)data};
	const long result = software.calls.ioctl(&software.calls, SNP_IOC_ENCRYPT_OP, &cmd);
	printf("%ld %x\n", result, cmd.error);
}

static void set_up(void)
{
	base = number();
	const uint64_t pages = number();
	const uint32_t vcpus = (uint32_t)number();
	memory = aligned_alloc(SNP_PAGE_SIZE, pages * SNP_PAGE_SIZE);
	source = aligned_alloc(SNP_PAGE_SIZE, pages * SNP_PAGE_SIZE);
	vmsas = calloc(vcpus, SNP_PAGE_SIZE);
	memset(memory, 0xee, pages * SNP_PAGE_SIZE);
	memset(source, 0, pages * SNP_PAGE_SIZE);
	if (!software_start(&software, base, pages, (struct cpuid_truth){.rows = rows}))
		exit(1);
	software.memory = memory;
	software.vmsas = vmsas;
	software.vcpu_count = vcpus;
	recording = (struct recording){.calls = {.ioctl = record}, .to = &software.calls};
}

static void launch(void)
{
	struct snp_outcome outcome = {0};
	const struct snp_input input = {.launch = &launch_block, .runs = runs, .memory = source, .base = base, .sev_fd = 7};
	launch_block.policy = number();
	launch_block.flags = (uint32_t)number();
	bytes(launch_block.host_data, sizeof launch_block.host_data);
	bytes(launch_block.id_block, sizeof launch_block.id_block);
	bytes(launch_block.id_auth, sizeof launch_block.id_auth);
	launch_block.run_count = run_count;
	if (snp_init(&recording.calls, 7, &outcome) && snp_launch(&recording.calls, &input, &outcome))
		printf("launched %x\n", outcome.cpuid_corrected);
	else
		printf("failed %s\n", outcome.text);
}

static void update(void)
{
	const uint64_t gpa = number();
	struct snp_launch_update argument = {.gfn_start = gpa / SNP_PAGE_SIZE};
	argument.len = number() * SNP_PAGE_SIZE;
	argument.type = (uint8_t)number();
	argument.uaddr = argument.type == SNP_PAGE_ZERO ? 0 : (uint64_t)(source + (gpa >= base ? gpa - base : 0));
	argument.flags = (uint16_t)number();
	operate(SEV_CMD_SNP_LAUNCH_UPDATE, &argument);
}

static void validate(void)
{
	bool unchanged;
	const uint64_t gpa = number();
	const bool large = number() != 0, wanted = number() != 0;
	const uint32_t eax = rmp_validate(&software.firmware, gpa, large, wanted, &unchanged);
	printf("%x %d\n", eax, unchanged);
}

static void request(void)
{
	static uint8_t asked[SNP_PAGE_SIZE], answer[SNP_PAGE_SIZE];
	memset(asked, 0, sizeof asked);
	memset(answer, 0, sizeof answer);
	bytes(asked, sizeof asked);
	printf("%x ", firmware_request(&software.firmware, asked, answer));
	print(answer, sizeof answer);
	puts("");
}

static void serve(const char *name)
{
	if (strcmp(name, "setup") == 0) {
		set_up();
	} else if (strcmp(name, "most") == 0) {
		software.pages_most = (uint32_t)number();
	} else if (strcmp(name, "silent") == 0) {
		recording.silent = true;
	} else if (strcmp(name, "cpuid") == 0 && row_count < ROWS_MOST) {
		struct cpuid_row *row = &rows[row_count++];
		row->leaf = (uint32_t)number();
		row->subleaf = (uint32_t)number();
		row->eax = (uint32_t)number();
		row->ebx = (uint32_t)number();
		row->ecx = (uint32_t)number();
		row->edx = (uint32_t)number();
		software.firmware.cpuid.count = row_count;
	} else if (strcmp(name, "run") == 0 && run_count < RUNS_MOST) {
		struct launch_run *run = &runs[run_count++];
		run->offset = number();
		run->pages = (uint32_t)number();
		run->type = (uint32_t)number();
	} else if (strcmp(name, "vmsa") == 0) {
		uint8_t *at = vmsas + number() * SNP_PAGE_SIZE;
		bytes(at, SNP_PAGE_SIZE);
	} else if (strcmp(name, "page") == 0) {
		uint8_t *at = source + number();
		bytes(at, SNP_PAGE_SIZE);
	} else if (strcmp(name, "own") == 0) {
		const uint64_t gpa = number(), length = number();
		printf("%d\n", snp_own(&software.calls, gpa, length, number() != 0));
	} else if (strcmp(name, "init") == 0) {
		struct sev_init2 argument = {.ghcb_version = (uint16_t)number()};
		argument.flags = (uint32_t)number();
		operate(SEV_CMD_INIT2, &argument);
	} else if (strcmp(name, "start") == 0) {
		struct snp_launch_start argument = {.policy = number()};
		operate(SEV_CMD_SNP_LAUNCH_START, &argument);
	} else if (strcmp(name, "update") == 0) {
		update();
	} else if (strcmp(name, "finish") == 0) {
		struct snp_launch_finish argument = {0};
		operate(SEV_CMD_SNP_LAUNCH_FINISH, &argument);
	} else if (strcmp(name, "launch") == 0) {
		launch();
	} else if (strcmp(name, "pvalidate") == 0) {
		validate();
	} else if (strcmp(name, "request") == 0) {
		request();
	} else if (strcmp(name, "hostile") == 0) {
		recording.hostile = (uint32_t)number();
	} else if (strcmp(name, "updates") == 0) {
		printf("%u\n", recording.updates);
	} else if (strcmp(name, "key") == 0) {
		uint8_t *key = software.firmware.vmpck[number() % VMPCK_COUNT];
		bytes(key, VMPCK_SIZE);
	} else if (strcmp(name, "peek") == 0) {
		const uint64_t at = number();
		print(memory + at, number());
		puts("");
	} else if (strcmp(name, "digest") == 0) {
		print(software.firmware.digest, DIGEST_SIZE);
		puts("");
	} else {
		exit(2);
	}
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, stdin) > 0) {
		const char *name = strtok(line, " \n");
		if (name != NULL)
			serve(name);
	}
	return 0;
}
