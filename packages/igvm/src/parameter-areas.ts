// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toSafeNumber } from '@motte/binary/range';
import { PARAMETER, PARAMETER_AREA, PARAMETER_INSERT } from './directives.js';
import type { HeaderOf, KnownHeader } from './headers.js';

/** Most bytes of all areas together: what a loader knows of a machine takes kilobytes, and each page of an area is measured. */
export const AREAS_MOST: number = 1 << 30;

/** The parameter areas of a file, as a loader that goes through its directives knows them. */
export class ParameterAreas {
  readonly #sizes = new Map<number, number>();
  readonly #inserted = new Set<number>();
  #total = 0;

  declare({ values, at }: HeaderOf<'PARAMETER_AREA'>): void {
    const { parameter_area_index: index, number_of_bytes: bytes } = values;
    if (this.#sizes.has(index))
      throw new MotteError('IGVM_FORMAT', {
        field: 'PARAMETER_AREA.parameter_area_index',
        expected: 'an index that is used once',
        found: index,
        offset: at + PARAMETER_AREA.offsetOf('parameter_area_index'),
      });
    const size = toSafeNumber(bytes, 'PARAMETER_AREA.number_of_bytes', at);
    this.#total += size;
    if (this.#total > AREAS_MOST)
      throw new MotteError('IGVM_TOO_LARGE', {
        field: 'PARAMETER_AREA.number_of_bytes',
        expected: `${AREAS_MOST} bytes in all areas at most`,
        found: this.#total,
        offset: at + PARAMETER_AREA.offsetOf('number_of_bytes'),
      });
    this.#sizes.set(index, size);
  }

  #sizeOf(kind: string, index: number, offset: number): number {
    const size = this.#inserted.has(index) ? undefined : this.#sizes.get(index);
    if (size !== undefined) return size;
    throw new MotteError('IGVM_FORMAT', {
      field: `${kind}.parameter_area_index`,
      expected: 'an area that is declared before and not inserted yet',
      found: index,
      offset,
    });
  }

  /** A value goes into an area. */
  put(header: KnownHeader): void {
    const { kind, values, at } = header;
    if (!('byte_offset' in values)) return;
    const index = values.parameter_area_index;
    const size = this.#sizeOf(kind, index, at + PARAMETER.offsetOf('parameter_area_index'));
    if (values.byte_offset >= size)
      throw new MotteError('IGVM_FORMAT', {
        field: `${kind}.byte_offset`,
        expected: `less than ${size}`,
        found: values.byte_offset,
        offset: at + PARAMETER.offsetOf('byte_offset'),
      });
  }

  /** An area goes into the guest; returns how many bytes it has. */
  insert({ values, at }: HeaderOf<'PARAMETER_INSERT'>): number {
    const index = values.parameter_area_index;
    const offset = at + PARAMETER_INSERT.offsetOf('parameter_area_index');
    const size = this.#sizeOf('PARAMETER_INSERT', index, offset);
    this.#inserted.add(index);
    return size;
  }
}
