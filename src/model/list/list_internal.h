/* SPDX-License-Identifier: Apache-2.0 */
/* What the forms of a list share. */
#ifndef OCI_VFIO_HOOK_LIST_INTERNAL_H
#define OCI_VFIO_HOOK_LIST_INTERNAL_H

#include "oci-vfio-hook/list.h"

struct listing {
	const struct survey *survey;
	const struct device_map *map;
	const struct list_query *query;
	const struct list_selection *selection;
	const struct list_style *style;
	struct buffer *ret;
};

enum list_colour {
	LIST_PLAIN,
	LIST_HEADING,
	LIST_GOOD,
	LIST_BAD,
	LIST_DIM,
};

/* Begins with one colour, and ends with LIST_PLAIN; nothing where there are none. */
void list_paint(const struct listing *listing, enum list_colour colour);

/* Appends a text from outside, escaped; NULL as "-". */
void list_add_text(struct buffer *ret, const char *text);

/* As lspci(8): the domain only where it isn't 0000. Returns `text`. */
char *list_short_address(const struct pci_address *address,
			 char text[static PCI_ADDRESS_SIZE]);

/* "8086:154c", or "?" where it isn't known. */
void list_add_id(struct buffer *ret, const struct survey_function *function);

/* "Ethernet controller", "Vendor Device", as far as there are names; else "Class", "Device". */
void list_add_class(struct buffer *ret, const struct survey_function *function);
void list_add_names(struct buffer *ret, const struct survey_function *function);

/* The node that the device is opened by: its group's, else its handle; NULL: it has none. The
 * caller frees. */
char *list_find_node(const struct survey *survey, const struct survey_device *device);

/* Calls `each` for every process that has the device, by its group's node or its handle, open. */
typedef void list_holder_fn(const struct survey_holder *holder, void *context);
void list_for_holders(const struct survey *survey, const struct survey_device *device,
		      list_holder_fn *each, void *context);

/* As much of a container's ID as engines show; whole, where it isn't an engine's. */
struct slice list_short_id(const char *container);

/* What a function that another driver has is to this machine. */
const char *list_role_text(enum offender_role role);

/* How many characters, as a terminal shows them, the UTF-8 text has. */
size_t list_width(struct slice text);

void list_table(const struct listing *listing);
void list_groups(const struct listing *listing);
void list_tree(const struct listing *listing);
void list_json(const struct listing *listing);
void list_dot(const struct listing *listing);

#endif
