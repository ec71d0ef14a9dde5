/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the grammar of PCI addresses and PCI paths. */
#include "fuzz.h"

#include "oci-vfio-hook/pci.h"

static void check_address(struct slice text)
{
	char formatted[PCI_ADDRESS_SIZE];
	struct pci_address address, again;

	if (pci_address_parse(text, &address) < 0)
		return;
	fuzz_check(address.slot <= 0x1f && address.function <= 7, "out of range");
	pci_address_format(&address, formatted);
	fuzz_check(pci_address_parse(slice_from(formatted), &again) == 0 &&
			   pci_address_equal(&address, &again),
		   "%s is another address", formatted);
	fuzz_check(text.length >= strlen("0000:00:00.0") &&
			   text.length <= strlen("00000000:00:00.0"),
		   "bad length");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	auto_free char *copy = NULL;
	struct pci_locator locator;
	auto_error err = { 0 };
	int r;

	text.data = copy = fuzz_copy(text);
	check_address(text);
	r = pci_locator_parse(text, &locator, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	fuzz_check(pci_locator_equal(&locator, &locator), "differs from itself");
	if (locator.kind == PCI_LOCATOR_ADDRESS)
		return 0;
	fuzz_check(locator.n_steps >= 1 && locator.n_steps <= PCI_PATH_STEPS_MAX,
		   "%u steps", locator.n_steps);
	for (size_t i = 0; i < locator.n_steps; i++)
		fuzz_check(locator.steps[i].slot <= 0x1f &&
				   locator.steps[i].function <= 7,
			   "step %zu is out of range", i);
	return 0;
}
