/* SPDX-License-Identifier: Apache-2.0 */
/* CRI-O's drop-in: a file of our own, whose table CRI-O adds to those of the others. */
#include "registration.h"

int registration_crio(const struct registration_input *input, struct buffer *ret,
		      struct error *err)
{
	auto_free char *runtime = text_join(input->programs, "/oci-vfio-runtime", NULL);

	buffer_add(ret, SLICE(REGISTRATION_MARK
			      " enable crio; disable crio removes it.\n"
			      "[crio.runtime.runtimes." REGISTRATION_HANDLER "]\n"
			      "runtime_path = "));
	toml_quote(ret, slice_from(runtime));
	buffer_add(ret, SLICE("\nruntime_type = \"oci\"\n"
			      "runtime_root = \"/run/oci-vfio\"\n"));
	return registration_check_own(input, err);
}

int registration_no_crio(const struct registration_input *input, struct buffer *ret,
			 struct error *err)
{
	int r = registration_check_own(input, err);

	(void)ret;
	return r < 0 ? r
		     : registration_check_default(input, "crio.runtime.default_runtime",
						  err);
}
