/* SPDX-License-Identifier: Apache-2.0 */
/* The PCI paths of a machine's functions: as device maps spell them, and only those that lead
 * back to the function by the numbers of the buses, as a plan goes. */
#include "oci-vfio-hook/pci_locator.h"
#include "oci-vfio-hook/survey.h"

static bool is_on_bus(const struct survey_function *function, uint32_t domain,
		      uint8_t bus)
{
	const struct pci_address *address = &function->device.name.address;

	return address->domain == domain && address->bus == bus;
}

/* The functions from the root bus on, the function itself last; 0: no path leads there. */
static size_t list_steps(const struct survey *survey,
			 const struct survey_function *function,
			 const struct survey_function *ret[static PCI_PATH_STEPS_MAX])
{
	size_t at = PCI_PATH_STEPS_MAX;

	for (;;) {
		const struct pci_position *position = &function->position;
		const struct survey_function *parent;

		if (at == 0)
			return 0;
		ret[--at] = function;
		if (!position->has_parent)
			break;
		if (function->parent == SURVEY_NONE)
			return 0;
		parent = &survey->functions[function->parent];
		if (!parent->has_below ||
		    !is_on_bus(function, parent->below_domain, parent->below_bus))
			return 0;
		function = parent;
	}
	if (!function->position.has_root ||
	    !is_on_bus(function, function->position.root.domain,
		       function->position.root.bus))
		return 0;
	for (size_t i = 0; i < PCI_PATH_STEPS_MAX - at; i++)
		ret[i] = ret[at + i];
	return PCI_PATH_STEPS_MAX - at;
}

void survey_find_paths(struct survey *survey)
{
	auto_buffer path = { 0 };

	for (size_t i = 0; i < survey->n_functions; i++) {
		const struct survey_function *steps[PCI_PATH_STEPS_MAX];
		size_t n_steps = list_steps(survey, &survey->functions[i], steps);

		if (n_steps == 0)
			continue;
		path.length = 0;
		if (steps[0]->position.root.domain || steps[0]->position.root.bus)
			buffer_printf(&path, "%04x:%02x", steps[0]->position.root.domain,
				      steps[0]->position.root.bus);
		for (size_t k = 0; k < n_steps; k++) {
			const struct pci_address *at = &steps[k]->device.name.address;

			buffer_printf(&path, "%s%02x", path.length ? "/" : "", at->slot);
			if (at->function)
				buffer_printf(&path, ".%u", at->function);
		}
		survey->functions[i].path =
			text_pool_add(&survey->texts, buffer_slice(&path));
	}
}
