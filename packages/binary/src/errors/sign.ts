// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/sign`. */
export const SIGN_ERRORS = {
  SIGSTRUCT_SIZE: {
    exit: 2,
    reason: 'A SIGSTRUCT has 1808 bytes, and this file has another number.',
    fix: 'Give the SIGSTRUCT alone (.sig, .css, .ss), whole, without anything around it.',
  },
  SIGSTRUCT_HEADER: {
    exit: 2,
    reason: 'A constant in the header of the SIGSTRUCT is wrong, so that EINIT refuses it.',
    fix: 'Sign the enclave again; TYPE 0x80000000 is what old Intel SDKs wrote for debugging.',
  },
  SIGSTRUCT_RESERVED: {
    exit: 2,
    reason: 'Bytes of the SIGSTRUCT that must be zero are not, so that EINIT refuses it.',
    fix: 'The file is damaged, or of a newer revision than this version of Motte reads.',
  },
  SIGSTRUCT_EXPONENT: {
    exit: 3,
    reason: 'The exponent of the SIGSTRUCT is not 3, the only one that the CPU computes with.',
    fix: 'Sign with an RSA-3072 key whose public exponent is 3: `motte key create sgx -o key.pem`.',
  },
  SIGSTRUCT_MODULUS: {
    exit: 3,
    reason: 'The modulus of the SIGSTRUCT is not that of an RSA-3072 key, or the signature is not below it.',
    fix: 'Sign with an RSA-3072 key whose public exponent is 3: `motte key create sgx -o key.pem`.',
  },
  SIGSTRUCT_SIGNATURE: {
    exit: 3,
    reason: 'The RSA signature of the SIGSTRUCT does not match its signed bytes and its modulus.',
    fix: 'The file was changed after it was signed; get it again, or sign again.',
  },
  SIGSTRUCT_Q: {
    exit: 3,
    reason: 'Q1 or Q2 of the SIGSTRUCT does not belong to its signature, so that EINIT refuses it.',
    fix: 'Sign again; Q1 and Q2 are not signed, so that only whoever can write the file can damage them.',
  },
  SIGSTRUCT_VALUE: {
    exit: 2,
    reason: 'A value that was to be signed does not fit its field of the SIGSTRUCT.',
    fix: 'The message names the field and its range; dates are YYYY-MM-DD.',
  },
  SEV_INPUT: {
    exit: 2,
    reason: 'A key, a nonce or a digest for an SEV launch has another length than the SEV API wants.',
    fix: 'Keys and nonces have 16 bytes, digests and measurements 32.',
  },
  SEV_CERTIFICATE: {
    exit: 2,
    reason: 'The file is not an SEV certificate in the binary format of AMD.',
    fix: 'Get the chain again from the platform (`sevctl export`) or from AMD.',
  },
  SNP_ID: {
    exit: 2,
    reason: 'An ID block, its authentication, a key or a signature has another size than the SNP ABI wants.',
    fix: 'An ID block has 96 bytes, its authentication 4096; keys and signatures of P-384 have 96.',
  },
  SNP_ID_REFUSED: {
    exit: 3,
    reason: 'Firmware would refuse this ID block with this authentication.',
    fix: 'The field of the error names the check that fails; sign again with `motte sign snp`.',
  },
  SIGN_KEY: {
    exit: 2,
    reason: 'The key cannot sign a SIGSTRUCT.',
    fix: 'Use an RSA-3072 key whose public exponent is 3: `motte key create sgx -o key.pem`.',
  },
} as const;
