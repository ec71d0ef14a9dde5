/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in QEMU's object model: dialogues with QEMU 7.2 that were recorded, and answers that make
 * no sense. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/qom.h"

struct row {
	const char *object, *property; /* "-": the list of its children */
	const char *reply;
};

/* A q35 that tests/vm/map.bats has started, before its start: the same after it. */
static const struct row q35[] = {
	{ "/machine/peripheral", "-",
	  "{\"return\": [{\"name\": \"type\", \"type\": \"string\"}, {\"name\": \"pair-1\", \"type\": \"child<vfio-pci>\"}, {\"name\": \"pair-0\", \"type\": \"child<vfio-pci>\"}, {\"name\": \"far\", \"type\": \"child<pcie-root-port>\"}, {\"name\": \"behind-port\", \"type\": \"child<vfio-pci>\"}, {\"name\": \"expander\", \"type\": \"child<pxb-pcie>\"}, {\"name\": \"behind-expander\", \"type\": \"child<vfio-pci>\"}, {\"name\": \"down\", \"type\": \"child<xio3130-downstream>\"}, {\"name\": \"port6\", \"type\": \"child<pcie-root-port>\"}, {\"name\": \"expanded\", \"type\": \"child<pcie-root-port>\"}, {\"name\": \"up\", \"type\": \"child<x3130-upstream>\"}, {\"name\": \"behind-bridges\", \"type\": \"child<vfio-pci>\"}]}" },
	{ "/machine/peripheral/pair-1", "host", "{\"return\": \"0000:00:08.1\"}" },
	{ "/machine/peripheral/pair-1", "addr", "{\"return\": 57}" },
	{ "/machine/peripheral/pair-1", "parent_bus",
	  "{\"return\": \"/machine/q35/pcie.0\"}" },
	{ "/machine/q35", "type", "{\"return\": \"q35-pcihost\"}" },
	{ "/machine/peripheral/pair-0", "host", "{\"return\": \"0000:00:08.0\"}" },
	{ "/machine/peripheral/pair-0", "addr", "{\"return\": 56}" },
	{ "/machine/peripheral/pair-0", "parent_bus",
	  "{\"return\": \"/machine/q35/pcie.0\"}" },
	{ "/machine/peripheral/behind-port", "host", "{\"return\": \"0000:00:05.0\"}" },
	{ "/machine/peripheral/behind-port", "addr", "{\"return\": 0}" },
	{ "/machine/peripheral/behind-port", "parent_bus",
	  "{\"return\": \"/machine/peripheral/port6/port6\"}" },
	{ "/machine/peripheral/port6", "addr", "{\"return\": 48}" },
	{ "/machine/peripheral/port6", "parent_bus",
	  "{\"return\": \"/machine/q35/pcie.0\"}" },
	{ "/machine/peripheral/behind-expander", "host",
	  "{\"return\": \"ffff:ff:ff.f\"}" },
	{ "/machine/peripheral/behind-expander", "sysfsdev",
	  "{\"return\": \"/sys/bus/pci/devices/0000:00:0c.0\"}" },
	{ "/machine/peripheral/behind-expander", "addr", "{\"return\": 0}" },
	{ "/machine/peripheral/behind-expander", "parent_bus",
	  "{\"return\": \"/machine/peripheral/expanded/expanded\"}" },
	{ "/machine/peripheral/expanded", "addr", "{\"return\": 0}" },
	{ "/machine/peripheral/expanded", "parent_bus",
	  "{\"return\": \"/machine/unattached/device[25]/expander\"}" },
	{ "/machine/unattached/device[25]", "type", "{\"return\": \"pxb-host\"}" },
	{ "/machine/peripheral/expander", "bus_nr", "{\"return\": 32}" },
	{ "/machine/peripheral/behind-bridges", "host",
	  "{\"return\": \"0000:00:0b.0\"}" },
	{ "/machine/peripheral/behind-bridges", "addr", "{\"return\": 0}" },
	{ "/machine/peripheral/behind-bridges", "parent_bus",
	  "{\"return\": \"/machine/peripheral/down/down\"}" },
	{ "/machine/peripheral/down", "addr", "{\"return\": 8}" },
	{ "/machine/peripheral/down", "parent_bus",
	  "{\"return\": \"/machine/peripheral/up/up\"}" },
	{ "/machine/peripheral/up", "addr", "{\"return\": 0}" },
	{ "/machine/peripheral/up", "parent_bus",
	  "{\"return\": \"/machine/peripheral/far/far\"}" },
	{ "/machine/peripheral/far", "addr", "{\"return\": 80}" },
	{ "/machine/peripheral/far", "parent_bus",
	  "{\"return\": \"/machine/q35/pcie.0\"}" },
	{ "/machine/peripheral-anon", "-",
	  "{\"return\": [{\"name\": \"type\", \"type\": \"string\"}, {\"name\": \"device[0]\", \"type\": \"child<vfio-pci>\"}]}" },
	{ "/machine/peripheral-anon/device[0]", "host",
	  "{\"return\": \"0000:00:0d.0\"}" },
	{ "/machine/peripheral-anon/device[0]", "addr", "{\"return\": 40}" },
	{ "/machine/peripheral-anon/device[0]", "parent_bus",
	  "{\"return\": \"/machine/q35/pcie.0\"}" },
};

/* pxb on i440fx: a bridge on the expander's bus; and a newer spelling of a place. */
static const struct row i440fx[] = {
	{ "/machine/peripheral", "-",
	  "{\"return\": [{\"name\": \"br\", \"type\": \"child<pci-bridge>\"}, {\"name\": \"e0\", \"type\": \"child<vfio-pci>\"}]}" },
	{ "/machine/peripheral/e0", "host", "{\"return\": \"0000:3b:02.0\"}" },
	{ "/machine/peripheral/e0", "addr", "{\"return\": \"04.1\"}" },
	{ "/machine/peripheral/e0", "parent_bus",
	  "{\"return\": \"/machine/peripheral/br/br\"}" },
	{ "/machine/peripheral/br", "addr", "{\"return\": 24}" },
	{ "/machine/peripheral/br", "parent_bus",
	  "{\"return\": \"/machine/unattached/device[28]/px\"}" },
	{ "/machine/unattached/device[28]", "addr", "{\"return\": 0}" },
	{ "/machine/unattached/device[28]", "parent_bus",
	  "{\"return\": \"/machine/unattached/device[27]/pxb-internal\"}" },
	{ "/machine/unattached/device[28]", "chassis_nr", "{\"return\": 20}" },
	{ "/machine/unattached/device[27]", "type", "{\"return\": \"pxb-host\"}" },
	{ "/machine/peripheral-anon", "-",
	  "{\"return\": [{\"name\": \"type\", \"type\": \"string\"}]}" },
};

struct script {
	const struct row *rows;
	size_t count;
	/* What is answered otherwise than there. */
	const struct row *other;
	size_t n_asked;
};

static const struct row *find(const struct row *rows, size_t count, const char *command)
{
	for (size_t i = 0; i < count; i++) {
		auto_free char *text =
			text_equal(rows[i].property, "-")
				? xasprintf(
					  "{\"execute\":\"qom-list\",\"arguments\":{\"path\":\"%s\"}}\n",
					  rows[i].object)
				: xasprintf(
					  "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"%s\",\"property\":\"%s\"}}\n",
					  rows[i].object, rows[i].property);

		if (text_equal(text, command))
			return &rows[i];
	}
	return NULL;
}

static int answer(void *context, const char *command, char **ret, struct error *err)
{
	struct script *script = context;
	const struct row *row = script->other ? find(script->other, 1, command) : NULL;

	(void)err;
	assert_true(script->n_asked++ < 1000);
	if (!row)
		row = find(script->rows, script->count, command);
	*ret = xstrdup(
		row ? row->reply
		    : "{\"error\": {\"class\": \"GenericError\", \"desc\": \"Property 'x.y' not found\"}}");
	return 0;
}

static int find_devices(struct script *script, struct vm_devices *ret, struct error *err)
{
	const struct qom qom = { "SOCKET", answer, script };

	return qom_find_devices(&qom, ret, err);
}

static void check_devices(struct script script, const char *expected)
{
	auto_vm_devices devices = { 0 };
	auto_error err = { 0 };
	auto_buffer text = { 0 };
	int r = find_devices(&script, &devices, &err);

	check_done(expected, r, &err);
	for (size_t i = 0; i < devices.count; i++) {
		char name[DEVICE_NAME_SIZE];

		buffer_printf(&text, "%s=%s ",
			      device_name_format(&devices.items[i].host, name),
			      devices.items[i].guest);
	}
	check_text("devices", buffer_slice(&text), expected);
}

#define SCRIPT(rows_) ((struct script) { .rows = (rows_), .count = ARRAY_SIZE(rows_) })

static void test_recorded(void **state)
{
	(void)state;
	check_devices(
		SCRIPT(q35),
		"0000:00:08.1=07.1 0000:00:08.0=07 0000:00:05.0=06/00 0000:00:0c.0=20/00/00 0000:00:0b.0=0a/00/01/00 0000:00:0d.0=05 ");
	check_devices(SCRIPT(i440fx), "0000:3b:02.0=0000:14/00/03/04.1 ");
}

/* One answer of the q35's is another: what comes of it. */
static void test_other_answers(void **state)
{
	static const struct {
		struct row other;
		const char *part;
	} rows[] = {
		{ { "/machine/peripheral", "-", "{\"return\": {}}" },
		  "SOCKET: QEMU doesn't list /machine/peripheral" },
		{ { "/machine/peripheral", "-",
		    "{\"error\": {\"class\": \"CommandNotFound\"}}" },
		  "doesn't list" },
		{ { "/machine/peripheral", "-", "{\"return\": [7]}" }, "return[0]" },
		{ { "/machine/peripheral", "-", "{\"QMP\": {}}" }, "does not speak QMP" },
		{ { "/machine/peripheral", "-", "(qemu) \x1b[K" },
		  "does not speak QMP: it says \"(qemu) \\x1B[K\"; start QEMU with -qmp unix:" },
		{ { "/machine/peripheral/pair-1", "host", "{\"return\": \"\"}" },
		  "SOCKET: /machine/peripheral/pair-1: QEMU doesn't say which device of this machine it is (sysfsdev is \"\")" },
		{ { "/machine/peripheral/pair-1", "host",
		    "{\"return\": \"ffffffff:ff:1f.7\"}" },
		  "QEMU doesn't say which device" },
		{ { "/machine/peripheral/behind-expander", "sysfsdev",
		    "{\"return\": \"/sys/devices/x\"}" },
		  "(sysfsdev is \"/sys/devices/x\")" },
		{ { "/machine/peripheral/pair-1", "addr", "{\"return\": 256}" },
		  "\"addr\" of /machine/peripheral/pair-1" },
		{ { "/machine/peripheral/pair-1", "addr", "{\"return\": -1}" },
		  "\"addr\" of" },
		{ { "/machine/peripheral/pair-1", "addr", "{\"return\": \"20.0\"}" },
		  "\"addr\" of /machine/peripheral/pair-1 is not a place on a bus" },
		{ { "/machine/peripheral/pair-1", "addr", "{\"return\": null}" },
		  "is not plugged into a PCI bus; look again" },
		{ { "/machine/peripheral/port6", "parent_bus", "{\"return\": \"\"}" },
		  "/machine/peripheral/port6: is not plugged into a PCI bus" },
		{ { "/machine/peripheral/port6", "parent_bus",
		    "{\"return\": \"/machine/peripheral/port6/port6\"}" },
		  "/machine/peripheral/behind-port: more than 31 bridges are above it" },
		{ { "/machine/peripheral/expander", "bus_nr", "{\"error\": {}}" },
		  "the number of the root bus /machine/unattached/device[25]/expander is not known" },
		{ { "/machine/peripheral/pair-1", "host", "{\"return\": \"\\ud800\"}" },
		  "surrogate" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_vm_devices devices = { 0 };
		auto_error err = { 0 };
		struct script script = SCRIPT(q35);
		int r;

		script.other = &rows[i].other;
		r = find_devices(&script, &devices, &err);
		check_error(rows[i].part, r, &err, ERROR_DATA, rows[i].part);
		assert_int_equal(devices.count, 0);
	}
}

static void test_messages(void **state)
{
	static const struct {
		const char *line;
		int kind; /* -1: none */
	} rows[] = {
		{ "{\"QMP\": {\"version\": {}}}\r", QMP_GREETING },
		{ "{\"event\": \"STOP\", \"timestamp\": {}}", QMP_EVENT },
		{ "{\"return\": {}}", QMP_REPLY },
		{ "{\"return\": null}", QMP_REPLY },
		{ "{\"error\": {}, \"id\": 1}", QMP_REPLY },
		{ "{}", -1 },
		{ "[]", -1 },
		{ "", -1 },
		{ "HTTP/1.1 400 Bad Request", -1 },
		{ "{\"return\": {}", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		enum qmp_message kind = QMP_GREETING;
		int r = qmp_message_parse("SOCKET", slice_from(rows[i].line), &kind,
					  &err);

		if (rows[i].kind < 0) {
			check_error(rows[i].line, r, &err, ERROR_DATA,
				    "does not speak QMP");
			continue;
		}
		check_done(rows[i].line, r, &err);
		assert_int_equal(kind, rows[i].kind);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_other_answers),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
