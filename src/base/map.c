/*
 * Entries in an array in insertion order, and an open-addressed table of their indexes (linear
 * probing, at most three quarters full).  A removed entry stays in both as a tombstone until the
 * table is built anew.  See map.h.
 */
#include "base/map.h"

#include <sys/random.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time.h"

enum { SLOTS_MIN = 16 };

struct entry {
	const char *key; /* NULL: removed */
	char *copy;      /* what key points to, if the map owns it */
	size_t key_len;
	uint64_t hash;
	void *value;
};

struct map {
	struct entry *entries; /* in insertion order, removed ones included */
	size_t entries_count;
	size_t live_count;
	uint32_t *slots;    /* index into entries + 1; 0: never used */
	size_t slots_count; /* a power of two */
	enum map_keys keys;
	uint64_t seed[2];
};

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* SipHash-1-3: fast on short keys, and of no use to who does not know the seed. */
static uint64_t hash_of(const struct map *map, struct str key)
{
	uint64_t v[4] = {
		map->seed[0] ^ 0x736f6d6570736575,
		map->seed[1] ^ 0x646f72616e646f6d,
		map->seed[0] ^ 0x6c7967656e657261,
		map->seed[1] ^ 0x7465646279746573,
	};
	uint64_t last = (uint64_t)key.len << 56;
	size_t at = 0;

	for (; key.len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, key.ptr + at, sizeof(word));
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (int shift = 0; at < key.len; at++, shift += 8) {
		last |= (uint64_t)(unsigned char)key.ptr[at] << shift;
	}
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++) {
		sip_round(v);
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *map_new(enum map_keys keys)
{
	struct map *map = xcalloc(1, sizeof(*map));

	map->keys = keys;
	if (getrandom(map->seed, sizeof(map->seed), 0) != (ssize_t)sizeof(map->seed)) {
		/* A sandbox without it: still harder to guess than nothing. */
		map->seed[0] = (uint64_t)time_mono_us();
		map->seed[1] = (uint64_t)(uintptr_t)map;
	}
	return map;
}

static void entry_drop_key(const struct map *map, struct entry *entry)
{
	if (map->keys == MAP_KEYS_COPIED) {
		free(entry->copy);
	}
	*entry = (struct entry){.key = NULL};
}

void map_free(struct map *map)
{
	if (!map) {
		return;
	}
	for (size_t i = 0; i < map->entries_count; i++) {
		entry_drop_key(map, &map->entries[i]);
	}
	free(map->entries);
	free(map->slots);
	free(map);
}

void map_freep(struct map **map)
{
	map_free(*map);
}

size_t map_count(const struct map *map)
{
	return map->live_count;
}

static struct entry *map_find(const struct map *map, struct str key, uint64_t hash)
{
	const size_t mask = map->slots_count - 1;

	if (map->slots_count == 0) {
		return NULL;
	}
	for (size_t at = hash & mask; map->slots[at] != 0; at = (at + 1) & mask) {
		struct entry *entry = &map->entries[map->slots[at] - 1];

		if (entry->key && entry->hash == hash &&
			str_eq(str_n(entry->key, entry->key_len), key)) {
			return entry;
		}
	}
	return NULL;
}

void *map_get(const struct map *map, struct str key)
{
	const struct entry *entry = map_find(map, key, hash_of(map, key));

	return entry ? entry->value : NULL;
}

bool map_has(const struct map *map, struct str key)
{
	return map_find(map, key, hash_of(map, key)) != NULL;
}

static void slot_fill(struct map *map, uint64_t hash, size_t entry_index)
{
	const size_t mask = map->slots_count - 1;
	size_t at = hash & mask;

	while (map->slots[at] != 0) {
		at = (at + 1) & mask;
	}
	map->slots[at] = (uint32_t)(entry_index + 1);
}

/* A new table with room for half as many entries again as live now, and none of the removed ones.
 */
static void map_rebuild(struct map *map)
{
	size_t slots_count = SLOTS_MIN;
	size_t live = 0;

	while (slots_count / 4 * 3 <= map->live_count + map->live_count / 2) {
		slots_count *= 2;
	}
	assert(slots_count < UINT32_MAX);
	for (size_t i = 0; i < map->entries_count; i++) {
		if (map->entries[i].key) {
			map->entries[live++] = map->entries[i];
		}
	}
	map->entries_count = live;
	map->entries = xreallocarray(map->entries, slots_count / 4 * 3, sizeof(*map->entries));
	free(map->slots);
	map->slots = xcalloc(slots_count, sizeof(*map->slots));
	map->slots_count = slots_count;
	for (size_t i = 0; i < live; i++) {
		slot_fill(map, map->entries[i].hash, i);
	}
}

void *map_set(struct map *map, struct str key, void *value)
{
	uint64_t hash = hash_of(map, key);
	struct entry *entry = map_find(map, key, hash);

	if (entry) {
		void *old = entry->value;

		entry->value = value;
		return old;
	}
	if (map->entries_count >= map->slots_count / 4 * 3) {
		map_rebuild(map);
	}
	slot_fill(map, hash, map->entries_count);
	entry = &map->entries[map->entries_count++];
	*entry = (struct entry){.key = key.ptr, .key_len = key.len, .hash = hash, .value = value};
	if (map->keys == MAP_KEYS_COPIED) {
		entry->copy = xmalloc(key.len + 1);
		memcpy(entry->copy, key.ptr, key.len);
		entry->copy[key.len] = '\0';
		entry->key = entry->copy;
	}
	map->live_count++;
	return NULL;
}

void *map_remove(struct map *map, struct str key)
{
	struct entry *entry = map_find(map, key, hash_of(map, key));
	void *value;

	if (!entry) {
		return NULL;
	}
	value = entry->value;
	entry_drop_key(map, entry);
	map->live_count--;
	return value;
}

bool map_next(const struct map *map, size_t *pos, struct str *ret_key, void **ret_value)
{
	while (*pos < map->entries_count && !map->entries[*pos].key) {
		(*pos)++;
	}
	if (*pos == map->entries_count) {
		return false;
	}

	const struct entry *entry = &map->entries[(*pos)++];

	if (ret_key) {
		*ret_key = str_n(entry->key, entry->key_len);
	}
	if (ret_value) {
		*ret_value = entry->value;
	}
	return true;
}
