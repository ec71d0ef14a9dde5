/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in what Cloud Hypervisor says of a VM, and the head of its answer. */
#include "helpers.h"

#include "oci-vfio-hook/http_answer.h"
#include "oci-vfio-hook/vm_info.h"

#define HOST "\"path\":\"/sys/bus/pci/devices/0000:3b:02.0\""
#define DEVICES(list) "{\"config\":{\"devices\":[" list "]}"

static void test_devices(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ DEVICES("{" HOST
			  ",\"id\":\"a\"}") ",\"device_tree\":{\"b\":{},\"a\":{\"pci_bdf\":\"0000:00:05.0\"}}}",
		  "0000:3b:02.0=05 " },
		{ DEVICES("{" HOST
			  ",\"id\":\"\\u0061\"}") ",\"device_tree\":{\"a\":{\"pci_bdf\":\"0001:00:1f.0\"}}}",
		  "0000:3b:02.0=0001:00/1f " },
		{ DEVICES("") "}", "" },
		{ "{\"config\":{\"devices\":null},\"device_tree\":null}", "" },
		{ "{\"config\":{}}", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_vm_devices devices = { 0 };
		auto_error err = { 0 };
		auto_buffer text = { 0 };
		int r = vm_info_find_devices("vm.info", slice_from(rows[i].text),
					     &devices, &err);

		check_done(rows[i].text, r, &err);
		for (size_t k = 0; k < devices.count; k++) {
			char name[DEVICE_NAME_SIZE];

			buffer_printf(&text, "%s=%s ",
				      device_name_format(&devices.items[k].host, name),
				      devices.items[k].guest);
		}
		check_text(rows[i].text, buffer_slice(&text), rows[i].expected);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		enum error_class class;
		const char *part;
	} rows[] = {
		{ DEVICES("{" HOST ",\"id\":\"a\"}") ",\"device_tree\":null}",
		  ERROR_UNAVAILABLE,
		  "vm.info: config.devices[0]: the device \"a\" has no place: Cloud Hypervisor gives its devices places when it boots the VM" },
		{ DEVICES("{" HOST "}") ",\"device_tree\":{\"a\":{}}}", ERROR_UNAVAILABLE,
		  "the device \"\" has no place" },
		{ DEVICES("{" HOST
			  ",\"id\":\"a\"}") ",\"device_tree\":{\"a\":{\"pci_bdf\":null}}}",
		  ERROR_UNAVAILABLE, "has no place" },
		{ DEVICES("{" HOST ",\"id\":\"a\"}") ",\"device_tree\":{\"a\":7}}",
		  ERROR_UNAVAILABLE, "has no place" },
		{ DEVICES("{" HOST
			  ",\"id\":\"a\"}") ",\"device_tree\":{\"a\":{\"pci_bdf\":\"5\"}}}",
		  ERROR_DATA, "\"pci_bdf\" is not a PCI address" },
		{ DEVICES("{\"path\":\"/dev/vfio/45\"}") "}", ERROR_DATA,
		  "\"path\" does not end in the PCI address or UUID of a device of this machine" },
		{ DEVICES("7") "}", ERROR_DATA, "config.devices[0]" },
		{ "{\"config\":{\"devices\":{}}}", ERROR_DATA, "config.devices" },
		{ DEVICES("") ",\"device_tree\":[]}", ERROR_DATA, "device_tree" },
		{ DEVICES("{" HOST
			  ",\"id\":\"a\"}") ",\"device_tree\":{\"a\":{\"pci_bdf\":\"0000:0",
		  ERROR_DATA, "line 1" },
		{ "{\"state\":\"Running\"}", ERROR_DATA,
		  "has no \"config\", so it is not what Cloud Hypervisor's vm.info answers" },
		{ "[]", ERROR_DATA, "has no \"config\"" },
		{ "", ERROR_DATA, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_vm_devices devices = { 0 };
		auto_error err = { 0 };
		int r = vm_info_find_devices("vm.info", slice_from(rows[i].text),
					     &devices, &err);

		check_error(rows[i].text, r, &err, rows[i].class, rows[i].part);
		assert_int_equal(devices.count, 0);
	}
}

static void test_http(void **state)
{
	static const struct {
		const char *text;
		unsigned int status; /* 0: not all of the head is there */
		size_t body;
		int length; /* -1: not said */
	} rows[] = {
		{ "HTTP/1.1 200 \r\nServer: Cloud Hypervisor API\r\nContent-Length: 12\r\n\r\n{}",
		  200, 67, 12 },
		{ "HTTP/1.0 404 Not Found\ncontent-length:0\n\n", 404, 41, 0 },
		{ "HTTP/1.1 500 x\r\n\r\nrest", 500, 18, -1 },
		{ "HTTP/1.1 200 \r\nContent-Length: 12\r\n", 0, 0, -1 },
		{ "HTTP/1.1 20", 0, 0, -1 },
		{ "HT", 0, 0, -1 },
		{ "", 0, 0, -1 },
	};
	static const char *const refused[] = {
		"{\"QMP\": {}}\r\n",
		"HTTP/2 200\r\n\r\n",
		"HTTP/1.1 abc\r\n\r\n",
		"HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 \r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 \r\nContent-Length: 99999999999\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		struct http_answer answer;
		int r = http_answer_parse("SOCKET", slice_from(rows[i].text), &answer,
					  &err);

		check_done(rows[i].text, r, &err);
		assert_int_equal(answer.has_head, rows[i].status != 0);
		assert_int_equal(answer.status, rows[i].status);
		assert_int_equal(answer.body, rows[i].body);
		assert_int_equal(answer.has_length, rows[i].length >= 0);
		assert_int_equal(answer.length, rows[i].length > 0 ? rows[i].length : 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		auto_error err = { 0 };
		struct http_answer answer;
		int r = http_answer_parse("SOCKET", slice_from(refused[i]), &answer,
					  &err);

		check_error(refused[i], r, &err, ERROR_DATA,
			    "SOCKET: does not speak HTTP: it says");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_http),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
