// SPDX-License-Identifier: Apache-2.0
// The host's side of an emulated Keep: what it sees, how it is misused, how it ends.
import { MESSAGE_TYPE, PEEKED, PROTOCOL_VERSION, START, START_FLAGS } from '@motte/loader/protocol/messages';
import { SECS } from '@motte/binary/sgx/secs';
import { SECS_ISVEXTPRODID_OFFSET, SECS_ISVFAMILYID_OFFSET } from '@motte/loader/protocol/epc';
import { REPORT } from '@motte/binary/sgx/report';
import { helperPath } from '@motte/loader/prebuilt';
import { spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble, LATER, runEnclave } from '../support/enclave.js';

/** EACCEPTs `pages` pages from LATER on, and goes on when each is there. */
const accept = (pages: number): string => `
	lea	accept_rw(%rip), %rbx
	lea	LATER(%rip), %rcx
	mov	$${pages}, %r14d
5:	ENCLU	5
	EXPECT	0, %rax, 40
	add	$0x1000, %rcx
	dec	%r14d
	jnz	5b`;

const CASES = {
  spin: { body: '1: pause\n\tjmp 1b' },
  leakR9: {
    body: 'mov $3, %edi\n\txor %esi, %esi\n\txor %edx, %edx\n\txor %r8d, %r8d\n\tmov $7, %r9d\n\tjmp leave_as_is',
  },
  leakXmm: {
    body: `
	xor %edx, %edx
	xor %r8d, %r8d
	xor %r9d, %r9d
	xor %r10d, %r10d
	xor %r11d, %r11d
	xor %r12d, %r12d
	xor %r13d, %r13d
	xor %r14d, %r14d
	xor %r15d, %r15d
	vzeroall
	pcmpeqd	%xmm4, %xmm4
	mov	$3, %edi
	xor	%esi, %esi
	jmp	leave_as_is`,
  },
  /** Without macros that mend them: what did the host leave? */
  honest: { body: 'EXIT 0' },
  wrongTarget: { body: 'mov $3, %edi\n\tlea base(%rip), %rax\n\tmov %rax, DATA(%rip)\n\tjmp leave' },
  noReason: { body: 'LEAVE 77, 0' },
  twice: { body: 'ud2', handler: 'ud2' },
  stuck: { body: 'mov base+0x70000(%rip), %eax', handler: 'LEAVE 2, 0' },
  accept32: { body: `${accept(32)}\n\tEXIT 0` },
  trim32: {
    body: `${accept(32)}
	HOSTCALL 0x10001, 0x80000, 0x20000, 0, 0
	EXPECT	0x20000, 0x40(%r15), 1
	lea	accept_trim(%rip), %rbx
	lea	LATER(%rip), %rcx
	mov	$32, %r14d
6:	ENCLU	5
	EXPECT	0, %rax, 41
	add	$0x1000, %rcx
	dec	%r14d
	jnz	6b
	HOSTCALL 0x10002, 0x80000, 0x20000, 0, 0
	EXPECT	0x20000, 0x40(%r15), 2
	EXIT	0`,
  },
  unaccepted: { body: 'mov LATER(%rip), %eax\n\tEXIT 0', handler: 'EXIT 0' },
  /** EREPORT to the enclave itself, and its report key after it, to standard output. */
  report: {
    body: `
	lea	DATA+0x1000(%rip), %rbx		# TARGETINFO
	lea	DATA+0x400(%rip), %rcx		# REPORTDATA
	lea	DATA+0x600(%rip), %rdx		# REPORT
	movq	$0x1234, (%rcx)
	ENCLU	0
	# KEYREQUEST for the report key with the report's KEYID
	movw	$3, DATA+0x1200(%rip)
	lea	DATA+0x600+0x180(%rip), %rsi
	lea	DATA+0x1200+0x28(%rip), %rdi
	mov	$32, %ecx
	rep movsb
	lea	DATA+0x1200(%rip), %rbx
	lea	DATA+0x600+432(%rip), %rcx
	ENCLU	1
	EXPECT	0, %rax, 1
	mov	DATA+24(%rip), %rdi
	add	$0x1000, %rdi
	lea	DATA+0x600(%rip), %rsi
	mov	$448, %ecx
	rep movsb
	HOSTCALL 1, 1, 0, 448, 448
	EXPECT	448, 0x40(%r15), 2
	EXIT	0`,
  },
  ungranted: { body: 'HOSTCALL 1, 2, 0, 1, 1\n\tEXPECT -9, 0x40(%r15), 1\n\tEXIT 0' },
  unknownCall: { body: 'HOSTCALL 59, 0, 0, 0, 0\n\tEXPECT -38, 0x40(%r15), 1\n\tEXIT 0' },
  /** A clock that the vDSO cannot read by itself: its system call traps in the helper. */
  cpuClock: { body: 'HOSTCALL 228, 2, 0, 0, 0\n\tEXPECT 0, 0x40(%r15), 1\n\tEXIT 0' },
  badClock: { body: 'HOSTCALL 228, 9, 0, 0, 0\n\tEXPECT -22, 0x40(%r15), 1\n\tEXIT 0' },
  /** A system call from the helper's own code, which Syscall User Dispatch lets through: execve. */
  escape: {
    body: `
	mov	DATA+8(%rip), %rsp		# the host's stack holds a return address of the helper
	mov	DATA(%rip), %rsi		# after_enclu, in the helper's text
4:	cmpw	$0x050f, (%rsi)
	je	3f
	inc	%rsi
	jmp	4b
3:	xor	%edi, %edi
	xor	%edx, %edx
	mov	$59, %eax
	jmp	*%rsi`,
  },
} as const;
type Name = keyof typeof CASES;
const names = Object.keys(CASES) as Name[];
const code = assemble(Object.values(CASES));
const run = (name: Name, special: Parameters<typeof runEnclave>[2] = {}): ReturnType<typeof runEnclave> =>
  runEnclave(code, names.indexOf(name), { ...special, flags: (special.flags ?? 0) | START_FLAGS.PATCH });
const { STRICT, TRUST } = START_FLAGS;

test('strict: a register that is not cleared ends the Keep by its name', async () => {
  for (const [name, what] of [
    ['leakR9', 'R9'],
    ['leakXmm', 'XMM registers'],
  ] as const) {
    const { end } = await run(name, { flags: STRICT });
    assert.is(end.cause, 'EXIT_REGISTERS');
    assert.match(end.reason ?? '', new RegExp(`: ${what}$`));
  }
});

test('strict without the emulator\u2019s checks, and plain: the leak passes', async () => {
  for (const flags of [STRICT | TRUST, 0]) {
    const { end } = await run('leakR9', { flags });
    assert.equal(end, { ended: 'exited', status: 0 });
  }
});

test('strict: the host sees 0xff, plain: the bytes', async () => {
  for (const flags of [STRICT, 0]) {
    const { peeked } = await run('honest', { flags, peek: { offset: 0n, length: 64n } });
    assert.ok(peeked);
    const bytes = peeked.subarray(PEEKED.size);
    assert.is(bytes.length, 64);
    assert.is(PEEKED.read(peeked).hidden, flags === STRICT ? 1 : 0);
    if (flags === STRICT) assert.ok(bytes.every((byte) => byte === 0xff));
    else assert.equal(Buffer.from(bytes), Buffer.from(code.subarray(0, 64)));
  }
});

test('EEXIT to another place than EENTER came from', async () => {
  const { end } = await run('wrongTarget');
  assert.is(end.cause, 'EXIT_TARGET');
});

test('EEXIT without a known reason', async () => {
  const { end } = await run('noReason');
  assert.is(end.cause, 'EXIT_WHY');
  assert.match(end.reason ?? '', /RDI is 77/);
});

test('an exception while an exception is handled: trapped, with its vector', async () => {
  const { end, vector, stats } = await run('twice');
  assert.is(end.ended, 'trapped');
  assert.is(end.cause, 'EXCEPTION');
  assert.is(vector, 6);
  assert.is(stats.aexs, 2);
});

test('an exception that is resumed unmended ends, and does not spin', async () => {
  const { end, vector } = await run('stuck');
  assert.is(end.cause, 'NO_PROGRESS');
  assert.is(vector, 14);
});

test('ABORT ends a Keep that spins', async () => {
  const { end } = await run('spin', { running: (send) => send(MESSAGE_TYPE.ABORT) });
  assert.is(end.ended, 'killed');
  assert.is(end.cause, 'ABORTED');
});

test('a time limit ends a Keep that spins', async () => {
  const { end } = await run('spin', { start: { time_limit_ms: 50 } });
  assert.is(end.cause, 'TIME_LIMIT');
});

test('random AEXs, with hostile entries: the Keep that answers them otherwise than by IGNORED is named', async () => {
  const { end } = await run('spin', { start: { aex_period_us: 200, seed: 3n } });
  assert.is(end.cause, 'EXIT_WHY');
  assert.match(end.reason ?? '', /an entry without an exception was answered with 3/);
});

test('the EPC is exhausted', async () => {
  const { end, stats } = await run('accept32', { start: { epc_pages: 80n } });
  assert.is(end.cause, 'EPC_EXHAUSTED');
  assert.is(stats.pages, 80);
});

test('accepted pages are counted, and pages that wait', async () => {
  const { stats } = await run('accept32');
  assert.equal([stats.augmented, stats.accepted, stats.unaccepted], [32, 32, 0]);
  const waits = await run('unaccepted');
  assert.equal([waits.stats.augmented, waits.stats.accepted, waits.stats.unaccepted], [1, 0, 1]);
});

test('ioctls that do a part of their work are called again, in one place', async () => {
  for (const ioctl_pages of [1, 3, 31, 0]) {
    const { end, stats } = await run('trim32', { start: { ioctl_pages } });
    assert.equal(end, { ended: 'exited', status: 0 });
    assert.is(stats.removed, LATER.pages);
  }
});

/** AES-CMAC by node's AES: a MAC that this file's author did not write. */
function cmac(key: Uint8Array, message: Uint8Array): Buffer {
  const encrypt = (data: Uint8Array): Buffer => {
    const cipher = createCipheriv('aes-128-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
    return Buffer.concat([cipher.update(data), cipher.final()]);
  };
  const twice = (block: Buffer): Buffer => {
    const value = BigInt(`0x${block.toString('hex')}`) << 1n;
    const mask = (1n << 128n) - 1n;
    const out = value > mask ? (value & mask) ^ 0x87n : value;
    return Buffer.from(out.toString(16).padStart(32, '0'), 'hex');
  };
  assert.is(message.length % 16, 0);
  const last = twice(encrypt(Buffer.alloc(16)));
  const padded = Buffer.from(message);
  for (let i = 0; i < 16; i++) {
    const at = padded.length - 16 + i;
    padded[at] = (padded[at] ?? 0) ^ (last[i] ?? 0);
  }
  return encrypt(padded).subarray(-16);
}

test('EREPORT: the SECS in REPORT, a MAC by the key that EGETKEY gives the target', async () => {
  // TARGETINFO: MEASUREMENT, ATTRIBUTES, XFRM, CONFIGSVN, MISCSELECT, CONFIGID of the enclave itself.
  const target = new Uint8Array(512);
  target.fill(0x11, 0, 32);
  target.set([0x85], 0x20);
  target.set([7], 0x28);
  target.set([1], 0x34);
  target.fill(0x33, 0x40, 0x80);
  // Where this CPU keeps ISVFAMILYID and ISVEXTPRODID: 0x110 and 0x120.
  const kept = new Uint8Array(SECS.size - 0x106);
  kept.fill(0x44, SECS_ISVFAMILYID_OFFSET - 0x106, SECS_ISVEXTPRODID_OFFSET - 0x106);
  kept.fill(0x55, SECS_ISVEXTPRODID_OFFSET - 0x106, SECS_ISVEXTPRODID_OFFSET - 0x106 + 16);
  const { end, stdout } = await run('report', {
    bytes: { 0x41000: target },
    secs: { reserved_106: kept },
  });
  assert.equal(end, { ended: 'exited', status: 0 });
  assert.is(stdout.length, 448);
  const report = REPORT.readStrict(stdout);
  assert.equal(Buffer.from(report.mrenclave), Buffer.alloc(32, 0x11));
  assert.equal(Buffer.from(report.mrsigner), Buffer.alloc(32, 0x22));
  assert.equal(Buffer.from(report.configid), Buffer.alloc(64, 0x33));
  assert.equal(Buffer.from(report.isvfamilyid), Buffer.alloc(16, 0x44));
  assert.equal(Buffer.from(report.isvextprodid), Buffer.alloc(16, 0x55));
  assert.equal([report.isvprodid, report.isvsvn, report.attributes, report.xfrm], [4, 5, 0x85n, 7n]);
  assert.is(report.reportdata[0], 0x34);
  const key = stdout.subarray(432);
  assert.equal(Buffer.from(report.mac), cmac(key, stdout.subarray(0, 384)));
});

test('a report for another target has another MAC', async () => {
  const { stdout } = await run('report');
  const key = stdout.subarray(432);
  assert.is.not(
    stdout.subarray(416, 432).toString('hex'),
    cmac(key, stdout.subarray(0, 384)).toString('hex'),
  );
});

test('the helper serves granted descriptors, known calls and good arguments', async () => {
  for (const name of ['ungranted', 'unknownCall', 'cpuClock', 'badClock'] as const) {
    assert.equal((await run(name)).end, { ended: 'exited', status: 0 }, name);
  }
});

test('code that jumps into the helper gains no system call beyond host calls', async () => {
  let died = '';
  try {
    await run('escape');
  } catch (error) {
    died = String(error);
  }
  assert.match(died, /the helper ended without ENDED, status signal/);
});

const MALFORMED = [
  { name: 'version', start: { version: 9 }, text: new RegExp(`version 9, expected ${PROTOCOL_VERSION}`) },
  { name: 'backend', start: { backend: 9 }, text: /backend 9/ },
  { name: 'size', start: { size: 0x3000n }, text: /size 0x3000/ },
  { name: 'base', start: { base: 0x1000n }, text: /base 0x1000/ },
  { name: 'counts', start: { mapping_count: 1000 }, text: /not what its counts say/ },
  { name: 'no TCS', start: { tcs_count: 0 }, text: /no TCS/ },
  { name: 'SWITCHLESS', start: { flags: START_FLAGS.SWITCHLESS }, text: /SWITCHLESS is for a Keep in a VM/ },
] as const;

for (const { name, start, text } of MALFORMED) {
  test(`a malformed START is refused: ${name}`, async () => {
    const { end, stats } = await run('honest', { start });
    assert.is(end.cause, 'START_INVALID');
    assert.match(end.reason ?? '', text);
    assert.is(stats.entries, 0);
  });
}

test('whatever START says, the helper ends by itself and says how', async () => {
  // One field after another of START set to all ones, to a small number, to a large one.
  for (const { at, name, type } of START.fields) {
    if (type.startsWith('bytes')) continue;
    for (const value of [1n, 0x7fff_f000n, type === 'u64' ? 0xffff_ffff_ffff_f000n : 0xffff_ffffn]) {
      const field = { [name]: type === 'u64' ? value : Number(value) };
      const { status, end } = await run('honest', { start: field }).catch((error: unknown) => {
        throw new Error(`${name} = ${value}: ${String(error)}`);
      });
      assert.is(status, 0, `${name} at ${at} = ${value}`);
      assert.ok(['exited', 'killed'].includes(end.ended), `${name} = ${value}: ${JSON.stringify(end)}`);
    }
  }
});

test('LIEs are refused by the helper that is shipped', async () => {
  const { end } = await run('honest', { lies: [{ number: 1, kind: 1 }] });
  assert.match(end.reason ?? '', /LIEs are for motte-helper-hostile/);
});

test('by hand it says what it is', () => {
  const { status, stderr } = spawnSync(helperPath(), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  assert.is(status, 64);
  assert.match(stderr, /To run a program in a Keep: motte run FILE/);
});

test('a hardware Keep on a machine without SGX', async () => {
  const { end } = await run('honest', { start: { backend: 2, base: 0x7000_0000_0000n } });
  if (end.cause !== 'BACKEND') console.log('skipped: no SGX: this machine has it');
  else assert.match(end.reason ?? '', /__vdso_sgx_enter_enclave/);
});

test.run();
