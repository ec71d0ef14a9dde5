/* SPDX-License-Identifier: Apache-2.0 */
/* cdi: writes a CDI spec of this machine's VFIO devices. */
#include "command.h"

#include "oci-vfio-hook/hook_cdi.h"

/* clang-format off */
const char cdi_help[] =
	"usage: oci-vfio-hook cdi [OPTION...]\n"
	"\n"
	"Writes a CDI spec of this machine's devices that have a driver of VFIO's: a device by its\n"
	"address, with the node that it has today. Engines read it from /run/cdi and /etc/cdi:\n"
	"  oci-vfio-hook cdi --output /run/cdi/oci-vfio-hook.json\n"
	"  podman run --device " CDI_KIND "=0000:3b:02.0 ...\n"
	"\n"
	"  --output FILE         write it there, by rename, if it isn't there already; without a\n"
	"                        device remove FILE. Default: standard output\n"
	"  --kind VENDOR/CLASS   instead of " CDI_KIND "\n"
	"  --by NAMES            name devices also by group (\"group-3\": all of it), by acpi-index\n"
	"                        (\"acpi-index-7\"), or by both, joined by a comma\n"
	"  --alias NAME=ADDRESS[,...]\n"
	"                        a further name\n"
	"  --variables           give containers PCIDEVICE_VFIO_0000_3B_02_0=0000:3b:02.0\n"
	"  --root DIR            use DIR as /, but for FILE\n"
	"\n"
	"See oci-vfio-hook(8).\n";
/* clang-format on */

int command_cdi(const struct command_line *line, struct hook_run *run, struct error *err)
{
	struct cdi_options options = { .kind = line->kind,
				       .aliases = line->aliases,
				       .variables = line->variables };
	auto_buffer text = { 0 };
	int r = 0;

	if (line->by)
		r = cdi_names_parse(slice_from(line->by), &options.names, err);
	if (r == 0)
		r = hook_cdi(run, &options, line->output, &text, err);
	if (r < 0 || line->output)
		return r;
	return print_data(buffer_slice(&text), err);
}
