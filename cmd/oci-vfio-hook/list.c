/* SPDX-License-Identifier: Apache-2.0 */
/* list: prints the devices of this machine. */
#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>

#include "command.h"

#include "oci-vfio-hook/list.h"

/* clang-format off */
const char list_help[] =
	"usage: oci-vfio-hook [OPTION...] list [DEVICE...]\n"
	"\n"
	"Prints the devices of this machine that VFIO has: their IOMMU groups, drivers, nodes and\n"
	"PCI paths, what a device map calls them, and which containers have them open.\n"
	"\n"
	"DEVICE is a PCI address (0000:01:00.0, 01:00.0), a PCI path (06/00), a selector as in\n"
	"device maps (slot:9, id:8086:154c), the UUID of a mediated device, or a whole IOMMU group\n"
	"(group:3).\n"
	"\n"
	"Options:\n"
	"  --all                 devices without VFIO, too\n"
	"  --groups              all IOMMU groups, with all that is known of their functions\n"
	"  --tree                all buses, bridges and functions as a tree\n"
	"  --json                the same as JSON\n"
	"  --dot                 the same as a graph for Graphviz\n"
	"  --vfio                of these, only devices that a VFIO driver has\n"
	"  --driver NAME         only devices that this driver has\n"
	"  --root DIR            use DIR as / for sysfs, /proc and the maps\n"
	"\n"
	"See oci-vfio-hook(8).\n";
/* clang-format on */

/* Two forms at once are none. */
static int find_form(const struct command_line *line, enum list_form *ret,
		     struct error *err)
{
	const struct {
		bool given;
		enum list_form form;
	} forms[] = {
		{ line->groups, LIST_GROUPS },
		{ line->tree, LIST_TREE },
		{ line->json, LIST_JSON },
		{ line->dot, LIST_DOT },
	};
	size_t count = 0;

	*ret = LIST_TABLE;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!forms[i].given)
			continue;
		*ret = forms[i].form;
		count++;
	}
	if (count > 1)
		return error_set(
			err, ERROR_USAGE,
			"list: of --groups, --tree, --json and --dot only one can be given");
	return 0;
}

static struct list_style find_style(void)
{
	struct list_style style = { 0 };
	struct winsize size = { 0 };

	if (!isatty(STDOUT_FILENO))
		return style;
	style.colour = stdout_has_colours();
	style.columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
				? size.ws_col
				: 80;
	if (setlocale(LC_CTYPE, ""))
		style.utf8 = text_equal(nl_langinfo(CODESET), "UTF-8");
	return style;
}

static int check_machine(const struct hook_run *run, const struct survey *survey,
			 struct error *err)
{
	auto_free char *path = NULL;

	if (survey->has_pci || survey->n_mdevs > 0)
		return 0;
	path = sysroot_display(&run->sysroot, "/sys/bus/pci/devices");
	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s: isn't there: this machine has no PCI bus, or sysfs isn't mounted",
		path);
}

int command_list(const struct command_line *line, struct hook_run *run, struct error *err)
{
	struct list_query query = {
		.all = line->all,
		.vfio = line->vfio,
		.driver = line->driver,
		.arguments = line->arguments,
		.n_arguments = (size_t)line->n_arguments,
	};
	const struct list_style style = find_style();
	auto_list_selection selection = { 0 };
	auto_survey survey = { 0 };
	auto_buffer text = { 0 };
	int r = find_form(line, &query.form, err);

	if (r == 0)
		r = hook_survey(run, list_wants(&query), &survey, err);
	if (r == 0)
		r = check_machine(run, &survey, err);
	if (r == 0)
		r = list_select(&survey, &query, &selection, err);
	if (r < 0)
		return r;
	hook_survey_maps(run, &line->hook, &survey);
	list_print(&survey, &run->map, &query, &selection, &style, &text);
	return print_result(line, buffer_slice(&text), err);
}
