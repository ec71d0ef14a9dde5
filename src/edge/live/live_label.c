/* SPDX-License-Identifier: Apache-2.0 */
/* Security labels of nodes: a new node gets that of the stale one, or of its neighbours. */
#include "live_internal.h"

#include <errno.h>
#include <sys/xattr.h>

#define LABEL "security.selinux"
#define LABEL_SIZE 4096

int live_label_read(const struct live_place *place, struct live_label *ret,
		    struct error *err)
{
	char text[LABEL_SIZE];
	ssize_t length;

	*ret = (struct live_label) { 0 };
	if (place->directory < 0)
		return 0;
	/* There is no lgetxattrat(). */
	length = fchdir(place->directory);
	if (length == 0)
		length = lgetxattr(place->name, LABEL, text, sizeof(text));
	if (length < 0 && errno != ENODATA && errno != ENOTSUP && errno != ENOENT)
		return live_error(place->path, "its label can't be read", errno, err);
	ret->known = length >= 0 || errno != ENOENT;
	if (length <= 0)
		return 0;
	ret->text = xstrndup(text, (size_t)length);
	ret->length = (size_t)length;
	return 0;
}

/* The runtime made /dev/null as it makes every node. Where /dev is no directory of the
 * container's, there is no neighbour. */
static int read_of_neighbour(struct live *live, struct live_label *ret, struct error *err)
{
	struct live_place place;
	int r = live_place_open(live, "/dev/null", false, &place, err);

	if (r == 0)
		return live_label_read(&place, ret, err);
	if (err->class != ERROR_DATA)
		return r;
	error_free(err);
	return 0;
}

int live_label_set(struct live *live, const struct live_place *place,
		   struct live_label *label, struct error *err)
{
	auto_live_label own = { 0 };
	int r = label->known ? 0 : read_of_neighbour(live, label, err);

	if (r < 0 || label->length == 0)
		return r;
	r = live_label_read(place, &own, err);
	if (r < 0 || (own.text != NULL && own.length == label->length &&
		      memcmp(own.text, label->text, own.length) == 0))
		return r;
	if (fchdir(place->directory) < 0 ||
	    (lsetxattr(place->name, LABEL, label->text, label->length, 0) < 0 &&
	     errno != ENOTSUP))
		return live_error(place->path, "the node can't be given its label", errno,
				  err);
	return 0;
}

void live_label_free(struct live_label *label)
{
	free(label->text);
	*label = (struct live_label) { 0 };
}
