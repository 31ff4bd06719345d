// SPDX-License-Identifier: Apache-2.0
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MotteError } from '@motte/binary/error';
import { bytesSource } from '@motte/binary/source';
import { program as testProgram } from '@motte/test-helpers/programs';
import type { ReadMemory } from '../src/memory.js';
import { placeText, programOf } from '../src/program.js';
import { backtrace } from '../src/unwind/backtrace.js';
import { frameAt, readFrames } from '../src/unwind/eh-frame.js';
import { evaluate } from '../src/unwind/expression.js';
import { Reader } from '../src/unwind/reader.js';
import { registersOf } from '../src/unwind/registers.js';
import { rowAt } from '../src/unwind/rules.js';

const BIAS = 0x7f00_0000_0000n;

test('numbers of any length, and pointers relative to themselves', () => {
  const read = (...bytes: number[]): Reader => new Reader(Uint8Array.from(bytes), 0x1000n);
  assert.is(read(0xe5, 0x8e, 0x26).uleb(), 624485n);
  assert.is(read(0xc0, 0xbb, 0x78).sleb(), -123456n);
  assert.is(read(0x7f).sleb(), -1n);
  assert.is(read(0xfc, 0xff, 0xff, 0xff).pointer(0x1b), 0xffcn);
  assert.throws(() => read(0x80, 0x80).uleb(), /frame/);
});

test('an expression as the PLT has it', async () => {
  // breg7 rsp+8; breg16 rip; lit15; and; lit11; ge; lit3; shl; plus
  const code = [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22];
  const at = (rip: bigint): Promise<bigint | undefined> =>
    evaluate(
      new Reader(Uint8Array.from(code), 0n),
      registersOf({ rsp: 0x100n, rip }),
      () => Promise.resolve(new Uint8Array(0)),
      [],
    );
  assert.is(await at(0x10n), 0x108n);
  assert.is(await at(0x1bn), 0x110n);
});

const built = testProgram('tls');
if ('skipped' in built) console.log(`skipped: unwinding a program: ${built.skipped}`);
else {
  const bytes = readFileSync(built.path);
  const program = programOf(bytesSource(bytes), 'tls', BIAS);
  const frames = readFrames(program.elf);

  test('the functions of a real program, each with a rule for its first address', () => {
    assert.ok(frames.length > 100, `${frames.length}`);
    for (const frame of frames) {
      if (frame.length === 0n) continue;
      assert.is(frameAt(frames, frame.start)?.start, frame.start);
      assert.ok(rowAt(frame, frame.start).cfa !== undefined, `0x${frame.start.toString(16)}`);
    }
    assert.is(frameAt(frames, 0n), undefined);
  });

  test('an address is told by its symbol, the one after a call by that of the call', () => {
    const main = frames.find(({ start }) => program.symbols.describe(start) === 'main');
    assert.ok(main !== undefined);
    assert.is(placeText(program, BIAS + main.start), 'main (tls)');
    assert.is(placeText(program, BIAS + main.start + 5n, 1n), 'main+0x5 (tls)');
    assert.is(placeText(program, BIAS - 16n), '??');
  });

  test('whatever memory says, a backtrace ends', async () => {
    const word = fc.oneof(
      fc.bigInt({ min: BIAS, max: BIAS + BigInt(bytes.length) }),
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    );
    const stack = fc.array(word, { minLength: 16, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(word, word, stack, async (rip, rbp, words) => {
        const memory: ReadMemory = (address, length) =>
          Promise.resolve(
            new Uint8Array(new BigUint64Array([words[Number(address % 16n)] ?? 0n, 0n]).buffer).slice(
              0,
              length,
            ),
          );
        const found = await backtrace(program, registersOf({ rip, rbp, rsp: 0x1000n }), memory);
        assert.ok(found.length >= 1 && found.length <= 64);
      }),
      { numRuns: 40 },
    );
  });

  test('a damaged .eh_frame is an error or other rules, and nothing else', async () => {
    const section = program.elf.sections.find(({ name }) => name === '.eh_frame');
    assert.ok(section !== undefined);
    const start = registersOf({ rip: BIAS + (frames[40]?.start ?? 0n), rsp: 0x1000n, rbp: 0x2000n });
    await fc.assert(
      fc.asyncProperty(fc.nat(section.size - 1), fc.nat(255), async (at, value) => {
        const damaged = Uint8Array.from(bytes);
        damaged[section.offset + at] = value;
        try {
          const found = await backtrace(programOf(bytesSource(damaged), 'tls', BIAS), start, (_, length) =>
            Promise.resolve(new Uint8Array(length).fill(1)),
          );
          assert.ok(found.length <= 64);
        } catch (error) {
          if (!(error instanceof MotteError)) throw error;
        }
      }),
      { numRuns: 40 },
    );
  });
}

test.run();
