/*
 * The configuration cut into groups of keys, as pages show it.
 */
#include <assert.h>

#include "base/alloc.h"
#include "conf/docs_internal.h"

static void each_group(
	const struct docs_group *group, struct strbuf *path, docs_group_fn *fn, void *arg);

/* A list of several kinds: what all items have, then each kind. */
static void each_kind(struct docs_group group, struct strbuf *path, docs_group_fn *fn, void *arg)
{
	size_t count = 0;
	const struct option_variant *const *kinds = group.row->variants->kinds(&count);

	strbuf_adds(path, "[]");
	group.rows = group.row->variants->common;
	each_group(&group, path, fn, arg);
	assert(group.kinds_count < DOCS_KINDS_MAX);
	group.kinds_count++;
	for (size_t i = 0; i < count; i++) {
		group.kinds[group.kinds_count - 1] = kinds[i];
		group.rows = kinds[i]->rows;
		each_group(&group, path, fn, arg);
	}
}

/* What a row leads to. */
static void each_inner_group(
	struct docs_group group, struct strbuf *path, docs_group_fn *fn, void *arg)
{
	switch (group.row->shape) {
	case OPTION_SECTION:
		group.rows = group.row->rows;
		each_group(&group, path, fn, arg);
		break;
	case OPTION_SECTION_LIST:
		strbuf_adds(path, "[]");
		group.rows = group.row->list->rows;
		each_group(&group, path, fn, arg);
		break;
	case OPTION_VARIANTS:
		each_kind(group, path, fn, arg);
		break;
	case OPTION_ONE:
	case OPTION_LIST:
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		break;
	}
}

/* Tell of a group, then of the sections and lists within it. */
static void each_group(
	const struct docs_group *group, struct strbuf *path, docs_group_fn *fn, void *arg)
{
	struct docs_group inner = *group;
	size_t path_len = path->len;

	inner.path = path->buf;
	fn(arg, &inner);
	for (const struct option_row *row = group->rows; row->name; row++) {
		if (!docs_is_key(row)) {
			continue;
		}
		strbuf_adds(path, path_len ? "." : "");
		strbuf_adds(path, row->name);
		inner.row = row;
		each_inner_group(inner, path, fn, arg);
		strbuf_truncate(path, path_len);
	}
}

void docs_each_group(const struct option_row *config, docs_group_fn *fn, void *arg)
{
	_cleanup_(strbuf_release) struct strbuf path = STRBUF_INIT;

	each_group(&(struct docs_group){.rows = config}, &path, fn, arg);
}

void docs_add_group_name(const struct docs_group *group, struct strbuf *out)
{
	strbuf_adds(out, group->row ? group->path : "Top level");
	if (group->kinds_count > 0) {
		strbuf_adds(out, group->kinds_count > 1 ? " of kinds" : " of kind");
	}
	for (size_t i = 0; i < group->kinds_count; i++) {
		strbuf_addf(out, "%s%s", i ? ", " : " ", group->kinds[i]->name);
	}
}

static void add_kinds_intro(const struct option_variants *variants, struct strbuf *out)
{
	size_t count = 0;
	const struct option_variant *const *kinds = variants->kinds(&count);

	strbuf_addf(out,
		" Each %s has %s one kind. The kind follows from the one of these keys that is "
		"there: ",
		variants->what,
		option_rows_count(variants->common) ? "keys of this group, and those of"
						    : "the keys of");
	for (size_t i = 0; i < count; i++) {
		strbuf_addf(out, "%s%s", i ? ", " : "", kinds[i]->name);
	}
	strbuf_addc(out, '.');
}

void docs_add_group_intro(const struct docs_group *group, struct strbuf *out)
{
	const struct option_variant *kind =
		group->kinds_count ? group->kinds[group->kinds_count - 1] : NULL;

	if (!group->row) {
		return;
	}
	if (kind && group->rows == kind->rows) {
		docs_add_sentence(str_of(kind->summary), out);
		return;
	}
	docs_add_sentence(str_of(group->row->help), out);
	if (group->row->shape == OPTION_VARIANTS) {
		add_kinds_intro(group->row->variants, out);
	}
	if (group->row->shape == OPTION_SECTION_LIST) {
		strbuf_addf(out, " A list of mappings; a single %s needs no list.",
			group->row->list->what);
	}
}

void docs_add_inner_path(
	const struct docs_group *group, const struct option_row *row, struct strbuf *out)
{
	strbuf_addf(out, "%s%s%s", group->path, group->path[0] ? "." : "", row->name);
	if (row->shape == OPTION_VARIANTS || row->shape == OPTION_SECTION_LIST) {
		strbuf_adds(out, "[]");
	}
}
