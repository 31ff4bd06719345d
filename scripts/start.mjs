// SPDX-License-Identifier: Apache-2.0
// `npm start`: builds a program from source, shows its page plan, measurement and signer, runs it in an emulated
// Keep, and shows what the host sees of that Keep. scripts/setup has run before.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE = join(ROOT, 'examples/c/hello.c');
const PROGRAM = join(ROOT, 'build/start/hello');
const ARGS = ['from', 'the', 'keep'];
const TEN_LINES = 10;

const library = (path) => import(join(ROOT, path));
const show = (path) => relative(process.cwd(), path) || '.';
const bold = process.stdout.isTTY === true ? ['\x1b[1m', '\x1b[0m'] : ['', ''];
const heading = (text) => console.log(`\n${bold[0]}${text}${bold[1]}`);

function must(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  console.error(`start: ${command} failed${error === undefined ? '' : `: ${error.message}`}`);
  process.exit(1);
}

function buildProgram() {
  mkdirSync(dirname(PROGRAM), { recursive: true });
  const fresh = statSync(PROGRAM, { throwIfNoEntry: false })?.mtimeMs > statSync(SOURCE).mtimeMs;
  const command = ['gcc-12', '-static-pie', '-O2', SOURCE, '-o', PROGRAM];
  if (!fresh) must(command[0], command.slice(1));
  heading('1. A program, from source');
  console.log(
    `   gcc-12 -static-pie -O2 ${show(SOURCE)} -o ${show(PROGRAM)}   (${statSync(PROGRAM).size} bytes)`,
  );
  console.log('   An ordinary C program on glibc. Nothing in it knows of Motte.');
}

/** What a run of pages is called here: a thread's small pages count as one, and so do its stacks. */
function part({ file, section }) {
  if (file !== 'keep') return `${file === 'shim' ? 'shim' : 'hello'}, ${section}`;
  if (/stack/.test(section)) return 'thread 0: its stacks';
  if (/^(thread page|ssa|tcs)/.test(section)) return 'thread 0: thread page, SSA frames, TCS';
  return section;
}

function permissions({ permissions: { read, write, execute } }) {
  return `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}`;
}

function showPlan(plan) {
  const rows = [];
  for (const run of plan.runs.filter(({ kind }) => kind !== 'secs')) {
    const what = part(run.source);
    const last = rows.at(-1);
    if (last?.what === what) {
      last.pages += run.pages;
      last.measured += run.measured ? run.pages : 0;
    } else {
      const measured = run.measured ? run.pages : 0;
      rows.push({ what, address: run.address, permissions: permissions(run), pages: run.pages, measured });
    }
  }
  heading('2. Its page plan: what the CPU loads and measures, in order');
  console.log('   address   pages  measured  may  what');
  for (const row of rows.slice(0, TEN_LINES)) {
    const address = row.address.toString(16).padStart(6, '0');
    const numbers = `${String(row.pages).padStart(5)}  ${String(row.measured).padStart(8)}`;
    console.log(`   0x${address} ${numbers}  ${row.permissions}  ${row.what}`);
  }
  if (rows.length > TEN_LINES) console.log(`   … ${rows.length - TEN_LINES} more: motte plan`);
}

/** Where in the Keep the program's text lies, and the bytes that were loaded there. */
function secretPlace(plan) {
  const bytes = readFileSync(PROGRAM);
  const at = bytes.indexOf('hello\0');
  const run = plan.runs.find(
    ({ source, bytes: own }) =>
      source.file === PROGRAM && at >= source.offset && at < source.offset + own.size,
  );
  if (run === undefined) throw new Error('the program has no such text');
  const inRun = at - run.source.offset + (run.source.lead ?? 0);
  const length = 32;
  const loaded = new Uint8Array(length);
  run.bytes.read(inRun, loaded);
  return { address: run.address + BigInt(inRun), length, loaded };
}

const hex = (bytes) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{8})(?=.)/g, '$1 ');

function showHost({ address, loaded }, { bytes, hidden }) {
  heading('4. What the host sees of the Keep, where the program’s text lies');
  console.log(
    `   loaded at 0x${address.toString(16)}   ${hex(loaded.subarray(0, 16))}  "${Buffer.from(loaded.subarray(0, 5))}"`,
  );
  console.log(`   the host reads      ${hex(bytes.subarray(0, 16))}  ${hidden ? 'hidden' : 'NOT hidden'}`);
  console.log(
    '   Emulation plays this part of SGX: it takes the pages away while no thread is inside. It does not protect:',
  );
  console.log(
    '   the bytes are in this machine’s memory, and its administrator can read them. Hardware encrypts them.',
  );
}

async function main() {
  must(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--quiet']);
  buildProgram();

  const { load, prepareSgxKeep } = await library('packages/loader/dist/src/index.js');
  const { withCommandLine } = await library('packages/config/dist/src/host-values.js');
  const { defaultConfig } = await library('packages/config/dist/src/keep-toml.js');
  const { parseSigstruct, sigstructText } = await library('packages/sign/dist/src/sgx/sigstruct.js');

  const image = prepareSgxKeep({ exec: PROGRAM, config: withCommandLine(defaultConfig(), ARGS, []) });
  const { mrenclave, mrsigner } = sigstructText(parseSigstruct(image.sigstruct));
  showPlan(image.plan);
  console.log(`   mrenclave ${mrenclave}`);
  console.log(`   mrsigner  ${mrsigner}  (the developer key of this user)`);

  heading(`3. Run in an emulated Keep: ${show(PROGRAM)} ${ARGS.join(' ')}`);
  const keep = await load(image, { emulate: 'strict', stdio: ['ignore', 'pipe', 'inherit'], linger: true });
  let output = '';
  keep.stdout.on('data', (chunk) => (output += chunk));
  const end = await keep.exited;
  const place = secretPlace(image.plan);
  const peek = await keep.peek(place.address, place.length);
  const stats = await keep.stats();
  await keep.close();
  image.close();
  process.stdout.write(output.replace(/^(?=.)/gm, '   | '));
  console.log(
    `   ${end.ended} with status ${end.status}; ${stats.entries} entries, ${stats.hostCalls} host calls`,
  );
  showHost(place, peek);

  heading('Try');
  console.log('   export PATH="$PWD/node_modules/.bin:$PATH"');
  console.log(`   motte run --emulate ${show(PROGRAM)} and you`);
  console.log(`   motte measure sgx ${show(PROGRAM)} --json`);
  console.log('   motte platform info');
  if (end.ended !== 'exited' || end.status !== 0 || !peek.hidden) process.exit(1);
}

try {
  await main();
} catch (error) {
  console.error(`start: ${error.message}`);
  process.exit(error.exit ?? 1);
}
