/* SPDX-License-Identifier: Apache-2.0 */
/* Allow rules that stay though they may have been meant for a device of the host. */
#ifndef OCI_VFIO_HOOK_STALE_RULES_H
#define OCI_VFIO_HOOK_STALE_RULES_H

#include "rule_moves.h"

#include "oci-vfio-hook/host_number.h"

struct stale_rules {
	struct planner *planner;
	struct host_numbers host;
	struct device_number_set majors; /* c MAJOR:0: of VFIO's devices on the host */
};

void stale_rules_build(struct planner *planner, struct stale_rules *ret);

/* Warns of a rule that stays if it allows what the host's numbers are here. `kept`: what the
 * container has afterwards. */
void stale_rules_warn(const struct stale_rules *stale, const struct spec_rule *rule,
		      const struct rule_moves *moves,
		      const struct device_number_set *kept);

void stale_rules_free(struct stale_rules *stale);

#endif
