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
    reason: 'The modulus of the SIGSTRUCT is not that of an RSA-3072 key.',
    fix: 'Sign with an RSA-3072 key whose public exponent is 3: `motte key create sgx -o key.pem`.',
  },
  SIGSTRUCT_SIGNATURE: {
    exit: 3,
    reason:
      'The RSA signature of the SIGSTRUCT does not match its signed bytes and its modulus, or is not below it.',
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
  SEV_CHAIN: {
    exit: 3,
    reason: 'A certificate of the SEV platform is not genuine.',
    fix: 'Get the chain again from the platform (`sevctl export --full`), and ASK and ARK of its generation from AMD.',
  },
  SEV_LAUNCH: {
    exit: 3,
    reason: 'The platform did not launch what was to be launched, or it is not the one of this session.',
    fix: 'Compare the launch digest, policy, API version and build with the platform’s; send it no secret.',
  },
  SNP_ID: {
    exit: 2,
    reason: 'An ID block, its authentication, a key or a signature has another size than the SNP ABI wants.',
    fix: 'An ID block has 96 bytes, its authentication 4096; keys and signatures of P-384 have 96.',
  },
  SNP_ID_OTHER: {
    exit: 1,
    reason: 'The ID block is for another launch than the one that was measured.',
    fix: 'Measure again with what is launched; the ID block is genuine, but the launch digest in it is another.',
  },
  SNP_ID_REFUSED: {
    exit: 2,
    reason: 'Firmware would refuse this ID block with this authentication before it looks at a signature.',
    fix: 'The field of the error names the check that fails; sign again with `motte sign snp`.',
  },
  SNP_ID_SIGNATURE: {
    exit: 3,
    reason:
      'A signature of the ID block or of the ID key is not genuine, so that firmware refuses the launch.',
    fix: 'The files were changed after they were signed, or belong to others; sign again with `motte sign snp`.',
  },
  SIGN_KEY: {
    exit: 2,
    reason: 'The key is not one that this signature is made with.',
    fix: 'SGX takes RSA-3072 with exponent 3 (`motte key create sgx`), SNP a key on P-384 (`motte key create snp`).',
  },
  ED25519_INPUT: {
    exit: 2,
    reason: 'A key, a seed or a signature of Ed25519 has another length or form than it must have.',
    fix: 'Seeds and public keys have 32 bytes, signatures and expanded secret keys 64.',
  },
  KEYSTONE_INPUT: {
    exit: 2,
    reason: 'A hash, a key or data for a Keystone report has another length than it must have.',
    fix: 'Hashes and expanded secret keys have 64 bytes; data in a report has at most 1024.',
  },
  KEYSTONE_REPORT: {
    exit: 2,
    reason: 'The file is not a Keystone report.',
    fix: 'Give the report alone, 1352 bytes, as the enclave got it from the security monitor.',
  },
  KEYSTONE_SIGNATURE: {
    exit: 3,
    reason: 'A signature of the Keystone report is not genuine.',
    fix: 'The report was changed, or comes from another device than the one whose key was given.',
  },
  ESM_BLOB: {
    exit: 2,
    reason: 'The file is not an ESM blob, or it has members that the ultravisor does not know.',
    fix: 'Make the blob again: `motte pef make`.',
  },
  ESM_KEY: {
    exit: 2,
    reason: 'The key cannot open or lock an ESM blob.',
    fix: 'Use RSA keys of 2048 to 4096 bits in PEM; the public key as the file whose bytes are the fingerprint.',
  },
  ESM_NO_LOCKBOX: {
    exit: 1,
    reason: 'No lockbox of the ESM blob is for this key.',
    fix: 'List the lockboxes with `motte pef inspect`; fingerprints are of the PEM file, to its last newline.',
  },
  ESM_LOCKBOX: {
    exit: 3,
    reason: 'The lockbox does not open: its key was damaged, or was encrypted for another key.',
    fix: 'Get the blob again, or have its owner authorize the key again.',
  },
  ESM_SEAL: {
    exit: 3,
    reason: 'What the ESM blob seals is not genuine: the tag of AES-256-GCM does not match.',
    fix: 'The blob was changed after it was made; get it again.',
  },
  ESM_RECIPIENT: {
    exit: 1,
    reason: 'The list of lockboxes cannot be changed like this.',
    fix: 'A key is authorized once, and the key of the origin cannot be revoked.',
  },
} as const;
