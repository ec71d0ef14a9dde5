/* SPDX-License-Identifier: Apache-2.0 */
/* plan BUNDLE: prints what would change and why, and changes nothing. */
#include "command.h"

#include "oci-vfio-hook/report.h"

int command_plan(const struct command_line *line, struct hook_run *run, struct error *err)
{
	auto_buffer text = { 0 };
	int r = hook_plan_bundle(run, &line->hook, line->arguments[0], "config.json",
				 HOOK_SHOW, err);

	if (r < 0)
		return r;
	if (line->json)
		report_json(&run->plan, &run->binding, &run->messages, &text);
	else
		report_text(&run->plan, &run->binding, &run->messages, run->bundle.name,
			    &text);
	/* The report has them. */
	messages_free(&run->messages);
	return print_data(buffer_slice(&text), err);
}
