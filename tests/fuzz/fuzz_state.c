/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the container state. */
#include "fuzz.h"

#include "oci-vfio-hook/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	auto_free char *copy = NULL;
	auto_state state = { 0 };
	auto_error err = { 0 };
	int r;

	text.data = copy = fuzz_copy(text);
	r = state_parse(text, &state, &err);
	fuzz_check_error(r, &err);
	fuzz_check(r < 0 || (state.bundle && *state.bundle && state.pid >= 0 &&
			     state.pid <= INT32_MAX),
		   "a state without a bundle");
	fuzz_check(r == 0 || (!state.bundle && !state.id && !state.root),
		   "an output in spite of the error");
	return 0;
}
