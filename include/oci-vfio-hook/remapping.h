/* SPDX-License-Identifier: Apache-2.0 */
/* Would a map entry translate what is translated already? A final path may be another
 * entry's container_path, and a guest's address another entry's HOST: without an annotation
 * that is proven to be ours nobody can tell. Pure. */
#ifndef OCI_VFIO_HOOK_REMAPPING_H
#define OCI_VFIO_HOOK_REMAPPING_H

#include "oci-vfio-hook/plan.h"

/* An annotation of which the code isn't right lists `claimed`: ERROR_UNAVAILABLE where a
 * final path or guest of it is in the spec and an entry would translate it. */
int remapping_check_claim(const struct spec *spec, const struct environment *environment,
			  const struct device_map *map, const struct annotation *claimed,
			  struct error *err);

/* The plan's result gets no annotation: ERROR_PERMISSION where an entry would translate a
 * final path or guest of it to something else. */
int remapping_check_plan(const struct spec *spec, const struct environment *environment,
			 const struct device_map *map, const struct plan *plan,
			 const char *why, struct error *err);

#endif
