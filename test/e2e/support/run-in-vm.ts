// SPDX-License-Identifier: Apache-2.0
// Runs programs in VM-based Keeps where /dev/kvm is: reads a JSON array of VmRun from standard input and prints a line of JSON for
// each, when it has ended, with its index; as many at a time as its argument says. For tests that may have to bring it into a machine
// of scripts/tcg, where starting Node is what takes the time.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { CLIENTS, served } from './clients.js';
import { startInVm } from './start-in-vm.js';
import { tree } from './tree.js';
import type { VmRan, VmRun } from './vm-run.js';

/** A server that its clients cannot reach is one that says so, and not the end of all other runs. */
async function ask({ clients }: VmRun, port: number): Promise<string[]> {
  if (clients === undefined) return [];
  try {
    return await CLIENTS[clients.kind](port, clients.count);
  } catch (error) {
    return [String(error)];
  }
}

/** The most that the process has had of the machine's memory at a time, in KiB; 0 of one that has died. */
function peak(pid: number | undefined): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return 0;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1] ?? 0);
}

/** What the process has had of the CPUs: utime and stime of proc(5), in hundredths of a second. */
function cpuMs(pid: number | undefined): number {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return 0;
  // What comes after the name, which may have spaces and brackets: from the state on, field 3.
  const fields = readFileSync(stat, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** What of the guest's memory the host has: its blocks, whoever sees them. */
function held(pid: number | undefined): number {
  const memory = `/proc/${pid}/fd/4`;
  return existsSync(memory) ? statSync(memory).blocks / 2 : 0;
}

async function once(run: VmRun): Promise<VmRan> {
  const { keep, port, at } = await startInVm(run);
  const { stdin, stdout, stderr } = keep;
  if (stdin === null || stdout === null || stderr === null) throw new Error('no pipes');
  // A program that does not read its input breaks the pipe, here as natively.
  stdin.on('error', () => undefined);
  stdin.write(Buffer.from(run.input, 'base64'));
  if (run.inputOpen !== true) stdin.end();
  const outputs = Promise.all([served(stdout, () => ask(run, port)), buffer(stderr)]);
  const end = await keep.exited;
  const peakKiB = peak(keep.pid);
  const heldKiB = held(keep.pid);
  const cpu = cpuMs(keep.pid);
  const stats = await keep.stats();
  await keep.close();
  const [said, err] = await outputs;
  stdin.destroy();
  return {
    ended: end.ended,
    status: end.status ?? null,
    cause: end.cause ?? null,
    reason: end.reason ?? null,
    out: said.stdout.toString('base64'),
    err: err.toString('base64'),
    exits: [...stats.exits],
    hostCalls: stats.hostCalls,
    switchless: stats.switchless,
    cpuMs: cpu,
    peakKiB,
    heldKiB,
    clients: said.clients,
    left: at === undefined ? [] : tree(at),
  };
}

/** Keeps at a time. */
const AT_ONCE = Number(process.argv[2]);

const runs = JSON.parse((await buffer(process.stdin)).toString()) as readonly VmRun[];
const queue = [...runs.entries()];

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [index, run] = next;
    const begun = performance.now();
    let ran: VmRan | { readonly error: string };
    try {
      ran = await once(run);
    } catch (error) {
      ran = { error: String(error) };
    }
    const line = { index, ...ran, ms: Math.round(performance.now() - begun) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
