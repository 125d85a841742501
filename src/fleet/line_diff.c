/*
 * Myers' algorithm (An O(ND) Difference Algorithm and Its Variations, 1986), with a maximum for D:
 * time and memory are bounded whatever the texts are.
 *
 * For each number of changes d, ends[k] is how far into the first text one gets on diagonal k (the
 * position in the first less that in the second).  Each round is kept, so that the way can be
 * walked back.
 */
#include "fleet/line_diff.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"

/* One line of the way from the first text to the second. */
struct step {
	enum line_change change;
	size_t first, second; /* positions before it */
};

struct way {
	struct step *steps; /* backwards while it is found */
	size_t count;
};

struct search {
	const struct line_diff_text *first, *second;
	const uint64_t *first_hashes, *second_hashes;
	size_t begin;                 /* lines that both begin with */
	size_t first_len, second_len; /* after these, without what both end with */
	int **rounds;                 /* ends[] before each round */
	int rounds_count;
};

/* --- Lines --- */

static uint64_t *hash_all(const struct line_diff_text *text)
{
	uint64_t *hashes = xcalloc(text->count + 1, sizeof(*hashes));

	for (size_t i = 0; i < text->count; i++) {
		uint64_t hash = 14695981039346656037U; /* FNV-1a */

		for (size_t c = 0; c < text->keys[i].len; c++) {
			hash = (hash ^ (unsigned char)text->keys[i].ptr[c]) * 1099511628211U;
		}
		hashes[i] = hash;
	}
	return hashes;
}

static bool is_same(const struct search *search, size_t first, size_t second)
{
	return search->first_hashes[first] == search->second_hashes[second] &&
	       str_eq(search->first->keys[first], search->second->keys[second]);
}

static void skip_common_ends(struct search *search)
{
	size_t first = search->first->count;
	size_t second = search->second->count;
	size_t begin = 0;

	while (begin < first && begin < second && is_same(search, begin, begin)) {
		begin++;
	}
	while (first > begin && second > begin && is_same(search, first - 1, second - 1)) {
		first--;
		second--;
	}
	search->begin = begin;
	search->first_len = first - begin;
	search->second_len = second - begin;
}

/* --- Searching --- */

/* Where diagonal k is reached from: by adding (from k + 1) or removing (from k - 1). */
static bool comes_by_adding(const int *ends, int k, int d)
{
	return k == -d || (k != d && ends[k - 1] < ends[k + 1]);
}

/* One round; true when the end is reached. */
static bool search_round(const struct search *search, int *ends, int d)
{
	for (int k = -d; k <= d; k += 2) {
		int x = comes_by_adding(ends, k, d) ? ends[k + 1] : ends[k - 1] + 1;
		int y = x - k;

		/* Past an end there is nothing to be found. */
		while (x >= 0 && y >= 0 && x < (int)search->first_len &&
			y < (int)search->second_len &&
			is_same(search, search->begin + (size_t)x, search->begin + (size_t)y)) {
			x++;
			y++;
		}
		ends[k] = x;
		if (x >= (int)search->first_len && y >= (int)search->second_len) {
			return true;
		}
	}
	return false;
}

/* Keeps a copy of what is known before each round: 2 * d + 3 numbers, the middle is diagonal 0. */
static bool search_way(struct search *search, int *ends)
{
	for (int d = 0; d <= LINE_DIFF_CHANGES_MAX; d++) {
		int *copy = xcalloc(2 * (size_t)d + 3, sizeof(int));

		for (int k = -d - 1; k <= d + 1; k++) {
			copy[k + d + 1] = ends[k];
		}
		search->rounds[d] = copy;
		search->rounds_count = d + 1;
		if (search_round(search, ends, d)) {
			return true;
		}
	}
	return false;
}

static void push_step(struct way *way, enum line_change change, int first, int second)
{
	way->steps[way->count++] = (struct step){change, (size_t)first, (size_t)second};
}

static void walk_back(const struct search *search, struct way *way)
{
	int x = (int)search->first_len;
	int y = (int)search->second_len;

	way->steps = xcalloc(search->first_len + search->second_len + 1, sizeof(struct step));
	for (int d = search->rounds_count - 1; d >= 0; d--) {
		const int *ends = search->rounds[d] + d + 1;
		int k = x - y;
		bool is_added = comes_by_adding(ends, k, d);
		int before_x = is_added ? ends[k + 1] : ends[k - 1];
		int before_y = before_x - (is_added ? k + 1 : k - 1);

		while (x > 0 && y > 0 && x > before_x && y > before_y) {
			x--;
			y--;
			push_step(way, LINE_SAME, x, y);
		}
		if (d > 0) {
			push_step(way, is_added ? LINE_ADDED : LINE_REMOVED, before_x, before_y);
		}
		x = before_x;
		y = before_y;
	}
}

/* --- Telling --- */

struct teller {
	const struct search *search;
	const struct way *way; /* steps are backwards */
	size_t context;
	line_diff_fn *fn;
	void *arg;
};

static const struct step *step_at(const struct teller *teller, size_t index)
{
	return &teller->way->steps[teller->way->count - 1 - index];
}

/* Steps [begin, end) and context around them, of which some is outside of the way. */
static void tell_place(const struct teller *teller, size_t begin, size_t end)
{
	const struct search *search = teller->search;
	size_t first = search->begin + step_at(teller, begin)->first;
	size_t second = search->begin + step_at(teller, begin)->second;
	size_t before = begin == 0 ? (first < teller->context ? first : teller->context) : 0;
	size_t removed = 0;
	size_t added = 0;
	size_t after = 0;
	struct strbuf header = STRBUF_INIT;

	for (size_t i = begin; i < end; i++) {
		removed += step_at(teller, i)->change != LINE_ADDED;
		added += step_at(teller, i)->change != LINE_REMOVED;
	}
	if (end == teller->way->count) {
		after = search->second->count - second - added;
		after = after < teller->context ? after : teller->context;
	}
	strbuf_addf(&header, "@@ -%zu,%zu +%zu,%zu @@", first - before + 1,
		before + removed + after, second - before + 1, before + added + after);
	teller->fn(teller->arg, LINE_HEADER, strbuf_str(&header));
	for (size_t i = second - before; i < second; i++) {
		teller->fn(teller->arg, LINE_SAME, search->second->lines[i]);
	}
	for (size_t i = begin; i < end; i++) {
		const struct step *step = step_at(teller, i);

		teller->fn(teller->arg, step->change,
			step->change == LINE_REMOVED
				? search->first->lines[search->begin + step->first]
				: search->second->lines[search->begin + step->second]);
	}
	for (size_t i = second + added; i < second + added + after; i++) {
		teller->fn(teller->arg, LINE_SAME, search->second->lines[i]);
	}
	strbuf_release(&header);
}

/* Changes with at most two contexts between them are one place. */
static void tell(const struct teller *teller)
{
	size_t count = teller->way->count;
	size_t pos = 0;

	while (pos < count) {
		size_t begin;
		size_t end;
		size_t same = 0;

		while (pos < count && step_at(teller, pos)->change == LINE_SAME) {
			pos++;
			same++;
		}
		if (pos == count) {
			return;
		}
		begin = pos - (same < teller->context ? same : teller->context);
		end = pos;
		same = 0;
		while (pos < count && same <= 2 * teller->context) {
			same = step_at(teller, pos)->change == LINE_SAME ? same + 1 : 0;
			pos++;
			end = same == 0 ? pos : end;
		}
		pos = end;
		for (same = 0; pos < count && same < teller->context &&
			       step_at(teller, pos)->change == LINE_SAME;
			same++) {
			pos++;
		}
		tell_place(teller, begin, pos);
	}
}

static bool find_and_tell(struct search *search, struct teller *teller)
{
	int *ends = xcalloc(2 * LINE_DIFF_CHANGES_MAX + 5, sizeof(int));
	struct way way = {0};
	bool is_found;

	search->rounds = xcalloc(LINE_DIFF_CHANGES_MAX + 1, sizeof(int *));
	is_found = search_way(search, ends + LINE_DIFF_CHANGES_MAX + 2);
	if (is_found) {
		walk_back(search, &way);
		teller->way = &way;
		tell(teller);
	}
	for (int d = 0; d < search->rounds_count; d++) {
		free(search->rounds[d]);
	}
	free(search->rounds);
	free(way.steps);
	free(ends);
	return is_found;
}

bool line_diff(const struct line_diff_text *first, const struct line_diff_text *second,
	size_t context, line_diff_fn *fn, void *arg)
{
	uint64_t *first_hashes = hash_all(first);
	uint64_t *second_hashes = hash_all(second);
	struct search search = {.first = first,
		.second = second,
		.first_hashes = first_hashes,
		.second_hashes = second_hashes};
	struct teller teller = {.search = &search, .context = context, .fn = fn, .arg = arg};
	bool is_told = true;

	skip_common_ends(&search);
	if (search.first_len > LINE_DIFF_LINES_MAX || search.second_len > LINE_DIFF_LINES_MAX) {
		is_told = false;
	} else if (search.first_len > 0 || search.second_len > 0) {
		is_told = find_and_tell(&search, &teller);
	}
	free(first_hashes);
	free(second_hashes);
	return is_told;
}
