// SPDX-License-Identifier: Apache-2.0

/** Codes of `@motte/image`. Exit status 3: the chain from signature to bytes is broken; 2: it is no Keep image. */
export const IMAGE_ERRORS = {
  IMAGE_TAR: {
    exit: 2,
    reason: 'The file is not a tar archive as Keep images are: plain ustar, regular files, nothing else.',
    fix: 'Build the image again, or pack its folder: `tar --format=ustar -cf x.keep -C FOLDER blobs index.json oci-layout`.',
  },
  IMAGE_LAYOUT: {
    exit: 2,
    reason: 'The image has a file that no OCI image layout has, or lacks one that each has.',
    fix: 'Get the image again; it holds oci-layout, index.json and blobs/sha256 alone, as regular files.',
  },
  IMAGE_LIMIT: {
    exit: 2,
    reason: 'A part of the image is larger than such a part can be.',
    fix: 'The file is damaged or was made to mislead; get it again from where it was built.',
  },
  IMAGE_JSON: {
    exit: 2,
    reason: 'A part of the image that should be JSON in UTF-8 is something else.',
    fix: 'Get the image again, or build it again: `motte build`.',
  },
  IMAGE_DUPLICATE_KEY: {
    exit: 2,
    reason: 'A JSON object of the image has a key twice, so that two readers may see two images.',
    fix: 'Whoever made this image made it to mislead; do not use it.',
  },
  IMAGE_CANONICAL: {
    exit: 2,
    reason: 'A JSON part of the image is not written in its one canonical form.',
    fix: 'Let `motte build` and `motte sign image` write images; other tools may copy them, byte for byte.',
  },
  IMAGE_FIELD: {
    exit: 2,
    reason: 'A field of the image has a value that it cannot have.',
    fix: 'The message names the field; docs/schema/keep-manifest.json has the format of the Keep manifest.',
  },
  IMAGE_DIGEST_ALGORITHM: {
    exit: 3,
    reason: 'A digest of the image is not SHA-256, the only algorithm that is taken.',
    fix: 'Build the image again; another algorithm, even a stronger one, would let a reader choose what it trusts.',
  },
  IMAGE_BLOB_MISSING: {
    exit: 2,
    reason: 'The image names a blob that it does not hold.',
    fix: 'Copy the image whole.',
  },
  IMAGE_BLOB_EXTRA: {
    exit: 2,
    reason: 'The image holds a blob that nothing in it names.',
    fix: 'Get the image again; what nobody names nobody signed.',
  },
  IMAGE_BLOB_DIGEST: {
    exit: 3,
    reason: 'The bytes of a blob are not those that its digest and size name.',
    fix: 'The image was changed or damaged after it was built; get it again.',
  },
  IMAGE_MEASUREMENT: {
    exit: 3,
    reason: 'The image predicts another measurement than its parts have.',
    fix: 'Do not use the image: what would run is not what it says; build it again.',
  },
  IMAGE_FILES: {
    exit: 3,
    reason: 'The files of the image are not those that its index says.',
    fix: 'Do not use the image: its Keep would end at the first use of such a file; build it again.',
  },
  IMAGE_TEE: {
    exit: 2,
    reason:
      'The image has a part for a TEE that this version of Motte cannot measure, so that it verifies nothing.',
    fix: 'Use the version of Motte that built the image, or a later one.',
  },
  IMAGE_NATIVE_SIGNATURE: {
    exit: 3,
    reason: 'The SIGSTRUCT or ID block of the image is genuine, but for another Keep than the image’s.',
    fix: 'Sign again: `motte sign image IMAGE --key SGX.PEM --id-key ID.PEM`.',
  },
  IMAGE_PROVENANCE: {
    exit: 3,
    reason: 'The provenance of the image is not about this image.',
    fix: 'Get the image again, or build it again.',
  },
  IMAGE_ENVELOPE: {
    exit: 3,
    reason: 'The DSSE envelope of the image does not belong to its provenance and its keys.',
    fix: 'Sign again: `motte sign image IMAGE --signer KEY.PEM`.',
  },
  IMAGE_SIGNATURE: {
    exit: 3,
    reason: 'A signature of the image does not match what was signed.',
    fix: 'The image or the signature was changed; get it again. ECDSA signatures are DER, Ed25519 ones 64 bytes.',
  },
  IMAGE_SIGNER: {
    exit: 3,
    reason: 'The image is not signed by a key that was asked for.',
    fix: '`motte verify image IMAGE` lists who signed; accept another key only if you know whose it is.',
  },
  IMAGE_SIGNED: {
    exit: 2,
    reason: 'The image has signatures that the change would make void.',
    fix: 'Give --signer with every key again in the same call, so that the signatures are made anew.',
  },
  IMAGE_KEY: {
    exit: 2,
    reason: 'The key cannot sign an image.',
    fix: 'Use Ed25519 or ECDSA on P-256 or P-384, in PEM: `openssl genpkey -algorithm ed25519 -out key.pem`.',
  },
  IMAGE_OPTION: {
    exit: 2,
    reason: 'The image cannot be built or signed like this.',
    fix: 'The message names what is wrong and what would be taken.',
  },
  IMAGE_ABORTED: {
    exit: 7,
    reason: 'Building, signing or verifying was aborted; nothing was left behind.',
    fix: 'Nothing is wrong: whoever called gave an AbortSignal that fired.',
  },
} as const;
