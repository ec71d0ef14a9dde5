/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the whole model: the first byte chooses policy and machine, then spec,
 * --device-map and devices.d, with 0xff between. The machine's answers follow from the
 * request alone. Every plan must hold, leave all other bytes, and be complete: a second
 * run changes nothing. */
#include "fuzz.h"

#include "../unit/plan_run.h"
#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum unmapped_policy policies[] = { UNMAPPED_AUTO, UNMAPPED_KEEP,
							 UNMAPPED_ERROR, UNMAPPED_KEEP };
	struct slice rest;
	struct sysroot sysroot = { 0 };
	struct plan_run_input input = { .answer = machine_answer,
					.sysroot = &sysroot,
					.annotate = true };
	auto_plan_run run = { 0 };
	auto_error err = { 0 };
	int r;

	if (size == 0)
		return 0;
	rest = (struct slice) { (const char *)data + 1, size - 1 };
	sysroot.seed = data[0] >> 2;
	input.unmapped = policies[data[0] & 3];
	input.spec = fuzz_part(&rest);
	if (rest.length)
		input.map = fuzz_part(&rest);
	if (input.map.length == 0)
		input.map.data = NULL;
	if (rest.length)
		input.machine_map = fuzz_part(&rest);
	r = plan_run(&input, &run, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	fuzz_check_null(plan_run_check(&run));
	/* What carries the right token is ours, and never at odds with itself. */
	if (!run.had_applied)
		fuzz_check_null(plan_run_check_second(&input, &run));
	return 0;
}
