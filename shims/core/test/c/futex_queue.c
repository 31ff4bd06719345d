/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of futexes, driven by lines of standard input; tasks are coroutines, which sleep in wait_woken(). A line says
 * what happens next, a line of the answer what came of it:
 *
 *   wait TASK ADDRESS BITS          asleep
 *   wake ADDRESS MOST BITS          the tasks that were woken, in order, then how many
 *   requeue FROM TO MOST MOVED      the same
 *   back TASK RESULT                what its futex_wait() returns when its sleep ends so (0, -110, -4); or asleep
 */
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>
#include "../../include/futex.h"
#include "../../include/platform.h"
#include "../../include/task.h"
#include "../../include/wait.h"
#include "model.h"

#define TASKS 8
#define STACK 65536

static struct task tasks[TASKS];
static struct coroutine {
	ucontext_t context;
	uint8_t stack[STACK];
	uint64_t address;
	uint32_t bits;
	long slept, result;
	bool over;
} coroutines[TASKS];
static ucontext_t driver;
static int current;

struct task *task_self(void)
{
	return &tasks[current];
}

long wait_woken(const struct timespec *deadline)
{
	CHECK(deadline == NULL);
	CHECK(swapcontext(&coroutines[current].context, &driver) == 0);
	return coroutines[current].slept;
}

void wait_wake(struct task *task)
{
	printf("%d ", (int)(task - tasks));
}

static void body(void)
{
	struct coroutine *self = &coroutines[current];

	self->result = futex_wait(self->address, self->bits, NULL);
	self->over = true;
}

static void go_on(int task, bool first)
{
	struct coroutine *one = &coroutines[task];

	current = task;
	one->over = false;
	if (first) {
		CHECK(getcontext(&one->context) == 0);
		one->context.uc_stack.ss_sp = one->stack;
		one->context.uc_stack.ss_size = STACK;
		one->context.uc_link = &driver;
		makecontext(&one->context, body, 0);
	}
	CHECK(swapcontext(&driver, &one->context) == 0);
	if (one->over)
		printf("%ld\n", one->result);
	else
		puts("asleep");
}

int main(void)
{
	char line[128], what[16];
	long a, b, c, d;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		a = b = c = d = 0;
		CHECK(sscanf(line, "%15s %ld %ld %ld %ld", what, &a, &b, &c, &d) >= 3);
		if (strcmp(what, "wait") == 0) {
			coroutines[a].address = (uint64_t)b;
			coroutines[a].bits = (uint32_t)c;
			go_on((int)a, true);
		} else if (strcmp(what, "wake") == 0) {
			printf("%lu\n", futex_wake((uint64_t)a, (uint64_t)b, (uint32_t)c));
		} else if (strcmp(what, "requeue") == 0) {
			printf("%lu\n", futex_requeue((uint64_t)a, (uint64_t)b, (uint64_t)c, (uint64_t)d));
		} else {
			coroutines[a].slept = b;
			go_on((int)a, false);
		}
	}
	return 0;
}
