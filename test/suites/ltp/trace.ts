// SPDX-License-Identifier: Apache-2.0
// Which system calls a native run made, from strace's record of it.

export interface Trace {
  /** Names, sorted. */
  readonly calls: readonly string[];
  /** The call that made a process, if one did. */
  readonly forks?: string;
}

/** `PID name(arguments`: a call, or its beginning; `<... name resumed>` is the rest of one that was counted. */
const CALL = /^(?:\d+ +)?([a-z_][a-z0-9_]*)\((.*)$/;

/** A call that failed: tests of refusals make no process. */
const REFUSED = /\) += -1 E[A-Z]+/;

function makesProcess(name: string, rest: string): boolean {
  if (REFUSED.test(rest)) return false;
  if (name === 'fork' || name === 'vfork') return true;
  return (name === 'clone' || name === 'clone3') && !rest.includes('CLONE_THREAD');
}

/** What the kernel has a thread call after a signal that had no handler: no call of the program's. */
const KERNELS_OWN = 'restart_syscall';

/** Reads strace's output (`-f -qq -e signal=none`). Its own execve, which starts the test, is left out. */
export function readTrace(text: string): Trace {
  const calls = new Set<string>();
  let forks: string | undefined;
  for (const line of text.split('\n').slice(1)) {
    const [, name, rest = ''] = CALL.exec(line) ?? [];
    if (name === undefined || name === KERNELS_OWN) continue;
    calls.add(name);
    if (makesProcess(name, rest)) forks ??= name;
  }
  return { calls: [...calls].toSorted(), ...(forks === undefined ? {} : { forks }) };
}
