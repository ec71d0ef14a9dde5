/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices of a machine a list shows. */
#include "list_internal.h"

#include "oci-vfio-hook/number.h"
#include "oci-vfio-hook/pci_candidates.h"
#include "oci-vfio-hook/pci_locator.h"

#define GROUP_WORD "group:"

struct selecting {
	const struct survey *survey;
	struct list_selection *selection;
	const char *argument;
	struct error *err;
};

unsigned int list_wants(const struct list_query *query)
{
	static const unsigned int wants[] = {
		[LIST_TABLE] = SURVEY_HOLDERS,
		[LIST_GROUPS] = SURVEY_HOLDERS | SURVEY_NAMES | SURVEY_REVISION |
				SURVEY_FIRMWARE | SURVEY_SLOTS | SURVEY_USE,
		[LIST_TREE] = SURVEY_NAMES,
		[LIST_JSON] = SURVEY_HOLDERS | SURVEY_NAMES | SURVEY_REVISION |
			      SURVEY_FIRMWARE | SURVEY_SLOTS | SURVEY_USE | SURVEY_IOMMUS,
		[LIST_DOT] = SURVEY_NAMES,
	};
	unsigned int wanted = wants[query->form];

	for (size_t i = 0; i < query->n_arguments; i++) {
		if (pci_selector_begins(slice_from(query->arguments[i])))
			wanted |= SURVEY_FIRMWARE | SURVEY_SLOTS | SURVEY_SERIAL;
	}
	return wanted;
}

/* The functions nearest to where it would be. */
static int absent_function(const struct selecting *selecting,
			   const struct pci_address *address)
{
	const struct survey *survey = selecting->survey;
	struct pci_candidate candidates[PCI_CANDIDATES_SHOWN] = { 0 };
	char name[PCI_ADDRESS_SIZE];
	auto_free char *list = NULL;
	size_t first = 0, count = 0;

	while (first < survey->n_functions &&
	       pci_address_compare(&survey->functions[first].device.name.address,
				   address) < 0)
		first++;
	first = first > PCI_CANDIDATES_SHOWN / 2 ? first - PCI_CANDIDATES_SHOWN / 2 : 0;
	for (; count < PCI_CANDIDATES_SHOWN && first + count < survey->n_functions;
	     count++) {
		const struct survey_function *function =
			&survey->functions[first + count];

		candidates[count] = (struct pci_candidate) {
			.address = function->device.name.address,
			.features = function->features,
			.path = function->path ? xstrdup(function->path) : NULL,
		};
	}
	list = pci_candidates_describe(candidates, count, survey->n_functions);
	for (size_t i = 0; i < count; i++)
		free(candidates[i].path);
	return error_set(selecting->err, ERROR_UNAVAILABLE,
			 "%s is not in /sys/bus/pci/devices; functions here: %s",
			 pci_address_format(address, name), list ? list : "none");
}

static int select_address(const struct selecting *selecting,
			  const struct pci_address *address)
{
	const size_t index = survey_find_function(selecting->survey, address);

	if (index == SURVEY_NONE)
		return absent_function(selecting, address);
	selecting->selection->functions[index] = true;
	return 0;
}

static int select_group(const struct selecting *selecting, struct slice text)
{
	const struct survey *survey = selecting->survey;
	const struct survey_group *group;
	auto_free char *quoted = text_quote(slice_from(selecting->argument));
	uint64_t number;

	if (number_parse(text, 10, 10, UINT32_MAX, &number) < 0)
		return error_set(selecting->err, ERROR_USAGE,
				 "%s: after \"" GROUP_WORD
				 "\" comes the number of an IOMMU group",
				 quoted);
	group = survey_find_group(survey, (uint32_t)number);
	if (!group && survey->n_groups == 0)
		return error_set(selecting->err, ERROR_UNAVAILABLE,
				 "%s: this machine has no IOMMU groups", quoted);
	if (!group)
		return error_set(
			selecting->err, ERROR_UNAVAILABLE,
			"%s: this machine has no such IOMMU group; it has %zu, from %u to %u",
			quoted, survey->n_groups, survey->groups[0].number,
			survey->groups[survey->n_groups - 1].number);
	for (size_t i = 0; i < group->count; i++)
		selecting->selection->functions[survey->by_group[group->first + i]] =
			true;
	for (size_t i = 0; i < survey->n_mdevs; i++)
		selecting->selection->mdevs[i] |=
			survey->mdevs[i].device.has_group &&
			survey->mdevs[i].device.group == group->number;
	return 0;
}

static bool matches(const struct survey_function *function,
		    const struct pci_locator *locator)
{
	if (locator->kind == PCI_LOCATOR_PATH) {
		struct pci_locator own;
		auto_error err = { 0 };

		/* A path has several spellings. */
		return function->path &&
		       pci_locator_parse(slice_from(function->path), &own, &err) == 0 &&
		       pci_locator_equal(locator, &own);
	}
	for (unsigned int i = 0; i < PCI_FEATURE_COUNT; i++) {
		if (locator->selector.has[i] &&
		    !pci_feature_equal(&locator->selector, &function->features, i))
			return false;
	}
	return true;
}

/* All that match: here it does no harm that there are several. */
static int select_matching(const struct selecting *selecting,
			   const struct pci_locator *locator)
{
	const struct survey *survey = selecting->survey;
	auto_free char *quoted = text_quote(slice_from(selecting->argument));
	bool found = false, unknown = false;

	for (size_t i = 0; i < survey->n_functions; i++) {
		const struct survey_function *function = &survey->functions[i];

		unknown |= locator->kind == PCI_LOCATOR_SELECTOR &&
			   locator->selector.has[PCI_FEATURE_SERIAL] &&
			   function->device.unknown & SURVEY_UNKNOWN_SERIAL;
		if (!matches(function, locator))
			continue;
		selecting->selection->functions[i] = found = true;
	}
	if (found)
		return 0;
	if (unknown)
		return error_set(
			selecting->err, ERROR_PERMISSION,
			"%s: only root can read serial numbers; run as root, or use another selector",
			quoted);
	return error_set(
		selecting->err, ERROR_UNAVAILABLE,
		"%s matches no function of this machine; see oci-vfio-hook list --all",
		quoted);
}

static int select_mdev(const struct selecting *selecting, const struct uuid *uuid)
{
	const size_t index = survey_find_mdev(selecting->survey, uuid);
	auto_free char *quoted = text_quote(slice_from(selecting->argument));

	if (index == SURVEY_NONE)
		return error_set(selecting->err, ERROR_UNAVAILABLE,
				 "%s is not in /sys/bus/mdev/devices", quoted);
	selecting->selection->mdevs[index] = true;
	return 0;
}

static int select_argument(const struct selecting *selecting)
{
	const struct slice text = slice_from(selecting->argument),
			   word = SLICE(GROUP_WORD);
	struct pci_spelling spelling;
	struct pci_locator locator;
	struct pci_address address;
	auto_error wrong = { 0 };

	if (slice_starts(text, word))
		return select_group(selecting,
				    slice_from_to(text, word.length, text.length));
	if (text.length && pci_address_scan(text, 0, &address, &spelling) == text.length)
		return select_address(selecting, &address);
	if (pci_locator_parse(text, &locator, &wrong) < 0)
		return error_set(selecting->err, ERROR_USAGE,
				 "%s; an IOMMU group is group:NUMBER", wrong.message);
	if (locator.kind == PCI_LOCATOR_MDEV)
		return select_mdev(selecting, &locator.uuid);
	return select_matching(selecting, &locator);
}

static bool is_wanted(const struct survey_device *device, const struct list_query *query)
{
	const bool only_vfio = query->vfio || (query->form == LIST_TABLE && !query->all &&
					       query->n_arguments == 0 && !query->driver);

	return (!only_vfio || device->vfio) &&
	       (!query->driver ||
		(device->driver && text_equal(device->driver, query->driver)));
}

int list_select(const struct survey *survey, const struct list_query *query,
		struct list_selection *ret, struct error *err)
{
	auto_list_selection selection = { 0 };
	const bool every = query->n_arguments == 0;

	selection.functions = xzalloc(survey->n_functions + 1);
	selection.mdevs = xzalloc(survey->n_mdevs + 1);
	selection.missing = every && !query->driver;
	for (size_t i = 0; i < query->n_arguments; i++) {
		const struct selecting selecting = { survey, &selection,
						     query->arguments[i], err };
		int r = select_argument(&selecting);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < survey->n_functions; i++)
		selection.functions[i] = (every || selection.functions[i]) &&
					 is_wanted(&survey->functions[i].device, query);
	for (size_t i = 0; i < survey->n_mdevs; i++)
		selection.mdevs[i] = (every || selection.mdevs[i]) &&
				     is_wanted(&survey->mdevs[i].device, query);
	*ret = take_struct(selection);
	return 0;
}

void list_selection_free(struct list_selection *selection)
{
	free(selection->functions);
	free(selection->mdevs);
	*selection = (struct list_selection) { 0 };
}
