/*
 * How a row reads: the words for its default, range, choices and type, the same in every text.
 *
 * Layout and markup are the business of the writers (docs_help.c, docs_man.c, ...).
 */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/time.h"
#include "conf/docs_internal.h"

enum { CHOICES_INLINE_MAX = 24 }; /* columns; longer ones stand in the text */

void docs_add_dashed(const char *name, struct strbuf *out)
{
	for (; *name; name++) {
		strbuf_addc(out, *name == '_' ? '-' : *name);
	}
}

bool docs_is_flag(const struct option_row *row)
{
	return !option_holds_rows(row) && !(row->flags & OPTION_CONFIG_ONLY);
}

bool docs_is_key(const struct option_row *row)
{
	return !(row->flags & OPTION_FLAG_ONLY);
}

bool docs_is_advertised(const struct option_row *row)
{
	return !(row->flags & (OPTION_HIDDEN | OPTION_DEPRECATED));
}

bool docs_is_on_by_default(const struct option_row *row)
{
	bool is_on = false;

	return row->shape == OPTION_ONE && row->type == &option_bool && row->def &&
	       parse_bool(str_of(row->def), &is_on, NULL) == 0 && is_on;
}

bool docs_is_first(
	const struct option_set *sets, const struct option_set *set, const struct option_row *row)
{
	for (; sets != set; sets++) {
		const struct option_row *earlier = option_find(sets->rows, str_of(row->name));

		if (earlier && docs_is_flag(earlier)) {
			return false;
		}
	}
	return true;
}

bool docs_add_choices(const struct option_row *row, const char *separator, struct strbuf *out)
{
	if (row->type != &option_choice || !row->choices) {
		return false;
	}
	for (const char *const *choice = row->choices; *choice; choice++) {
		strbuf_adds(out, choice == row->choices ? "" : separator);
		strbuf_adds(out, *choice);
	}
	return true;
}

/* Choices so short that they can stand for the value. */
static bool add_inline_choices(const struct option_row *row, struct strbuf *out)
{
	size_t start = out->len;

	if (row->placeholder || row->shape == OPTION_MAP || row->shape == OPTION_MAP_LIST ||
		!docs_add_choices(row, "|", out)) {
		return false;
	}
	if (out->len - start > CHOICES_INLINE_MAX) {
		strbuf_truncate(out, start);
		return false;
	}
	return true;
}

void docs_add_value(const struct option_row *row, struct strbuf *out)
{
	if (!add_inline_choices(row, out)) {
		option_add_placeholder(row, out);
	}
}

void docs_add_type(const struct option_row *row, struct strbuf *out)
{
	switch (row->shape) {
	case OPTION_ONE:
		strbuf_adds(out, row->type->name);
		break;
	case OPTION_LIST:
		strbuf_addf(out, "list of %s", row->type->name);
		break;
	case OPTION_MAP:
		strbuf_addf(out, "map of %s", row->type->name);
		break;
	case OPTION_MAP_LIST:
		strbuf_addf(out, "map of lists of %s", row->type->name);
		break;
	case OPTION_SECTION:
		strbuf_adds(out, "section");
		break;
	case OPTION_VARIANTS:
		strbuf_addf(out, "list of %s", row->variants->what);
		break;
	case OPTION_SECTION_LIST:
		strbuf_addf(out, "list of %s", row->list->what);
		break;
	}
}

static void add_size(int64_t bytes, struct strbuf *out)
{
	static const char units[] = "kMGT";
	size_t power = 0;

	while (bytes != 0 && bytes % 1024 == 0 && power < strlen(units)) {
		bytes /= 1024;
		power++;
	}
	strbuf_addf(out, "%" PRId64, bytes);
	if (power > 0) {
		strbuf_addc(out, units[power - 1]);
	}
}

static void add_bound(const struct option_row *row, int64_t bound, struct strbuf *out)
{
	if (row->type == &option_duration) {
		time_add_duration_exact(out, bound);
	} else if (row->type == &option_size) {
		add_size(bound, out);
	} else {
		strbuf_addf(out, "%" PRId64, bound);
	}
}

/* Durations and sizes are never negative, and hardly ever 0: such a bound says nothing. */
static bool has_lower_bound(const struct option_row *row)
{
	if (row->type == &option_duration || row->type == &option_size) {
		return row->min > 1 || (row->min == 1 && row->max > 0 && row->max != INT64_MAX);
	}
	return row->min != INT64_MIN;
}

static bool has_upper_bound(const struct option_row *row)
{
	return row->max >= row->min && row->max != INT64_MAX;
}

bool docs_add_range(const struct option_row *row, struct strbuf *out)
{
	bool has_low = has_lower_bound(row);
	bool has_high = has_upper_bound(row);

	if ((row->min == 0 && row->max == 0) || (!has_low && !has_high)) {
		return false;
	}
	if (has_low) {
		strbuf_adds(out, has_high ? "" : "at least ");
		add_bound(row, row->min, out);
	}
	if (has_high) {
		strbuf_adds(out, has_low ? " to " : "at most ");
		add_bound(row, row->max, out);
	}
	return true;
}

/* Call before each fact; `start` is where the first one stands. */
static void begin_fact(struct strbuf *out, size_t start)
{
	if (out->len > start) {
		strbuf_adds(out, "; ");
	}
}

static void add_default_fact(const struct option_row *row, struct strbuf *out, size_t start)
{
	if (!row->def || option_holds_rows(row)) {
		return;
	}
	if (docs_is_on_by_default(row)) {
		begin_fact(out, start);
		strbuf_adds(out, "on by default");
	} else if (!option_is_switch(row)) {
		begin_fact(out, start);
		strbuf_addf(out, row->def[0] ? "default %s" : "default \"%s\"", row->def);
	}
}

static void add_choices_fact(
	const struct option_row *row, enum docs_place place, struct strbuf *out, size_t start)
{
	_cleanup_(strbuf_release) struct strbuf shown = STRBUF_INIT;
	bool is_told = place == DOCS_FLAG && add_inline_choices(row, &shown);

	strbuf_clear(&shown);
	if (!is_told && docs_add_choices(row, ", ", &shown)) {
		begin_fact(out, start);
		strbuf_adds(out, "one of ");
		strbuf_addstr(out, strbuf_str(&shown));
	}
}

static void add_state_facts(
	const struct option_row *row, enum docs_place place, struct strbuf *out, size_t start)
{
	if (row->flags & OPTION_REQUIRED) {
		begin_fact(out, start);
		strbuf_adds(out, "required");
	}
	if (place == DOCS_KEY && row->flags & OPTION_SECRET) {
		begin_fact(out, start);
		strbuf_adds(out, "secret, never shown");
	}
	if (row->since && strcmp(row->since, "0.1") != 0) {
		begin_fact(out, start);
		strbuf_addf(out, "since %s", row->since);
	}
	if (row->flags & OPTION_DEPRECATED) {
		begin_fact(out, start);
		strbuf_adds(out, "deprecated");
		if (row->instead) {
			strbuf_adds(out, place == DOCS_FLAG ? ", use --" : ", use ");
			if (place == DOCS_FLAG) {
				docs_add_dashed(row->instead, out);
			} else {
				strbuf_adds(out, row->instead);
			}
		}
	}
}

void docs_add_facts(const struct option_row *row, enum docs_place place, struct strbuf *out)
{
	size_t start = out->len;
	_cleanup_(strbuf_release) struct strbuf range = STRBUF_INIT;

	add_choices_fact(row, place, out, start);
	add_default_fact(row, out, start);
	if (docs_add_range(row, &range)) {
		begin_fact(out, start);
		/* Man pages make a sentence of the facts. */
		if (out->len == start && str_contains(strbuf_str(&range), " to ")) {
			strbuf_adds(out, "from ");
		}
		strbuf_addstr(out, strbuf_str(&range));
	}
	if (place == DOCS_FLAG && row->shape != OPTION_ONE) {
		begin_fact(out, start);
		strbuf_adds(out, "repeatable");
	}
	add_state_facts(row, place, out, start);
}
