/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as a table: spec, maps and what must come out, on a machine that is made of
 * rules: the function on bus N is in group N, of which the node is 242:N. Buses from 0x40
 * up have a fault each. */
#ifndef TESTS_UNIT_PLAN_CHECK_H
#define TESTS_UNIT_PLAN_CHECK_H

#include "helpers.h"
#include "plan_run.h"

/* On these buses something is amiss. */
enum machine_bus {
	BUS_ABSENT = 0x40,
	BUS_NO_GROUP = 0x41,
	BUS_OTHER_DRIVER = 0x42, /* e1000e */
	BUS_NO_DRIVER = 0x43,
	BUS_NOT_VIABLE = 0x44, /* 0000:44:00.1 is bound to igb, .2 to ixgbe */
	BUS_NO_NODE = 0x45,
	BUS_OTHER_VENDOR = 0x46,   /* 1234:154c, else 8086:154c */
	BUS_SPLIT = 0x47,	   /* a group for each function: 71 + function */
	BUS_VARIANT_DRIVER = 0x48, /* of another name, but VFIO's */
	BUS_HANDLE_ONLY = 0x5a,	   /* its group has no node */
	BUS_GROUP_ONLY = 0x5b,	   /* it has no handle */
	BUS_NOIOMMU = 0x5c,	   /* the same, and its group is in noiommu mode */
	BUS_NOT_REGISTERED = 0x5d, /* VFIO has nothing of it yet */
	BUS_NEEDED = 0x58,	   /* 0000:58:00.1 to .4 are what the machine lives on */
	BUS_SHARED = 0x59,	   /* 0000:59:00.0 to .2 are in the group */
};

/* Other nodes: /dev/vda (b 254:0), /dev/vdb (b 254:16), /dev/gpu (c 195:0), /dev/nic (c 242:9),
 * the directory /dev/dri; any other is absent. VFIO nodes: /dev/vfio/0 to 99, of the group of
 * that number, and the handles /dev/vfio/devices/vfio0 to 99 (244:N) of the functions 0 on these
 * buses, with 100 added those of functions 1; others are absent. The control nodes are 10:196
 * and, where there are handles, 10:257; 10:229 is a device that isn't VFIO's. */

struct plan_case {
	const char *spec, *map, *machine_map; /* maps: NULL: none */
	const char *expected;		      /* the new text; NULL: unchanged */
	enum error_class class;		      /* not ERROR_NONE: it fails, */
	const char *part;		      /* with this in the message, or warns */
	enum unmapped_policy unmapped;
	enum by_address_policy by_address;
	enum leftover_policy leftover;
	bool require_host_dev;
	bool match;
	bool no_iommufd; /* this kernel has neither handles nor /dev/iommu */
	bool once;	 /* the second run is another case */
};

/* Runs the case, checks what every plan must keep to, then runs it again with the
 * annotation and on what came out of that: nothing may change. */
void check_plan(const struct plan_case *c);

/* The machine's answers, a plan_answer_fn; without iommufd where `sysroot` isn't NULL. */
void machine_answer(const void *sysroot, const struct request *request,
		    struct inventory *ret);

/* Pieces of specs and maps. */
#define SPEC(devices, rules)                                                             \
	"{\"linux\":{\"devices\":[" devices "],\"resources\":{\"devices\":[" rules "]}}" \
	"}"
#define NODE(path, type, major, minor)                                                   \
	"{\"path\":\"" path "\",\"type\":\"" type "\",\"major\":" major                  \
	",\"minor\":" minor "}"
#define DEV(path, major, minor) NODE(path, "c", major, minor)
#define CONTROL DEV("/dev/vfio/vfio", "10", "196")
#define NEW_CONTROL                                                                      \
	"{\"path\":\"/dev/vfio/vfio\",\"type\":\"c\",\"major\":10,\"minor\":196,"        \
	"\"fileMode\":438,\"uid\":0,\"gid\":0}"
#define RULE(allow, type, major, minor, access)                                          \
	"{\"allow\":" allow ",\"type\":\"" type "\",\"major\":" major                    \
	",\"minor\":" minor ",\"access\":\"" access "\"}"
#define ALLOW(major, minor) RULE("true", "c", major, minor, "rwm")
#define DENY_ALL "{\"allow\":false,\"access\":\"rwm\"}"
#define ALLOW_ALL "{\"allow\":true,\"access\":\"rwm\"}"
#define MOUNT(destination, source)                                                       \
	"{\"destination\":\"" destination "\",\"type\":\"bind\",\"source\":\"" source    \
	"\",\"options\":[\"bind\"]}"
#define MOUNT_RO(destination, source)                                                    \
	"{\"destination\":\"" destination "\",\"type\":\"bind\",\"source\":\"" source    \
	"\",\"options\":[\"bind\",\"ro\"]}"
#define MOUNTS(mounts) "{\"mounts\":[" mounts "]}"
#define ENTRY(path, options) TYPED_ENTRY("vfio-pci", path, options)
#define TYPED_ENTRY(type, path, options)                                                 \
	"{\"type\":\"" type "\",\"container_path\":\"" path "\",\"options\":[" options   \
	"]}"
#define NODE_ENTRY(path, vm_path)                                                        \
	"{\"type\":\"node\",\"container_path\":\"" path "\",\"vm_path\":\"" vm_path "\"" \
	"}"
/* The entry with these members as well. */
#define ENTRY_WITH(path, options, more)                                                  \
	"{\"type\":\"vfio-pci\",\"container_path\":\"" path "\",\"options\":[" options   \
	"]," more "}"
#define STAND_IN "\"stand_in\":true"
/* /dev/vfio/45, of host function 0000:3b:02.0, is 0000:06:00.0 here, in group 6. */
#define MAP_45 "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "]"

#endif
