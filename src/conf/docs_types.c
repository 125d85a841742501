/*
 * The types of values that a program's rows have, for a page that says how they are written.
 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "conf/docs_internal.h"

struct types {
	const struct option_type **types; /* sorted by name, in any letter case */
	size_t types_count, types_alloc;
};

static void types_release(struct types *t)
{
	free(t->types);
}

static void add_type(struct types *t, const struct option_type *type)
{
	size_t at = 0;

	if (!type || !type->syntax) {
		return;
	}
	while (at < t->types_count && strcasecmp(t->types[at]->name, type->name) < 0) {
		at++;
	}
	if (at < t->types_count && strcmp(t->types[at]->name, type->name) == 0) {
		return;
	}
	(void)VEC_PUSH(t, types);
	memmove(&t->types[at + 1], &t->types[at], (t->types_count - 1 - at) * sizeof(*t->types));
	t->types[at] = type;
}

static void add_group_types(void *arg, const struct docs_group *group)
{
	for (const struct option_row *row = group->rows; row->name; row++) {
		if (docs_is_key(row)) {
			add_type(arg, row->type);
		}
	}
}

static void add_command_types(struct types *t, const struct doc_command *command)
{
	for (const struct option_set *set = command->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (docs_is_flag(row)) {
				add_type(t, row->type);
			}
		}
	}
}

void docs_each_type(const struct doc_program *program, docs_type_fn *fn, void *arg)
{
	_cleanup_(types_release) struct types t = {0};

	docs_each_group(program->config, add_group_types, &t);
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		add_command_types(&t, *c);
	}
	for (size_t i = 0; i < t.types_count; i++) {
		fn(arg, t.types[i]);
	}
}
