/* SPDX-License-Identifier: Apache-2.0 */
/* plan BUNDLE: prints what would change and why, and changes nothing. */
#include "command.h"

int command_plan(const struct command_line *line, struct hook_run *run, struct error *err)
{
	auto_buffer text = { 0 };
	struct report report;
	int r = hook_plan_bundle(run, &line->hook, line->arguments[0], "config.json",
				 HOOK_SHOW, err);

	if (r < 0)
		return r;
	report = hook_report(run);
	if (line->json)
		report_json(&report, &text);
	else if (line->diff)
		report_diff(&report, &text);
	else if (line->verbose)
		report_details(&report, &text);
	else
		report_text(&report, &text);
	/* The report has them, but for a diff. */
	if (!line->diff)
		messages_free(&run->messages);
	return print_result(line, buffer_slice(&text), err);
}
