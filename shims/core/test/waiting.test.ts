// SPDX-License-Identifier: Apache-2.0
// Pipes and epoll beside plain models.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeProgram } from './support/native.js';

const SEEDS = ['1', '0x1234567', '0xdeadbeef01', '42'];

const PIPE_WORLD = 'test/c/pipe_world.c';

const PROGRAMS = [
  { what: 'a pipe is a list of bytes', name: 'pipe_model', sources: [PIPE_WORLD, 'pipe.c'], steps: '2000' },
  {
    what: 'a FIFO is there while it is open',
    name: 'fifo_model',
    sources: [PIPE_WORLD, 'pipe.c'],
    steps: '20000',
  },
  {
    what: 'splice and tee lose nothing and keep nothing',
    name: 'splice_model',
    sources: [PIPE_WORLD, 'pipe.c', 'pipe_move.c'],
    steps: '40000',
  },
  {
    what: 'epoll tells of what is news',
    name: 'epoll_model',
    sources: ['epoll.c', 'look.c'],
    steps: '40000',
  },
];

for (const { what, name, sources, steps } of PROGRAMS) {
  const run = nativeProgram(name, [`test/c/${name}.c`, ...sources]);
  for (const seed of SEEDS) {
    test(`${what}, seed ${seed}`, () => {
      const ran = run([seed, steps]);
      assert.is(ran.stderr, '');
      assert.is(ran.stdout.toString(), 'same\n');
    });
  }
}

test.run();
