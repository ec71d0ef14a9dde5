/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-2-4 with 128 bits of output. */
#include "oci-vfio-hook/siphash.h"

#define COMPRESSION_ROUNDS 2
#define FINALIZATION_ROUNDS 4

/* Words are little-endian, whatever the machine is. */
static uint64_t load(const uint8_t *bytes, size_t count)
{
	uint64_t word = 0;

	for (size_t i = 0; i < count; i++)
		word |= (uint64_t)bytes[i] << 8 * i;
	return word;
}

static void store(uint64_t word, uint8_t *ret)
{
	for (size_t i = 0; i < sizeof word; i++)
		ret[i] = (uint8_t)(word >> 8 * i);
}

static uint64_t rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static void half_round(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d,
		       unsigned int first, unsigned int second)
{
	*a += *b;
	*c += *d;
	*b = rotate(*b, first) ^ *a;
	*d = rotate(*d, second) ^ *c;
	*a = rotate(*a, 32);
}

static void mix(uint64_t v[static 4], unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds; i++) {
		half_round(&v[0], &v[1], &v[2], &v[3], 13, 16);
		half_round(&v[2], &v[1], &v[0], &v[3], 17, 21);
	}
}

static void compress(uint64_t v[static 4], uint64_t word)
{
	v[3] ^= word;
	mix(v, COMPRESSION_ROUNDS);
	v[0] ^= word;
}

static uint64_t finalize(uint64_t v[static 4])
{
	mix(v, FINALIZATION_ROUNDS);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Takes the part in, after the bytes of an incomplete word; returns how many are left of the
 * next one. */
static size_t take_in(uint64_t v[static 4], uint64_t *word, size_t filled,
		      struct slice part)
{
	const uint8_t *at = (const uint8_t *)part.data, *end = at + part.length;

	while (at < end) {
		if (filled == 0 && end - at >= 8) {
			compress(v, load(at, 8));
			at += 8;
			continue;
		}
		*word |= (uint64_t)*at++ << 8 * filled++;
		if (filled == 8) {
			compress(v, *word);
			*word = filled = 0;
		}
	}
	return filled;
}

void siphash(const uint8_t key[static SIPHASH_KEY_SIZE], const struct slice *parts,
	     size_t count, uint8_t ret[static SIPHASH_SIZE])
{
	size_t filled = 0, length = 0;
	uint64_t word = 0;
	const uint64_t k0 = load(key, 8), k1 = load(key + 8, 8);
	/* "somepseudorandomlygeneratedbytes"; 0xee: the output has 128 bits. */
	uint64_t v[4] = { k0 ^ UINT64_C(0x736f6d6570736575),
			  k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
			  k0 ^ UINT64_C(0x6c7967656e657261),
			  k1 ^ UINT64_C(0x7465646279746573) };

	for (size_t i = 0; i < count; i++) {
		filled = take_in(v, &word, filled, parts[i]);
		length += parts[i].length;
	}
	compress(v, word | (uint64_t)length << 56);
	v[2] ^= 0xee;
	store(finalize(v), ret);
	v[1] ^= 0xdd;
	store(finalize(v), ret + 8);
}

bool siphash_equal(const uint8_t a[static SIPHASH_SIZE],
		   const uint8_t b[static SIPHASH_SIZE])
{
	uint8_t difference = 0;

	for (size_t i = 0; i < SIPHASH_SIZE; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}
