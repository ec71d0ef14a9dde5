/* SPDX-License-Identifier: Apache-2.0 */
/* Words that the forms of a list share. */
#include "list_internal.h"

void list_paint(const struct listing *listing, enum list_colour colour)
{
	static const struct slice codes[] = {
		[LIST_PLAIN] = SLICE("\033[0m"), [LIST_HEADING] = SLICE("\033[1m"),
		[LIST_GOOD] = SLICE("\033[32m"), [LIST_BAD] = SLICE("\033[31m"),
		[LIST_DIM] = SLICE("\033[2m"),
	};

	if (listing->style->colour)
		buffer_add(listing->ret, codes[colour]);
}

void list_add_text(struct buffer *ret, const char *text)
{
	buffer_add_printable(ret, slice_from(text ? text : "-"));
}

char *list_short_address(const struct pci_address *address,
			 char text[static PCI_ADDRESS_SIZE])
{
	return pci_address_spell(address, (struct pci_spelling) { .short_form = true },
				 text);
}

void list_add_id(struct buffer *ret, const struct survey_function *function)
{
	const struct pci_features *features = &function->features;

	if (features->has[PCI_FEATURE_VENDOR] && features->has[PCI_FEATURE_DEVICE])
		buffer_printf(ret, "%04x:%04x",
			      (unsigned int)features->numbers[PCI_FEATURE_VENDOR],
			      (unsigned int)features->numbers[PCI_FEATURE_DEVICE]);
	else
		buffer_add(ret, SLICE("?"));
}

void list_add_class(struct buffer *ret, const struct survey_function *function)
{
	list_add_text(ret, function->class_name ? function->class_name : "Class");
}

void list_add_names(struct buffer *ret, const struct survey_function *function)
{
	if (function->vendor_name) {
		list_add_text(ret, function->vendor_name);
		buffer_add(ret, SLICE(" "));
	}
	list_add_text(ret, function->device_name ? function->device_name : "Device");
}

char *list_find_node(const struct survey *survey, const struct survey_device *device)
{
	const struct survey_group *group =
		device->has_group ? survey_find_group(survey, device->group) : NULL;

	if (!device->vfio)
		return NULL;
	if (group && group->has_node)
		return vfio_group_path(group->number, group->noiommu);
	return device->handle.exists ? vfio_handle_path(device->handle.handle) : NULL;
}

static void for_number(const struct survey *survey, const struct device_number *number,
		       list_holder_fn *each, void *context)
{
	size_t count;
	const struct survey_holder *holders = survey_find_holders(survey, number, &count);

	for (size_t i = 0; i < count; i++)
		each(&holders[i], context);
}

void list_for_holders(const struct survey *survey, const struct survey_device *device,
		      list_holder_fn *each, void *context)
{
	const struct survey_group *group =
		device->has_group ? survey_find_group(survey, device->group) : NULL;

	if (!device->vfio)
		return;
	if (group && group->has_node)
		for_number(survey, &group->node, each, context);
	if (device->handle.exists)
		for_number(survey, &device->handle.number, each, context);
}

struct slice list_short_id(const char *container)
{
	const struct slice id = slice_from(container);

	return id.length == 64 ? slice_from_to(id, 0, 12) : id;
}

const char *list_role_text(enum offender_role role)
{
	switch (role) {
	case OFFENDER_SPARE:
		break;
	case OFFENDER_DISK:
		return "a storage controller";
	case OFFENDER_NETWORK_UP:
		return "a network interface that is up";
	case OFFENDER_PHYSICAL_FUNCTION:
		return "it has virtual functions";
	case OFFENDER_DISPLAY:
		return "the display that the machine booted with";
	}
	return NULL;
}

size_t list_width(struct slice text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.length; i++)
		width += ((unsigned char)text.data[i] & 0xc0) != 0x80;
	return width;
}
