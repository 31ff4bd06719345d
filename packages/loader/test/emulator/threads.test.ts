// SPDX-License-Identifier: Apache-2.0
// Keeps of several threads: that they run at once, sleep and are woken, and how such a Keep ends. Each case runs with patched
// sites, with traps, and under strict emulation with AEXs at random.
import { helperPath } from '@motte/loader/prebuilt';
import { LIE_KIND, MESSAGE_TYPE, START_FLAGS } from '@motte/loader/protocol/messages';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PAGE_TYPE } from '@motte/binary/sgx/secinfo';
import { EPCM_FLAGS } from '@motte/loader/protocol/epc';
import { TCS_AT } from '../support/enclave.js';
import { assembleThreads, runThreads, threadTcs } from '../support/threads.js';
import type { Ran, Special } from '../support/enclave.js';

const HOSTILE = join(dirname(helperPath()), 'motte-helper-hostile');
const YIELD = 24;
const SPIN = '1: pause\n\tjmp 1b';
const EAGAIN = -11;
const EINVAL = -22;
const ROUNDS = 100_000;
/** A wait may come back for nothing (a tick): whoever has nothing else to do waits again. */
const SLEEP = '6: WAIT\n\tjmp 6b';
/** An exception while another is handled; a hostile entry without one changes nothing. */
const FAULT = 'test %eax, %eax\n\tjnz 1f\n\tLEAVE 5, 0\n1: ud2';

const CASES = {
  wakes: {
    first: `
	START	1
2:	WAIT
	cmpq	$7, SHARED(%rip)
	jne	2b
	EXIT	0`,
    other: `
	movq	$7, SHARED(%rip)
	WAKE	0
	${SLEEP}`,
  },
  /** Each thread says that it is there; the last one ends the Keep. */
  all: {
    first: `
	START	1
	START	2
	START	3
2:	WAIT
	cmpq	$3, SHARED(%rip)
	jb	2b
	EXIT	0`,
    other: `
	lock incq SHARED(%rip)
	WAKE	0
	${SLEEP}`,
  },
  /** Each thread makes two calls, and only then says that it is there. */
  calls: {
    first: `
	START	1
	START	2
	START	3
2:	WAIT	0, 1000000
	cmpq	$3, SHARED(%rip)
	jb	2b
	EXIT	0`,
    other: `
	WAKE	0
	WAKE	0
	lock incq SHARED(%rip)
	${SLEEP}`,
  },
  count: {
    first: `
	START	1
	START	2
	START	3
2:	WAIT	0, 1000000
	cmpq	$3, SHARED+8(%rip)
	jb	2b
	EXPECT	${3 * ROUNDS}, SHARED(%rip), 3
	EXIT	0`,
    other: `
	mov	$${ROUNDS}, %ecx
1:	lock incq SHARED(%rip)
	dec	%ecx
	jnz	1b
	lock incq SHARED+8(%rip)
	${SLEEP}`,
  },
  /** EREPORT-like leaves of all at once: each accepts pages of its own while the others do. */
  accept: {
    first: `
	START	1
	START	2
	START	3
2:	WAIT	0, 1000000
	cmpq	$3, SHARED+8(%rip)
	jb	2b
	EXIT	0`,
    other: `
	shl	$15, %eax			/* eight pages for each */
	lea	LATER-0x8000(%rip), %rcx
	add	%rax, %rcx
	mov	$8, %r14d
	lea	accept_rw(%rip), %rbx
5:	ENCLU	5
	EXPECT	0, %rax, 40
	movq	$1, (%rcx)
	add	$0x1000, %rcx
	dec	%r14d
	jnz	5b
	lock incq SHARED+8(%rip)
	${SLEEP}`,
  },
  twice: {
    first: `
	START	1
	START	1, ${EAGAIN}
	START	9, ${EINVAL}
	START	0, ${EINVAL}
	WAKE	9, ${EINVAL}
	WAKE	300, ${EINVAL}
	EXIT	0`,
    other: SLEEP,
  },
  otherEnds: { first: `START 1\n\t${SPIN}`, other: 'EXIT 5' },
  otherFaults: { first: `START 1\n\t${SLEEP}`, other: 'ud2', handler: FAULT },
  asleep: { first: `START 1\n\tSTART 2\n\t${SLEEP}`, other: SLEEP },
  awake: { first: `START 1\n\tSTART 2\n\t${SPIN}`, other: SPIN },
  /** A page that EMODT made a TCS. */
  accepts: {
    first: `
	movq	$0x110, SHARED+0x40(%rip)	/* SECINFO: PT_TCS, modified */
	lea	SHARED+0x40(%rip), %rbx
	lea	base+0x61000(%rip), %rcx
	ENCLU	5
	EXPECT	0, %rax, 1
	START	1
	${SLEEP}`,
    other: 'EXIT 0',
    handler: `
	cmp	$0x8000030d, %eax
	je	1f
	LEAVE	5, 0
1:	EXIT	13`,
  },
  forgets: { first: `START 1\n\t${SLEEP}`, other: 'EXIT 6' },
  asks: { first: `HOSTCALL ${YIELD}\n\t${SPIN}`, other: 'EXIT 6' },
  /** Waits come back at once, however often they are woken, and say nothing but that. */
  storm: {
    first: `
	START	1
	movq	$1000, %gs:0x100
2:	HOSTCALL ${YIELD}
	WAIT
	decq	%gs:0x100
	jnz	2b
	EXIT	0`,
    other: '2: WAIT\n\tjmp 2b',
  },
  /** A page that another thread writes to is made read-only: it is out of the page by the time that EACCEPT succeeds. */
  restrict: {
    first: `
	lea	accept_rw(%rip), %rbx
	lea	LATER(%rip), %rcx
	ENCLU	5
	EXPECT	0, %rax, 40
	START	1
1:	pause
	cmpq	$1000, LATER(%rip)
	jb	1b
	HOSTCALL 0x10000, 0x80000, 0x1000, 1
	EXPECT	0x1000, 0x40(%r15), 41
	lea	accept_r(%rip), %rbx
	lea	LATER(%rip), %rcx
	ENCLU	5
	EXPECT	0, %rax, 42
	mov	LATER(%rip), %r12
	mov	$100000, %ecx
1:	pause
	dec	%ecx
	jnz	1b
	cmp	LATER(%rip), %r12
	je	1f
	EXIT	43
1:	movq	$1, SHARED(%rip)
	${SPIN}`,
    other: '1: incq LATER(%rip)\n\tjmp 1b',
    handler: `
	cmp	$0x8000030e, %eax
	je	1f
	LEAVE	5, 0
1:	pause				/* until the first is satisfied */
	cmpq	$1, SHARED(%rip)
	jne	1b
	EXIT	7`,
  },
} as const;

const RESERVED = Uint8Array.from({ length: 4008 }, (_, i) => (i === 4007 ? 1 : 0));

type Name = keyof typeof CASES;
const NAMES = Object.keys(CASES) as Name[];
const code = assembleThreads(Object.values(CASES));

async function run(name: Name, special: Special = {}): Promise<Ran> {
  return runThreads(code, NAMES.indexOf(name), special);
}

function told({ end }: Ran): string {
  return end.cause ?? `${end.ended} ${end.status}`;
}

const MODES: readonly { readonly name: string; readonly special: Special }[] = [
  { name: 'patched', special: { flags: START_FLAGS.PATCH } },
  { name: 'with traps', special: {} },
  { name: 'strict', special: { flags: START_FLAGS.STRICT, start: { aex_period_us: 500, seed: 77n } } },
];

const EXPECTED: readonly (readonly [Name, string, string])[] = [
  ['wakes', 'a thread waits until another wakes it', 'exited 0'],
  ['all', 'as many threads as there are TCSs', 'exited 0'],
  ['count', 'threads run at once, each with its registers', 'exited 0'],
  ['accept', 'EACCEPT by several threads at once', 'exited 0'],
  ['twice', 'a TCS is started once; one that is not there, never', 'exited 0'],
  ['otherEnds', 'any thread ends the Keep, while another runs', 'exited 5'],
  ['otherFaults', 'the fault of one thread ends the Keep, while another sleeps', 'EXCEPTION'],
  ['restrict', 'EMODPR of a page that another thread writes to', 'exited 7'],
];

for (const mode of MODES)
  for (const [name, what, expected] of EXPECTED)
    test(`${what}, ${mode.name}`, async () => {
      const ran = await run(name, mode.special);
      assert.is(told(ran), expected, ran.end.reason);
      assert.is(ran.status, 0);
    });

for (const name of ['asleep', 'awake'] as const) {
  test(`the time limit ends a Keep whose threads are ${name}`, async () => {
    assert.is(told(await run(name, { start: { time_limit_ms: 300 } })), 'TIME_LIMIT');
  });

  test(`ABORT ends a Keep whose threads are ${name}`, async () => {
    const ran = await run(name, {
      running: (send) => setTimeout(() => send(MESSAGE_TYPE.ABORT), 200),
    });
    assert.is(told(ran), 'ABORTED');
  });
}

test('what threads did is counted together', async () => {
  const { stats } = await run('calls');
  // The first entry of each, and what they came back from before the end: three starts, a wait, and two calls of three threads.
  assert.ok(stats.entries >= 4 + 3 + 1 + 3 * 2, `${stats.entries} entries`);
  assert.ok(stats.hostCalls >= 3 + 1 + 3 * 2, `${stats.hostCalls} host calls`);
});

test('random AEXs come to each thread', async () => {
  const { stats } = await run('awake', { start: { time_limit_ms: 300, aex_period_us: 200 } });
  assert.ok(stats.aexs > 10 && stats.ignored > 10, `${stats.aexs} AEXs, ${stats.ignored} ignored`);
});

test('a second thread in one TCS: the CPU refuses it', async () => {
  const ran = await run('asks', {
    helper: HOSTILE,
    lies: [{ number: YIELD, nth: 1, kind: LIE_KIND.THREAD, value: 0n, at: 1n }],
  });
  assert.is(told(ran), 'ENTER_REFUSED');
  assert.match(ran.end.reason ?? '', /TCS is busy/);
});

test('a thread that nobody asked for: the CPU lets it in, the Keep has to judge', async () => {
  const ran = await run('asks', {
    helper: HOSTILE,
    lies: [{ number: YIELD, nth: 1, kind: LIE_KIND.THREAD, value: 1n, at: 1n }],
  });
  assert.is(told(ran), 'exited 6');
});

/** TCS 1 after EMODT: no thread enters it before EACCEPT, which looks at what the Keep wrote into it. */
const MADE = { [0x61]: { type: PAGE_TYPE.TCS, flags: EPCM_FLAGS.VALID | EPCM_FLAGS.MODIFIED } };

const ACCEPTED: readonly { name: string; wrong: Parameters<typeof threadTcs>[2]; expected: string }[] = [
  { name: 'as it should be', wrong: {}, expected: 'exited 0' },
  { name: 'a reserved byte', wrong: { reserved_058: RESERVED }, expected: 'exited 13' },
  { name: 'DBGOPTIN', wrong: { flags: 1n }, expected: 'exited 13' },
  { name: 'CSSA of no frame', wrong: { cssa: 2 }, expected: 'exited 13' },
];

for (const { name, wrong, expected } of ACCEPTED)
  test(`EACCEPT of a page that became a TCS: ${name}`, async () => {
    const at = NAMES.indexOf('accepts');
    const ran = await run('accepts', { epcm: MADE, bytes: { [TCS_AT + 0x1000]: threadTcs(at, 1, wrong) } });
    assert.is(told(ran), expected, ran.end.reason);
  });

test('a page that became a TCS and was not accepted: the CPU enters no thread', async () => {
  const ran = await run('forgets', { epcm: MADE });
  assert.is(told(ran), 'ENTER_REFUSED');
  assert.match(ran.end.reason ?? '', /TCS page: EPCM flags 0x5/);
});

test('a storm of wakes ends waits and nothing else', async () => {
  const ran = await run('storm', { helper: HOSTILE, lies: [{ number: YIELD, nth: 0, kind: LIE_KIND.WAKE }] });
  assert.is(told(ran), 'exited 0', ran.end.reason);
});

test.run();
