/* SPDX-License-Identifier: Apache-2.0 */
/* check [BUNDLE]: is this machine ready, and would this container start? */
#include <unistd.h>

#include "command.h"

#include "oci-vfio-hook/check.h"

int command_check(const struct command_line *line, struct hook_run *run,
		  struct error *err)
{
	auto_findings findings = { 0 };
	auto_buffer text = { 0 };

	check_machine(run, run->configuration_error, &findings);
	if (line->n_arguments > 0)
		check_bundle(run, &line->hook, line->arguments[0], &findings);
	if (line->json)
		findings_json(&findings, &text);
	else
		findings_text(&findings, stdout_has_colours(), &text);
	/* The findings have them. */
	messages_free(&run->messages);
	return print_result(line, buffer_slice(&text), err) < 0
		       ? -1
		       : findings_status(&findings);
}
