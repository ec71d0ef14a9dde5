/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: every spelling that is taken, every refusal with its place, contradictions
 * and precedence. */
#include "helpers.h"

#include "oci-vfio-hook/device_map.h"

/* "TYPE CONTAINER_PATH>FINAL_PATH@VM_PATH HOST=GUEST,... ATTRIBUTE:VALUE ..." for each
 * entry, joined by "; ". */
static void dump_map(const struct device_map *map, struct buffer *ret)
{
	buffer_add(ret, SLICE(""));
	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];

		buffer_printf(ret, "%s%s %s", i ? "; " : "", entry->type_name,
			      entry->container_path);
		if (entry->final_path)
			buffer_printf(ret, ">%s", entry->final_path);
		if (entry->vm_path)
			buffer_printf(ret, "@%s", entry->vm_path);
		for (size_t k = 0; k < entry->n_functions; k++) {
			char host[DEVICE_NAME_SIZE];

			device_name_format(&entry->functions[k].host, host);
			buffer_printf(ret, "%s%s=%s", k ? "," : " ", host,
				      entry->functions[k].guest_text);
		}
		for (unsigned int k = 0; k < PCI_IDENTITY_COUNT; k++) {
			if (entry->expected[k])
				buffer_printf(ret, " %s:%x", pci_identity_names[k],
					      entry->expect[k]);
		}
	}
}

#define OPTIONS "\"options\":[\"0000:3b:02.0=06/00\"]"
#define ENTRY "\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\"," OPTIONS
#define DUMP "vfio-pci /dev/vfio/45 0000:3b:02.0=06/00"

static void test_accepted(void **state)
{
	static const struct {
		const char *text, *dump;
	} rows[] = {
		{ "[]", "" },
		{ "[{" ENTRY "}]", DUMP },
		{ "{\"devices\":[{" ENTRY "}]}", DUMP },
		{ "{\"devices\":[]}", "" },
		{ "{\"devices\":null}", "" },
		{ "{\"container_id\":\"c\",\"exec_id\":\"c\",\"devices\":[{" ENTRY
		  "}],\"storages\":[],\"OCI\":{\"Version\":\"1\"},\"sandbox_pidns\":false}",
		  DUMP },
		{ "{\"containerId\":\"c\",\"execId\":\"c\"}", "" },
		{ "{\"container_id\":\"c\"}", "" },
		{ "{\"container_id\":\"c\",\"devices\":null}", "" },
		{ "[{\"id\":\"45\",\"vm_path\":\"\",\"shared\":true,\"x\":{\"y\":[1]}," ENTRY
		  "}]",
		  DUMP },
		{ "[{\"id\":null,\"final_path\":null,\"expect\":null,\"vmPath\":null,\"type_\":null,\"containerPath\":null," ENTRY
		  "}]",
		  DUMP },
		{ "[{\"type_\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\"," OPTIONS
		  "}]",
		  DUMP },
		{ "[{\"field_type\":\"vfio-pci\",\"containerPath\":\"/dev/vfio/45\"," OPTIONS
		  "}]",
		  DUMP },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"//dev/./vfio/x/../45/\"," OPTIONS
		  "}]",
		  DUMP },
		{ "[{" ENTRY ",\"final_path\":\"/dev//vfio/7\"}]",
		  "vfio-pci /dev/vfio/45>/dev/vfio/7 0000:3b:02.0=06/00" },
		{ "[{\"type\":\"vfio-pci-gk\",\"container_path\":\"/dev/vfio/45\"," OPTIONS
		  "}]",
		  "vfio-pci-gk /dev/vfio/45 0000:3b:02.0=06/00" },
		/* Kata sends such entries for GPUs that the guest's kernel drives. */
		{ "[{\"type\":\"vfio-pci-gk\",\"container_path\":\"/dev/vfio/45\",\"options\":[]}]",
		  "vfio-pci-gk /dev/vfio/45" },
		{ "[{\"type\":\"vfio-pci-gk\",\"container_path\":\"/dev/vfio/45\"}]",
		  "vfio-pci-gk /dev/vfio/45" },
		{ "[{\"type\":\"vfio-pci-gk\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"0000:3b:02.0=\"]}]",
		  "vfio-pci-gk /dev/vfio/45" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/b/\"}]",
		  "node /dev/a@/dev/b" },
		/* So is Kata's "blk" that says which node it is. */
		{ "[{\"type\":\"blk\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/b\"}]",
		  "blk /dev/a@/dev/b" },
		{ "[{\"type_\":\"blk\",\"containerPath\":\"/dev/a\",\"vmPath\":\"/dev/b\"}]",
		  "blk /dev/a@/dev/b" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vmPath\":\"dev/b\",\"final_path\":\"/dev/c\",\"options\":[\"ignored\"]}]",
		  "node /dev/a>/dev/c@/dev/b" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\",\"options\":[\"0000:3b:02.0=06/00\",\"10000:3b:02.1=0000:01:00.1\",\"0000:3B:02.2=20/00/00\"]}]",
		  "vfio-pci /dev/vfio/1 0000:3b:02.0=06/00,10000:3b:02.1=0000:01:00.1,0000:3b:02.2=20/00/00" },
		{ "[{" ENTRY ",\"expect\":{}}]", DUMP },
		{ "[{" ENTRY
		  ",\"expect\":{\"vendor\":\"8086\",\"device\":\"0x154C\",\"subsystem_vendor\":\"0X1\",\"subsystem_device\":\"ffff\",\"class\":\"020000\"}}]",
		  DUMP
		  " vendor:8086 device:154c subsystem_vendor:1 subsystem_device:ffff class:20000" },
		{ "[{" ENTRY ",\"expect\":{\"vendor\":null}}]", DUMP },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"\\/dev\\/vfio\\/\\u0034\\u0035\",\"options\":[\"\\u0030000:3b:02.0=06\\/00\"]}]",
		  DUMP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_device_map map = { 0 };
		auto_messages messages = { 0 };
		auto_buffer dump = { 0 };
		auto_error err = { 0 };

		check_done(rows[i].text,
			   device_map_add(&map, MAP_SOURCE_OPTION, "m",
					  slice_from(rows[i].text), &messages, &err),
			   &err);
		check_done(rows[i].text, device_map_close_source(&map, &messages, &err),
			   &err);
		dump_map(&map, &dump);
		check_text(rows[i].text, buffer_slice(&dump), rows[i].dump);
		assert_true(map.exists);
	}
}

/* How far --bind may go. */
static void test_binding(void **state)
{
	static const struct {
		const char *text;
		bool force, bind_group;
	} rows[] = {
		{ "[{" ENTRY "}]", false, false },
		{ "[{" ENTRY ",\"force\":true,\"bind_group\":false}]", true, false },
		{ "[{" ENTRY ",\"force\":null,\"bind_group\":true}]", false, true },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/b\",\"force\":false}]",
		  false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_device_map map = { 0 };
		auto_messages messages = { 0 };
		auto_error err = { 0 };

		check_done(rows[i].text,
			   device_map_add(&map, MAP_SOURCE_OPTION, "m",
					  slice_from(rows[i].text), &messages, &err),
			   &err);
		if (map.entries[0].force != rows[i].force ||
		    map.entries[0].bind_group != rows[i].bind_group)
			fail_row(rows[i].text, "force %d, bind_group %d",
				 map.entries[0].force, map.entries[0].bind_group);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "", "m: " },
		{ "{", "m: line 1" },
		{ "[{" ENTRY ",\"force\":1}]", "m: [0].force: must be true or false" },
		{ "[{" ENTRY ",\"bind_group\":\"yes\"}]",
		  "m: [0].bind_group: must be true or false" },
		{ "[{" ENTRY ",\"bindGroup\":true}]", "must be spelled \"bind_group\"" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/b\",\"force\":true}]",
		  "m: [0].force: only a vfio-pci entry's functions are bound; remove the field" },
		{ "[{\"type\":\"vfio-pci-gk\",\"container_path\":\"/dev/a\",\"bind_group\":true}]",
		  "m: [0].bind_group: only a vfio-pci entry's functions are bound" },
		{ "null", "m: must be an array of devices" },
		{ "\"x\"", "m: must be an array of devices" },
		{ "{}", "m: has no \"devices\"" },
		{ "{\"device\":[]}", "m: has no \"devices\"" },
		{ "{\"Devices\":[]}", "must be spelled \"devices\"" },
		{ "{\"devices\":{}}", "m: devices: must be an array" },
		{ "{\"devices\":[7]}", "m: devices[0]: must be an object" },
		{ "[{" ENTRY "},null]", "m: [1]: must be an object" },
		{ "[[]]", "m: [0]: must be an object" },
		{ "[{}]", "m: [0]: has no \"type\"; add vfio-pci, vfio-pci-gk or node" },
		{ "[{\"type\":\"\"}]", "m: [0].type: unsupported device type \"\"" },
		{ "[{\"type\":7}]", "m: [0].type: must be a string" },
		{ "[{\"type\":\"VFIO-PCI\"}]", "unsupported device type \"VFIO-PCI\"" },
		{ "[{\"type\":\"blk\",\"container_path\":\"/dev/vda\"}]",
		  "m: [0].type: unsupported device type \"blk\"" },
		{ "[{\"type\":\"vfio-ap\",\"container_path\":\"/dev/vda\"}]",
		  "unsupported device type \"vfio-ap\"" },
		{ "[{\"type\":\"node\",\"type_\":\"node\"}]",
		  "m: [0].type_: the field is given in two spellings" },
		{ "[{\"field_type\":\"node\",\"type_\":\"node\"}]", "in two spellings" },
		{ "[{\"type\":\"vfio-pci\"}]",
		  "m: [0]: has no \"container_path\"; add the path in the spec, such as /dev/vfio/45" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":null}]",
		  "has no \"container_path\"" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":7}]",
		  "m: [0].container_path: must be a string" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"\"}]",
		  "m: [0].container_path: must be the path of a file" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/..\"}]",
		  "must be the path of a file" },
		{ "[{\"type\":\"vfio-pci\",\"containerPath\":\"/a\",\"container_path\":\"/a\"}]",
		  "m: [0].containerPath: the field is given in two spellings" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev//vfio/vfio\"," OPTIONS
		  "}]",
		  "m: [0]: /dev/vfio/vfio is the control node, which is never mapped; remove the entry" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/vfio/vfio\",\"vm_path\":\"/dev/a\"}]",
		  "is the control node" },
		{ "[{" ENTRY ",\"final_path\":\"/dev/vfio/vfio\"}]",
		  "\"final_path\" is the control node" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/vfio/\",\"vm_path\":\"/dev/a\"}]",
		  "m: [0]: /dev/vfio is a directory; name the node in it, such as /dev/vfio/45" },
		{ "[{" ENTRY ",\"final_path\":\"/dev/vfio/devices\"}]",
		  "m: [0]: /dev/vfio/devices is a directory" },
		{ "[{" ENTRY ",\"final_path\":7}]",
		  "m: [0].final_path: must be a string" },
		{ "[{" ENTRY ",\"final_path\":\"/\"}]",
		  "m: [0].final_path: must be the path of a file" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\"}]",
		  "m: [0]: a node entry needs \"vm_path\"" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"\"}]",
		  "m: [0].vm_path: must be the path of a file" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/x\",\"vmPath\":\"/x\"}]",
		  "m: [0].vmPath: the field is given in two spellings" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/vfio/./3\"}]",
		  "/dev/vfio/3 is a VFIO node: use the type vfio-pci with options, which finds and checks its function" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/vfio/noiommu-3\"}]",
		  "is a VFIO node" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/vfio/devices/vfio3\"}]",
		  "is a VFIO node" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/vfio/vfio\"}]",
		  "is a VFIO node" },
		{ "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/b\",\"expect\":{\"vendor\":\"1\"}}]",
		  "m: [0].expect: a node has no PCI identity; remove the field" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\"}]",
		  "m: [0]: a vfio-pci entry needs at least one option HOST=GUEST" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\",\"options\":[\"0000:3b:02.0=\"]}]",
		  "m: [0].options: a vfio-pci entry needs at least one option" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\",\"options\":\"0000:3b:02.0=06\"}]",
		  "m: [0].options: must be an array" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\",\"options\":[7]}]",
		  "m: [0].options[0]: must be a string" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\",\"options\":[\"0000:3b:02.0=06\",\"0000:3b:02.1\"]}]",
		  "m: [0].options[1]: must be HOST=GUEST, not \"0000:3b:02.1\"" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\",\"options\":[\"3b:02.0=06\"]}]",
		  "m: [0].options[0]: the part before = must be a PCI address" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\",\"options\":[\"=06\"]}]",
		  "m: [0].options[0]: the part before =" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\",\"options\":[\"0000:3b:02.0=20/00\"]}]",
		  "m: [0].options[0]: \"20/00\" is neither a PCI path (06/00, 20/00/00, 0000:20/00) nor a PCI address (0000:01:00.0): " },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\",\"options\":[\"0000:3b:02.0=06=00\"]}]",
		  "m: [0].options[0]: \"06=00\" is neither a PCI path" },
		{ "[{" ENTRY ",\"expect\":[]}]", "m: [0].expect: must be an object" },
		{ "[{" ENTRY ",\"expect\":{\"vendor\":8086}}]",
		  "m: [0].expect.vendor: must be a string" },
		{ "[{" ENTRY ",\"expect\":{\"vendor\":\"\"}}]",
		  "m: [0].expect.vendor: must be at most 4 hex digits, with or without 0x, not \"\"" },
		{ "[{" ENTRY ",\"expect\":{\"vendor\":\"0x\"}}]",
		  "at most 4 hex digits" },
		{ "[{" ENTRY ",\"expect\":{\"vendor\":\"18086\"}}]",
		  "at most 4 hex digits" },
		{ "[{" ENTRY ",\"expect\":{\"device\":\"0x0x1\"}}]",
		  "at most 4 hex digits" },
		{ "[{" ENTRY ",\"expect\":{\"class\":\"1020000\"}}]",
		  "expect.class: must be at most 6 hex digits" },
		{ "[{" ENTRY ",\"expect\":{\"serial\":\"1\"}}]",
		  "unknown key \"serial\"" },
		{ "[{" ENTRY ",\"expect\":{\"Vendor\":\"1\"}}]",
		  "must be spelled \"vendor\"" },
		{ "[{" ENTRY ",\"id\":45}]", "m: [0].id: must be a string" },
		{ "[{" ENTRY ",\"x\":1,\"x\":2}]", "[0]: duplicate key \"x\"" },
		{ "[{" ENTRY ",\"Container_Path\":\"/\"}]",
		  "must be spelled \"container_path\"" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/1\\u0000\"}]",
		  "m: [0].container_path: has a NUL" },
		{ "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/\\ud800\"}]",
		  "m: [0].container_path: has half a surrogate" },
		{ "{\"devices\":[{" ENTRY "},{\"type\":\"node\"}]}",
		  "m: devices[1]: has no \"container_path\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_device_map map = { 0 };
		auto_messages messages = { 0 };
		auto_error err = { 0 };

		check_error(rows[i].text,
			    device_map_add(&map, MAP_SOURCE_OPTION, "m",
					   slice_from(rows[i].text), &messages, &err),
			    &err, ERROR_DATA, rows[i].part);
	}
}

static void test_unsupported(void **state)
{
	static const char *const types[] = { "blk",    "blk-ccw", "mmioblk",	  "scsi",
					     "nvdimm", "vfio-ap", "vfio-ap-cold", "x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		auto_free char *text = xasprintf(
			"[{\"type\":\"%s\",\"container_path\":\"/dev/x\"}]", types[i]);
		auto_device_map map = { 0 };
		auto_messages messages = { 0 };
		auto_error err = { 0 };

		/* In a machine's map it counts only when a spec names it. */
		check_done(text,
			   device_map_add(&map, MAP_SOURCE_DIRECTORY, "m",
					  slice_from(text), &messages, &err),
			   &err);
		assert_int_equal(map.n_entries, 1);
		assert_int_equal(map.entries[0].type, DEVICE_UNSUPPORTED);
		check_error(text,
			    device_map_add(&map, MAP_SOURCE_OPTION, "m", slice_from(text),
					   &messages, &err),
			    &err, ERROR_DATA, "m: [0].type: unsupported device type");
	}
}

static void test_messages(void **state)
{
	auto_device_map map = { 0 };
	auto_messages messages = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_done(
		"messages",
		device_map_add(
			&map, MAP_SOURCE_OPTION, "m",
			SLICE("[{\"type\":\"vfio-pci\",\"x\\n\":1,\"container_path\":\"/dev/vfio/1\",\"options\":[\"0000:3b:02.0=\",\"0000:3b:02.1=06\"]}]"),
			&messages, &err),
		&err);
	assert_int_equal(map.entries[0].n_functions, 1);
	assert_string_equal(map.entries[0].where, "m: [0]");
	check_message("empty guest", &messages, MESSAGE_WARNING,
		      "m: [0]: option \"0000:3b:02.0=\" names no function");
	check_message("unknown", &messages, MESSAGE_WARNING,
		      "m: [0]: unknown field \"x\\x0A\" ignored");
	assert_int_equal(messages.count, 2);
}

/* A vfio-pci entry in few characters. */
#define E(path, options)                                                                 \
	"{\"type\":\"vfio-pci\",\"container_path\":\"" path "\",\"options\":[" options   \
	"]}"

static void test_contradictions(void **state)
{
	static const struct {
		const char *one, *two, *part; /* two files of one source */
	} rows[] = {
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=06\"") "]",
		  "[" E("/dev/vfio/1", "\"0000:02:00.0=07\"") "]",
		  "two: [0]: container_path: \"/dev/vfio/1\" is in one: [0] already; keep one, with the options of both" },
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=06\"") "," E(
			  "/dev//vfio/1", "\"0000:02:00.0=07\"") "]",
		  "[]",
		  "one: [1]: container_path: \"/dev/vfio/1\" is in one: [0] already" },
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=06\"") "]",
		  "[{\"type\":\"node\",\"container_path\":\"/dev/vfio/1\",\"vm_path\":\"/dev/x\"}]",
		  "already; keep one" },
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=06\"") "]",
		  "[" E("/dev/vfio/2", "\"0000:01:00.0=07\"") "]",
		  "two: [0]: options: host function 0000:01:00.0 is 07 here and 06 in one: [0]" },
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=06\",\"0000:01:00.0=07\"") "]",
		  "[]",
		  "one: [0]: options: host function 0000:01:00.0 is 07 here and 06 in one" },
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=06\",\"0000:01:00.1=06.0\"") "]",
		  "[]",
		  "one: [0]: options: 06.0 is host function 0000:01:00.1 here and 0000:01:00.0 in one: [0]" },
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=0000:06:00.0\"") "]",
		  "[" E("/dev/vfio/2", "\"0000:02:00.0=0000:06:00.0\"") "]",
		  "two: [0]: options: 0000:06:00.0 is host function 0000:02:00.0 here" },
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=20/00/00\"") "]",
		  "[" E("/dev/vfio/2", "\"0000:02:00.0=0000:20/00/00\"") "]",
		  "is host function" },
		/* The same said twice is not a contradiction. */
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=06\",\"0000:01:00.0=06.0\"") "]",
		  "[" E("/dev/vfio/2", "\"0000:01:00.0=06\"") "]", NULL },
		{ "[" E("/dev/vfio/1", "\"0000:01:00.0=06\"") "]",
		  "[" E("/dev/vfio/2", "\"0000:02:00.0=07\"") "]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_device_map map = { 0 };
		auto_messages messages = { 0 };
		auto_error err = { 0 };
		int r;

		check_done(rows[i].one,
			   device_map_add(&map, MAP_SOURCE_OPTION, "one",
					  slice_from(rows[i].one), &messages, &err),
			   &err);
		check_done(rows[i].two,
			   device_map_add(&map, MAP_SOURCE_OPTION, "two",
					  slice_from(rows[i].two), &messages, &err),
			   &err);
		r = device_map_close_source(&map, &messages, &err);
		if (rows[i].part)
			check_error(rows[i].one, r, &err, ERROR_DATA, rows[i].part);
		else
			check_done(rows[i].one, r, &err);
	}
}

static void test_precedence(void **state)
{
	static const struct {
		const char *option, *directory, *fw_cfg, *dump;
	} rows[] = {
		{ "[]", "[]", "[]", "" },
		{ "[" E("/1", "\"0000:01:00.0=01\"") "]",
		  "[" E("/2", "\"0000:02:00.0=02\"") "]",
		  "[" E("/3", "\"0000:03:00.0=03\"") "]",
		  "vfio-pci /1 0000:01:00.0=01; vfio-pci /2 0000:02:00.0=02; vfio-pci /3 0000:03:00.0=03" },
		/* The path is taken. */
		{ "[" E("/1", "\"0000:01:00.0=01\"") "]",
		  "[" E("/1", "\"0000:02:00.0=02\"") "]",
		  "[" E("/./1", "\"0000:03:00.0=03\"") "]",
		  "vfio-pci /1 0000:01:00.0=01" },
		/* One of the functions is taken: the entry goes whole. */
		{ "[" E("/1", "\"0000:01:00.0=01\"") "]",
		  "[" E("/2", "\"0000:02:00.0=02\",\"0000:01:00.0=03\"") "]",
		  "[" E("/3", "\"0000:02:00.0=04\"") "]",
		  "vfio-pci /1 0000:01:00.0=01; vfio-pci /3 0000:02:00.0=04" },
		/* What is dropped takes nothing; between later sources it is the same. */
		{ "[]",
		  "[" E("/2", "\"0000:02:00.0=02\"") "," E("/4",
							   "\"0000:04:00.0=04\"") "]",
		  "[" E("/3", "\"0000:02:00.0=03\"") "," E("/5",
							   "\"0000:05:00.0=02\"") "]",
		  "vfio-pci /2 0000:02:00.0=02; vfio-pci /4 0000:04:00.0=04; vfio-pci /5 0000:05:00.0=02" },
		/* The same guest for another host, in different sources, is found
		 * later. */
		{ "[" E("/1", "\"0000:01:00.0=01\"") "]",
		  "[" E("/2", "\"0000:02:00.0=01\"") "]", "[]",
		  "vfio-pci /1 0000:01:00.0=01; vfio-pci /2 0000:02:00.0=01" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *texts[] = { rows[i].option, rows[i].directory,
					rows[i].fw_cfg };
		auto_device_map map = { 0 };
		auto_messages messages = { 0 };
		auto_buffer dump = { 0 };
		auto_error err = { 0 };

		for (unsigned int source = 0; source < 3; source++) {
			check_done(texts[source],
				   device_map_add(&map, source, "m",
						  slice_from(texts[source]), &messages,
						  &err),
				   &err);
			check_done(texts[source],
				   device_map_close_source(&map, &messages, &err), &err);
		}
		dump_map(&map, &dump);
		check_text(texts[0], buffer_slice(&dump), rows[i].dump);
	}
}

static void test_contradiction_only_within_source(void **state)
{
	auto_device_map map = { 0 };
	auto_messages messages = { 0 };
	auto_error err = { 0 };
	struct slice text = SLICE("[" E("/1", "\"0000:01:00.0=01\"") "]");

	(void)state;
	assert_false(map.exists);
	check_done("none", device_map_close_source(&map, &messages, &err), &err);
	assert_false(map.exists);
	for (unsigned int source = 0; source < 3; source++) {
		check_done("same",
			   device_map_add(&map, source, "m", text, &messages, &err),
			   &err);
		check_done("same", device_map_close_source(&map, &messages, &err), &err);
		assert_int_equal(map.n_entries, 1);
		assert_int_equal(map.entries[0].source, MAP_SOURCE_OPTION);
	}
	check_message("dropped", &messages, MESSAGE_DEBUG,
		      "m: [0]: dropped, an earlier map has its path or function");
}

/* Whoever started the machine names its devices, not its nodes. */
static void test_nodes(void **state)
{
	static const enum map_source sources[] = {
		MAP_SOURCE_OPTION, MAP_SOURCE_DIRECTORY, MAP_SOURCE_CREDENTIAL,
		MAP_SOURCE_FW_CFG, MAP_SOURCE_SMBIOS,
	};
	struct slice text = SLICE(
		"[{\"type\":\"node\",\"container_path\":\"/1\",\"vm_path\":\"/dev/null\"},"
		"{\"type\":\"blk\",\"container_path\":\"/2\",\"vm_path\":\"/dev/vda\"}," E(
			"/3", "\"0000:01:00.0=01\"") "]");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const bool own = sources[i] < MAP_SOURCE_CREDENTIAL;
		auto_device_map map = { 0 };
		auto_messages messages = { 0 };
		auto_error err = { 0 };

		check_done("nodes",
			   device_map_add(&map, sources[i], "m", text, &messages, &err),
			   &err);
		assert_int_equal(map.n_entries, own ? 3 : 1);
		assert_int_equal(messages.counts[MESSAGE_WARNING], own ? 0 : 2);
		if (!own)
			check_message(
				"nodes", &messages, MESSAGE_WARNING,
				"m: [1]: skipped: a node of this machine is named in its own maps only");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_contradiction_only_within_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
