/* SPDX-License-Identifier: Apache-2.0 */
/* What a run was about, in a few words for a log. Pure. */
#ifndef OCI_VFIO_HOOK_SUMMARY_H
#define OCI_VFIO_HOOK_SUMMARY_H

#include "oci-vfio-hook/plan.h"

/* Appends what changes and how long that took, as in "/dev/vfio/45 -> /dev/vfio/3 (243:5
 * -> 242:0), added /dev/vfio/vfio (10:196), PCIDEVICE_A; 9 changes in 1.8 ms", or
 * "nothing to change, 0.4 ms". Of many nodes and variables the first ones. */
void summary_text(const struct plan *plan, uint64_t duration_us, struct buffer *ret);

/* The id of podman's container of which this is the config, which says it only in
 * linux.cgroupsPath, as "SLICE:libpod:ID" or "PARENT/libpod-ID" (libpod,
 * getOCICgroupPath): of that a user chooses no more than the beginning. Borrowed from the
 * spec; empty: not found. */
struct slice summary_find_container(const struct spec *spec);

#endif
