/* SPDX-License-Identifier: Apache-2.0 */
/* apply BUNDLE: rewrites config.json. */
#include "command.h"

int command_apply(const struct command_line *line, struct hook_run *run,
		  struct error *err)
{
	int r = hook_plan_bundle(run, &line->hook, line->arguments[0], "config.json",
				 HOOK_BY_HAND, err);

	if (r == 0)
		r = line->output ? hook_write_to(run, line->output, err)
				 : hook_replace(run, err);
	return r;
}
