/* SPDX-License-Identifier: Apache-2.0 */
/* Device programs of cgroup v2 (BPF_PROG_TYPE_CGROUP_DEVICE) as values: what one answers,
 * and a wider one made from it. Pure: loads and attaches nothing. */
#ifndef OCI_VFIO_HOOK_DEVICE_PROGRAM_H
#define OCI_VFIO_HOOK_DEVICE_PROGRAM_H

#include <linux/bpf.h>
#include <stdbool.h>

#include "oci-vfio-hook/device_change.h"

/* Instructions; a struct to be filled is initialised with {0}. */
struct device_program {
	struct bpf_insn *code; /* owned */
	size_t count, capacity;
};

#define auto_device_program                                                              \
	__attribute__((cleanup(device_program_free))) struct device_program

/* What is asked for, as bits BPF_DEVCG_ACC_*, by the letters of a rule; -EINVAL for
 * anything but one to three of "rwm". */
int device_access_parse(const char *letters, uint32_t *ret);

/* Runs the program as the kernel would for one access. Knows what runc, crun and systemd
 * make device programs of: loads from the context, arithmetic, jumps forward and exit;
 * ERROR_UNAVAILABLE for anything else, with the instruction. */
int device_program_run(const struct device_program *program,
		       const struct bpf_cgroup_dev_ctx *request, bool *ret_allowed,
		       struct error *err);

/* Does the program let the device be opened in all ways that `access` (bits) allows?
 * Making a node counts only where it is all that is wanted: the nodes of a container are
 * made by others. Errors as above. */
int device_program_allows(const struct device_program *program,
			  const struct device_number *number, uint32_t access,
			  bool *ret_allowed, struct error *err);

/* Can the program do without all changes: does it give the new devices and refuse the
 * old? False also where it can't be run. */
bool device_program_fits(const struct device_program *program,
			 const struct device_change *changes, size_t n_changes);

/* Makes the program that gives the new devices, refuses the old ones that don't stay, and
 * leaves every other question to the code of `program`. ERROR_UNAVAILABLE: its code can't
 * be loaded again (maps, helpers, blinded constants); ERROR_DATA: numbers or access that
 * no device has. */
int device_program_widen(const struct device_program *program,
			 const struct device_change *changes, size_t n_changes,
			 struct device_program *ret, struct error *err);

void device_program_free(struct device_program *program);

#endif
