// SPDX-License-Identifier: Apache-2.0
import { JsonObject } from '@motte/binary/json-object';

/** A list of launch steps, as a file has it: by its name, the steps not read yet. */
export interface NamedSteps {
  readonly name: string;
  readonly list: JsonObject;
  readonly steps: readonly JsonObject[];
}

/** The members of a file of lists, which are not those of every TEE. */
export interface PageListShape {
  /** Names the file that offsets count in. */
  readonly pool: string;
  /** Further members of the file that are not read. */
  readonly notes: readonly string[];
  /** Members of a list beside `name`, `note`, `steps` and `final`. */
  readonly list: readonly string[];
}

/** A name that fits in a line. */
const NAME = /^[^\p{C}]+$/u;

function namedSteps(list: JsonObject, known: Set<string>): NamedSteps {
  const name = list.text('name');
  if (!NAME.test(name)) throw list.bad('name', 'a text without control characters');
  if (known.has(name)) throw list.bad('name', 'each name once');
  known.add(name);
  return { name, list, steps: list.objects('steps') };
}

/**
 * Reads a file of page lists down to their steps: `{"POOL": FILE, "lists": [{"name", "steps": […]}]}`. `pool` is
 * absent where no step needs bytes. `note`, `final` and what `shape` adds may stand beside them. Throws PAGE_LIST.
 */
export function readPageLists(
  json: unknown,
  shape: PageListShape,
): { readonly pool?: string; readonly lists: readonly NamedSteps[] } {
  const file = new JsonObject(json, '', 'PAGE_LIST').only([shape.pool, ...shape.notes, 'lists']);
  const known = new Set<string>();
  const lists = file
    .objects('lists')
    .map((list) => namedSteps(list.only(['name', 'note', 'steps', 'final', ...shape.list]), known));
  if (lists.length === 0) throw file.bad('lists', 'at least one', 'none');
  return { ...(file.has(shape.pool) ? { pool: file.text(shape.pool) } : {}), lists };
}
