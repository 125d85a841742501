/*
 * Folding a set of names: the way back from names to ranges.
 *
 * Names that are the same but for their numbers are a family, and each of its names a row with one
 * column for each number.  Rows that differ in one column only are merged into one, whose column
 * then holds ranges; this is done column by column, beginning with the one that leaves the fewest
 * rows.  So "rack[1-3]-node[01-04]" comes out of its twelve names.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/nodeset.h"

/* In a family's pattern, where a number stands; no name has it. */
enum { NUMBER_MARK = '#' };

/* What a column holds: a number, or the text of ranges.  Each text has one token. */
struct token {
	const char *text;
	int64_t value; /* of the (first) number */
	int width;     /* padded with zeros to so many digits; 0: it is not */
};

struct family {
	const char *pattern; /* "rack#-node#" */
	size_t columns;
	uint32_t *rows; /* columns tokens each */
	size_t rows_count, rows_alloc;
};

struct fold {
	struct arena *scratch;
	struct map *families;    /* pattern -> struct family */
	struct map *token_index; /* text -> position in tokens + 1 */
	struct token *tokens;
	size_t tokens_count, tokens_alloc;
	struct strbuf text; /* of a pattern or of ranges in work */
};

/* A run of numbers that follow each other. */
struct run {
	int64_t start, end;
	int width;
};

static uint32_t fold_token(struct fold *fold, struct str text, int64_t value, int width)
{
	uintptr_t known = (uintptr_t)map_get(fold->token_index, text);
	struct token *token;
	char *copy;

	if (known > 0) {
		return (uint32_t)(known - 1);
	}
	copy = str_dup(text, fold->scratch);
	token = VEC_PUSH(fold, tokens);
	*token = (struct token){.text = copy, .value = value, .width = width};
	map_set(fold->token_index, str_n(copy, text.len), (void *)(uintptr_t)fold->tokens_count);
	return (uint32_t)(fold->tokens_count - 1);
}

static uint32_t fold_number(struct fold *fold, struct str digits)
{
	int64_t value = 0;
	bool is_padded = digits.len > 1 && digits.ptr[0] == '0';

	if (parse_int(digits, 0, INT64_MAX, &value, NULL) < 0) {
		assert(!"at most NODESET_DIGITS_MAX digits are a number");
	}
	return fold_token(fold, digits, value, is_padded ? (int)digits.len : 0);
}

static size_t digits_at(struct str name, size_t pos)
{
	size_t len = 0;

	while (pos + len < name.len && char_is_digit(name.ptr[pos + len])) {
		len++;
	}
	return len;
}

static struct family *fold_family(struct fold *fold, struct str pattern, size_t columns)
{
	struct family *family = map_get(fold->families, pattern);

	if (!family) {
		family = arena_alloc(fold->scratch, sizeof(*family));
		family->pattern = str_dup(pattern, fold->scratch);
		family->columns = columns;
		map_set(fold->families, str_of(family->pattern), family);
	}
	return family;
}

/* Split a name into pattern and numbers, and enter it with its family. */
static void fold_name(struct fold *fold, struct str name)
{
	uint32_t row[NODESET_DIMENSIONS_MAX];
	size_t columns = 0;
	struct family *family;

	strbuf_clear(&fold->text);
	for (size_t pos = 0; pos < name.len;) {
		size_t len = digits_at(name, pos);

		if (name.ptr[pos] == '[') { /* an address: ranges in it would not read back */
			len = str_find(name, ']', pos) - pos;
			strbuf_add(&fold->text, name.ptr + pos, len);
		} else if (len > 0 && len <= NODESET_DIGITS_MAX && columns < ARRAY_LEN(row)) {
			row[columns++] = fold_number(fold, str_sub(name, pos, len));
			strbuf_addc(&fold->text, NUMBER_MARK);
		} else {
			len = len > 0 ? len : 1;
			strbuf_add(&fold->text, name.ptr + pos, len);
		}
		pos += len;
	}
	family = fold_family(fold, strbuf_str(&fold->text), columns);
	for (size_t i = 0; i < columns; i++) {
		*VEC_PUSH_IN(fold->scratch, family, rows) = row[i];
	}
}

/* How rows of a family are sorted: by the columns but one, then by that one. */
struct row_order {
	const struct fold *fold;
	size_t columns;
	size_t last; /* the column that counts least; columns: none */
};

/* Not padded first, then by width, then by value: runs stand together. */
static int token_cmp(const struct token *a, const struct token *b)
{
	if (a->width != b->width) {
		return a->width < b->width ? -1 : 1;
	}
	return (a->value > b->value) - (a->value < b->value);
}

static int row_cmp_others(const uint32_t *a, const uint32_t *b, const struct row_order *order)
{
	for (size_t i = 0; i < order->columns; i++) {
		if (i != order->last && a[i] != b[i]) {
			return a[i] < b[i] ? -1 : 1;
		}
	}
	return 0;
}

static int row_cmp(const void *a, const void *b, void *arg)
{
	const struct row_order *order = arg;
	const uint32_t *row_a = a;
	const uint32_t *row_b = b;
	int others = row_cmp_others(row_a, row_b, order);

	if (others != 0) {
		return others;
	}
	return token_cmp(
		&order->fold->tokens[row_a[order->last]], &order->fold->tokens[row_b[order->last]]);
}

static void family_sort(struct family *family, struct row_order *order)
{
	qsort_r(family->rows, family->rows_count / family->columns,
		family->columns * sizeof(*family->rows), row_cmp, order);
}

/* Where the group of rows that agree with the one at `first` in all columns but one ends. */
static size_t group_end(const struct family *family, const struct row_order *order, size_t first)
{
	size_t at = first + family->columns;

	while (at < family->rows_count &&
		row_cmp_others(&family->rows[first], &family->rows[at], order) == 0) {
		at += family->columns;
	}
	return at;
}

static size_t count_groups(struct fold *fold, struct family *family, size_t column)
{
	struct row_order order = {fold, family->columns, column};
	size_t count = 0;

	family_sort(family, &order);
	for (size_t at = 0; at < family->rows_count; at = group_end(family, &order, at)) {
		count++;
	}
	return count;
}

static int run_cmp(const void *a, const void *b)
{
	const struct run *run_a = a;
	const struct run *run_b = b;

	if (run_a->start != run_b->start) {
		return run_a->start < run_b->start ? -1 : 1;
	}
	return (run_a->width > run_b->width) - (run_a->width < run_b->width);
}

struct runs {
	struct run *items;
	size_t items_count, items_alloc;
};

static struct runs collect_runs(const struct fold *fold, const struct family *family, size_t column,
	size_t first, size_t end)
{
	struct runs runs = {0};

	for (size_t at = first; at < end; at += family->columns) {
		const struct token *token = &fold->tokens[family->rows[at + column]];
		struct run *last = runs.items_count > 0 ? &runs.items[runs.items_count - 1] : NULL;

		if (last && last->width == token->width && last->end + 1 == token->value) {
			last->end = token->value;
			continue;
		}
		*VEC_PUSH(&runs, items) = (struct run){token->value, token->value, token->width};
	}
	return runs;
}

static int64_t power_of_ten(int exponent)
{
	int64_t power = 1;

	while (exponent-- > 0) {
		power *= 10;
	}
	return power;
}

/*
 * "08-09" and "10-11" are "08-11", unless the latter begins before 10.  The runs without padding
 * come first, sorted by value; a width has at most one run that ends where its zeros do.
 */
static void join_widths(struct runs *runs)
{
	size_t plain_count = 0;

	while (plain_count < runs->items_count && runs->items[plain_count].width == 0) {
		plain_count++;
	}
	for (size_t i = plain_count; i < runs->items_count; i++) {
		struct run *padded = &runs->items[i];

		if (padded->end + 1 != power_of_ten(padded->width - 1)) {
			continue;
		}
		for (size_t j = 0; j < plain_count; j++) {
			if (runs->items[j].start == padded->end + 1) {
				padded->end = runs->items[j].end;
				runs->items[j].width = -1; /* gone */
			}
		}
	}
}

static void add_runs(struct strbuf *out, const struct runs *runs)
{
	const char *comma = "";

	for (size_t i = 0; i < runs->items_count; i++) {
		const struct run *run = &runs->items[i];

		if (run->width < 0) {
			continue;
		}
		strbuf_addf(out, "%s%0*" PRId64, comma, run->width, run->start);
		if (run->end > run->start) {
			strbuf_addf(out, "-%0*" PRId64, run->width, run->end);
		}
		comma = ",";
	}
}

/* One token for the numbers that a group of rows has in a column. */
static uint32_t merge_group(
	struct fold *fold, const struct family *family, size_t column, size_t first, size_t end)
{
	struct runs runs = collect_runs(fold, family, column, first, end);
	uint32_t token;

	assert(runs.items); /* first < end */
	join_widths(&runs);
	qsort(runs.items, runs.items_count, sizeof(*runs.items), run_cmp);
	strbuf_clear(&fold->text);
	add_runs(&fold->text, &runs);
	token = fold_token(fold, strbuf_str(&fold->text), runs.items[0].start, 0);
	free(runs.items);
	return token;
}

static void merge_column(struct fold *fold, struct family *family, size_t column)
{
	struct row_order order = {fold, family->columns, column};
	size_t kept = 0;
	size_t end;

	family_sort(family, &order);
	for (size_t at = 0; at < family->rows_count; at = end) {
		end = group_end(family, &order, at);
		if (end > at + family->columns) {
			family->rows[at + column] = merge_group(fold, family, column, at, end);
		}
		memmove(&family->rows[kept], &family->rows[at],
			family->columns * sizeof(*family->rows));
		kept += family->columns;
	}
	family->rows_count = kept;
}

static bool is_constant(const struct family *family, size_t column)
{
	for (size_t at = 0; at < family->rows_count; at += family->columns) {
		if (family->rows[at + column] != family->rows[column]) {
			return false;
		}
	}
	return true;
}

struct column_rank {
	size_t column;
	size_t groups;
};

/* The fewest groups first; of equals the column on the right. */
static int column_rank_cmp(const void *a, const void *b)
{
	const struct column_rank *rank_a = a;
	const struct column_rank *rank_b = b;

	if (rank_a->groups != rank_b->groups) {
		return rank_a->groups < rank_b->groups ? -1 : 1;
	}
	return rank_a->column > rank_b->column ? -1 : 1;
}

static void merge_family(struct fold *fold, struct family *family)
{
	struct column_rank ranks[NODESET_DIMENSIONS_MAX];
	size_t ranks_count = 0;

	for (size_t i = 0; i < family->columns; i++) {
		if (!is_constant(family, i)) {
			ranks[ranks_count++] = (struct column_rank){.column = i};
		}
	}
	for (size_t i = 0; i < ranks_count && ranks_count > 1; i++) {
		ranks[i].groups = count_groups(fold, family, ranks[i].column);
	}
	qsort(ranks, ranks_count, sizeof(*ranks), column_rank_cmp);
	for (size_t i = 0; i < ranks_count; i++) {
		merge_column(fold, family, ranks[i].column);
	}
}

/* For people: from left to right by number, then by text. */
static int row_cmp_display(const void *a, const void *b, void *arg)
{
	const struct row_order *order = arg;
	const uint32_t *row_a = a;
	const uint32_t *row_b = b;

	for (size_t i = 0; i < order->columns; i++) {
		const struct token *token_a = &order->fold->tokens[row_a[i]];
		const struct token *token_b = &order->fold->tokens[row_b[i]];

		if (token_a->value != token_b->value) {
			return token_a->value < token_b->value ? -1 : 1;
		}
		if (row_a[i] != row_b[i]) {
			return strcmp(token_a->text, token_b->text);
		}
	}
	return 0;
}

static void add_row(struct strbuf *out, const struct fold *fold, const struct family *family,
	const uint32_t *row)
{
	strbuf_adds(out, out->len > 0 ? "," : "");
	for (const char *p = family->pattern; *p != '\0'; p++) {
		const char *text;

		if (*p != NUMBER_MARK) {
			strbuf_addc(out, *p);
			continue;
		}
		assert(row); /* a pattern has as many marks as its rows have columns */
		text = fold->tokens[*row++].text;
		if (strpbrk(text, ",-")) {
			strbuf_addf(out, "[%s]", text);
		} else {
			strbuf_adds(out, text);
		}
	}
}

static void add_family(struct strbuf *out, struct fold *fold, struct family *family)
{
	struct row_order order = {fold, family->columns, family->columns};

	if (family->columns == 0) {
		add_row(out, fold, family, NULL);
		return;
	}
	merge_family(fold, family);
	qsort_r(family->rows, family->rows_count / family->columns,
		family->columns * sizeof(*family->rows), row_cmp_display, &order);
	for (size_t at = 0; at < family->rows_count; at += family->columns) {
		add_row(out, fold, family, &family->rows[at]);
	}
}

char *nodeset_fold(const struct nodeset *set, struct arena *arena)
{
	struct fold fold = {
		.scratch = arena_new(),
		.families = map_new(MAP_KEYS_BORROWED),
		.token_index = map_new(MAP_KEYS_BORROWED),
		.text = STRBUF_INIT,
	};
	struct strbuf out = STRBUF_INIT;
	void *family;
	char *folded;

	for (size_t i = 0; i < set->names_count; i++) {
		fold_name(&fold, str_of(set->names[i]));
	}
	for (size_t pos = 0; map_next(fold.families, &pos, NULL, &family);) {
		add_family(&out, &fold, family);
	}
	folded = arena_strndup(arena, out.buf, out.len);
	strbuf_release(&out);
	strbuf_release(&fold.text);
	free(fold.tokens);
	map_free(fold.token_index);
	map_free(fold.families);
	arena_free(fold.scratch);
	return folded;
}
