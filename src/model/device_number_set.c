/* SPDX-License-Identifier: Apache-2.0 */
/* Device numbers, each once: a hash table with open addressing. */
#include "oci-vfio-hook/device_number_set.h"

/* The numbers come from specs: no run of them may fall into one place. A multiplier of 64 bits
 * spreads those that differ in few bits (Knuth, The Art of Computer Programming, 6.4). */
static size_t find_slot(const struct device_number *slots, size_t capacity,
			const struct device_number *number)
{
	uint64_t key = ((uint64_t)number->major << 32 | number->minor) ^
		       (uint64_t)(unsigned char)number->type << 56;
	size_t at;

	key ^= key >> 29;
	key *= UINT64_C(0x9e3779b97f4a7c15);
	key ^= key >> 32;
	at = key & (capacity - 1);
	while (slots[at].type && !device_number_equal(&slots[at], number))
		at = (at + 1) & (capacity - 1);
	return at;
}

static void enlarge(struct device_number_set *set)
{
	size_t capacity = set->capacity ? 2 * set->capacity : 16;
	struct device_number *slots = xzalloc(capacity * sizeof *slots);

	for (size_t i = 0; i < set->capacity; i++) {
		if (set->slots[i].type)
			slots[find_slot(slots, capacity, &set->slots[i])] = set->slots[i];
	}
	free(set->slots);
	set->slots = slots;
	set->capacity = capacity;
}

bool device_number_set_add(struct device_number_set *set,
			   const struct device_number *number)
{
	size_t at;

	if (4 * (set->count + 1) > 3 * set->capacity)
		enlarge(set);
	at = find_slot(set->slots, set->capacity, number);
	if (set->slots[at].type)
		return false;
	set->slots[at] = *number;
	set->count++;
	return true;
}

bool device_number_set_has(const struct device_number_set *set,
			   const struct device_number *number)
{
	return set->capacity &&
	       set->slots[find_slot(set->slots, set->capacity, number)].type;
}

void device_number_set_free(struct device_number_set *set)
{
	free(set->slots);
	*set = (struct device_number_set) { 0 };
}
