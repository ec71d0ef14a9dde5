/* SPDX-License-Identifier: Apache-2.0 */
/* What hands a device map over: words, letters that must be written otherwise, limits. */
#include "helpers.h"

#include "oci-vfio-hook/map_form.h"

static void test_write(void **state)
{
	static const struct {
		enum map_form form;
		enum vm_monitor monitor;
		const char *map, *expected;
	} rows[] = {
		{ MAP_FORM_FILE, VM_MONITOR_QEMU, "[\n]\n", "[\n]\n" },
		{ MAP_FORM_FW_CFG, VM_MONITOR_QEMU, "[ 1, \"a , \\\" b\"\n]\n",
		  "-fw_cfg 'name=opt/io.github.oci-vfio-hook/devices,string=[1,,\"a ,, \\\" b\"]'\n" },
		{ MAP_FORM_FW_CFG, VM_MONITOR_LIBVIRT, "[\"<a> &\"]",
		  "<sysinfo type='fwcfg'>\n  <entry name='opt/io.github.oci-vfio-hook/devices'>[\"&lt;a&gt; &amp;\"]</entry>\n</sysinfo>\n" },
		{ MAP_FORM_SMBIOS, VM_MONITOR_QEMU, "[ 1 ]",
		  "-smbios type=11,value=io.systemd.credential.binary:oci-vfio-hook.devices=WzFd\n" },
		{ MAP_FORM_SMBIOS, VM_MONITOR_CLOUD_HYPERVISOR, "[]",
		  "--platform 'oem_strings=[io.systemd.credential.binary:oci-vfio-hook.devices=W10=]'\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer text = { 0 };
		auto_error err = { 0 };
		int r = map_form_write(rows[i].form, rows[i].monitor,
				       slice_from(rows[i].map), &text, &err);

		check_done(rows[i].expected, r, &err);
		check_text(rows[i].map, buffer_slice(&text), rows[i].expected);
	}
}

static void test_too_long(void **state)
{
	auto_buffer map = { 0 }, text = { 0 };
	auto_error err = { 0 };
	int r;

	(void)state;
	buffer_printf(&map, "[\"%0*d\"]", 130000, 0);
	r = map_form_write(MAP_FORM_FW_CFG, VM_MONITOR_QEMU, buffer_slice(&map), &text,
			   &err);
	check_error("130000", r, &err, ERROR_DATA,
		    "the map is too long for an option: 1300");
	assert_int_equal(text.length, 0);
	r = map_form_write(MAP_FORM_FILE, VM_MONITOR_QEMU, buffer_slice(&map), &text,
			   &err);
	assert_int_equal(r, 0);
}

static void test_words(void **state)
{
	enum map_form form;

	(void)state;
	assert_int_equal(map_form_parse(SLICE("credential"), &form), 0);
	assert_int_equal(form, MAP_FORM_CREDENTIAL);
	assert_true(map_form_parse(SLICE("File"), &form) < 0);
	assert_true(map_form_parse(SLICE(""), &form) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
