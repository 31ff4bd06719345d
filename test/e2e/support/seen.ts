// SPDX-License-Identifier: Apache-2.0
// What is printed of a Keep that can be looked into, without what differs from process to process.

/** Lines of a trace: addresses differ; what a call costs in columns does not count. */
export function traceLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('execve('))
    .map((line) => line.replaceAll(/0x[0-9a-f]{6,}/g, 'ADDRESS').replace(/ +(= [^=]*)$/, ' $1'));
}

/** The functions of our report, the innermost first; a place without a symbol is `??`. */
export function reportFunctions(talk: string): string[] {
  return [
    ...talk.matchAll(/^ {2}#\d+ +0x[0-9a-f]+ in (<signal handler called>|\S+?)(\+0x[0-9a-f]+)?(?: \(|$)/gm),
  ].map(([, name = '']) => (name.startsWith('0x') ? '??' : name));
}
