/* SPDX-License-Identifier: Apache-2.0 */
#include "include/arguments.h"
#include "include/bytes.h"
#include "include/config_blob.h"
#include "include/hostcall.h"

static uint32_t flags_of(const struct arguments *arguments)
{
	return ((const struct config_header *)arguments->blob)->flags;
}

/* As many texts as the host said, and the last of them ended. */
static bool well_formed(const struct host_texts *texts)
{
	uint32_t count = 0;

	for (size_t i = 0; i < texts->length; i++)
		count += texts->start[i] == 0;
	return count == texts->count && (texts->length == 0 || texts->start[texts->length - 1] == 0);
}

/* The record of this type for the key that `text` starts with. */
static bool find_record(const void *blob, unsigned type, const char *text, size_t length)
{
	struct config_value record = { 0 };
	size_t key = config_key(text, length);

	while (config_next(blob, &record))
		if (record.type == type && config_key(record.value, record.length) == key &&
		    memcmp(record.value, text, key) == 0)
			return true;
	return false;
}

/* The host's text for a key, among the first `before` bytes of its texts. */
static const char *find_host(const struct host_texts *env, size_t before, const char *key, size_t length)
{
	for (size_t at = 0; at < before; at += strlen(env->start + at) + 1) {
		const char *text = env->start + at;

		if (config_key(text, strlen(text)) == length && memcmp(text, key, length) == 0)
			return text;
	}
	return 0;
}

/* A variable of the host's: K=V, K given once, and K is the host's to give. */
static void check_variable(const struct arguments *arguments, size_t at)
{
	const char *text = arguments->env.start + at;
	size_t length = strlen(text), key = config_key(text, length);

	if (key == 0 || key == length || find_host(&arguments->env, at, text, key))
		keep_refuse(REASON_CONFIG_ENV);
	if (!(flags_of(arguments) & CONFIG_FLAG_ENV_HOST) &&
	    !find_record(arguments->blob, CONFIG_TYPE_ENV_UNMEASURED, text, length))
		keep_refuse(REASON_CONFIG_ENV);
}

void arguments_check(const struct arguments *arguments)
{
	const struct host_texts *env = &arguments->env;
	struct config_value record = { 0 };

	if (!well_formed(&arguments->args) || !well_formed(env))
		keep_refuse(REASON_BOOT_MESSAGE);
	if (arguments->args.count != 0 && !(flags_of(arguments) & CONFIG_FLAG_ARGS_HOST))
		keep_refuse(REASON_CONFIG_ARGS);
	for (size_t at = 0; at < env->length; at += strlen(env->start + at) + 1)
		check_variable(arguments, at);
	/* Each variable is either fixed or the host's. */
	while (config_next(arguments->blob, &record))
		if (record.type == CONFIG_TYPE_ENV_UNMEASURED &&
		    find_record(arguments->blob, CONFIG_TYPE_ENV, record.value, record.length))
			keep_refuse(REASON_CONFIG_FORMAT);
}

void texts_put(const struct host_texts *texts, struct stack *stack, uint64_t *count)
{
	for (size_t at = 0; at < texts->length; at += strlen(texts->start + at) + 1)
		stack_text(stack, count, texts->start + at, strlen(texts->start + at));
}

static void put_variable(const struct arguments *arguments, const struct config_value *record, struct stack *stack)
{
	size_t key = config_key(record->value, record->length);
	const char *given = 0;

	if (record->type == CONFIG_TYPE_ENV_UNMEASURED)
		given = find_host(&arguments->env, arguments->env.length, record->value, key);
	if (given)
		stack_text(stack, &stack->size.env, given, strlen(given));
	else if (key != record->length)
		stack_text(stack, &stack->size.env, record->value, record->length);
}

void arguments_put(const struct arguments *arguments, struct stack *stack)
{
	struct config_value record = { 0 };

	while (config_next(arguments->blob, &record))
		if (record.type == CONFIG_TYPE_ARG)
			stack_text(stack, &stack->size.args, record.value, record.length);
	texts_put(&arguments->args, stack, &stack->size.args);
	stack_end_list(stack);
	record.next = 0;
	while (config_next(arguments->blob, &record))
		if (record.type == CONFIG_TYPE_ENV || record.type == CONFIG_TYPE_ENV_UNMEASURED)
			put_variable(arguments, &record, stack);
	if (flags_of(arguments) & CONFIG_FLAG_ENV_HOST)
		texts_put(&arguments->env, stack, &stack->size.env);
	stack_end_list(stack);
}
