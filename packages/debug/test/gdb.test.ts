// SPDX-License-Identifier: Apache-2.0
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf } from '@motte/test-helpers/errors';
import { MotteError } from '@motte/binary/error';
import { PACKET_MOST, Unpacker, pack } from '../src/gdb/packet.js';
import { FrameRegisters } from '../src/gdb/register-file.js';
import { NUMBER, REGISTERS, targetXml } from '../src/gdb/registers.js';
import { Session } from '../src/gdb/session.js';
import type { Halt, Moves, Target } from '../src/gdb/target.js';

const BASE = 0x1000n;
const FRAME = 4096;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const RIP = NUMBER.get('rip') as number;
const word = (value: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(value).buffer);

/** A program of one page that stands still, with two threads. */
class Fake implements Target {
  readonly exec = '/bin/program';
  readonly bias = 0x400n;
  readonly auxv = Uint8Array.of(1, 2, 0x23);
  readonly page = new Uint8Array(4096).map((_, i) => i & 0xff);
  readonly frames = [new FrameRegisters(new Uint8Array(FRAME)), new FrameRegisters(new Uint8Array(FRAME))];
  readonly moves: Moves[] = [];
  said: string[] = [];
  threads = (): ReturnType<Target['threads']> =>
    Promise.resolve([1, 2].map((id) => ({ id, doing: `thread ${id}` })));
  registers = (id: number): ReturnType<Target['registers']> => {
    const frame = this.frames[id - 1];
    return Promise.resolve(frame === undefined ? undefined : new FrameRegisters(frame.bytes.slice()));
  };
  store = (id: number, file: Parameters<Target['store']>[1]): Promise<boolean> => {
    if (file instanceof FrameRegisters) this.frames[id - 1] = file;
    return Promise.resolve(true);
  };
  read = (address: bigint, length: number): Promise<Uint8Array> => {
    const from = Number(address - BASE);
    return Promise.resolve(from < 0 ? new Uint8Array(0) : this.page.slice(from, from + length));
  };
  write = (address: bigint, bytes: Uint8Array): Promise<number> => {
    const from = Number(address - BASE);
    if (from < 0 || from + bytes.length > this.page.length) return Promise.resolve(0);
    this.page.set(bytes, from);
    return Promise.resolve(bytes.length);
  };
  go = (moves: Moves): void => void this.moves.push(moves);
  stop = (): void => void this.said.push('stop');
  kill = (): void => void this.said.push('kill');
}

class Talk {
  readonly target = new Fake();
  readonly replies: string[] = [];
  readonly session: Session;
  closed = false;
  #unpacker = new Unpacker();
  constructor(halt: Halt = { thread: 1, why: { kind: 'asked' } }) {
    this.session = new Session(
      this.target,
      {
        write: (bytes) => {
          for (const come of this.#unpacker.push(bytes))
            if (come.kind === 'packet') this.replies.push(new TextDecoder('latin1').decode(come.body));
        },
        close: () => (this.closed = true),
        left: () => this.target.said.push('left'),
      },
      halt,
    );
  }
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
  async ask(packet: string | Uint8Array): Promise<string | undefined> {
    this.session.push(pack(packet));
    for (let i = 0; i < 20 && this.replies.length === 0; i++) await this.settle();
    return this.replies.shift();
  }
}

test('packets, escaped, come back whole, in whatever pieces they arrive', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 })),
      fc.integer({ min: 1, max: 7 }),
      (bodies, piece) => {
        const stream = Uint8Array.from(bodies.flatMap((body) => [...pack(body)]));
        const unpacker = new Unpacker();
        const out: number[][] = [];
        for (let at = 0; at < stream.length; at += piece)
          for (const come of unpacker.push(stream.slice(at, at + piece)))
            out.push(come.kind === 'packet' ? [...come.body] : [-1]);
        assert.equal(
          out,
          bodies.map((body) => [...body]),
        );
      },
    ),
  );
});

test('what stands between packets, and a wrong checksum', () => {
  const come = new Unpacker().push(text('+-\u0003$m0,1#fa$m0,1#fb'));
  assert.equal(
    come.map(({ kind }) => kind),
    ['ack', 'nack', 'interrupt', 'packet', 'corrupt'],
  );
});

for (const [name, bytes] of [
  ['a byte between packets', 'x'],
  ['a packet within a packet', '$a$'],
  ['a checksum that is no hex', '$a#g'],
  ['a checksum in capitals', '$j#6A'],
  ['an escape of nothing', '$}#7d'],
  ['a packet without an end', `$${'a'.repeat(PACKET_MOST + 1)}`],
] as const)
  test(`refused: ${name}`, () => {
    assert.is(
      codeOf(() => new Unpacker().push(text(bytes))),
      'GDB_PROTOCOL',
    );
  });

test('any bytes are packets or GDB_PROTOCOL', () => {
  const letter = fc.constantFrom(...text('$#+-}*az09'), 3, 0xff);
  fc.assert(
    fc.property(fc.array(letter, { maxLength: 200 }), (bytes) => {
      try {
        new Unpacker().push(Uint8Array.from(bytes));
      } catch (error) {
        assert.ok(error instanceof MotteError && error.code === 'GDB_PROTOCOL');
      }
    }),
  );
});

test('every register keeps what it is given, and no other changes', () => {
  const fresh = (): FrameRegisters => new FrameRegisters(new Uint8Array(FRAME));
  for (const [number, { name, size, place }] of REGISTERS.entries()) {
    if (place.in === 'fixed') continue;
    const file = fresh();
    const bytes = new Uint8Array(size);
    const narrow = place.in === 'xsave' ? place.bytes : size;
    // Two bits a tag: empty or not is all that XSAVE keeps.
    bytes.fill(place.in === 'tags' ? 0 : 0xa5, 0, place.in === 'tags' ? 2 : narrow);
    assert.ok(file.set(number, bytes), name);
    assert.equal(file.get(number), bytes, name);
    const before = fresh();
    for (const other of REGISTERS.keys())
      if (other !== number) assert.equal(file.get(other), before.get(other), `${name} changes another`);
  }
  assert.is(fresh().set(RIP, new Uint8Array(4)), false, 'of another size');
  assert.is(fresh().set(NUMBER.get('cs') as number, Uint8Array.of(0x2b, 0, 0, 0)), false);
});

test('a component that XSTATE_BV lacks is in its initial state', () => {
  const file = new FrameRegisters(new Uint8Array(FRAME).fill(0xee));
  file.bytes[0x200] = 0;
  const get = (name: string): number[] => [...(file.get(NUMBER.get(name) as number) ?? [])];
  assert.equal(get('fctrl'), [0x7f, 3, 0, 0]);
  assert.equal(get('mxcsr'), [0x80, 0x1f, 0, 0]);
  assert.equal(
    get('xmm3'),
    Array.from({ length: 16 }, () => 0),
  );
  assert.equal(
    get('ymm3h'),
    Array.from({ length: 16 }, () => 0),
  );
  assert.equal(get('ftag'), [0xff, 0xff, 0, 0]);
});

test('the numbers of target.xml are those of the packet g', () => {
  const rows = [...targetXml().matchAll(/<reg name="([a-z0-9_]+)" bitsize="(\d+)"[^>]* regnum="(\d+)"/g)];
  assert.is(rows.length, REGISTERS.length);
  for (const [, name, bits, number] of rows) {
    assert.is(REGISTERS[Number(number)]?.name, name);
    assert.is(8 * (REGISTERS[Number(number)]?.size ?? 0), Number(bits));
  }
});

const ASKED: readonly (readonly [packet: string, reply: string | undefined])[] = [
  ['?', 'T02thread:1;'],
  ['qC', 'QC1'],
  ['qAttached', '0'],
  ['qOffsets', 'TextSeg=400'],
  ['qfThreadInfo', 'm1,2'],
  ['qsThreadInfo', 'l'],
  ['qThreadExtraInfo,2', '7468726561642032'],
  ['qThreadExtraInfo,9', 'E01'],
  ['qXfer:exec-file:read:1:0,4', 'm/bin'],
  ['qXfer:exec-file:read:1:4,100', 'l/program'],
  ['qXfer:auxv:read::0,100', 'l\u0001\u0002#'],
  ['qXfer:auxv:write::0,100', ''],
  ['qXfer:memory-map:read::0,100', 'E00'],
  ['vMustReplyEmpty', ''],
  ['vCont?', 'vCont;c;C;s;S'],
  ['vCont;t', 'E01'],
  ['vCont;', 'E01'],
  ['vCont;c:zz', 'E01'],
  ['Hg2', 'OK'],
  ['qC', 'QC2'],
  ['Hg7', 'E01'],
  ['Hc-1', 'OK'],
  ['T2', 'OK'],
  ['T3', 'E01'],
  ['m1000,4', '00010203'],
  ['m1ffe,8', 'feff'],
  ['m0,4', 'E0e'],
  ['m1000', 'E01'],
  ['M1000,2:abcd', 'OK'],
  ['m1000,4', 'abcd0203'],
  ['M1000,3:abcd', 'E01'],
  ['M1000,1:zz', 'E01'],
  ['M0,1:00', 'E0e'],
  ['X1000,2:}\u0003', 'OK'],
  ['Z0,1010,1', 'OK'],
  ['Z0,1010,1', 'OK'],
  ['m100f,3', '0f1011'],
  ['M100f,3:aabbcc', 'OK'],
  ['m100f,3', 'aabbcc'],
  ['z0,1010,1', 'OK'],
  ['m1010,1', 'bb'],
  ['z0,1010,1', 'OK'],
  ['Z0,0,1', 'E0e'],
  ['Z1,1010,1', ''],
  ['Z0,1010', 'E01'],
  ['P10=0807060504030201', 'OK'],
  ['p10', '0807060504030201'],
  ['P10=00', 'E01'],
  ['p99', 'E01'],
  ['P12=2b000000', 'E01'],
  ['G00', 'E01'],
  ['R00', ''],
  ['qSymbol::', 'OK'],
];

test('what each packet is answered with', async () => {
  const talk = new Talk();
  for (const [packet, reply] of ASKED) assert.is(await talk.ask(packet), reply, packet);
  assert.is(talk.target.moves.length, 0);
});

test('all registers at once, and back', async () => {
  const talk = new Talk();
  const all = (await talk.ask('g')) as string;
  assert.is(all.length, 2 * REGISTERS.reduce((sum, { size }) => sum + size, 0));
  assert.is(await talk.ask(`G${all.replace(/^.{16}/, '1122334455667788')}`), 'OK');
  assert.is(await talk.ask('p0'), '1122334455667788');
});

test('a breakpoint is an INT3 in memory while it is set, and told as swbreak', async () => {
  const talk = new Talk();
  await talk.ask('Z0,1020,1');
  assert.is(talk.target.page[0x20], 0xcc);
  talk.target.frames[1]?.set(RIP, word(0x1020n));
  assert.is(await talk.ask('vCont;c'), undefined);
  assert.equal(
    [...(talk.target.moves[0]?.threads ?? [])],
    [
      [1, 'go'],
      [2, 'go'],
    ],
  );
  talk.session.halted({ thread: 2, why: { kind: 'breakpoint' } });
  for (let i = 0; i < 20 && talk.replies.length === 0; i++) await talk.settle();
  assert.is(talk.replies.shift(), 'T05swbreak:;thread:2;');
  assert.is(await talk.ask('qC'), 'QC2');
});

test('a step of SYSCALL ends behind it; another thread that comes there is stepped over', async () => {
  const talk = new Talk();
  talk.target.page.set([0x0f, 0x05], 0x30);
  talk.target.frames[0]?.set(RIP, word(0x1030n));
  assert.is(await talk.ask('vCont;s:1;c'), undefined);
  assert.is(talk.target.page[0x32], 0xcc);
  assert.is(talk.target.moves[0]?.threads.get(1), 'go');
  talk.target.frames[1]?.set(RIP, word(0x1032n));
  talk.session.halted({ thread: 2, why: { kind: 'breakpoint' } });
  for (let i = 0; i < 20; i++) await talk.settle();
  assert.equal(talk.replies, []);
  assert.is(talk.target.page[0x32], 0x32);
  assert.equal([...(talk.target.moves[1]?.threads ?? [])], [[2, 'step']]);
  talk.session.halted({ thread: 2, why: { kind: 'step' } });
  for (let i = 0; i < 20; i++) await talk.settle();
  assert.is(talk.target.page[0x32], 0xcc);
  assert.is(talk.target.moves.length, 3);
  talk.target.frames[0]?.set(RIP, word(0x1032n));
  talk.session.halted({ thread: 1, why: { kind: 'breakpoint' } });
  for (let i = 0; i < 20 && talk.replies.length === 0; i++) await talk.settle();
  assert.equal(talk.replies, ['T05thread:1;']);
  assert.is(talk.target.page[0x32], 0x32);
});

test('whoever leaves leaves no INT3', async () => {
  const talk = new Talk();
  await talk.ask('Z0,1020,1');
  talk.session.leave();
  for (let i = 0; i < 20; i++) await talk.settle();
  assert.is(talk.target.page[0x20], 0x20);
  assert.is(talk.target.moves[0]?.others, true);
  assert.equal(talk.target.said, ['left']);
});

test('how it ends is told', async () => {
  for (const [exit, reply] of [
    [{ exited: 5 }, 'W05'],
    [{ signalled: 11 }, 'X0b'],
    [{ signalled: 7 }, 'X0a'],
  ] as const) {
    const talk = new Talk();
    await talk.ask('vCont;c');
    talk.session.ended(exit);
    for (let i = 0; i < 20 && talk.replies.length === 0; i++) await talk.settle();
    assert.is(talk.replies.shift(), reply);
    assert.is(await talk.ask('?'), reply);
  }
});

test('any packet is answered or not known, and none fails', async () => {
  const letters = fc.constantFrom(...'?gGpPmMXHTZzvkqQ0123456789abcdef,:;=-CcSs#'.split(''));
  const known = fc.constantFrom('vCont;', 'qXfer:', 'qThreadExtraInfo,', 'Z0,', 'M', 'X', 'G', 'Hg', '');
  await fc.assert(
    fc.asyncProperty(known, fc.string({ unit: letters, maxLength: 30 }), async (start, rest) => {
      const talk = new Talk();
      await talk.ask(start + rest);
      assert.is(talk.closed, (start + rest).startsWith('D'));
    }),
    { numRuns: 300 },
  );
});

test.run();
