/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Config blob, arguments and stack. Standard input holds frames: lengths and counts as u32 (blob, arguments' count and
 * bytes, environment's count and bytes), then the bytes. A line each: `refused REASON`, or what a program finds on
 * its stack: `args HEX,HEX env HEX`.
 */
#include <setjmp.h>
#include <string.h>
#include "../../include/arguments.h"
#include "../../include/config_blob.h"
#include "../../include/hostcall.h"
#include "model.h"

static jmp_buf ended;

_Noreturn void keep_refuse(uint32_t reason)
{
	longjmp(ended, (int)reason);
}

static void print_list(const char *name, uint64_t *list)
{
	printf("%s ", name);
	for (uint64_t i = 0; list[i] != 0; i++) {
		printf("%s", i ? "," : "");
		for (const char *text = (const char *)list[i]; *text; text++)
			printf("%02x", (uint8_t)*text);
	}
}

static void show(const struct arguments *arguments)
{
	static _Alignas(16) uint8_t memory[1 << 19];
	struct stack stack = { 0 };
	uint64_t top = (uint64_t)memory + sizeof(memory) - 4096, *words, random;
	const uint8_t guard = 0xa5;
	uint64_t *env;

	memset(memory, guard, sizeof(memory));
	arguments_put(arguments, &stack);
	stack_begin(&stack, top);
	arguments_put(arguments, &stack);
	random = stack_blob(&stack, "0123456789abcdef", 16);
	for (uint64_t i = 1; i < STACK_AUX; i++)
		stack_aux(&stack, i, random);
	stack_aux(&stack, 0, 0);
	CHECK(stack.start % 16 == 0 && stack.start == top - stack_bytes(&stack.size));
	CHECK((uint64_t)stack.text <= top && *(uint8_t *)top == guard && ((uint8_t *)stack.start)[-1] == guard);
	words = (uint64_t *)stack.start;
	env = words + 1 + words[0] + 1;
	CHECK(words[0] == stack.size.args && env[-1] == 0 && env[stack.size.env] == 0);
	CHECK(env[stack.size.env + 1] == 1 && memcmp((void *)env[stack.size.env + 2], "0123456789abcdef", 16) == 0);
	print_list("args", words + 1);
	print_list(" env", env);
	putchar('\n');
}

static void read_all(void *to, size_t length)
{
	CHECK(fread(to, 1, length, stdin) == length);
}

int main(void)
{
	static _Alignas(8) char blob[CONFIG_MAX + 8];
	static char args[1 << 17], env[1 << 17];
	uint32_t head[5];

	while (fread(head, sizeof(head), 1, stdin) == 1) {
		struct arguments arguments = { blob, { args, head[2], head[1] }, { env, head[4], head[3] } };
		int reason;

		CHECK(head[0] <= sizeof(blob) && head[2] <= sizeof(args) && head[4] <= sizeof(env));
		read_all(blob, head[0]);
		read_all(args, head[2]);
		read_all(env, head[4]);
		reason = setjmp(ended);
		if (reason) {
			printf("refused %d\n", reason);
			continue;
		}
		if (!config_check(blob, head[0]))
			keep_refuse(REASON_CONFIG_FORMAT);
		arguments_check(&arguments);
		show(&arguments);
	}
	return 0;
}
