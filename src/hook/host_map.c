/* SPDX-License-Identifier: Apache-2.0 */
/* The story of the command map. */
#include "oci-vfio-hook/host_map.h"

#include <errno.h>

#include "oci-vfio-hook/device_map_check.h"
#include "oci-vfio-hook/map_choice.h"
#include "oci-vfio-hook/map_writer.h"
#include "oci-vfio-hook/number.h"
#include "oci-vfio-hook/vm_source.h"

static bool take_word(const char **text, const char *word)
{
	const size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0 || (*text)[length] == '\0')
		return false;
	*text += length;
	return true;
}

int host_map_read_vm(const char *from, uint64_t seconds, struct vm_devices *ret,
		     enum vm_monitor *ret_monitor, struct messages *messages,
		     struct error *err)
{
	auto_free char *quoted = text_quote(slice_from(from));
	int r;

	if (take_word(&from, "qmp=")) {
		*ret_monitor = VM_MONITOR_QEMU;
		r = vm_source_qmp(from, seconds, ret, err);
	} else if (take_word(&from, "libvirt=")) {
		*ret_monitor = VM_MONITOR_LIBVIRT;
		r = vm_source_libvirt(from, ret, messages, err);
	} else if (take_word(&from, "cloud-hypervisor=")) {
		*ret_monitor = VM_MONITOR_CLOUD_HYPERVISOR;
		r = vm_source_cloud_hypervisor(from, seconds, ret, err);
	} else {
		return error_set(
			err, ERROR_USAGE,
			"--from: must be qmp=SOCKET, libvirt=FILE, libvirt=- or cloud-hypervisor=SOCKET, not %s",
			quoted);
	}
	if (r == 0 && ret->count == 0)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"--from: %s: this virtual machine has no device of this machine, so there is nothing to map",
			quoted);
	return r;
}

static int bad_argument(const char *argument, const char *why, struct error *err)
{
	auto_free char *quoted = text_quote(slice_from(argument));

	return error_set(err, ERROR_USAGE, "%s: %s", quoted, why);
}

/* All that VFIO has of a group. */
static int add_group(const struct survey *survey, const char *argument, uint32_t number,
		     struct vm_devices *ret, struct error *err)
{
	const struct survey_group *group = survey_find_group(survey, number);
	const size_t before = ret->count;

	for (size_t i = 0; group && i < group->count; i++) {
		const struct survey_device *device =
			&survey_member(survey, group, i)->device;

		if (device->vfio)
			vm_devices_add(ret, &device->name, xstrdup(MAP_DRAFT_GUEST));
	}
	for (size_t i = 0; group && i < survey->n_mdevs; i++) {
		const struct survey_device *device = &survey->mdevs[i].device;

		if (device->vfio && device->has_group && device->group == number)
			vm_devices_add(ret, &device->name, xstrdup(MAP_DRAFT_GUEST));
	}
	if (ret->count > before)
		return 0;
	return error_set(
		err, ERROR_UNAVAILABLE, "%s: %s", argument,
		!group ? "this machine has no IOMMU group of this number; oci-vfio-hook list shows those that it has"
		       : "VFIO has no function of this group; bind them: driverctl set-override ADDRESS vfio-pci");
}

static int check_guest(const char *argument, const char *guest, struct error *err)
{
	struct pci_locator locator;
	auto_error why = { 0 };

	if (pci_locator_parse(slice_from(guest), &locator, &why) == 0 ||
	    text_equal(guest, "self"))
		return 0;
	return bad_argument(argument, why.message, err);
}

int host_map_read_arguments(const struct survey *survey, char *const *arguments,
			    int n_arguments, struct vm_devices *ret, bool *ret_complete,
			    struct error *err)
{
	*ret_complete = true;
	for (int i = 0; i < n_arguments; i++) {
		const char *argument = arguments[i], *equals = strchr(argument, '=');
		const struct slice name = {
			argument,
			equals ? (size_t)(equals - argument) : strlen(argument),
		};
		struct device_name host;
		uint64_t number;
		int r = 0;

		*ret_complete &= equals != NULL;
		if (device_name_parse(name, &host) == 0) {
			if (equals)
				r = check_guest(argument, equals + 1, err);
			vm_devices_add(ret, &host,
				       xstrdup(equals ? equals + 1 : MAP_DRAFT_GUEST));
		} else if (!equals &&
			   number_parse(name, 10, 10, UINT32_MAX, &number) == 0) {
			r = add_group(survey, argument, (uint32_t)number, ret, err);
		} else {
			r = bad_argument(
				argument,
				"must be a PCI address (0000:3b:02.0), a mediated device's UUID, either with =GUEST, or a group's number",
				err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int host_map_choose(struct hook_run *run, const char *bundle, const struct survey *survey,
		    struct buffer *ret, struct error *err)
{
	int r = bundle_open(bundle, "config.json", &run->bundle, err);

	if (r == 0)
		r = spec_parse(run->bundle.name,
			       (struct slice) { run->bundle.text, run->bundle.length },
			       &run->settings.prefixes, &run->spec, err);
	if (r < 0)
		return r;
	environment_parse(&run->spec, &run->environment);
	map_choice_write(&run->spec, &run->environment, survey, ret);
	return 0;
}

int host_map_check(struct hook_run *run, const char *path, struct buffer *ret,
		   struct error *err)
{
	auto_free char *name = NULL, *text = NULL;
	size_t length, count, n_faults;
	int r = file_read_input(path, true, SPEC_SIZE_MAX, &name, &text, &length, err);

	if (r < 0)
		return r;
	count = device_map_check(name, (struct slice) { text, length }, &run->messages,
				 &n_faults);
	if (n_faults)
		return error_set(err, ERROR_DATA, "%s: %zu fault%s", name, n_faults,
				 n_faults == 1 ? "" : "s");
	buffer_printf(ret, "%s: good, %zu entr%s\n", name, count,
		      count == 1 ? "y" : "ies");
	return 0;
}
