// SPDX-License-Identifier: Apache-2.0
import { CPUID_PAGE, CPUID_ROW, CPUID_ROWS } from '@motte/plan/snp/cpuid-page';
import { CPUID_POLICY, CPUID_STATE_POLICY, CPUID_XSAVE_POLICY } from '@motte/plan/snp/cpuid-policy';
import {
  GHCB,
  GHCB_EXIT,
  GHCB_FEATURE_SNP,
  GHCB_IOIO,
  GHCB_MSR,
  GHCB_TERMINATE_SET,
  GHCB_VERSION,
  GUEST_REQUEST_BUSY,
  PAGE_STATE,
  PAGE_STATE_HEADER,
  PVALIDATE,
  SEV_MSR,
  SEV_STATUS,
} from '@motte/plan/snp/ghcb';
import * as message from '@motte/plan/snp/guest-message';
import { SECRETS, SECRETS_VERSION } from '@motte/plan/snp/secrets';
import { defines, header, structures } from './c-text.js';

const hex = (value: number): string => `0x${value.toString(16)}`;

/** `#define LIST(X) X(…) …`, a row of numbers each. */
function rows(list: string, comment: string, lines: readonly (readonly number[])[]): string {
  const each = lines.map((line) => `\tX(${line.map(hex).join(', ')})`);
  return [`/* ${comment} */`, `#define ${list}(X) \\`, each.join(' \\\n'), ''].join('\n');
}

/** `snp.h`: what an SEV-SNP guest shares with its host and with the firmware. */
export function snpHeader(): string {
  return header('snp.h', 'packages/plan/src/snp', [
    defines('SEV_MSR_', SEV_MSR),
    defines('SEV_STATUS_', SEV_STATUS),
    defines('GHCB_', {
      VERSION: GHCB_VERSION,
      TERMINATE_SET: GHCB_TERMINATE_SET,
      FEATURE_SNP: GHCB_FEATURE_SNP,
    }),
    defines('GHCB_MSR_', GHCB_MSR, 'the low 12 bits of the GHCB MSR'),
    defines('GHCB_EXIT_', GHCB_EXIT, 'GHCB.sw_exitcode, and the error code of #VC'),
    defines('GHCB_IOIO_', GHCB_IOIO),
    defines('PAGE_STATE_', PAGE_STATE),
    defines('PVALIDATE_', PVALIDATE),
    defines('GUEST_', {
      REQUEST_BUSY: GUEST_REQUEST_BUSY,
      MESSAGE_AES_256_GCM: message.GUEST_MESSAGE_AES_256_GCM,
      MESSAGE_VERSION: message.GUEST_MESSAGE_VERSION,
    }),
    defines('GUEST_MESSAGE_TYPE_', message.GUEST_MESSAGE_TYPE),
    defines('GUEST_FIELD_', message.GUEST_FIELD),
    defines('', { SECRETS_VERSION, CPUID_ROWS }),
    rows(
      'CPUID_POLICY',
      'leaf, subleaf; required EAX, EBX, ECX, EDX; most of them',
      CPUID_POLICY.map(({ leaf, subleaf, required, maximum }) => [leaf, subleaf, ...required, ...maximum]),
    ),
    rows(
      'CPUID_STATE_POLICY',
      'leaf, component of XCR0; required and most, with that component alone',
      CPUID_STATE_POLICY.map(({ leaf, xcr0, required, maximum }) => [leaf, xcr0, ...required, ...maximum]),
    ),
    rows(
      'CPUID_XSAVE_POLICY',
      'component; its size and its offset in the standard format',
      CPUID_XSAVE_POLICY.map(({ component, size, offset }) => [component, size, offset]),
    ),
    structures([
      GHCB,
      PAGE_STATE_HEADER,
      CPUID_PAGE,
      CPUID_ROW,
      SECRETS,
      message.GUEST_MESSAGE,
      message.REPORT_REQUEST,
      message.SNP_REPORT,
      message.REPORT_ANSWER,
      message.KEY_REQUEST,
      message.KEY_ANSWER,
    ]),
  ]);
}
