/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-2-4 with 128 bits of output, a message authentication code for short messages
 * (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012; the longer output as in
 * the authors' reference implementation). Pure. */
#ifndef OCI_VFIO_HOOK_SIPHASH_H
#define OCI_VFIO_HOOK_SIPHASH_H

#include <stdbool.h>

#include "oci-vfio-hook/text.h"

#define SIPHASH_KEY_SIZE 16
#define SIPHASH_SIZE 16

/* Writes the code under the key of the text that the parts are, one after the other. */
void siphash(const uint8_t key[static SIPHASH_KEY_SIZE], const struct slice *parts,
	     size_t count, uint8_t ret[static SIPHASH_SIZE]);

/* Are both codes the same? Takes as long whichever byte differs: who guesses codes learns
 * nothing from the time. */
bool siphash_equal(const uint8_t a[static SIPHASH_SIZE],
		   const uint8_t b[static SIPHASH_SIZE]);

#endif
