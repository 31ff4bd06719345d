// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { layout } from '@motte/binary/layout';
import type { Layout, LayoutValues } from '@motte/binary/layout';

export const TD_REPORT_FIELDS = [
  { at: 0x000, name: 'tee_tcb_svn', type: 'bytes16' },
  { at: 0x010, name: 'mrseam', type: 'bytes48' },
  { at: 0x040, name: 'mrsignerseam', type: 'bytes48' },
  { at: 0x070, name: 'seam_attributes', type: 'bytes8' },
  { at: 0x078, name: 'td_attributes', type: 'bytes8' },
  { at: 0x080, name: 'xfam', type: 'bytes8' },
  { at: 0x088, name: 'mrtd', type: 'bytes48' },
  { at: 0x0b8, name: 'mrconfigid', type: 'bytes48' },
  { at: 0x0e8, name: 'mrowner', type: 'bytes48' },
  { at: 0x118, name: 'mrownerconfig', type: 'bytes48' },
  { at: 0x148, name: 'rtmr0', type: 'bytes48' },
  { at: 0x178, name: 'rtmr1', type: 'bytes48' },
  { at: 0x1a8, name: 'rtmr2', type: 'bytes48' },
  { at: 0x1d8, name: 'rtmr3', type: 'bytes48' },
  { at: 0x208, name: 'report_data', type: 'bytes64' },
] as const;

/** What a TDX quote says of the trust domain: TD report 1.0, with which that of 1.5 begins. */
export const TD_REPORT: Layout<typeof TD_REPORT_FIELDS> = layout(
  { name: 'TD_REPORT', size: 584, source: 'Intel TDX DCAP quote generation, revision 0.9, TD quote body' },
  TD_REPORT_FIELDS,
);

const HEADER_BYTES = 48;
/** Version 5: type and size of the body. */
const BODY_HEAD_BYTES = 6;

/**
 * The TD report in a quote of version 4 or 5, so that a replay can be compared with it. Nothing is verified:
 * whether the quote is genuine is for the evidence package. Throws EVENT_LOG for another version,
 * STRUCT_TRUNCATED.
 */
export function readTdReport(quote: Uint8Array): LayoutValues<typeof TD_REPORT_FIELDS> {
  const version = (quote[0] ?? 0) | ((quote[1] ?? 0) << 8);
  if (version !== 4 && version !== 5)
    throw new MotteError('EVENT_LOG', {
      field: 'quote version',
      expected: '4 or 5',
      found: version,
      offset: 0,
    });
  return TD_REPORT.read(quote, version === 4 ? HEADER_BYTES : HEADER_BYTES + BODY_HEAD_BYTES);
}
