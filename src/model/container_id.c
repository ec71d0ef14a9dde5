/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process is in, by the name of its cgroup. */
#include "oci-vfio-hook/container_id.h"

#define ID_LENGTH 64

/* As names begin before "-<ID>", or ":<ID>" where systemd's names come without systemd; and in
 * cgroups without systemd as directories are called. */
static const struct {
	struct slice prefix;
	const char *engine;
} engines[] = {
	{ SLICE("libpod"), "podman" },
	{ SLICE("docker"), "docker" },
	{ SLICE("cri-containerd"), "containerd" },
	{ SLICE("nerdctl"), "containerd" },
	{ SLICE("crio"), "cri-o" },
};

/* As runtimes call the scope of a container that nobody named otherwise. */
static const struct slice runtimes[] = { SLICE("crun-"), SLICE("runc-"),
					 SLICE("youki-") };

static bool is_id(struct slice text)
{
	if (text.length != ID_LENGTH)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		const char c = text.data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

static const char *find_engine(struct slice prefix)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		if (slice_equal(prefix, engines[i].prefix))
			return engines[i].engine;
	}
	return NULL;
}

/* What follows the last '/' , ':' of a prefix: "kubepods.slice:cri-containerd". */
static struct slice last_word(struct slice prefix)
{
	for (size_t i = prefix.length; i > 0; i--) {
		if (prefix.data[i - 1] == ':')
			return slice_from_to(prefix, i, prefix.length);
	}
	return prefix;
}

/* A name that ends with an engine's ID. `above` is the directory's. */
static bool find_in_name(struct slice name, struct slice above, struct container_id *ret)
{
	struct slice prefix;

	if (name.length < ID_LENGTH ||
	    !is_id(slice_from_to(name, name.length - ID_LENGTH, name.length)))
		return false;
	prefix = slice_from_to(name, 0, name.length - ID_LENGTH);
	if (prefix.length == 0) {
		ret->engine = find_engine(above);
	} else if (prefix.data[prefix.length - 1] == '-' ||
		   prefix.data[prefix.length - 1] == ':') {
		prefix.length--;
		prefix = last_word(prefix);
		/* What watches a container isn't in it. */
		if (slice_ends(prefix, SLICE("-conmon")))
			return false;
		ret->engine = find_engine(prefix);
	} else {
		return false;
	}
	ret->id = slice_from_to(name, name.length - ID_LENGTH, name.length);
	return true;
}

static bool find_runtime(struct slice name, struct container_id *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		if (!slice_starts(name, runtimes[i]) || name.length == runtimes[i].length)
			continue;
		ret->id = slice_from_to(name, runtimes[i].length, name.length);
		ret->engine = NULL;
		return true;
	}
	return false;
}

bool container_id_find(struct slice cgroup, struct container_id *ret)
{
	const struct slice scope = SLICE(".scope");
	struct slice name, above = { 0 };

	while (slice_cut(&cgroup, '/', &name)) {
		struct slice stem = name;

		if (slice_ends(name, scope)) {
			stem.length -= scope.length;
			if (find_in_name(stem, above, ret) || find_runtime(stem, ret))
				return true;
		} else if (find_in_name(stem, above, ret)) {
			return true;
		}
		above = name;
	}
	return false;
}
