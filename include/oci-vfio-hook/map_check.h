/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the machine's device maps: would a container that asks for one get its device?
 * The plan has decided that; here it becomes findings, with what mends them. Pure. */
#ifndef OCI_VFIO_HOOK_MAP_CHECK_H
#define OCI_VFIO_HOOK_MAP_CHECK_H

#include "oci-vfio-hook/finding.h"
#include "oci-vfio-hook/plan.h"
#include "oci-vfio-hook/survey.h"

struct map_check {
	const struct survey *survey;
	bool has_driverctl;
	bool binds; /* --bind is in the configuration */
	/* Of functions that entries have: no candidates for others; sorted by
	 * map_check_arrange(); owned. */
	struct pci_address *taken;
	size_t n_taken, taken_capacity;
};

#define auto_map_check __attribute__((cleanup(map_check_free))) struct map_check

/* What a plan for a spec with nothing but this entry's device came to. All is borrowed. */
struct map_check_entry {
	const struct map_entry *entry;
	const struct request *request;
	const struct inventory *inventory;
	const char *why; /* there is no plan; NULL: there is one */
	const struct messages *messages;
};

/* The text of such a spec. */
void map_check_spec(const struct map_entry *entry, struct buffer *ret);

/* First of all: which functions the entry has. */
void map_check_take(struct map_check *check, const struct map_check_entry *entry);
void map_check_arrange(struct map_check *check);

void map_check_entry(const struct map_check *check, const struct map_check_entry *entry,
		     struct findings *findings);

/* What all entries of a map lack that would protect them. */
void map_check_protection(const struct device_map *map, struct findings *findings);

void map_check_free(struct map_check *check);

#endif
