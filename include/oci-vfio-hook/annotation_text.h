/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation io.github.oci-vfio-hook.applied: what an earlier run did to a spec, and
 * a code (MAC) that proves that it was us, in this boot, for this container. Pure.
 *
 * Its value is JSON in a string:
 * {"nodes":[{"container_path":"/dev/vfio/45","final_path":"/dev/vfio/3","node":"/dev/vfio/3",
 *            "type":"c","major":242,"minor":0}],
 *  "addresses":[["0000:3b:02.0","0000:01:00.0"]],
 *  "rules":[[242,7]],
 *  "mac":"<32 hex digits>"}
 * `final_path`, `node`, `type`, `major` and `minor` are absent for a vfio-pci-gk entry:
 * its nodes were removed. Nodes that are one on the machine and have one container path come as
 * one, with a list of final paths; those that have one final path, with a list of container
 * paths. `rules` is absent where it would be empty. The code is that of
 * SipHash-2-4 under the token of this boot, over the annotation's key, " 1 ", and these
 * fields, each after its length in decimal and a colon: the text before `,"mac"`,
 * cgroupsPath, root.path, and where these don't tell the container from others device and
 * inode of the bundle's directory in decimal. */
#ifndef OCI_VFIO_HOOK_ANNOTATION_TEXT_H
#define OCI_VFIO_HOOK_ANNOTATION_TEXT_H

#include "oci-vfio-hook/annotation.h"
#include "oci-vfio-hook/siphash.h"

/* What tells the container from others: its cgroup and its rootfs, and where these don't
 * say it, the bundle's directory. */
struct annotation_binding {
	struct slice cgroups_path, root_path; /* of the spec; empty: absent */
	bool has_bundle;		      /* `device` and `inode` are known */
	uint64_t device, inode;
};

/* Is the bundle's directory needed: has the spec no cgroup of its own, or a rootfs that
 * is relative to the bundle? */
bool annotation_needs_bundle(const struct annotation_binding *binding);
/* Is there anything that tells the container from others? */
bool annotation_can_bind(const struct annotation_binding *binding);

/* Parses the annotation's text. Returns 0 where its code is right, by this key, for this
 * container; else 1, and what it lists, if it is in our form, is only somebody's claim.
 * `key` NULL: there is none yet, so no code is right. What a run without the bundle wrote
 * is right for one with it. */
int annotation_parse(struct slice text, const uint8_t *key,
		     const struct annotation_binding *binding, struct annotation *ret);

/* Appends the annotation's text; `key` NULL: without a code, to be shown. */
void annotation_format(const struct annotation *annotation, const uint8_t *key,
		       const struct annotation_binding *binding, struct buffer *ret);

#endif
