/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes what monitors of virtual machines say: whatever it is, a device that is found has a path
 * that a map may have. The first byte chooses who speaks. */
#include "fuzz.h"

#include "oci-vfio-hook/http_answer.h"
#include "oci-vfio-hook/libvirt_domain.h"
#include "oci-vfio-hook/qom.h"
#include "oci-vfio-hook/vm_info.h"

static void check_devices(const struct vm_devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		auto_error err = { 0 };
		struct pci_locator locator;

		fuzz_check(pci_locator_parse(slice_from(devices->items[i].guest),
					     &locator, &err) == 0,
			   "not a path");
	}
}

/* QEMU answers with the next line, in the end always with the same. */
struct answers {
	struct slice rest;
	size_t n_asked;
};

static int answer(void *context, const char *command, char **ret, struct error *err)
{
	struct answers *answers = context;
	struct slice line = SLICE("{\"error\":{}}");

	(void)command;
	if (answers->n_asked++ == 2000)
		return error_set(err, ERROR_IO, "enough");
	if (answers->rest.data)
		slice_cut(&answers->rest, '\n', &line);
	*ret = xstrndup(line.data, line.length);
	return 0;
}

static void fuzz_qom(struct slice text)
{
	struct answers answers = { .rest = text };
	const struct qom qom = { "socket", answer, &answers };
	auto_vm_devices devices = { 0 };
	auto_error err = { 0 };

	if (qom_find_devices(&qom, &devices, &err) == 0)
		check_devices(&devices);
	else
		fuzz_check(err.class && devices.count == 0, "no error, or devices");
}

static void fuzz_vm_info(struct slice text)
{
	auto_vm_devices devices = { 0 };
	auto_error err = { 0 };

	if (vm_info_find_devices("vm.info", text, &devices, &err) == 0)
		check_devices(&devices);
	else
		fuzz_check(err.class && devices.count == 0, "no error, or devices");
}

static void fuzz_http(struct slice text)
{
	auto_error err = { 0 };
	struct http_answer answer_;

	if (http_answer_parse("socket", text, &answer_, &err) < 0)
		fuzz_check(err.class, "no error");
	else if (answer_.has_head)
		fuzz_check(answer_.body <= text.length && answer_.status <= 999,
			   "outside of the text");
}

/* A line begins an element: its name and NAME=VALUE, separated by blanks; an empty one ends it. */
static void fuzz_libvirt(struct slice text)
{
	auto_libvirt_domain domain = { 0 };
	auto_vm_devices devices = { 0 };
	auto_messages messages = { 0 };
	auto_error err = { 0 };
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		struct xml_attribute attributes[8];
		struct slice element, word;
		size_t count = 0;

		if (line.length == 0) {
			if (domain.depth)
				libvirt_domain_close(&domain);
			continue;
		}
		slice_cut(&line, ' ', &element);
		while (count < ARRAY_SIZE(attributes) && line.data &&
		       slice_cut(&line, ' ', &word)) {
			slice_cut(&word, '=', &attributes[count].name);
			attributes[count].value = word.data ? word : SLICE("");
			count++;
		}
		libvirt_domain_open(&domain, element, attributes, count, 1);
	}
	if (libvirt_domain_find_devices(&domain, "x.xml", &devices, &messages, &err) == 0)
		check_devices(&devices);
	else
		fuzz_check(err.class && devices.count == 0, "no error, or devices");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *copy = NULL;
	auto_error err = { 0 };
	struct slice text;

	if (size == 0)
		return 0;
	text = (struct slice) { (const char *)data + 1, size - 1 };
	copy = fuzz_copy(text);
	text.data = copy;
	switch (data[0] % 4) {
	case 0:
		fuzz_qom(text);
		break;
	case 1:
		fuzz_vm_info(text);
		break;
	case 2:
		fuzz_http(text);
		if (libvirt_xml_check("x.xml", text, &err) < 0)
			fuzz_check(err.class, "no error");
		break;
	default:
		fuzz_libvirt(text);
		break;
	}
	return 0;
}
