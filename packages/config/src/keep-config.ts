// SPDX-License-Identifier: Apache-2.0

/** A variable of the environment whose value is fixed, or that the host may set. */
export interface EnvEntry {
  readonly key: string;
  /** What it is, or (unmeasured) what it is when the host does not set it. */
  readonly value?: string;
  /** False: the host may set it, and no digest says to what. */
  readonly measured: boolean;
}

/** A file or folder of the host that the Keep may open. */
export interface FileGrant {
  /** Where the Keep sees it. */
  readonly path: string;
  /** Where the host has it, relative to Keep.toml. */
  readonly host: string;
  readonly mode: 'ro' | 'rw';
}

/** A file or directory of which the image brings a copy. */
export interface ImageFiles {
  /** Where the Keep has it. */
  readonly path: string;
  /** Where it is when the image is made, relative to Keep.toml. */
  readonly source: string;
}

/** A socket that the Keep may accept connections on. */
export interface ListenGrant {
  readonly name: string;
  /** Address and port. */
  readonly address: string;
  /** `tls` ends inside the Keep. */
  readonly protocol: 'tcp' | 'udp' | 'tls';
}

/** A destination that the Keep may connect to. */
export interface ConnectGrant {
  readonly host: string;
  readonly port: number;
}

/** What only an SGX Keep has. */
export interface SgxConfig {
  /** 2: memory is added while the Keep runs; 1: the whole heap is part of the launch. */
  readonly version: 1 | 2;
  readonly debug: boolean;
  readonly isvprodid: number;
  readonly isvsvn: number;
}

/** A whole Keep.toml, defaults filled in. */
export interface KeepConfig {
  /** The arguments after argv[0], or `host`: whatever the host gives. */
  readonly args: readonly string[] | 'host';
  readonly threads: number;
  /** Bytes of heap. */
  readonly memory: bigint;
  readonly stdin: 'inherit' | 'null';
  /** Which files may be run in the program's stead: none, the Keep's own, or those of grants too. */
  readonly exec: 'none' | 'keep' | 'granted';
  readonly env: readonly EnvEntry[] | 'host';
  readonly files: readonly FileGrant[];
  readonly image: readonly ImageFiles[];
  readonly listen: readonly ListenGrant[];
  readonly connect: readonly ConnectGrant[];
  readonly sgx: SgxConfig;
}
