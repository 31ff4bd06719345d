// SPDX-License-Identifier: Apache-2.0
// Malformed files, two at least for each command that reads any: one line that says what is wrong and where, the exit
// status of its class, nothing on standard output, and nothing new in the folder.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../src/grammar/commands.js';
import { PLACE, motte } from './motte.js';
import { smallSgxs } from './small-sgxs.js';

const HERE = join(PLACE, 'malformed');
mkdirSync(join(HERE, 'folder'), { recursive: true });

const SGXS = smallSgxs();
/** The first EADD follows the 64 bytes of ECREATE; this is a byte that it reserves. */
const RESERVED = 64 + 30;
const ELF = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0);

/** Firmware that ends with OVMF's table, which says that it has 65535 bytes. */
function firmware(): Uint8Array {
  const image = new Uint8Array(0x800);
  image.set(Buffer.from('de82b596b21ff745baeaa366c55a082d', 'hex'), image.length - 0x30);
  image.set([0xff, 0xff], image.length - 0x32);
  return image;
}

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'bad.toml': 'threads = "x"\n',
  'wide.toml': 'threads = 1000\n',
  'cut.elf': ELF,
  'odd.elf': Uint8Array.from({ length: 64 }, (_, i) => ELF[i] ?? 0),
  'reserved.sgxs': SGXS.map((byte, i) => (i === RESERVED ? 1 : byte)),
  'short.sgxs': SGXS.subarray(0, 1000),
  'small.sgxs': SGXS,
  'list.json': '[1]',
  brace: '{',
  empty: '',
  firmware: firmware(),
  junk: 'not a thing\n',
  zeros96: new Uint8Array(96),
  zeros1352: new Uint8Array(1352),
  zeros1808: new Uint8Array(1808),
  zeros4096: new Uint8Array(4096),
};
for (const [name, bytes] of Object.entries(FILES)) writeFileSync(join(HERE, name), bytes);

const HEX32 = '0'.repeat(64);
const HEX48 = '0'.repeat(96);
const HEX64 = '0'.repeat(128);
const CPU = '--vcpus 1 --vcpu-type EPYC-v4';
const SVSM = `--vars-size 4096 ${CPU}`;
const API = '--policy 1 --api-major 0 --api-minor 0 --build-id 0';
const LAUNCH = `--launch-measure junk --measurement ${HEX32} ${API}`;
const GUID = '00112233-4455-6677-8899-aabbccddeeff';
const SECRET = `--secret ${GUID}:junk ${LAUNCH} --header new -o new`;

/** Commands that read no file of a user's, or whose files are other commands'. */
const WITHOUT = [
  'explain',
  'init',
  'key create keystone',
  'key create pef',
  'key create sev',
  'key create sgx',
  'key create snp',
  'platform info',
  'repro',
  'schema keep',
];

/** Status, code and field; the offset too, where the fault has a place in a binary file. */
const CASES: readonly (readonly [words: string, expected: string, offset?: number])[] = [
  ['plan junk', '2 FILE_KIND junk', 0x0],
  ['plan reserved.sgxs', '2 STRUCT_RESERVED EADD.reserved_018', 0x5e],
  ['export igvm cut.elf -o new', '2 ELF_TRUNCATED Elf64_Ehdr', 0x0],
  ['export igvm junk -o new', '2 FILE_KIND junk', 0x0],
  ['measure kvm cut.elf', '2 ELF_TRUNCATED Elf64_Ehdr', 0x0],
  ['measure kvm junk', '2 FILE_KIND junk', 0x0],
  ['measure snp cut.elf', '2 ELF_TRUNCATED Elf64_Ehdr', 0x0],
  ['measure snp zeros4096 --as igvm', '2 IGVM_FORMAT magic', 0x0],
  ['build cut.elf -o new', '2 ELF_TRUNCATED Elf64_Ehdr', 0x0],
  ['lint cut.elf', '2 ELF_TRUNCATED Elf64_Ehdr', 0x0],
  ['lint junk', '2 FILE_KIND junk', 0x0],
  ['build junk -o new', '2 ELF_MAGIC e_ident', 0x0],
  ['measure sgx short.sgxs', '2 SGXS_ORDER EADD 0x0', 0x300],
  ['measure sgx reserved.sgxs', '2 STRUCT_RESERVED EADD.reserved_018', 0x5e],
  ['measure sgx odd.elf --as enclave', '2 ELF_VERSION e_version', 0x14],
  ['measure sgx cut.elf --config bad.toml', '2 KEEP_TYPE threads'],
  ['measure kvm junk', '2 FILE_KIND junk', 0x0],
  ['measure kvm cut.elf', '2 ELF_TRUNCATED Elf64_Ehdr', 0x0],
  [`measure snp --ovmf zeros4096 ${CPU}`, '2 SNP_INPUT zeros4096'],
  ['measure snp --pages list.json', '2 PAGE_LIST file'],
  [`measure snp:svsm --ovmf zeros4096 --svsm empty ${SVSM}`, '2 FIRMWARE_TABLE empty'],
  [`measure snp:svsm --ovmf firmware --svsm zeros4096 ${SVSM}`, '2 FIRMWARE_TABLE footer table', 0x7ce],
  ['measure snp:ovmf-hash --ovmf empty', '2 FIRMWARE_TABLE empty'],
  ['measure snp:ovmf-hash --ovmf firmware', '2 FIRMWARE_TABLE footer table', 0x7ce],
  [`measure seves --ovmf zeros4096 ${CPU}`, '2 SNP_INPUT zeros4096'],
  [`measure seves --ovmf firmware ${CPU}`, '2 FIRMWARE_TABLE footer table', 0x7ce],
  ['measure sev --ovmf empty', '2 FIRMWARE_TABLE empty'],
  ['measure sev --ovmf firmware', '2 FIRMWARE_TABLE footer table', 0x7ce],
  [`sev-snp-measure --mode snp --ovmf firmware ${CPU}`, '2 FIRMWARE_TABLE footer table', 0x7ce],
  ['sev-snp-measure --mode sev --ovmf empty', '2 FIRMWARE_TABLE empty'],
  ['measure tdx --tdvf zeros4096', '2 FIRMWARE_TABLE TDVF.signature', 0x0],
  ['measure tdx --tdvf firmware', '2 FIRMWARE_TABLE footer table', 0x7ce],
  ['measure tdx --pages list.json', '2 PAGE_LIST file'],
  ['measure tdx-rtmr --event-log junk', '2 EVENT_LOG first event: type', 0x4],
  ['measure tdx-rtmr --event-log list.json', '2 EVENT_LOG events[0]'],
  ['measure tdx-rtmr --event-log zeros4096 --acpi-table junk', '2 CCEL_TABLE CCEL.signature', 0x0],
  ['measure keystone --loader empty --runtime junk --eapp junk', '2 KEYSTONE_FILE loader'],
  ['measure keystone --loader junk --runtime junk --eapp folder', '2 FILE_ACCESS folder'],
  ['measure keystone-v1 --runtime junk --eapp junk', '2 ELF_MAGIC e_ident', 0x0],
  ['measure keystone-v1 --runtime cut.elf --eapp cut.elf', '2 ELF_TRUNCATED Elf64_Ehdr', 0x0],
  ['measure sanctum --flavour mit --ops brace', '2 SANCTUM_OPERATION brace'],
  ['measure sanctum --flavour pwnall --ops list.json', '2 SANCTUM_OPERATION operations[0]'],
  ['measure pef --kernel cut.elf --initrd junk', '2 ELF_TRUNCATED Elf64_Ehdr', 0x0],
  ['measure pef --kernel empty --initrd junk', '2 PEF_INPUT kernel'],
  ['sign sgx reserved.sgxs -o new', '2 STRUCT_RESERVED EADD.reserved_018', 0x5e],
  ['sign sgx small.sgxs --key junk -o new', '2 SIGN_KEY key'],
  ['sign image junk --signer junk -o new', '2 IMAGE_KEY key'],
  ['sign image folder --key junk -o new', '2 SIGN_KEY key'],
  [`sign snp --measurement ${HEX48} --key junk`, '2 SIGN_KEY key'],
  [`sign snp --measurement ${HEX48} --key empty`, '2 SIGN_KEY key'],
  [
    `sign keystone --key junk --monitor-hash ${HEX64} --measurement ${HEX64} -o new`,
    '2 ED25519_INPUT secret key',
  ],
  [
    `sign keystone --key empty --monitor-hash ${HEX64} --measurement ${HEX64} -o new`,
    '2 ED25519_INPUT secret key',
  ],
  ['verify sigstruct zeros4096', '2 SIGSTRUCT_SIZE SIGSTRUCT'],
  ['verify sigstruct zeros1808', '2 SIGSTRUCT_HEADER HEADER', 0x0],
  ['verify snp-id --id-block junk --id-auth junk', '2 SNP_ID ID_BLOCK'],
  ['verify snp-id --id-block zeros96 --id-auth zeros4096', '2 SNP_ID_REFUSED version', 0x50],
  [`verify keystone junk --device-key ${HEX32}`, '2 KEYSTONE_REPORT report'],
  [`verify keystone zeros1808 --device-key ${HEX32}`, '2 KEYSTONE_REPORT report'],
  [`verify keystone zeros1352 --device-key ${HEX32}`, '3 KEYSTONE_SIGNATURE monitor_signature', 0x4e8],
  ['verify image junk', '2 IMAGE_TAR junk'],
  ['verify image folder', '2 IMAGE_LAYOUT folder/blobs'],
  ['verify sev-chain --chain junk', '2 STRUCT_TRUNCATED AMD certificate', 0x0],
  ['verify sev-chain --chain zeros4096', '2 SEV_CERTIFICATE modulus_bits', 0x3c],
  [`verify sev-launch --tik junk ${LAUNCH}`, '2 STRUCT_TRUNCATED LAUNCH_MEASURE', 0x0],
  [
    `verify sev-launch --tik empty --launch-measure zeros4096 --measurement ${HEX32} ${API}`,
    '2 SEV_INPUT tik',
  ],
  ['shim build --config bad.toml -o new', '2 SHIM_CONFIG threads'],
  ['shim build --config wide.toml -o new', '2 SHIM_CONFIG threads'],
  [`key create keystone-monitor --key junk --monitor-hash ${HEX64} -o new`, '2 ED25519_INPUT secret key'],
  [`key create keystone-monitor --key empty --monitor-hash ${HEX64} -o new`, '2 ED25519_INPUT secret key'],
  [`key create keystone-sealing --key junk --measurement ${HEX64} -o new`, '2 ED25519_INPUT secret key'],
  [`key create keystone-sealing --key empty --measurement ${HEX64} -o new`, '2 ED25519_INPUT secret key'],
  ['key digest sgx junk', '2 SIGN_KEY key'],
  ['key digest sgx empty', '2 SIGN_KEY key'],
  ['key digest snp junk', '2 SIGN_KEY key'],
  ['key digest snp empty', '2 SIGN_KEY key'],
  ['key digest keystone junk', '2 ED25519_INPUT junk'],
  ['key digest keystone empty', '2 ED25519_INPUT empty'],
  ['key digest sev junk', '2 STRUCT_TRUNCATED AMD certificate', 0x0],
  ['key digest sev zeros4096', '2 SEV_CERTIFICATE modulus_bits', 0x3c],
  ['key digest pef junk', '2 ESM_KEY key'],
  ['key digest pef empty', '2 ESM_KEY key'],
  ['sev session --chain junk --policy 1 -o new', '2 STRUCT_TRUNCATED AMD certificate', 0x0],
  ['sev session --chain zeros4096 --policy 1 -o new', '2 SEV_CERTIFICATE modulus_bits', 0x3c],
  [`sev secret --tek junk --tik junk ${SECRET}`, '2 STRUCT_TRUNCATED LAUNCH_MEASURE', 0x0],
  [
    `sev secret --tek empty --tik empty --launch-measure zeros4096 --measurement ${HEX32} ${API} --secret ${GUID}:junk --header new -o new`,
    '2 SEV_INPUT tik',
  ],
  ['pef make --kernel cut.elf --initrd junk --origin junk -o new', '2 ESM_KEY key'],
  ['pef make --kernel junk --initrd junk --origin junk -o new', '2 ESM_KEY key'],
  ['pef authorize zeros4096 --open-with empty --recipient junk -o new', '2 ESM_KEY key'],
  ['pef authorize junk --open-with junk --recipient junk -o new', '2 ESM_KEY key'],
  ['pef revoke junk --recipient junk -o new', '2 FDT header', 0x0],
  ['pef revoke zeros4096 --recipient junk -o new', '2 FDT magic', 0x0],
  ['pef inspect empty', '2 FDT header', 0x0],
  ['pef inspect zeros4096', '2 FDT magic', 0x0],
  ['run junk', '122 ELF_MAGIC e_ident', 0x0],
  ['run odd.elf', '122 ELF_VERSION e_version', 0x14],
  ['run --config bad.toml cut.elf', '122 KEEP_TYPE threads'],
];

const MESSAGE = /^motte: (?<message>[^\n]+) \[(?<code>[A-Z0-9_]+)\]\n$/u;

for (const [words, expected, offset] of CASES) {
  test(words.replaceAll(/0{64,}/gu, '0…'), () => {
    const { status, stdout, stderr } = motte(words.split(' '), { cwd: HERE });
    assert.is(stdout, '');
    const { message = '', code = '' } = MESSAGE.exec(stderr)?.groups ?? {};
    const [, , field = ''] = /^(\d+) \w+ (.+)$/u.exec(expected) ?? [];
    assert.is(`${status} ${code} ${field}`, expected, stderr);
    assert.ok(message.startsWith(`${field}: `), stderr);
    const end = offset === undefined ? '' : `, at offset 0x${offset.toString(16)}`;
    assert.match(message, /\(expected .+, found .+\)$/u, stderr);
    assert.ok(message.endsWith(`${end})`) && message.includes(' at offset ') === (end !== ''), stderr);
    assert.equal(readdirSync(HERE).toSorted(), [...Object.keys(FILES), 'folder'].toSorted());
  });
}

test('each command that reads a file has two cases at least', () => {
  for (const { name } of COMMANDS) {
    const count = CASES.filter(([words]) => words.startsWith(`${name} `)).length;
    assert.ok(WITHOUT.includes(name) ? count === 0 : count >= 2, `${name}: ${count}`);
  }
});

test.run();
