/* SPDX-License-Identifier: Apache-2.0 */
/* Which function of this machine an entry could mean, if not the one that it names. Pure. */
#ifndef OCI_VFIO_HOOK_MAP_CANDIDATE_H
#define OCI_VFIO_HOOK_MAP_CANDIDATE_H

#include "oci-vfio-hook/map_check.h"

/* Mends the last finding, that the function isn't where the entry has it: by the function here
 * that it could be, where there is one that no other entry has and that is what the entry
 * expects; else lists them. */
void map_candidate_mend(const struct map_check *check,
			const struct request_function *asked, struct findings *findings);

/* Tells of an entry that doesn't say which card is to be there. */
void map_candidate_expect(const struct map_check *check,
			  const struct map_check_entry *entry, struct findings *findings);

#endif
