// SPDX-License-Identifier: Apache-2.0
import { REPRO_OPTIONS } from './repro-options.js';
import type { ReproOptionValues } from './repro-options.js';

interface Described {
  readonly short?: string;
  readonly doc: string;
}

/** Present or not. */
interface Flag extends Described {
  readonly type: 'flag';
}

/** Takes a value. `list`: may be repeated. `maybe`: only after `=`, so that what follows stays an argument of its own. */
interface Valued<T extends 'text' | 'list' | 'maybe'> extends Described {
  readonly type: T;
  /** What help calls the value. */
  readonly value: string;
  readonly choices?: readonly string[];
  /** The empty text is a value. */
  readonly empty?: true;
}

/** An option of the command line. What it is called and does is said once, here, for every command that has it. */
export type OptionSpec = Flag | Valued<'text' | 'list' | 'maybe'>;

/** What a command line sets: flags are true, `maybe` without a value is the empty text. */
export interface OptionValues extends ReproOptionValues {
  readonly 'acpi-table'?: string;
  readonly 'api-major'?: string;
  readonly 'api-minor'?: string;
  readonly append?: string;
  readonly as?: string;
  readonly 'author-key'?: string;
  readonly 'author-signature-in'?: string;
  readonly bootargs?: string;
  readonly 'build-id'?: string;
  readonly carry?: string;
  readonly chain?: readonly string[];
  readonly config?: string;
  readonly data?: string;
  readonly date?: string;
  readonly debug?: true;
  readonly 'device-key'?: string;
  readonly 'digest-out'?: string;
  readonly 'dump-vmsa'?: true;
  readonly eapp?: string;
  readonly emulate?: string;
  readonly env?: readonly string[];
  readonly 'envelope-message-out'?: string;
  readonly 'envelope-signature-in'?: string;
  readonly 'event-log'?: string;
  readonly 'family-id'?: string;
  readonly file?: readonly string[];
  readonly flavour?: string;
  readonly force?: true;
  readonly format?: string;
  readonly gdb?: string;
  readonly 'gdb-later'?: true;
  readonly grant?: readonly string[];
  readonly 'guest-features'?: string;
  readonly 'guest-svn'?: string;
  readonly header?: string;
  readonly help?: true;
  readonly 'id-auth'?: string;
  readonly 'id-block'?: string;
  readonly 'id-key'?: string;
  readonly identifier?: string;
  readonly 'image-id'?: string;
  readonly initrd?: string;
  readonly json?: true;
  readonly kernel?: string;
  readonly key?: string;
  readonly 'launch-measure'?: string;
  readonly loader?: string;
  readonly measurement?: string;
  readonly 'message-out'?: string;
  readonly monitor?: string;
  readonly 'monitor-hash'?: string;
  readonly name?: string;
  readonly 'no-patch'?: true;
  readonly switchless?: true;
  readonly 'open-with'?: string;
  readonly ops?: string;
  readonly order?: string;
  readonly origin?: string;
  readonly output?: string;
  readonly 'output-format'?: string;
  readonly ovmf?: string;
  readonly pages?: string;
  readonly policy?: string;
  readonly pool?: string;
  readonly public?: string;
  readonly recipient?: readonly string[];
  readonly rtas?: string;
  readonly runtime?: string;
  readonly secret?: readonly string[];
  readonly sgxs?: string;
  readonly shim?: string;
  readonly 'signature-in'?: string;
  readonly signer?: readonly string[];
  readonly 'snp-ovmf-hash'?: string;
  readonly stats?: string;
  readonly svsm?: string;
  readonly tdvf?: string;
  readonly tee?: string;
  readonly tek?: string;
  readonly tik?: string;
  readonly trace?: string;
  readonly 'trace-out'?: string;
  readonly transcript?: true;
  readonly 'vars-file'?: string;
  readonly 'vars-size'?: string;
  readonly 'vcpu-family'?: string;
  readonly 'vcpu-model'?: string;
  readonly 'vcpu-sig'?: string;
  readonly 'vcpu-stepping'?: string;
  readonly 'vcpu-type'?: string;
  readonly vcpus?: string;
  readonly verbose?: true;
  readonly 'vmm-type'?: string;
}

/** The name of an option, without `--`. */
export type OptionName = keyof OptionValues;

type SpecOf<V> = V extends true ? Flag : V extends string ? Valued<'text' | 'maybe'> : Valued<'list'>;

/** What is said of each of some options. */
export type SpecsOf<V> = { readonly [K in keyof V]-?: SpecOf<Exclude<V[K], undefined>> };

/** Every option of every command. */
export const OPTIONS: SpecsOf<OptionValues> = {
  ...REPRO_OPTIONS,
  'acpi-table': {
    type: 'text',
    value: 'FILE',
    doc: 'the guest’s ACPI table CCEL, by which the log is checked',
  },
  'api-major': { type: 'text', value: 'N', doc: 'major version of the platform’s SEV API' },
  'api-minor': { type: 'text', value: 'N', doc: 'minor version of the platform’s SEV API' },
  append: {
    type: 'text',
    value: 'CMDLINE',
    empty: true,
    doc: 'the kernel’s command line; without it an empty one',
  },
  as: {
    type: 'text',
    value: 'KIND',
    choices: ['exec', 'sgxs', 'plan', 'enclave', 'image'],
    doc: 'what FILE is, when it should not be detected: an ELF program, an .sgxs stream, a plan, an SDK enclave, an image',
  },
  'author-key': { type: 'text', value: 'KEY.PEM', doc: 'the author’s P-384 key, which signs the ID key' },
  'author-signature-in': {
    type: 'text',
    value: 'FILE',
    doc: 'the signature of the ID key that was made elsewhere with --author-key',
  },
  bootargs: { type: 'text', value: 'TEXT', doc: 'the kernel’s command line; without it an empty one' },
  'build-id': { type: 'text', value: 'N', doc: 'build of the platform’s SEV firmware' },
  carry: { type: 'text', value: 'FILE', doc: 'also write the initrd with the blob in front of it' },
  chain: {
    type: 'list',
    value: 'FILE',
    doc: 'certificates of the platform, one or several a file, in any order: ARK, ASK, CEK, OCA, PEK, PDH',
  },
  config: { type: 'text', value: 'FILE.TOML', doc: 'the configuration; without it the defaults' },
  data: {
    type: 'text',
    value: 'FILE',
    doc: 'what the enclave has in its report, at most 1024 bytes; without it nothing',
  },
  date: {
    type: 'text',
    value: 'YYYY-MM-DD',
    doc: 'SIGSTRUCT.DATE, or today; without it SOURCE_DATE_EPOCH’s day, else 2020-01-01',
  },
  debug: {
    type: 'flag',
    doc: 'let the host read and write the Keep (ATTRIBUTES.DEBUG): it protects nothing',
  },
  'device-key': { type: 'text', value: 'HEX|FILE', doc: 'the device’s public key, from its maker: 32 bytes' },
  'digest-out': {
    type: 'text',
    value: 'FILE',
    doc: 'sign nothing: write the digest that the holder of the key is to sign',
  },
  'dump-vmsa': { type: 'flag', doc: 'also write the page of each vCPU’s state: vmsa0.bin, vmsa1.bin …' },
  eapp: { type: 'text', value: 'FILE', doc: 'the enclave’s application' },
  emulate: {
    type: 'maybe',
    value: 'strict',
    choices: ['strict'],
    doc: 'never touch hardware; =strict also hides the Keep’s memory while no thread is inside, interrupts it at random, and is slower',
  },
  env: { type: 'list', value: 'K=V', doc: 'set a variable of the environment' },
  'envelope-message-out': {
    type: 'text',
    value: 'FILE',
    doc: 'sign nothing: write the bytes that a signer of the image is to sign (DSSE)',
  },
  'envelope-signature-in': {
    type: 'text',
    value: 'FILE',
    doc: 'the signature of those bytes that was made elsewhere; --signer is its public key',
  },
  'event-log': {
    type: 'text',
    value: 'FILE',
    doc: 'the guest’s log: the area of the ACPI table CCEL, or dstack’s JSON',
  },
  'family-id': { type: 'text', value: 'HEX', doc: 'FAMILY_ID of the ID block, 16 bytes; without it zero' },
  file: {
    type: 'list',
    value: 'NAME=PATH',
    doc: 'seal a file too, which the VM asks the ultravisor for by NAME',
  },
  flavour: {
    type: 'text',
    value: 'MONITOR',
    choices: ['pwnall', 'mit'],
    doc: 'whose Sanctum monitor measures: pwnall (SHA-256) or mit (SHA-512)',
  },
  force: { type: 'flag', doc: 'replace a file that is there' },
  format: {
    type: 'text',
    value: 'FORMAT',
    choices: ['tar', 'dir'],
    doc: 'the image as one file or as a folder; without it a folder where -o is one or ends in /',
  },
  gdb: {
    type: 'maybe',
    value: 'PORT',
    doc: 'wait for gdb on 127.0.0.1 before the program’s first instruction; a free port by default; in a debug Keep',
  },
  'gdb-later': { type: 'flag', doc: 'as --gdb, but let the program run until gdb comes' },
  grant: {
    type: 'list',
    value: 'PATH=HOST',
    doc: 'the file or directory of this machine that the Keep sees at PATH; without --config it is granted thereby, read-only unless HOST ends in :rw',
  },
  'guest-features': {
    type: 'text',
    value: 'NUMBER|NAME',
    doc: 'SEV_FEATURES, or what a host gives: kvm (0x1), kvm-6.6 (0x21) …; without it 0x1',
  },
  'guest-svn': { type: 'text', value: 'N', doc: 'GUEST_SVN of the ID block; without it 0' },
  header: { type: 'text', value: 'FILE', doc: 'where the header of the secret goes, 52 bytes' },
  help: { type: 'flag', short: 'h', doc: 'print this' },
  'id-auth': { type: 'text', value: 'FILE', doc: 'the ID authentication, 4096 bytes' },
  'id-block': { type: 'text', value: 'FILE', doc: 'the ID block, 96 bytes' },
  'id-key': { type: 'text', value: 'KEY.PEM', doc: 'make the ID block with this P-384 key' },
  identifier: {
    type: 'text',
    value: 'HEX',
    doc: 'which of its sealing keys the enclave asks for; without it the empty one',
  },
  'image-id': { type: 'text', value: 'HEX', doc: 'IMAGE_ID of the ID block, 16 bytes; without it zero' },
  initrd: { type: 'text', value: 'FILE', doc: 'the initial RAM disk' },
  json: { type: 'flag', doc: 'print one JSON object' },
  kernel: {
    type: 'text',
    value: 'FILE',
    doc: 'the kernel: a vmlinux, or what objcopy -O binary makes of one',
  },
  key: {
    type: 'text',
    value: 'KEY.PEM',
    doc: 'the signer’s RSA-3072 key; without it the developer key of this user',
  },
  'launch-measure': {
    type: 'text',
    value: 'FILE',
    doc: 'what LAUNCH_MEASURE answered: 48 bytes, or their base64',
  },
  loader: { type: 'text', value: 'FILE', doc: 'the enclave’s loader' },
  measurement: { type: 'text', value: 'HEX', doc: 'the launch digest, from `motte measure`' },
  'message-out': {
    type: 'text',
    value: 'FILE',
    doc: 'sign nothing: write the bytes to sign, for a holder of the key who hashes them himself',
  },
  monitor: {
    type: 'text',
    value: 'FIRMWARE',
    doc: 'the security monitor’s firmware, whose hash is computed',
  },
  'monitor-hash': { type: 'text', value: 'HEX', doc: 'the hash of the security monitor, 64 bytes' },
  name: { type: 'text', value: 'NAME', doc: 'one of the lists of --pages; without it all' },
  switchless: {
    type: 'flag',
    doc: 'in a VM: a thread of the host spins on a CPU of its own and answers host calls without an exit',
  },
  'no-patch': { type: 'flag', doc: 'emulation: trap every instruction of the shim’s, patch none' },
  'open-with': { type: 'text', value: 'PRIVATE.PEM', doc: 'the private key of a lockbox' },
  ops: { type: 'text', value: 'FILE.JSON', doc: 'what the monitor does, operation by operation' },
  order: {
    type: 'text',
    value: 'ORDER',
    choices: ['page', 'two-pass'],
    doc: 'the VMM’s order: page by page (QEMU 9, KVM), or all pages of a section added first (QEMU 8)',
  },
  origin: { type: 'text', value: 'PUBLIC.PEM', doc: 'the owner’s RSA key' },
  output: { type: 'text', short: 'o', value: 'FILE', doc: 'where the result goes; - is standard output' },
  'output-format': {
    type: 'text',
    value: 'FORMAT',
    choices: ['hex', 'base64'],
    doc: 'how the digest is printed; without it hex',
  },
  ovmf: { type: 'text', value: 'FILE', doc: 'the guest’s firmware' },
  pages: {
    type: 'text',
    value: 'LIST.JSON',
    doc: 'measure a list of launch pages instead of an image (docs/measure.md)',
  },
  policy: { type: 'text', value: 'N', doc: 'the guest’s policy; without it 0x30000, QEMU’s' },
  pool: { type: 'text', value: 'FILE', doc: 'where ranges [offset, length] of data are' },
  public: { type: 'text', value: 'FILE', doc: 'also write the public key' },
  recipient: { type: 'list', value: 'PUBLIC.PEM', doc: 'the RSA key of a machine that may open the blob' },
  rtas: { type: 'text', value: 'FILE', doc: 'an RTAS image other than that of OPAL firmware' },
  runtime: { type: 'text', value: 'FILE', doc: 'the enclave’s runtime' },
  secret: { type: 'list', value: 'GUID:PATH', doc: 'a file that the guest finds by GUID' },
  sgxs: { type: 'text', value: 'FILE', doc: 'also write the stream whose SHA-256 is the MRENCLAVE' },
  shim: { type: 'text', value: 'SHIM.ELF', doc: 'use this shim instead of the one that comes with Motte' },
  'signature-in': {
    type: 'text',
    value: 'FILE',
    doc: 'the signature that was made elsewhere with --key, of which the public half is enough',
  },
  signer: {
    type: 'list',
    value: 'KEY.PEM',
    doc: 'the key of somebody who must have signed the image; each that is given',
  },
  'snp-ovmf-hash': {
    type: 'text',
    value: 'HEX',
    doc: 'the digest of the firmware’s pages, of which only the tables are read then',
  },
  stats: {
    type: 'maybe',
    value: 'FILE',
    doc: 'write statistics as JSON when the Keep has ended: to stderr, or to FILE',
  },
  svsm: { type: 'text', value: 'FILE', doc: 'the SVSM that is launched below the firmware' },
  tdvf: { type: 'text', value: 'FILE', doc: 'the virtual firmware: an OVMF for TDX, or a td-shim' },
  tee: {
    type: 'text',
    value: 'TEE',
    choices: ['auto', 'sgx', 'snp', 'kvm'],
    doc: 'auto, sgx, snp or kvm; auto is the strongest that this machine has, else emulated SGX',
  },
  tek: { type: 'text', value: 'FILE', doc: 'the key that encrypts for the platform, of `motte sev session`' },
  tik: {
    type: 'text',
    value: 'FILE',
    doc: 'the key that authenticates the platform, of `motte sev session`',
  },
  trace: {
    type: 'maybe',
    value: 'NAMES',
    doc: 'print system calls as strace does: all, or names and %file, %desc, %memory, %network, %process, %signal; in a debug Keep',
  },
  'trace-out': { type: 'text', value: 'FILE', doc: 'print them there instead of on stderr' },
  transcript: {
    type: 'flag',
    doc: 'print every step with the digest as it would be if it were the last; the digest alone is the last line',
  },
  'vars-file': {
    type: 'text',
    value: 'FILE',
    doc: 'the firmware’s variable store, of which the size counts',
  },
  'vars-size': { type: 'text', value: 'BYTES', doc: 'the size of the variable store' },
  'vcpu-family': {
    type: 'text',
    value: 'N',
    doc: 'the CPU’s family, together with --vcpu-model and --vcpu-stepping',
  },
  'vcpu-model': { type: 'text', value: 'N', doc: 'the CPU’s model' },
  'vcpu-sig': { type: 'text', value: 'NUMBER', doc: 'the CPU’s signature: CPUID 1 EAX' },
  'vcpu-stepping': { type: 'text', value: 'N', doc: 'the CPU’s stepping' },
  'vcpu-type': { type: 'text', value: 'MODEL', doc: 'the CPU model as QEMU calls it: EPYC-v4, EPYC-Milan …' },
  vcpus: { type: 'text', value: 'N', doc: 'how many vCPUs' },
  verbose: { type: 'flag', short: 'v', doc: 'say whose digest it is' },
  'vmm-type': { type: 'text', value: 'VMM', doc: 'who launches: QEMU, ec2, gce …; without it QEMU' },
};
