/* SPDX-License-Identifier: Apache-2.0 */
/* Candidates for an entry whose device isn't where it says. */
#include "map_candidate.h"

/* More of them tell nobody more. */
#define SHOWN 8

/* Bridges are never given to anybody. */
#define CLASS_BRIDGE 0x06

static int compare_addresses(const void *a, const void *b)
{
	return pci_address_compare(a, b);
}

static bool is_taken(const struct map_check *check, const struct pci_address *address)
{
	return check->n_taken && bsearch(address, check->taken, check->n_taken,
					 sizeof *check->taken, compare_addresses);
}

static bool is_expected(const struct map_entry *entry,
			const struct survey_function *function)
{
	static const enum pci_feature features[PCI_IDENTITY_COUNT] = {
		[PCI_VENDOR] = PCI_FEATURE_VENDOR,
		[PCI_DEVICE] = PCI_FEATURE_DEVICE,
		[PCI_SUBSYSTEM_VENDOR] = PCI_FEATURE_SUBSYSTEM_VENDOR,
		[PCI_SUBSYSTEM_DEVICE] = PCI_FEATURE_SUBSYSTEM_DEVICE,
	};

	for (size_t i = 0; i < PCI_CLASS; i++) {
		if (entry->expected[i] &&
		    !(function->features.has[features[i]] &&
		      function->features.numbers[features[i]] == entry->expect[i]))
			return false;
	}
	return !entry->expected[PCI_CLASS] || function->class == entry->expect[PCI_CLASS];
}

static bool has_expectation(const struct map_entry *entry)
{
	for (size_t i = 0; i < PCI_IDENTITY_COUNT; i++) {
		if (entry->expected[i])
			return true;
	}
	return false;
}

/* What could it be? Without an expectation only what is bound to VFIO. */
static bool is_candidate(const struct map_check *check,
			 const struct request_function *asked,
			 const struct survey_function *function)
{
	return function->class >> 16 != CLASS_BRIDGE &&
	       !is_taken(check, &function->device.name.address) &&
	       (function->device.vfio || has_expectation(asked->entry)) &&
	       is_expected(asked->entry, function);
}

/* As a map names it. */
static const char *guest_of(const struct survey_function *function,
			    char address[static DEVICE_NAME_SIZE])
{
	return function->path ? function->path
			      : device_name_format(&function->device.name, address);
}

static bool is_plain(const char *text)
{
	return text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ/._:@+-")] == '\0';
}

/* The file's name in "FILE: [2]", or the empty text where a shell would take it for anything
 * else. The caller frees. */
static char *file_of(const struct map_entry *entry)
{
	const char *end = strstr(entry->where, ": ");
	char *file = xstrndup(entry->where,
			      end ? (size_t)(end - entry->where) : strlen(entry->where));

	if (entry->source > MAP_SOURCE_DIRECTORY || !is_plain(file))
		file[0] = '\0';
	return file;
}

static void mend_by(const struct request_function *asked, const char *guest,
		    struct findings *findings)
{
	auto_free char *file = file_of(asked->entry);
	char host[DEVICE_NAME_SIZE];

	device_name_format(&asked->map->host, host);
	if (*file && is_plain(asked->map->guest_text))
		findings_mend(findings, "sed -i 's|%s=%s\"|%s=%s\"|' %s", host,
			      asked->map->guest_text, host, guest, file);
	else
		findings_mend(findings, "in %s: \"options\": [\"%s=%s\"]",
			      asked->entry->where, host, guest);
}

void map_candidate_mend(const struct map_check *check,
			const struct request_function *asked, struct findings *findings)
{
	const struct survey *survey = check->survey;
	char address[DEVICE_NAME_SIZE], host[DEVICE_NAME_SIZE];
	const struct survey_function *only = NULL;
	auto_buffer list = { 0 };
	size_t count = 0, n_vfio = 0;

	for (size_t i = 0; i < survey->n_functions; i++) {
		const struct survey_function *function = &survey->functions[i];

		if (!is_candidate(check, asked, function))
			continue;
		if (count < SHOWN)
			buffer_printf(&list, "%s%s", count ? ", " : "",
				      guest_of(function, address));
		/* Of several, what VFIO has is for containers. */
		if (!only || function->device.vfio)
			only = function;
		n_vfio += function->device.vfio;
		count++;
	}
	device_name_format(&asked->map->host, host);
	if (count == 1 || n_vfio == 1)
		mend_by(asked, guest_of(only, address), findings);
	else if (count)
		findings_mend(findings,
			      "in %s: \"options\": [\"%s=...\"] with one of %s%s",
			      asked->entry->where, host, list.data,
			      count > SHOWN ? ", ..." : "");
	else
		findings_mend(
			findings,
			has_expectation(asked->entry)
				? "plug the device in: no function of this machine is what %s expects"
				: "plug the device in, or bind it to vfio-pci: no function here is VFIO's and not in a map, for %s",
			asked->entry->where);
}

void map_candidate_expect(const struct map_check *check,
			  const struct map_check_entry *entry, struct findings *findings)
{
	const struct survey *survey = check->survey;

	if (has_expectation(entry->entry))
		return;
	for (size_t i = 0; i < entry->inventory->n_functions; i++) {
		const struct inventory_function *found = &entry->inventory->functions[i];
		const struct survey_function *function;
		size_t index;

		if (entry->request->functions[i].entry != entry->entry || found->absent ||
		    found->name.bus != DEVICE_BUS_PCI)
			continue;
		index = survey_find_function(survey, &found->name.address);
		if (index == SURVEY_NONE)
			continue;
		function = &survey->functions[index];
		findings_add(
			findings, FINDING_WARNING, "expect",
			"%s has no \"expect\": another card in this slot would be taken for it",
			entry->entry->where);
		findings_mend(
			findings,
			"in %s: \"expect\": {\"vendor\": \"%04x\", \"device\": \"%04x\"}",
			entry->entry->where,
			(unsigned int)function->features.numbers[PCI_FEATURE_VENDOR],
			(unsigned int)function->features.numbers[PCI_FEATURE_DEVICE]);
		return;
	}
}
