/* SPDX-License-Identifier: Apache-2.0 */
/* Security labels of nodes: a new node gets that of the stale one, or of its neighbours. */
#include "live_internal.h"

#include <errno.h>
#include <sys/xattr.h>

#define LABEL "security.selinux"
#define LABEL_SIZE 4096

/* Reads the label of what is at the place. Returns its length, 0 where there is none, or
 * -errno. */
static ssize_t read_label(const struct live_place *place, char text[static LABEL_SIZE])
{
	ssize_t length;

	/* There is no lgetxattrat(). */
	if (fchdir(place->directory) < 0)
		return -errno;
	length = lgetxattr(place->name, LABEL, text, LABEL_SIZE);
	if (length < 0)
		return errno == ENODATA || errno == ENOTSUP ? 0 : -errno;
	return length;
}

static int read_failed(const struct live_place *place, ssize_t length, struct error *err)
{
	return live_error(place->shown, "its label can't be read", (int)-length, err);
}

/* The same, and keeps the label; nothing where there isn't a file. */
static int keep_label(const struct live_place *place, struct live_label *ret,
		      struct error *err)
{
	char text[LABEL_SIZE];
	ssize_t length = read_label(place, text);

	if (length == -ENOENT)
		return 0;
	if (length < 0)
		return read_failed(place, length, err);
	ret->known = true;
	if (length > 0) {
		ret->text = xstrndup(text, (size_t)length);
		ret->length = (size_t)length;
	}
	return 0;
}

/* The label of a node that is mounted tells nothing: it is the machine's. */
static int read_stale(struct live *live, struct live_node *node, struct error *err)
{
	struct found_node found = { 0 };
	struct live_place place;
	int r;

	if (!node->old.path)
		return 0;
	r = live_place_open(live, &node->old, false, &place, err);
	if (r == 0)
		r = live_place_look(&place, &found, err);
	if (r < 0 || found.number.type == 0 || found.mounted || place.machines ||
	    !found_node_is_stale(&found, node->plan, live_node_source(node)))
		return r;
	return keep_label(&place, &node->label, err);
}

/* Without a /dev in the container there isn't a neighbour. */
static int read_of_neighbour(struct live *live, struct error *err)
{
	char shown[] = LIVE_NEIGHBOUR;
	const struct live_path path = { LIVE_NEIGHBOUR, shown };
	struct live_place place;
	int r = live_place_open(live, &path, false, &place, err);

	if (r == 0)
		return place.directory < 0 ? 0
					   : keep_label(&place, &live->neighbour, err);
	if (err->class != ERROR_DATA)
		return r;
	error_clear(err);
	return 0;
}

int live_labels_read(struct live *live, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < live->n_nodes; i++)
		r = read_stale(live, &live->nodes[i], err);
	return r < 0 ? r : read_of_neighbour(live, err);
}

int live_label_set(const struct live *live, const struct live_place *place,
		   const struct live_label *stale, struct error *err)
{
	const struct live_label *label = stale->known ? stale : &live->neighbour;
	char own[LABEL_SIZE];
	ssize_t length;

	if (label->length == 0)
		return 0;
	length = read_label(place, own);
	if (length < 0)
		return read_failed(place, length, err);
	if ((size_t)length == label->length &&
	    memcmp(own, label->text, label->length) == 0)
		return 0;
	if (lsetxattr(place->name, LABEL, label->text, label->length, 0) < 0 &&
	    errno != ENOTSUP)
		return live_error(place->shown, "the node can't be given its label",
				  errno, err);
	return 0;
}

void live_label_free(struct live_label *label)
{
	free(label->text);
	*label = (struct live_label) { 0 };
}
