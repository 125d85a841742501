/*
 * A growing array as three fields of any struct: `T *name; size_t name_count, name_alloc;`.
 *
 * VEC_PUSH(obj, name) gives the address of a new zeroed last element on the heap (free the array
 * with free()); VEC_PUSH_IN(arena, obj, name) the same in an arena.  Addresses of elements move
 * when the array grows.  (sizeof takes a type, as clang-tidy takes sizeof(*p) of a struct ** for a
 * slip.)
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"

#define VEC_PUSH(obj, name)                                                                        \
	({                                                                                         \
		if ((obj)->name##_count == (obj)->name##_alloc) {                                  \
			(obj)->name##_alloc = (obj)->name##_alloc ? 2 * (obj)->name##_alloc : 8;   \
			(obj)->name = xreallocarray((obj)->name, (obj)->name##_alloc,              \
				sizeof(__typeof__(*(obj)->name)));                                 \
		}                                                                                  \
		(__typeof__((obj)->name))memset(                                                   \
			&(obj)->name[(obj)->name##_count++], 0, sizeof(__typeof__(*(obj)->name))); \
	})

#define VEC_PUSH_IN(arena, obj, name)                                                              \
	({                                                                                         \
		if ((obj)->name##_count == (obj)->name##_alloc) {                                  \
			size_t vec_alloc_ = (obj)->name##_alloc ? 2 * (obj)->name##_alloc : 4;     \
			(obj)->name = arena_grow(arena, (obj)->name, (obj)->name##_count,          \
				vec_alloc_, sizeof(__typeof__(*(obj)->name)));                     \
			(obj)->name##_alloc = vec_alloc_;                                          \
		}                                                                                  \
		&(obj)->name[(obj)->name##_count++];                                               \
	})

#endif
