/* SPDX-License-Identifier: Apache-2.0 */
/* What a spec asks for, what this machine has for it, and the lines of a map that choose. Pure. */
#ifndef OCI_VFIO_HOOK_MAP_CHOICE_H
#define OCI_VFIO_HOOK_MAP_CHOICE_H

#include "oci-vfio-hook/environment.h"
#include "oci-vfio-hook/spec.h"
#include "oci-vfio-hook/survey.h"

/* Appends a text for a person. Returns how many VFIO devices the spec names, by devices and bind
 * mounts. */
size_t map_choice_write(const struct spec *spec, const struct environment *environment,
			const struct survey *survey, struct buffer *ret);

#endif
