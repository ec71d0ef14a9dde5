/* SPDX-License-Identifier: Apache-2.0 */
/* How a device map is handed to a virtual machine. */
#include "oci-vfio-hook/map_form.h"

#include <errno.h>

#include "oci-vfio-hook/base64.h"
#include "oci-vfio-hook/map_writer.h"
#include "oci-vfio-hook/smbios.h"

#define FW_CFG_ITEM "opt/io.github.oci-vfio-hook/devices"
/* systemd.exec(5), "credentials": what it takes from QEMU's fw_cfg */
#define FW_CFG_CREDENTIAL "opt/io.systemd.credentials/oci-vfio-hook.devices"

/* One argument of a program is at most 128 KiB (MAX_ARG_STRLEN), the option around it included. */
#define ARGUMENT_MAX ((size_t)127 << 10)

static const char *const names[] = {
	[MAP_FORM_FILE] = "file",
	[MAP_FORM_FW_CFG] = "fw_cfg",
	[MAP_FORM_SMBIOS] = "smbios",
	[MAP_FORM_CREDENTIAL] = "credential",
};

int map_form_parse(struct slice text, enum map_form *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (slice_equal(text, slice_from(names[i]))) {
			*ret = (enum map_form)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* For an option of QEMU's, in which a comma is doubled. A map has no single quote. */
static void add_qemu(struct buffer *ret, const char *item, struct slice map)
{
	buffer_printf(ret, "-fw_cfg 'name=%s,string=", item);
	for (size_t i = 0; i < map.length; i++)
		buffer_add(ret, map.data[i] == ',' ? SLICE(",,")
						   : slice_from_to(map, i, i + 1));
	buffer_add(ret, SLICE("'\n"));
}

static void add_xml_text(struct buffer *ret, struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		const char c = text.data[i];

		buffer_add(ret, c == '&'   ? SLICE("&amp;")
				: c == '<' ? SLICE("&lt;")
				: c == '>' ? SLICE("&gt;")
					   : slice_from_to(text, i, i + 1));
	}
}

static void add_libvirt_fw_cfg(struct buffer *ret, const char *item, struct slice map)
{
	buffer_printf(ret, "<sysinfo type='fwcfg'>\n  <entry name='%s'>", item);
	add_xml_text(ret, map);
	buffer_add(ret, SLICE("</entry>\n</sysinfo>\n"));
}

static void add_smbios(struct buffer *ret, enum vm_monitor monitor, struct slice map)
{
	auto_free char *encoded = base64_encode(map);

	switch (monitor) {
	case VM_MONITOR_QEMU:
		buffer_printf(ret, "-smbios type=11,value=" SMBIOS_MAP_BINARY "=%s\n",
			      encoded);
		break;
	case VM_MONITOR_LIBVIRT:
		buffer_printf(
			ret,
			"<os>\n  <smbios mode='sysinfo'/>\n</os>\n<sysinfo type='smbios'>\n  <oemStrings>\n    <entry>" SMBIOS_MAP_BINARY
			"=%s</entry>\n  </oemStrings>\n</sysinfo>\n",
			encoded);
		break;
	case VM_MONITOR_CLOUD_HYPERVISOR:
		buffer_printf(ret,
			      "--platform 'oem_strings=[" SMBIOS_MAP_BINARY "=%s]'\n",
			      encoded);
		break;
	}
}

static int add_fw_cfg(struct buffer *ret, enum vm_monitor monitor, const char *item,
		      struct slice map, struct error *err)
{
	switch (monitor) {
	case VM_MONITOR_QEMU:
		add_qemu(ret, item, map);
		return 0;
	case VM_MONITOR_LIBVIRT:
		add_libvirt_fw_cfg(ret, item, map);
		return 0;
	case VM_MONITOR_CLOUD_HYPERVISOR:
		break;
	}
	return error_set(
		err, ERROR_USAGE,
		"--to: Cloud Hypervisor has no fw_cfg in most versions; use --to smbios");
}

int map_form_write(enum map_form form, enum vm_monitor monitor, struct slice map,
		   struct buffer *ret, struct error *err)
{
	auto_buffer compact = { 0 }, text = { 0 };
	int r = 0;

	if (form == MAP_FORM_FILE) {
		buffer_add(ret, map);
		return 0;
	}
	map_add_compact(map, &compact);
	/* Cloud Hypervisor's guest gets one by SMBIOS, too. */
	if (form == MAP_FORM_SMBIOS ||
	    (form == MAP_FORM_CREDENTIAL && monitor == VM_MONITOR_CLOUD_HYPERVISOR))
		add_smbios(&text, monitor, buffer_slice(&compact));
	else
		r = add_fw_cfg(&text, monitor,
			       form == MAP_FORM_FW_CFG ? FW_CFG_ITEM : FW_CFG_CREDENTIAL,
			       buffer_slice(&compact), err);
	if (r == 0 && text.length > ARGUMENT_MAX)
		r = error_set(
			err, ERROR_DATA,
			"the map is too long for an option: %zu bytes; use --to file, and give QEMU -fw_cfg name=" FW_CFG_ITEM
			",file=FILE",
			text.length);
	if (r == 0)
		buffer_add(ret, buffer_slice(&text));
	return r;
}
