// SPDX-License-Identifier: Apache-2.0
// The processes of one machine: QEMU, which interprets an x86 CPU with SVM, and virtiofsd, which serves it the host's
// files. Both die with this process, however it ends (launch.c).
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { TcgError } from './error.js';
import { initramfs, ownProgram } from './made.js';
import type { Parts } from './parts.js';

export interface MachineShape {
  readonly cpus: number;
  readonly memoryMiB: number;
  /** Directories that it may change on the host: absolute, without symbolic links. */
  readonly out: readonly string[];
}

type Link = ChildProcessByStdio<Writable, Readable, Readable>;
type Served = ChildProcessByStdio<null, null, Readable>;

const SOCKET_MS = 10_000;
/** launch.c's exit status where one can have no file system of one's own. */
const NOT_HERE = 77;

const isOver = ({ pid, exitCode, signalCode }: Served | Link): boolean =>
  pid === undefined || exitCode !== null || signalCode !== null;

/** The legacy program of QEMU 7 and the one in Rust take other options. */
function virtiofsdArguments(virtiofsd: string): string[] {
  const { stdout, stderr } = spawnSync(virtiofsd, ['--help'], { encoding: 'utf8' });
  const help = `${stdout}${stderr}`;
  // cache=always: each look at a file would be asked of the host otherwise; the guest forgets names between commands.
  if (!help.includes('--shared-dir'))
    return ['--fd=3', '-o', 'source=/', '-o', 'cache=always', '-o', 'sandbox=chroot', '-o', 'log_level=err'];
  const options = ['--fd=3', '--shared-dir=/', '--cache=always', '--sandbox=chroot', '--log-level=error'];
  // Overlays refuse what is beneath a mount point that is announced.
  const whole = '--no-announce-submounts';
  return help.includes(whole) ? [...options, whole] : options;
}

/**
 * q35, for microvm hangs in two boots of five; 52 bits, for the C-bit aliases otherwise (FACTS of the project). The CPUs take turns
 * on one thread: with one for each QEMU 7.2 misses writes to code that another thread translates, and gives nested guests pages
 * that are not theirs (docs/tcg.md).
 */
function qemuArguments(parts: Parts, shape: MachineShape, folder: string): string[] {
  const size = `${shape.memoryMiB}M`;
  const options: readonly (readonly string[])[] = [
    ['-M', 'q35,memory-backend=ram'],
    ['-accel', 'tcg,thread=single'],
    ['-cpu', 'max,+la57,phys-bits=52'],
    ['-smp', String(shape.cpus)],
    ['-m', size],
    ['-object', `memory-backend-memfd,id=ram,size=${size},share=on`],
    ['-nodefaults', '-no-user-config', '-no-reboot'],
    ['-display', 'none'],
    ['-kernel', parts.kernel.image],
    ['-initrd', initramfs(parts)],
    ['-append', 'console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on'],
    ['-serial', `file:${join(folder, 'console')}`],
    ['-chardev', 'stdio,id=link,signal=off'],
    ['-device', 'virtio-serial-pci'],
    ['-device', 'virtserialport,nr=1,chardev=link'],
    ['-chardev', `socket,id=host,path=${join(folder, 'files')}`],
    ['-device', 'vhost-user-fs-pci,chardev=host,tag=host'],
  ];
  return options.flat();
}

export class Machine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'motte-tcg-'));
  readonly #atExit = (): void => this.#destroy();
  #files: Served | undefined;
  #link: Link | undefined;
  #talk = '';

  constructor() {
    process.once('exit', this.#atExit);
  }

  /** Starts both; the frames of the guest are on QEMU's standard input and output. */
  async start(parts: Parts, shape: MachineShape): Promise<Link> {
    const launch = ownProgram('launch', parts.compiler);
    const socket = join(this.#folder, 'files');
    const serve = ['--serve', socket, ...shape.out.flatMap((path) => ['--out', path]), '--', parts.virtiofsd];
    const files = spawn(launch, [...serve, ...virtiofsdArguments(parts.virtiofsd)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    this.#files = files;
    this.#hear('virtiofsd', files);
    const deadline = Date.now() + SOCKET_MS;
    while (!existsSync(socket)) {
      if (files.exitCode === NOT_HERE)
        throw new TcgError('TCG_MISSING', `no machine can have this one’s files: ${this.#talk.trim()}`);
      if (isOver(files) || Date.now() > deadline) throw new Error('virtiofsd does not serve');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const link = spawn(launch, [parts.qemu, ...qemuArguments(parts, shape, this.#folder)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#link = link;
    this.#hear('qemu', link);
    // The machine is gone when it is written to: that is told by its end.
    link.stdin.on('error', () => undefined);
    return link;
  }

  #hear(name: string, child: Served | Link): void {
    child.on('error', (error) => (this.#talk += `${name}: ${error.message}\n`));
    child.stderr.on('data', (chunk: Buffer) => {
      if (this.#talk.length < 10_000) this.#talk += `${name}: ${chunk.toString()}`;
    });
  }

  /** The last that QEMU, virtiofsd and the machine's console said, each line indented. */
  lastWords(): string {
    const path = join(this.#folder, 'console');
    const console = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const lines = `${console}\n${this.#talk}`.split(/[\r\n]+/).filter((line) => line.trim() !== '');
    return lines
      .slice(-15)
      .map((line) => `\n  ${line}`)
      .join('');
  }

  /** Whether this process may end while the machine is there; it takes it along. */
  hold(held: boolean): void {
    const how = held ? 'ref' : 'unref';
    for (const child of [this.#files, this.#link]) {
      child?.[how]();
      for (const stream of child?.stdio ?? []) (stream as { ref?(): void; unref?(): void } | null)?.[how]?.();
    }
  }

  #destroy(): void {
    process.off('exit', this.#atExit);
    this.#link?.kill('SIGKILL');
    this.#files?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Ends both and removes what is left of them. */
  async end(): Promise<void> {
    this.hold(true);
    const ended = [this.#link, this.#files].map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child === undefined || isOver(child)) resolve();
          else child.once('exit', () => resolve());
        }),
    );
    this.#destroy();
    await Promise.all(ended);
  }
}
