/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals. Nobody but the application itself causes one: it faults, or it sends one to itself. The host has no
 * part in it (docs/adr/0016-signals.md).
 *
 * A handler is called, and rt_sigreturn() comes back from it, where all of the application's registers are in one place:
 * the frame that its exception left. A signal that a system call sent waits until the call returns and is delivered
 * by way of an exception of the shim's own.
 */
#ifndef MOTTE_SIGNAL_H
#define MOTTE_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#define SIGNALS 64
#define SIGNAL_SET_BYTES 8
#define SIGRTMIN 32
#define SIG_DFL 0
#define SIG_IGN 1
#define SIGNALS_UNBLOCKABLE (1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1))

static inline uint64_t signal_bit(uint64_t number)
{
	return 1ull << (number - 1);
}

/* As the kernel's, not the C library's. */
struct sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct stack_t {
	uint64_t sp;
	int32_t flags;
	uint32_t pad;
	uint64_t size;
};
#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM 0x80000000u

/* siginfo_t: what a handler is told. */
struct siginfo {
	int32_t number;
	int32_t error;
	int32_t code;
	int32_t pad;
	union {
		uint64_t address; /* of a fault */
		struct {
			int32_t pid;
			uint32_t uid;
			uint64_t value; /* of sigqueue() */
		} sender;
	};
	uint8_t rest[96];
};
_Static_assert(sizeof(struct siginfo) == 128, "siginfo");

/* General registers in the order of Linux's sigcontext. */
struct registers {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
};

/* The application where it was stopped. The platform fills it in, and takes the registers from it again. */
struct context {
	struct registers registers;
	uint8_t *state;      /* extended state: an XSAVE image in standard format, which is changed in place */
	uint32_t state_size;
	uint64_t components; /* which of it there can be: XCR0 */
	/* What a handler may read beside: the CPU's words for an exception. */
	uint64_t vector;
	uint64_t error;
	uint64_t fault_address;
};

/* ---- signal_queue.c: signals that wait, of one task or of the process ---- */

/* How many can wait with what their handlers are told; beyond, as under RLIMIT_SIGPENDING. */
#define SIGNALS_QUEUED 64

struct signal_queue {
	uint64_t set;
	struct queued_signal *first; /* what is told of them, oldest first */
};

/* A signal below SIGRTMIN waits once, however often it was sent. 0, or -EAGAIN. */
long signal_queue_add(struct signal_queue *queue, const struct siginfo *info);

/* The next signal of `set` that waits, taken away: its number, or 0. */
uint64_t signal_queue_take(struct signal_queue *queue, uint64_t set, struct siginfo *info);

/* Forgets what waits of `set`. */
void signal_queue_forget(struct signal_queue *queue, uint64_t set);

/* ---- signal.c: actions are the process's, all else is of the calling task ---- */

struct task;

/* A task's own part. */
struct task_signals {
	uint64_t blocked;
	struct signal_queue own;   /* sent to this task; what is sent to the process is for any */
	struct stack_t alternate;
	uint64_t until_handled;    /* the mask that a handler's frame gives back when it is not `blocked` */
	bool is_until_handled;     /* a call blocks others while it waits */
	uint64_t awaited;          /* rt_sigtimedwait() waits for these, blocked or not */
	uint64_t interrupted;      /* one more than the number of the system call that a handler may start again */
};

/* What a new task starts with; one that ends forgets what was sent to it alone. */
void signal_start(struct task *task, uint64_t blocked);
void signal_end(struct task *task);

/* execve(): no handlers and no alternate stack; what is ignored, blocked or pending stays so. */
void signal_reset(void);

struct sigaction *signal_action(uint64_t number);
uint64_t signal_blocked(void);
uint64_t signal_pending(void);
struct stack_t *signal_stack(void);

/* Blocks exactly these from now on, the two that cannot be left out. */
void signal_block(uint64_t set);

/* As signal_block() for the time until a handler returns, or none was called. */
void signal_block_until_handled(uint64_t set);

/* The end of that time, when no handler is to be called. */
void signal_block_again(void);

/*
 * The application sends a signal to one of its tasks, or, with NULL, to itself: then any task takes it that does not block
 * it. What its default action ends, ends here. 0 or a negative errno.
 */
long signal_send(struct task *to, const struct siginfo *info);

/* Forgets what is pending of a signal that is ignored from now on. */
void signal_forget(uint64_t number);

/* Takes a pending signal of `set` away: its number, or 0. */
uint64_t signal_take(uint64_t set, struct siginfo *info);

/*
 * Whether a signal is pending and not blocked that has a handler, or ends the application. It is this task's own from now
 * on, so that a call that returns -EINTR for it finds it when it does.
 */
bool signal_claim(void);

/* The system call `number` returns -EINTR: if for a signal, it starts again when the handler wants that. */
bool signal_restart(uint64_t number);

/* Whether `rsp` is on the alternate stack. */
bool signal_on_stack(uint64_t rsp);

/* ---- delivering: each returns 0, or the signal that ends the application ---- */

/* An exception of the application. It cannot be put off, so a signal that is blocked or ignored ends it. */
unsigned signal_fault(struct context *context, const struct siginfo *info);

/* Everything that is pending and not blocked. */
unsigned signal_deliver(struct context *context);

/* rt_sigreturn(): back to where the frame below RSP says. */
unsigned signal_return(struct context *context);

/* ---- signal_frame.c ---- */

/* Puts a frame on the application's stack and turns `context` to the handler; false when the stack has no room. */
bool signal_frame_put(struct context *context, const struct sigaction *action, const struct siginfo *info, uint64_t mask);

/* What a frame says beside registers and extended state. */
struct frame_rest {
	struct stack_t stack;
	uint64_t mask;
};

/* Takes `context` from the frame that a handler has returned to; false when it is none. */
bool signal_frame_get(struct context *context, struct frame_rest *rest);

#endif
