/*
 * What each kind of check measures, as tables for the documentation.  See kind_tables.h.
 *
 * Thresholds name these values, but they are no options, so that no row tells of them.
 */
#include "cmd/kind_tables.h"

#include "check/check.h"
#include "check/check_kinds.h"

static const char intro[] =
	"The names that warning and critical can have, with the thresholds that hold unless others "
	"are given. Where there can be several of a value, each has its own name in brackets, as "
	"in "
	"disk_used_percent[/var]; a threshold without brackets holds for all that have none of "
	"their "
	"own.";

static size_t count_values(const struct check_kind *kind)
{
	size_t count = 0;

	while (kind->values && kind->values[count].name) {
		count++;
	}
	return count;
}

static const char *value_name(const struct check_value_row *value, struct arena *arena)
{
	return value->has_instances ? arena_printf(arena, "%s[...]", value->name) : value->name;
}

/* "days until the certificate expires; warning < 14; critical < 3" */
static const char *value_text(const struct check_value_row *value, struct arena *arena)
{
	const char *text = value->help;

	if (value->unit == UNIT_TEXT) {
		text = arena_printf(arena, "%s; a text, without thresholds", text);
	}
	if (value->warning) {
		text = arena_printf(arena, "%s; warning %s", text, value->warning);
	}
	if (value->critical) {
		text = arena_printf(arena, "%s; critical %s", text, value->critical);
	}
	return text;
}

static const struct doc_pair *value_pairs(const struct check_kind *kind, struct arena *arena)
{
	size_t count = count_values(kind);
	struct doc_pair *pairs = arena_calloc(arena, count + 1, sizeof(*pairs));

	for (size_t i = 0; i < count; i++) {
		pairs[i].name = value_name(&kind->values[i], arena);
		pairs[i].text = value_text(&kind->values[i], arena);
	}
	return pairs;
}

const struct doc_table *kind_tables(struct arena *arena)
{
	size_t kinds_count = 0;
	size_t count = 0;
	const struct check_kind *const *kinds = check_kinds(&kinds_count);
	struct doc_table *tables = arena_calloc(arena, kinds_count + 1, sizeof(*tables));

	for (size_t i = 0; i < kinds_count; i++) {
		if (count_values(kinds[i]) == 0) {
			continue;
		}
		tables[count].heading =
			arena_printf(arena, "Values of %s checks", kinds[i]->variant.name);
		tables[count].text = count == 0 ? intro : NULL;
		tables[count].pairs = value_pairs(kinds[i], arena);
		count++;
	}
	return tables;
}
