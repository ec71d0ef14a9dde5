/* Security labels of nodes: a new node gets that of the stale one, or of its neighbours.
 * SPDX-License-Identifier: Apache-2.0 */
#include "live_internal.h"

#include <errno.h>
#include <sys/xattr.h>

#define LABEL "security.selinux"
#define LABEL_SIZE 4096

void live_label_read(const struct live_place *place, struct live_label *ret)
{
	char text[LABEL_SIZE];
	ssize_t length;

	*ret = (struct live_label) { 0 };
	/* There is no lgetxattrat(). */
	if (place->directory < 0 || fchdir(place->directory) < 0)
		return;
	length = lgetxattr(place->name, LABEL, text, sizeof(text));
	if (length <= 0)
		return;
	ret->text = memory_copy(text, (size_t)length);
	ret->length = (size_t)length;
}

/* The runtime made /dev/null as it makes every node. */
static void read_of_neighbour(struct live *live, struct live_label *ret)
{
	auto_live_place place = LIVE_PLACE_INIT;
	auto_error ignored = { 0 };

	if (live_place_open(live, "/dev/null", false, &place, &ignored) == 0)
		live_label_read(&place, ret);
}

int live_label_set(struct live *live, const struct live_place *place,
		   struct live_label *label, struct error *err)
{
	auto_live_label own = { 0 };

	if (label->length == 0)
		read_of_neighbour(live, label);
	if (label->length == 0)
		return 0;
	live_label_read(place, &own);
	if (own.length == label->length && memcmp(own.text, label->text, own.length) == 0)
		return 0;
	if (fchdir(place->directory) < 0 ||
	    (lsetxattr(place->name, LABEL, label->text, label->length, 0) < 0 &&
	     errno != ENOTSUP))
		return live_error(place->path, "the node can't be given its label", errno,
				  err);
	return 0;
}

void live_label_free(struct live_label *label)
{
	memory_free(label->text);
	*label = (struct live_label) { 0 };
}
