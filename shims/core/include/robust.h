/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_ROBUST_H
#define MOTTE_ROBUST_H

struct task;

/*
 * What a task leaves behind: each lock on its robust list that it still holds is marked as its owner's death and one who
 * waits for it is woken; then the word at `clear_at` becomes zero, and one who joins is woken.
 */
void robust_end(struct task *task);

#endif
