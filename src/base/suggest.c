/*
 * The optimal string alignment distance between what was written and what is known.  See suggest.h.
 *
 * Letter case and the choice between "-", "_" and "." cost nothing, as they never tell names apart.
 */
#include "base/suggest.h"

#include <stdbool.h>

enum {
	NAME_MAX_LEN = 64, /* what is longer is not a slip of the finger */
	PREFIX_MIN_LEN = 3,
};

static char fold(char c)
{
	return c == '_' || c == '.' ? '-' : char_lower(c);
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(struct str a, struct str b)
{
	/* Rows of the table: the one before the last, the last, and the one in work. */
	size_t rows[3][NAME_MAX_LEN + 1];
	size_t *older = rows[0];
	size_t *old = rows[1];
	size_t *row = rows[2];

	for (size_t j = 0; j <= b.len; j++) {
		old[j] = j;
		older[j] = 0;
	}
	for (size_t i = 1; i <= a.len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			bool is_same = fold(a.ptr[i - 1]) == fold(b.ptr[j - 1]);
			size_t best = min(old[j] + 1, row[j - 1] + 1);

			best = min(best, old[j - 1] + !is_same);
			if (i > 1 && j > 1 && fold(a.ptr[i - 1]) == fold(b.ptr[j - 2]) &&
				fold(a.ptr[i - 2]) == fold(b.ptr[j - 1])) {
				best = min(best, older[j - 2] + 1);
			}
			row[j] = best;
		}

		size_t *spare = older;

		older = old;
		old = row;
		row = spare;
	}
	return old[b.len];
}

static bool is_prefix(struct str part, struct str name)
{
	for (size_t i = 0; i < part.len; i++) {
		if (i >= name.len || fold(part.ptr[i]) != fold(name.ptr[i])) {
			return false;
		}
	}
	return true;
}

/* How far apart two names may be and still mean the same: one slip in three letters. */
static size_t allowed(struct str wrong, struct str name)
{
	size_t longer = wrong.len > name.len ? wrong.len : name.len;

	return longer < 3 ? longer / 2 : (longer + 1) / 3;
}

const char *suggest(struct str wrong, const char *const *names, size_t count)
{
	const char *nearest = NULL;
	size_t nearest_distance = NAME_MAX_LEN;

	if (wrong.len == 0 || wrong.len > NAME_MAX_LEN) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		struct str name = names[i] ? str_of(names[i]) : str_n("", 0);
		size_t d;

		if (name.len == 0 || name.len > NAME_MAX_LEN) {
			continue;
		}
		d = distance(wrong, name);
		if (d > allowed(wrong, name)) {
			if (wrong.len < PREFIX_MIN_LEN || !is_prefix(wrong, name)) {
				continue;
			}
			/* The beginning of a name: better than nothing, worse than any slip. */
			d += NAME_MAX_LEN / 2;
		}
		if (d < nearest_distance) {
			nearest = names[i];
			nearest_distance = d;
		}
	}
	return nearest;
}
