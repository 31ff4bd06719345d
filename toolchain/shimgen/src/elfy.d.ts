// SPDX-License-Identifier: Apache-2.0
declare module 'elfy' {
  const elfy: { parse(file: Buffer): unknown };
  export default elfy;
}
