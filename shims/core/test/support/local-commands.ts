// SPDX-License-Identifier: Apache-2.0
// Random commands for test/c/local_driver.c: few slots and few names, so that they meet.
import fc from 'fast-check';
import { MSG, TYPE } from './local-socket.js';

const slot = fc.integer({ min: 0, max: 7 });
const type = fc.constantFrom(TYPE.STREAM, TYPE.DGRAM, TYPE.SEQPACKET);
const name = fc.constantFrom('@a', '@bc', '/p', '/q/r', '/p');
const anyName = fc.oneof({ weight: 8, arbitrary: name }, { weight: 1, arbitrary: fc.constantFrom('-', '!') });
const count = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 1, max: 5000 }),
  fc.constantFrom(32_000, 70_000),
);
const sendFlags = fc.constantFrom(0, 0, 0, 0, MSG.EOR, MSG.OOB);
const receiveFlags = fc.constantFrom(
  0,
  0,
  0,
  0,
  MSG.PEEK,
  MSG.TRUNC,
  MSG.PEEK | MSG.TRUNC,
  MSG.WAITALL,
  MSG.OOB,
);
const room = fc.constantFrom(0, 1000, 2304, 3000, 100_000, 212_992);

function command(weight: number, letter: string, ...parts: readonly fc.Arbitrary<string | number>[]) {
  return { weight, arbitrary: fc.tuple(fc.constant(letter), ...parts).map((words) => words.join(' ')) };
}

/** The sockets of no, one or some slots go along. */
const along = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: slot.map((one) => ` ${one}`) },
  {
    weight: 1,
    arbitrary: fc.array(slot, { maxLength: 4 }).map((all) => all.map((one) => ` ${one}`).join('')),
  },
);
const sent = fc
  .tuple(slot, count, sendFlags, fc.oneof({ weight: 3, arbitrary: fc.constant('-') }, name), along)
  .map(([at, bytes, flags, to, files]) => `w ${at} ${bytes} ${flags} ${to}${files}`);

const pair = fc
  .tuple(slot, fc.integer({ min: 1, max: 7 }), type)
  .map(([one, more, kind]) => `P ${one} ${(one + more) % 8} ${kind}`);

const line = fc.oneof(
  command(4, 's', slot, type),
  { weight: 3, arbitrary: pair },
  command(5, 'c', slot),
  command(2, 'd', slot, slot),
  command(5, 'b', slot, anyName),
  command(1, 'u', name),
  command(4, 'l', slot, fc.integer({ min: 0, max: 3 })),
  command(6, 'C', slot, anyName),
  command(5, 'a', slot, slot),
  { weight: 14, arbitrary: sent },
  command(12, 'r', slot, count, receiveFlags),
  command(2, 'h', slot, fc.integer({ min: 0, max: 3 })),
  command(1, 'o', slot, room),
  command(2, 'k', slot, fc.constantFrom(-1, 0, 0, 2, 7)),
  command(2, 'q', slot),
  command(1, 'e', slot),
  command(3, 'p', slot),
  command(1, 'n', slot),
);

/** A listener, a connection to it, two pairs, so that most commands find something. */
const BEGIN = [
  `s 0 ${TYPE.STREAM}`,
  'b 0 /p',
  'l 0 2',
  `s 1 ${TYPE.STREAM}`,
  'C 1 /p',
  `P 2 3 ${TYPE.STREAM}`,
  `P 4 5 ${TYPE.DGRAM}`,
  `s 6 ${TYPE.DGRAM}`,
  'b 6 @a',
];

export const SOCKETS: fc.Arbitrary<string[]> = fc
  .array(line, { minLength: 40, maxLength: 90 })
  .map((lines) => [...BEGIN, ...lines]);

/** Mostly descriptors that go to and fro, and what is closed meanwhile. */
export const CIRCLES: fc.Arbitrary<string[]> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: pair },
      { weight: 6, arbitrary: fc.tuple(slot, along).map(([at, files]) => `w ${at} 3 0 -${files}`) },
      command(3, 'r', slot, fc.constant(3), fc.constantFrom(0, 0, MSG.PEEK)),
      command(6, 'c', slot),
      command(2, 'd', slot, slot),
      command(2, 'C', slot, fc.constant('/p')),
      command(1, 'a', slot, slot),
      command(1, 's', slot, type),
    ),
    { minLength: 20, maxLength: 60 },
  )
  .map((lines) => [...BEGIN, ...lines]);
