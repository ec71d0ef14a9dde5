/* SPDX-License-Identifier: Apache-2.0 */
/* The answers to a request: the devices of this machine, the guest, as values. Pure. */
#ifndef OCI_VFIO_HOOK_INVENTORY_H
#define OCI_VFIO_HOOK_INVENTORY_H

#include "oci-vfio-hook/device_map.h"
#include "oci-vfio-hook/device_number.h"
#include "oci-vfio-hook/vfio_path.h"

struct request;

/* The handle that iommufd's users open a device by (Documentation/driver-api/vfio.rst, "VFIO
 * device cdev"), from <function>/vfio-dev/vfioN. */
struct inventory_handle {
	bool registered; /* there is a vfio-dev/vfioN: VFIO has the function */
	bool exists;	 /* and it has numbers */
	uint32_t handle; /* the N of vfioN */
	struct device_number number;
};

/* Answer to a request_function, at the same index. */
struct inventory_function {
	/* Not there: where the walk ended, as a sentence without a full stop, such as
	 * "0000:00:06.0 is not in /sys/bus/pci/devices"; then nothing else is set. Owned.
	 */
	char *absent;
	bool is_final; /* what is absent can't come: the locator contradicts the machine */
	struct device_name name;
	bool has_group; /* link iommu_group; looked up always */
	uint32_t group;
	/* With want_group: is it bound to a VFIO driver (has a directory vfio-dev, or the
	 * driver's name contains "vfio")? `driver` is NULL where none is bound; owned. */
	char *driver;
	bool vfio;
	uint32_t identity[PCI_IDENTITY_COUNT]; /* with want_identity */
	/* With want_handle, or want_group where the group has no node. */
	struct inventory_handle handle;
};

/* What a function that keeps a group from being viable is to this machine. */
enum offender_role {
	OFFENDER_SPARE,	     /* nothing that we know of: it may be bound to VFIO */
	OFFENDER_DISK,	     /* a storage controller, which the machine may run from */
	OFFENDER_NETWORK_UP, /* a network interface of it is up */
	OFFENDER_PHYSICAL_FUNCTION, /* it has virtual functions, which would go with it */
	OFFENDER_DISPLAY,	    /* the display that the machine booted with */
};

/* What is known of a function that another driver than VFIO's has. */
struct offender_facts {
	uint32_t class;
	bool has_virtual;  /* functions */
	bool is_boot_vga;  /* the display that the firmware set up */
	bool interface_up; /* a network interface */
};

/* Why it would be unwise to take the function from its driver. */
enum offender_role offender_find_role(const struct offender_facts *facts);

/* By its driver (NULL: none), which isn't VFIO's: does it keep its group from being viable? */
bool function_is_offender(uint32_t class, const char *driver);

/* A function of a group that keeps the group from being viable (struct vfio_group_status
 * in linux/vfio.h): not a bridge, and bound to a driver that is neither VFIO's nor
 * pci-stub. */
struct inventory_offender {
	struct pci_address address;
	char *driver; /* owned */
	enum offender_role role;
};

/* A group that a function with want_group is in. */
struct inventory_group {
	uint32_t number;
	/* Its functions, bridges apart; sorted. */
	struct pci_address *members;
	size_t n_members, members_capacity;
	struct inventory_offender *offenders;
	size_t n_offenders, capacity;
	bool has_node; /* /sys/class/vfio/<number>/dev is there, or with noiommu-<number> */
	bool noiommu; /* the latter */
	struct device_number node;
};

/* Why a node can't be had. */
enum node_absence {
	NODE_PRESENT,
	NODE_NOT_VFIOS, /* no VFIO node or control node of this machine */
	NODE_NOT_FOUND, /* by its path: `errno_value` */
	NODE_NO_DEVICE, /* the path is another kind of file's */
	NUMBER_OF_NONE,
	NUMBER_OF_VFIO,
};

/* Answer to a request_node, at the same index. Of kind REQUEST_NODE_NUMBER only `absent` is
 * set. */
struct inventory_node {
	struct device_number number;
	uint32_t group;
	int16_t errno_value;
	enum node_absence absent : 8; /* then nothing else is set but is_directory */
	bool is_directory : 1;	      /* of /dev itself, where device nodes may be */
	/* Of a VFIO node: the group that it is, or that the function of a handle is in. */
	bool has_group : 1;
};

/* A function or mediated device that a variable names by what it is called on this machine, at
 * the index of request.own. */
struct inventory_own {
	bool exists, vfio, has_group;
	uint32_t group;
	struct inventory_handle handle; /* with request.own_handles */
};

/* A control node. */
struct inventory_control {
	bool exists; /* of groups always */
	struct device_number number;
};

/* A bridge that a PCI path led through, and the bus below it. */
struct pci_bridge {
	struct pci_address address;
	uint32_t domain; /* of that bus */
	uint8_t bus;
};

/* A VFIO node of this machine, from /sys/class/vfio and /sys/class/vfio-dev. */
struct vfio_node {
	struct device_number number;
	char *path; /* its own, such as /dev/vfio/3; owned */
};

struct inventory {
	struct inventory_function *functions;
	size_t n_functions;
	struct inventory_group *groups;
	size_t n_groups, groups_capacity;
	struct inventory_node *nodes;
	size_t n_nodes;
	/* What the PCI paths of the functions led through, each once. */
	struct pci_bridge *bridges;
	size_t n_bridges;
	/* Where the functions of a group made it necessary: answers to request.others. */
	struct inventory_function *others;
	size_t n_others;
	struct inventory_own *own;
	size_t n_own;
	/* With request.vfio_nodes, or where it was needed for request.vfio_nodes_of_files;
	 * sorted by number. */
	struct vfio_node *vfio_nodes;
	size_t n_vfio_nodes, vfio_nodes_capacity;
	/* With request.match: the groups with a node that no entry names, in ascending order;
	 * some of the first ones are among `groups`. */
	uint32_t *unnamed;
	size_t n_unnamed, unnamed_capacity;
	/* A process that has the node of the only one of them open, or the handle of its only
	 * function; 0: none that we may see. */
	int64_t unnamed_holder;
	struct inventory_handle unnamed_handle;
	/* With request.control: from /sys/class/misc/vfio/dev, where that is absent 10:196, and
	 * from /sys/class/misc/iommu/dev. */
	struct inventory_control control[VFIO_KINDS];
};

#define auto_inventory __attribute__((cleanup(inventory_free))) struct inventory

/* Why the node can't be had, as a sentence without a full stop. The caller frees. */
char *inventory_node_why(const struct inventory *inventory, const struct request *request,
			 const struct inventory_node *node);

/* The group of this number, or NULL. */
const struct inventory_group *inventory_find_group(const struct inventory *inventory,
						   uint32_t number);

/* The bridge at this address, or NULL: no path led through it. */
const struct pci_bridge *inventory_find_bridge(const struct inventory *inventory,
					       const struct pci_address *address);

/* The VFIO node with these numbers, or NULL. */
const struct vfio_node *inventory_find_vfio_node(const struct inventory *inventory,
						 const struct device_number *number);

/* Has a VFIO node of this machine this major, as far as they were looked up? */
bool inventory_has_vfio_major(const struct inventory *inventory, uint32_t major);

/* What was found of the function that a variable names, or NULL: not asked for. */
const struct inventory_own *inventory_find_own(const struct inventory *inventory,
					       const struct request *request,
					       const struct device_name *name);

/* The function of the request, or of the entries that the spec doesn't ask for, that is at this
 * address; NULL: none is known. */
const struct request_function *inventory_find_owner(const struct inventory *inventory,
						    const struct request *request,
						    const struct pci_address *address);

/* How many of the unnamed groups are looked up: so many tell a person enough. */
#define INVENTORY_UNNAMED_SHOWN 8

/* Finds the unnamed groups among vfio_nodes: those in which no function of `functions` is. */
void inventory_find_unnamed(struct inventory *inventory);

/* Sorts vfio_nodes, which looking them up needs. */
void inventory_sort_vfio_nodes(struct inventory *inventory);

void inventory_free(struct inventory *inventory);

#endif
