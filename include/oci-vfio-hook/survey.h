/* SPDX-License-Identifier: Apache-2.0 */
/* What a whole machine has, as values: its PCI functions, IOMMU groups, mediated devices and
 * VFIO nodes. What can't be read, as by a user without privileges, is unknown, and not an
 * error. Pure. */
#ifndef OCI_VFIO_HOOK_SURVEY_H
#define OCI_VFIO_HOOK_SURVEY_H

#include "oci-vfio-hook/inventory.h"
#include "oci-vfio-hook/pci_position.h"
#include "oci-vfio-hook/pci_selector.h"
#include "oci-vfio-hook/text_pool.h"

/* What is looked at besides what is always; each costs system calls for every function. */
enum survey_want {
	SURVEY_REVISION = 1 << 0,
	SURVEY_FIRMWARE = 1 << 1, /* acpi_index and label */
	SURVEY_SLOTS = 1 << 2,
	SURVEY_SERIAL = 1 << 3, /* root's to read */
	SURVEY_USE =
		1 << 4, /* virtual functions, network interfaces, what it is used for */
	SURVEY_IOMMUS = 1 << 5,
	SURVEY_NAMES = 1 << 6,	 /* of pci.ids */
	SURVEY_HOLDERS = 1 << 7, /* all open files of all processes are looked at */
};

/* No index. */
#define SURVEY_NONE SIZE_MAX

/* What can't be told of a function or mediated device. */
enum survey_unknown {
	SURVEY_UNKNOWN_CLASS = 1 << 0,
	SURVEY_UNKNOWN_DRIVER = 1 << 1,
	SURVEY_UNKNOWN_GROUP = 1 << 2,
	SURVEY_UNKNOWN_HANDLE = 1 << 3,
	SURVEY_UNKNOWN_SERIAL = 1 << 4,
};

/* What a PCI function and a mediated device have in common. Texts are the survey's. */
struct survey_device {
	struct device_name name;
	unsigned int unknown; /* of enum survey_unknown */
	const char *driver;   /* NULL: none, or unknown */
	bool vfio;	      /* it is one of VFIO's */
	bool has_group;
	uint32_t group;
	struct inventory_handle handle;
};

struct survey_function {
	struct survey_device device;
	/* Vendor, device and the subsystem's always; index, label, slot and serial number as
	 * wanted. */
	struct pci_features features;
	uint32_t class; /* 0x020000, with the programming interface */
	bool has_revision;
	uint8_t revision;
	/* With SURVEY_NAMES, where pci.ids has them; as they are there: to be escaped. */
	const char *class_name, *vendor_name, *device_name;
	/* The bridge above it, an index of `functions`; SURVEY_NONE: it is on a root bus, or the
	 * bridge isn't known. */
	size_t parent;
	/* What names it in a map, by slots from the root bus: "06/00", "0000:20/00". NULL: no such
	 * path leads to it (a virtual function on a bus that no bridge has), or it isn't known. */
	const char *path;
	bool is_parent; /* of another function */
	bool has_below; /* the bus below it is known: */
	uint32_t below_domain;
	uint8_t below_bus;
	/* Where sysfs has it, of which survey_arrange() makes `parent`, and survey_find_paths()
	 * `path`. */
	struct pci_position position;
	/* With SURVEY_USE: */
	bool is_virtual; /* a virtual function, of this one: */
	struct pci_address physical_address;
	size_t physical;  /* its index, if it is here; else SURVEY_NONE */
	size_t n_virtual; /* this one has so many virtual functions that are here */
	bool is_boot_vga; /* the display that the firmware set up */
	const char
		*interface; /* a network interface, of several one that is up; or NULL */
	bool interface_up;
};

struct survey_mdev {
	struct survey_device device;
	bool has_parent; /* it is a part of a PCI function, which may not be here: */
	struct pci_address parent;
	const char *type; /* such as "nvidia-222", or NULL */
};

/* A group with its functions: by_group[first] and those that follow. */
struct survey_group {
	uint32_t number;
	size_t first, count;
	size_t n_mdevs;
	bool has_node; /* with these numbers */
	bool noiommu; /* its node is noiommu-<number>: no IOMMU keeps its functions apart */
	struct device_number node;
};

/* A process that has a VFIO node open, whatever the path. */
struct survey_holder {
	struct device_number number; /* of the node */
	int64_t process;
	const char *command;   /* as /proc/PID/comm has it, or NULL */
	const char *container; /* its whole ID, or NULL: in none that can be told */
	const char *engine;    /* such as "podman", or NULL */
};

/* What a device map says of a device. Map and its texts are borrowed. */
struct survey_entry {
	const struct map_entry *entry;
	const struct map_function *function;
	const char *why; /* it isn't here: a sentence without a full stop; NULL: it is: */
	struct device_name device;
};

enum survey_viable {
	SURVEY_VIABLE,
	SURVEY_NOT_VIABLE, /* an offender is in it */
	SURVEY_VIABLE_UNKNOWN,
};

struct survey {
	unsigned int wanted;		   /* of enum survey_want */
	bool has_pci;			   /* there is a /sys/bus/pci */
	struct survey_function *functions; /* by address */
	size_t n_functions, functions_capacity;
	struct survey_mdev *mdevs; /* by UUID */
	size_t n_mdevs, mdevs_capacity;
	struct survey_group *groups; /* by number */
	size_t n_groups, groups_capacity;
	size_t *by_group; /* indices of functions, by group and address */
	size_t n_by_group;
	struct vfio_node *nodes; /* by device number; not the control nodes */
	size_t n_nodes, nodes_capacity;
	struct inventory_control control[VFIO_KINDS];
	/* With SURVEY_IOMMUS: names in /sys/class/iommu ("dmar0", "ivhd0", "smmu3.0x..."). */
	const char **iommus;
	size_t n_iommus, iommus_capacity;
	/* With SURVEY_HOLDERS: by node and process; and how many processes can't be looked into. */
	struct survey_holder *holders;
	size_t n_holders, holders_capacity;
	size_t n_hidden;
	/* Of survey_add_entry(): those that are here by device, then the others by their maps. */
	struct survey_entry *entries;
	size_t n_entries, entries_capacity, n_found;
	bool maps_are_broken; /* so that there may be more */
	struct text_pool texts;
};

#define auto_survey __attribute__((cleanup(survey_free))) struct survey

/* For whoever fills it: the new device is zeroed, but for its name; a group may be added several
 * times. Texts go to survey->texts. */
struct survey_function *survey_add_function(struct survey *survey,
					    const struct pci_address *address);
struct survey_mdev *survey_add_mdev(struct survey *survey, const struct uuid *uuid);
void survey_add_group(struct survey *survey, uint32_t number);

/* Sorts what was added, and finds parents, groups, their functions and their nodes. */
void survey_arrange(struct survey *survey);
/* After survey_arrange(): the slot with this name has all functions at this place. */
void survey_add_slot(struct survey *survey, struct slice name,
		     const struct pci_slot *slot);
/* After `below` was set: the paths. */
void survey_find_paths(struct survey *survey);

/* Each, then all: puts them in order. */
struct survey_holder *survey_add_holder(struct survey *survey);
void survey_arrange_holders(struct survey *survey);
struct survey_entry *survey_add_entry(struct survey *survey);
void survey_arrange_entries(struct survey *survey);

/* The function with this address, the mediated device: an index, or SURVEY_NONE. */
size_t survey_find_function(const struct survey *survey,
			    const struct pci_address *address);
size_t survey_find_mdev(const struct survey *survey, const struct uuid *uuid);
const struct survey_group *survey_find_group(const struct survey *survey,
					     uint32_t number);
/* The VFIO node with these numbers, or NULL. */
const struct vfio_node *survey_find_node(const struct survey *survey,
					 const struct device_number *number);

/* The processes that have this node open, the entries of this device: the first of so many. */
const struct survey_holder *survey_find_holders(const struct survey *survey,
						const struct device_number *number,
						size_t *ret_count);
const struct survey_entry *survey_find_entries(const struct survey *survey,
					       const struct device_name *device,
					       size_t *ret_count);

/* The function at this place (0 to group->count - 1) of the group. */
static inline const struct survey_function *survey_member(
	const struct survey *survey, const struct survey_group *group, size_t place)
{
	return &survey->functions[survey->by_group[group->first + place]];
}

/* Does the function keep its group from being viable? Its driver is known then. */
bool survey_is_offender(const struct survey_function *function);
enum survey_viable survey_group_viable(const struct survey *survey,
				       const struct survey_group *group);

/* What another driver than VFIO's has it for: with SURVEY_USE, else OFFENDER_SPARE or
 * OFFENDER_DISK. */
enum offender_role survey_find_role(const struct survey_function *function);

void survey_free(struct survey *survey);

#endif
