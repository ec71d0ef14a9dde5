/* SPDX-License-Identifier: Apache-2.0 */
/* How the parts of a spec are read. Internal to the model. */
#ifndef OCI_VFIO_HOOK_SPEC_READ_H
#define OCI_VFIO_HOOK_SPEC_READ_H

#include "oci-vfio-hook/spec.h"

/* What is read, and what of it is wanted: the context of the shapes. */
struct spec_reader {
	struct spec *spec; /* all but `doc`, which is being made */
	const struct env_prefixes *prefixes;
	bool all_mounts;
};

extern const struct json_shape spec_devices_shape, spec_rules_shape, spec_mounts_shape;

/* Each of these reads a value; `json` 0: it is absent, and *ret stays as it is. A path comes
 * out cleaned. What lasts longer than the index is the spec's, or in the text. */
int spec_read_integer(const struct json *doc, uint32_t json, int64_t min, int64_t *ret,
		      struct error *err);
int spec_read_string(const struct json *doc, uint32_t json, struct slice *ret,
		     struct error *err);
int spec_read_lasting(struct spec *spec, const struct json *doc, uint32_t json,
		      struct slice *ret, struct error *err);
int spec_read_path(struct spec *spec, const struct json *doc, uint32_t json,
		   struct slice *ret, struct error *err);

#endif
