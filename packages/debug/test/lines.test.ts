// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MotteError } from '@motte/binary/error';
import type { ByteSource } from '@motte/binary/source';
import { readElf } from '@motte/elf/read';
import { tempFolder } from '@motte/test-helpers/temp';
import { lineAt, readLines } from '../src/lines/lines.js';

const FOLDER = tempFolder('motte-lines');
const SOURCE = `#include <stdio.h>
static inline int twice(int x) { return 2 * x; }
__attribute__((noinline)) int sum(int n)
{
	int all = 0;
	for (int i = 0; i < n; i++)
		all += twice(i);
	return all;
}
int main(int argc, char **argv)
{
	(void)argv;
	printf("%d\\n", sum(argc));
	return 0;
}
`;

const sourceOf = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (offset, into) => into.set(bytes.subarray(offset, offset + into.length)),
});

const has = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;
const tail = (path: string): string => path.split('/').at(-1) ?? '';

function built(flags: readonly string[]): string {
  const [from, to] = [join(FOLDER, 'lines.c'), join(FOLDER, `lines${flags.join('')}`)];
  writeFileSync(from, SOURCE);
  const made = spawnSync('gcc-12', ['-static-pie', ...flags, from, '-o', to], { encoding: 'utf8' });
  assert.is(made.status, 0, made.stderr);
  return to;
}

if (!has('gcc-12') || !has('addr2line'))
  console.log('skipped: source lines: gcc-12 or addr2line is not installed');
else {
  for (const version of [2, 3, 4, 5])
    for (const level of ['-O0', '-O2'])
      test(`DWARF ${version}, ${level}: every row as addr2line has it`, () => {
        const path = built([`-gdwarf-${version}`, level]);
        const rows = readLines(readElf(sourceOf(readFileSync(path))));
        const lines = rows.filter(({ file }) => file !== undefined);
        assert.ok(lines.length > 15, `${lines.length} rows`);
        const input = lines.map(({ address }) => `0x${address.toString(16)}\n`).join('');
        const { stdout } = spawnSync('addr2line', ['-e', path], { input, encoding: 'utf8' });
        const theirs = stdout
          .trimEnd()
          .split('\n')
          .map((line) => tail(line.replace(/ \(discriminator \d+\)$/, '')));
        const ours = lines.map(({ address }) => {
          const { file = '', line } = lineAt(rows, address) ?? { line: 0 };
          return `${tail(file)}:${line}`;
        });
        assert.equal(ours, theirs);
      });

  test('an address outside of all sequences has no line', () => {
    const rows = readLines(readElf(sourceOf(readFileSync(built(['-gdwarf-5', '-O2'])))));
    assert.is(lineAt(rows, 0n), undefined);
    assert.is(lineAt(rows, 1n << 40n), undefined);
  });

  for (const version of [2, 5])
    test(`DWARF ${version}: units that lie end, with rows or ELF_TRUNCATED`, () => {
      const bytes = readFileSync(built([`-gdwarf-${version}`, '-O2']));
      const section = readElf(sourceOf(bytes)).sections.find(({ name }) => name === '.debug_line');
      assert.ok(section !== undefined);
      const { offset, size } = section;
      const change = fc.record({
        at: fc.nat(size - 1),
        byte: fc.oneof(fc.constantFrom(0, 0xff), fc.nat(255)),
      });
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
          const changed = Uint8Array.from(bytes);
          for (const { at, byte } of changes) changed[offset + at] = byte;
          try {
            readLines(readElf(sourceOf(changed)));
          } catch (error) {
            assert.ok(error instanceof MotteError && error.code === 'ELF_TRUNCATED', String(error));
          }
        }),
        { numRuns: 200 },
      );
    });
}

test.run();
