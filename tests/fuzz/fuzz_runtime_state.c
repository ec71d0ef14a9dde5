/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes what a runtime writes down of a container. */
#include "fuzz.h"

#include "oci-vfio-hook/runtime_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	auto_free char *copy = NULL, *bundle = NULL;
	auto_error err = { 0 };
	int r;

	text.data = copy = fuzz_copy(text);
	r = runtime_state_find_bundle("state", text, &bundle, &err);
	fuzz_check_error(r, &err);
	fuzz_check(r < 0 ? bundle == NULL : bundle && *bundle == '/',
		   "a bundle that isn't an absolute path, or in spite of the error");
	return 0;
}
