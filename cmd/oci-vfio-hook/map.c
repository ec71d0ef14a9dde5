/* SPDX-License-Identifier: Apache-2.0 */
/* map: makes device maps, and checks them. */
#include <unistd.h>

#include "command.h"

#include "oci-vfio-hook/host_map.h"
#include "oci-vfio-hook/map_writer.h"

/* clang-format off */
const char map_help[] =
	"usage: oci-vfio-hook map [OPTION...] [DEVICE...]\n"
	"\n"
	"Makes a device map (oci-vfio-device-map(5)), which says where the host's devices are in a\n"
	"virtual machine. It is printed, and changes nothing.\n"
	"\n"
	"On the host:\n"
	"  map --from qmp=SOCKET              of a QEMU, by its -qmp socket; it may not have started\n"
	"                                     yet (-S)\n"
	"  map --from libvirt=FILE            of what `virsh dumpxml DOMAIN` prints; -: on stdin\n"
	"  map --from cloud-hypervisor=SOCKET of a Cloud Hypervisor, by its --api-socket, or a file\n"
	"                                     with what its vm.info answers\n"
	"  map DEVICE...                      DEVICE is a PCI address, a mediated device's UUID or the\n"
	"                                     number of an IOMMU group; ADDRESS=GUEST says where it is\n"
	"                                     in the guest, else GUEST is to be filled in\n"
	"On the machine that runs the containers:\n"
	"  map --for BUNDLE                   what the bundle asks for, what is here for it, and the\n"
	"                                     lines that choose\n"
	"  map --self                         this machine's own devices, for its own bundles after the\n"
	"                                     next start\n"
	"  map                                a draft, in which the host's names are to be filled in\n"
	"  map --validate FILE                names each fault of a map\n"
	"\n"
	"Options:\n"
	"  --to FORM        what hands the map over: file (default: the map itself), or what the\n"
	"                   virtual machine is started with: fw_cfg, smbios, credential; options of\n"
	"                   QEMU, or what --from says: XML for libvirt, options of Cloud Hypervisor\n"
	"  --node KIND      group or handle: only entries for such nodes of the host (default: both\n"
	"                   where the host has both)\n"
	"  --timeout SECONDS  how long a virtual machine may take for an answer (default 3)\n"
	"  --root DIR       use DIR as / for sysfs\n"
	"  --help           print this text\n";
/* clang-format on */

static int parse_form(const struct command_line *line, enum map_form *ret,
		      struct error *err)
{
	if (!line->to || map_form_parse(slice_from(line->to), ret) == 0)
		return 0;
	return usage_error(err, line->to,
			   "--to must be file, fw_cfg, smbios or credential");
}

static int parse_nodes(const struct command_line *line, enum map_nodes *ret,
		       struct error *err)
{
	if (!line->node)
		return 0;
	if (text_equal(line->node, "group"))
		*ret = MAP_NODES_GROUP;
	else if (text_equal(line->node, "handle"))
		*ret = MAP_NODES_HANDLE;
	else
		return usage_error(err, line->node, "--node must be group or handle");
	return 0;
}

/* Each asks for another thing. */
static int check_line(const struct command_line *line, struct error *err)
{
	const int count = (line->n_arguments > 0) + (line->from != NULL) + line->self +
			  (line->for_bundle != NULL) + (line->validate != NULL);

	if (count > 1)
		return error_set(
			err, ERROR_USAGE,
			"map: give either devices, --from, --self, --for or --validate; see oci-vfio-hook map --help");
	if ((line->to || line->node) && !line->from && !line->self &&
	    line->n_arguments == 0)
		return error_set(
			err, ERROR_USAGE,
			"map: --to and --node are for devices, --from and --self; see oci-vfio-hook map --help");
	return 0;
}

/* The map of what was named, or of a virtual machine. */
static int write_map(const struct command_line *line, const struct survey *survey,
		     struct vm_devices *devices, enum vm_monitor monitor,
		     struct buffer *ret, struct error *err)
{
	struct map_wish wish = { .with_subsystem = line->self };
	enum map_form form = MAP_FORM_FILE;
	auto_buffer map = { 0 };
	bool complete = true;
	int r = parse_form(line, &form, err);

	if (r == 0)
		r = parse_nodes(line, &wish.nodes, err);
	if (r == 0 && line->n_arguments)
		r = host_map_read_arguments(survey, line->arguments, line->n_arguments,
					    devices, &complete, err);
	else if (r == 0 && line->self)
		map_list_own(survey, devices);
	if (r == 0 && !complete && form != MAP_FORM_FILE)
		return error_set(
			err, ERROR_USAGE,
			"map: --to %s needs to know where each device is in the guest: write ADDRESS=GUEST, or use --from",
			line->to);
	if (r == 0)
		r = map_write(survey, devices, &wish, &map, err);
	if (r == 0)
		r = map_form_write(form, monitor, buffer_slice(&map), ret, err);
	if (r == 0 && !complete)
		print_note(
			"fill in GUEST, where each is in the guest: its PCI path, such as 06/00; see oci-vfio-device-map(5)");
	return r;
}

static int make_map(const struct command_line *line, struct hook_run *run,
		    struct buffer *ret, struct error *err)
{
	auto_survey survey = { 0 };
	auto_vm_devices devices = { 0 };
	enum vm_monitor monitor = VM_MONITOR_QEMU;
	int r = 0;

	if (line->from)
		r = host_map_read_vm(line->from, run->settings.timeout, &devices,
				     &monitor, &run->messages, err);
	if (r == 0)
		r = hook_survey(run, 0, &survey, err);
	if (r < 0)
		return r;
	if (line->for_bundle)
		return host_map_choose(run, line->for_bundle, &survey, ret, err);
	if (line->from || line->self || line->n_arguments)
		return write_map(line, &survey, &devices, monitor, ret, err);
	if (map_write_draft(&survey, ret))
		print_note(
			"fill in, from the host: HOSTGROUP (ls /dev/vfio, or the path in the spec), and for each HOST the address there (lspci -D); \"host_dev\" (ls -l /dev/vfio/HOSTGROUP: \"243:5\") protects the device. The host writes all of it with: oci-vfio-hook map --from");
	else
		print_note(
			"VFIO has no device here; bind one: driverctl set-override ADDRESS vfio-pci");
	return 0;
}

int command_map(const struct command_line *line, struct hook_run *run, struct error *err)
{
	auto_buffer text = { 0 };
	int r = check_line(line, err);

	if (r == 0)
		r = line->validate ? host_map_check(run, line->validate, &text, err)
				   : make_map(line, run, &text, err);
	return r < 0 ? r : print_data(buffer_slice(&text), err);
}
