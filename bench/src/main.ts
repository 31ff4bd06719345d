// SPDX-License-Identifier: Apache-2.0
// npm run bench [NAME…]: prints machine, best and median, and writes bench/results.
import { calls } from './calls.js';
import { command } from './command.js';
import { compute } from './compute.js';
import { echo } from './echo.js';
import { idle } from './idle.js';
import { launch } from './launch.js';
import { machine } from './machine.js';
import { measure } from './measure/measure.js';
import { mrenclave } from './mrenclave.js';
import { Missing } from './outcome.js';
import type { Benchmark } from './outcome.js';
import { ring } from './ring.js';
import { writeResults } from './results.js';
import { sqlite } from './sqlite.js';
import { switchless } from './switchless.js';
import { vm } from './vm.js';

const ALL: readonly Benchmark[] = [
  mrenclave,
  measure,
  command,
  launch,
  calls,
  compute,
  echo,
  sqlite,
  idle,
  ring,
  vm,
  switchless,
];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !ALL.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}; there are ${ALL.map(({ name }) => name).join(', ')}`);
  process.exit(64);
}

let unmet = 0;
for (const benchmark of ALL.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const at = machine();
  try {
    const outcome = await benchmark.run();
    console.log(writeResults(benchmark, at, outcome));
    unmet += outcome.goals.filter(({ met }) => !met).length;
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(`${benchmark.name}: not measured: ${error.message}`);
  }
}
// A goal that is missed is a result, not a failure of the run: numbers of a shared machine fail no build.
if (unmet > 0) console.error(`${unmet} goals missed`);
