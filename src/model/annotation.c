/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation that says what was done, as a value. */
#include "oci-vfio-hook/annotation.h"

/* An absent text comes first. */
static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int compare_nodes(const void *a, const void *b)
{
	const struct annotation_node *x = a, *y = b;
	int order = strcmp(x->container_path, y->container_path);

	return order ? order : compare_text(x->final_path, y->final_path);
}

static int compare_final(const void *a, const void *b)
{
	const struct annotation_node *const *x = a, *const *y = b;
	int order = compare_text((*x)->final_path, (*y)->final_path);

	return order ? order : compare_nodes(*x, *y);
}

static int compare_addresses(const void *a, const void *b)
{
	const struct annotation_address *x = a, *y = b;
	int order = device_name_compare(&x->host, &y->host);

	return order ? order : device_name_compare(&x->guest, &y->guest);
}

static int compare_guests(const void *a, const void *b)
{
	return device_name_compare(a, b);
}

static int compare_rules(const void *a, const void *b)
{
	return device_number_compare(a, b);
}

typedef int compare_fn(const void *a, const void *b);

static void sort(void *items, size_t count, size_t size, compare_fn *compare)
{
	if (count > 1)
		qsort(items, count, size, compare);
}

void annotation_add_node(struct annotation *annotation, const char *container_path,
			 const char *final_path, const char *node,
			 const struct device_number *number)
{
	struct annotation_node *added = array_append(
		annotation->nodes, annotation->n_nodes, annotation->nodes_capacity);

	added->container_path = container_path;
	if (final_path) {
		added->final_path = final_path;
		added->node = node;
		added->number = *number;
	}
}

void annotation_add_address(struct annotation *annotation, const struct device_name *host,
			    const struct device_name *guest)
{
	*array_append(annotation->addresses, annotation->n_addresses,
		      annotation->addresses_capacity) =
		(struct annotation_address) { *host, *guest };
}

void annotation_add_rule(struct annotation *annotation,
			 const struct device_number *number)
{
	*array_append(annotation->rules, annotation->n_rules,
		      annotation->rules_capacity) = *number;
}

static void sort_nodes(struct annotation *annotation)
{
	struct annotation_node *nodes = annotation->nodes;
	size_t kept = 0;

	sort(nodes, annotation->n_nodes, sizeof *nodes, compare_nodes);
	for (size_t i = 0; i < annotation->n_nodes; i++) {
		if (!kept || compare_nodes(&nodes[kept - 1], &nodes[i]) != 0)
			nodes[kept++] = nodes[i];
	}
	annotation->n_nodes = kept;
}

static void sort_addresses(struct annotation *annotation)
{
	struct annotation_address *addresses = annotation->addresses;
	size_t kept = 0;

	sort(addresses, annotation->n_addresses, sizeof *addresses, compare_addresses);
	for (size_t i = 0; i < annotation->n_addresses; i++) {
		if (!kept || compare_addresses(&addresses[kept - 1], &addresses[i]) != 0)
			addresses[kept++] = addresses[i];
	}
	annotation->n_addresses = kept;
}

static void sort_rules(struct annotation *annotation)
{
	struct device_number *rules = annotation->rules;
	size_t kept = 0;

	sort(rules, annotation->n_rules, sizeof *rules, compare_rules);
	for (size_t i = 0; i < annotation->n_rules; i++) {
		if (!kept || compare_rules(&rules[kept - 1], &rules[i]) != 0)
			rules[kept++] = rules[i];
	}
	annotation->n_rules = kept;
}

void annotation_sort(struct annotation *annotation)
{
	sort_nodes(annotation);
	sort_addresses(annotation);
	sort_rules(annotation);
}

void annotation_index(struct annotation *annotation)
{
	annotation_sort(annotation);
	free(annotation->by_final);
	/* Pointers, indeed. NOLINTBEGIN(bugprone-sizeof-expression) */
	annotation->by_final =
		xmalloc(annotation->n_nodes * sizeof *annotation->by_final);
	for (size_t i = 0; i < annotation->n_nodes; i++)
		annotation->by_final[i] = &annotation->nodes[i];
	sort(annotation->by_final, annotation->n_nodes, sizeof *annotation->by_final,
	     compare_final);
	/* NOLINTEND(bugprone-sizeof-expression) */
	free(annotation->guests);
	annotation->guests =
		xmalloc(annotation->n_addresses * sizeof *annotation->guests);
	for (size_t i = 0; i < annotation->n_addresses; i++)
		annotation->guests[i] = annotation->addresses[i].guest;
	sort(annotation->guests, annotation->n_addresses, sizeof *annotation->guests,
	     compare_guests);
}

const struct annotation_node *annotation_find_final(const struct annotation *annotation,
						    struct slice path)
{
	size_t low = 0, high = annotation->n_nodes;
	const struct annotation_node *node;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		node = annotation->by_final[middle];
		if (!node->final_path ||
		    slice_compare(slice_from(node->final_path), path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == annotation->n_nodes)
		return NULL;
	node = annotation->by_final[low];
	return slice_equal(slice_from(node->final_path), path) ? node : NULL;
}

const struct annotation_node *annotation_find_container_path(
	const struct annotation *annotation, struct slice path)
{
	size_t low = 0, high = annotation->n_nodes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *found = annotation->nodes[middle].container_path;

		if (slice_compare(slice_from(found), path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == annotation->n_nodes)
		return NULL;
	return slice_equal(slice_from(annotation->nodes[low].container_path), path)
		       ? &annotation->nodes[low]
		       : NULL;
}

bool annotation_has_node(const struct annotation *annotation, const char *container_path,
			 const char *final_path)
{
	const struct annotation_node wanted = {
		.container_path = container_path,
		.final_path = final_path,
	};

	return annotation->n_nodes &&
	       bsearch(&wanted, annotation->nodes, annotation->n_nodes, sizeof wanted,
		       compare_nodes);
}

bool annotation_has_guest(const struct annotation *annotation,
			  const struct device_name *address)
{
	return annotation->n_addresses &&
	       bsearch(address, annotation->guests, annotation->n_addresses,
		       sizeof *address, compare_guests);
}

const struct annotation_address *annotation_find_host(const struct annotation *annotation,
						      const struct device_name *host)
{
	size_t low = 0, high = annotation->n_addresses;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (device_name_compare(&annotation->addresses[middle].host, host) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < annotation->n_addresses &&
			       device_name_equal(&annotation->addresses[low].host, host)
		       ? &annotation->addresses[low]
		       : NULL;
}

bool annotation_has_address(const struct annotation *annotation,
			    const struct device_name *host,
			    const struct device_name *guest)
{
	const struct annotation_address wanted = { *host, *guest };

	return annotation->n_addresses &&
	       bsearch(&wanted, annotation->addresses, annotation->n_addresses,
		       sizeof wanted, compare_addresses);
}

bool annotation_has_rule(const struct annotation *annotation,
			 const struct device_number *number)
{
	return annotation->n_rules &&
	       bsearch(number, annotation->rules, annotation->n_rules, sizeof *number,
		       compare_rules);
}

void annotation_free(struct annotation *annotation)
{
	free(annotation->nodes);
	free(annotation->by_final);
	free(annotation->addresses);
	free(annotation->guests);
	free(annotation->rules);
	text_pool_free(&annotation->texts);
	*annotation = (struct annotation) { 0 };
}
