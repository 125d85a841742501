/*
 * YAML text as a tree of our own: scalars that are still text, lists and mappings, each with its
 * place in the file.
 *
 * Built from libyaml's events under limits, so that no file can take more than bounded time and
 * memory: nesting, and the number of nodes with aliases expanded (aliases share what they stand
 * for; they are only counted as if they did not).  Keys are unique, merge keys ("<<") have been
 * merged. What types the scalars are is up to whoever reads the tree, so "no" and "1.10" stay what
 * they are.
 */
#ifndef CONF_YAML_TREE_H
#define CONF_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum yaml_shape { YAML_TEXT, YAML_LIST, YAML_MAP };

/* A place in a file, in characters, both from 1. */
struct yaml_place {
	uint32_t line;
	uint32_t column;
};

struct yaml_node {
	enum yaml_shape shape : 8;
	bool is_plain; /* a text without quotes */
	bool is_bad;   /* a fault of it has been told; it stands for anything */
	bool is_open;  /* while reading: its end has not come yet */
	struct yaml_place place;
	uint32_t height; /* lists and mappings from here down, itself included */
	uint32_t weight; /* nodes from here down, itself included, aliases expanded */
	uint32_t count;  /* bytes, items or pairs */
	union {
		const char *bytes;              /* YAML_TEXT; NUL-terminated, and no NUL inside */
		const struct yaml_node **items; /* YAML_LIST */
		struct yaml_pair *pairs; /* YAML_MAP; in written order, then what was merged */
	};
};

struct yaml_pair {
	const struct yaml_node *key; /* a text; its place is the key's */
	const struct yaml_node *value;
};

/* Is told of every fault, as text that is safe to print. */
typedef void yaml_fault_fn(void *arg, struct yaml_place, const char *text);

struct yaml_tree {
	struct arena *arena; /* where the tree lives; borrowed */
	uint32_t nodes_left; /* in: how many nodes it may have; out: how many were not used */
	yaml_fault_fn *fault;
	void *fault_arg;
	const struct yaml_node *root; /* out: a mapping; NULL after -1 */
};

/*
 * Read one document.  An empty one is an empty mapping.  0 if there is a tree, even when faults
 * that leave the rest readable were told (a duplicate key, an unknown tag, ...): ask whether fault
 * was called.  -1 if there is none; fault was called then.
 */
int yaml_tree_read(struct yaml_tree *, struct str text);

/* The bytes of a YAML_TEXT. */
struct str yaml_text(const struct yaml_node *);

/* No value at all: "key:", "key: null", "key: ~". */
bool yaml_is_null(const struct yaml_node *);

/* NULL if the mapping has no such key. */
const struct yaml_pair *yaml_find(const struct yaml_node *map, const char *key);

/* "a text", "a list", "a mapping", "nothing". */
const char *yaml_shape_name(const struct yaml_node *);

#endif
