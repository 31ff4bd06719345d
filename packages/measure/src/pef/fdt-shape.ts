// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ErrorCode } from '@motte/binary/error';
import type { FdtNode, FdtProperty } from './fdt.js';

/** Reads the members of a node that may have these and no others; what is wrong has the code of the format. */
export class NodeReader {
  constructor(
    readonly node: FdtNode,
    /** For messages: `/lockboxes/lockbox-1`. */
    readonly path: string,
    readonly code: ErrorCode,
  ) {}

  bad(member: string, expected: string, found: string | number): MotteError {
    const field = `${this.path === '/' ? '' : this.path}/${member}`;
    return new MotteError(this.code, { field, expected, found });
  }

  /** Throws for a member that is not among these, the first of them. */
  only(properties: readonly string[], nodes: readonly string[]): this {
    const [property] = this.node.properties.filter(({ name }) => !properties.includes(name));
    if (property !== undefined)
      throw this.bad(property.name, properties.join(', ') || 'no property', 'another');
    const [node] = this.node.nodes.filter(({ name }) => !nodes.includes(name));
    if (node !== undefined) throw this.bad(node.name, nodes.join(', ') || 'no node', 'another');
    return this;
  }

  /** A node within this one. */
  child(name: string): NodeReader {
    const node = this.node.nodes.find((child) => child.name === name);
    if (node === undefined) throw this.bad(name, 'a node', 'none');
    return this.inside(node);
  }

  /** All nodes within this one, which may have any names, but no properties beside them. */
  children(): NodeReader[] {
    const { nodes } = this.node;
    this.only(
      [],
      nodes.map(({ name }) => name),
    );
    return nodes.map((node) => this.inside(node));
  }

  inside(node: FdtNode): NodeReader {
    return new NodeReader(node, `${this.path === '/' ? '' : this.path}/${node.name}`, this.code);
  }

  /** The value of a property, of `length` bytes if that is given. */
  bytes(name: string, length?: number): Uint8Array {
    const value = this.node.properties.find((property) => property.name === name)?.value;
    if (value === undefined) throw this.bad(name, 'a property', 'none');
    if (length !== undefined && value.length !== length)
      throw this.bad(name, `${length} bytes`, value.length);
    return value;
  }

  /** A property that is one text with a NUL at its end. */
  text(name: string): string {
    const value = this.bytes(name);
    if (value.indexOf(0) !== value.length - 1)
      throw this.bad(name, 'one text with a NUL at its end', 'another');
    return new TextDecoder('utf-8').decode(value.subarray(0, -1));
  }

  /** A text that has one right value. */
  fixed(name: string, expected: string): void {
    const found = this.text(name);
    if (found !== expected) throw this.bad(name, expected, JSON.stringify(found));
  }
}

/** A property that is a text. */
export function textProperty(name: string, value: string): FdtProperty {
  return { name, value: new TextEncoder().encode(`${value}\0`) };
}
