/*
 * One object of a list: of variants, where which kind it is comes first, or of sections.
 */
#include "base/alloc.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "conf/conf_internal.h"
#include "conf/shown.h"

/* The item that is being read. */
struct item {
	const struct option_variants *variants;
	const struct option_variant *const *kinds;
	size_t kinds_count;
	const struct yaml_node *node;
	const struct option_variant *kind; /* NULL: none, which has been told */
	struct strbuf owner;               /* "check 'web'", or "checks[2]" */
};

static void add_owner(const struct conf_reader *r, const char *what, const struct yaml_node *node,
	struct strbuf *out)
{
	const struct yaml_pair *name = yaml_find(node, "name");

	if (name && name->value->shape == YAML_TEXT && !name->value->is_bad &&
		!yaml_is_null(name->value)) {
		strbuf_addf(out, "%s '%s'", what, shown(yaml_text(name->value)).text);
		return;
	}
	strbuf_adds(out, r->path.len > 0 ? r->path.buf : what);
}

static const struct option_variant *kind_called(const struct item *item, struct str name)
{
	for (size_t i = 0; i < item->kinds_count; i++) {
		if (str_is(name, item->kinds[i]->name)) {
			return item->kinds[i];
		}
	}
	return NULL;
}

/* The first kind that has a row of this name. */
static const struct option_variant *kind_with_row(const struct item *item, struct str name)
{
	for (size_t i = 0; i < item->kinds_count; i++) {
		if (option_find(item->kinds[i]->rows, name)) {
			return item->kinds[i];
		}
	}
	return NULL;
}

/* Is the key that chooses one kind an ordinary option of another (as `tls` can be of tcp)? */
static bool takes_as_option(const struct option_variant *kind, const struct option_variant *other)
{
	return option_find(kind->rows, str_of(other->name)) != NULL;
}

/* Of two kinds whose keys are there, the one that explains both; NULL if none or either does. */
static const struct option_variant *settle(
	const struct option_variant *a, const struct option_variant *b)
{
	if (takes_as_option(a, b) == takes_as_option(b, a)) {
		return NULL;
	}
	return takes_as_option(a, b) ? a : b;
}

static void add_kind_names(const struct item *item, struct arena *arena, struct conf_names *names)
{
	for (size_t i = 0; i < item->kinds_count; i++) {
		*VEC_PUSH_IN(arena, names, names) = item->kinds[i]->name;
	}
}

/* A key that is nearly a kind's will be told as unknown, and says more than that there is no kind.
 */
static bool has_misspelt_kind(const struct conf_reader *r, const struct item *item)
{
	struct conf_names kinds = {0};

	if (!conf_faults_are_full(r)) {
		add_kind_names(item, r->conf->arena, &kinds);
	}
	for (uint32_t i = 0; i < item->node->count; i++) {
		const struct str key = yaml_text(item->node->pairs[i].key);

		if (option_find(item->variants->common, key) || kind_with_row(item, key)) {
			continue;
		}
		if (conf_faults_are_full(r) || suggest(key, kinds.names, kinds.names_count)) {
			return true;
		}
	}
	return false;
}

static void tell_no_kind(struct conf_reader *r, const struct item *item)
{
	_cleanup_(strbuf_release) struct strbuf list = STRBUF_INIT;

	if (has_misspelt_kind(r, item)) {
		return;
	}
	for (size_t i = 0; i < item->kinds_count; i++) {
		strbuf_addf(&list, "%s'%s'", i ? ", " : "", item->kinds[i]->name);
	}
	conf_fault(r, item->node->place, "%s has no kind; it needs one of the keys %s",
		item->owner.buf, list.buf);
}

static void choose_kind(struct conf_reader *r, struct item *item)
{
	for (uint32_t i = 0; i < item->node->count; i++) {
		const struct yaml_node *key = item->node->pairs[i].key;
		const struct option_variant *kind = kind_called(item, yaml_text(key));
		const struct option_variant *settled;

		if (!kind) {
			continue;
		}
		settled = item->kind ? settle(item->kind, kind) : kind;
		if (!settled) {
			conf_fault(r, key->place, "%s has two kinds, '%s' and '%s'; keep one",
				item->owner.buf, item->kind->name, kind->name);
			item->kind = NULL;
			return;
		}
		item->kind = settled;
	}
	if (!item->kind) {
		tell_no_kind(r, item);
	}
}

static void unknown_key(struct conf_reader *r, const struct item *item, const struct yaml_node *key)
{
	const struct option_variant *other = kind_with_row(item, yaml_text(key));
	struct conf_names names = {0};

	if (item->kind && other) {
		conf_fault(r, key->place, "key '%s' is for kind '%s', but %s is of kind '%s'",
			shown(yaml_text(key)).text, other->name, item->owner.buf, item->kind->name);
		return;
	}
	if (other) {
		return; /* which kind it is has to be settled first */
	}
	if (!conf_faults_are_full(r)) {
		conf_names_add(&names, r->conf->arena, item->variants->common);
		if (item->kind) {
			conf_names_add(&names, r->conf->arena, item->kind->rows);
		} else {
			add_kind_names(item, r->conf->arena, &names);
		}
	}
	conf_unknown_key(r, key, item->owner.buf, &names);
}

static bool item_key(void *arg, struct conf_reader *r, const struct yaml_pair *pair,
	const struct option_row *row)
{
	const struct item *item = arg;

	if (row) {
		return false;
	}
	unknown_key(r, item, pair->key);
	return true;
}

static void set_pointer(void *object, size_t offset, const void *pointer)
{
	memcpy((char *)object + offset, &pointer, sizeof(pointer));
}

static const char *origin_of(const struct conf_reader *r, const struct yaml_node *node)
{
	return arena_printf(
		r->conf->arena, "%s:%u:%u", r->file->name, node->place.line, node->place.column);
}

static void not_a_mapping(struct conf_reader *r, const char *what, const struct yaml_node *node)
{
	conf_fault(r, node->place, "expected a %s here, a mapping ('key: value'), not %s", what,
		yaml_shape_name(node));
}

static void *new_object(struct conf_reader *r, const struct option_row *rows, size_t size)
{
	/* Defaults of paths do not start at the file's folder. */
	const struct option_context context = {.arena = r->context.arena};
	void *object = arena_alloc(r->context.arena, size ? size : 1);

	option_set_defaults(rows, &context, object);
	return object;
}

static void validate(struct conf_reader *r, const struct item *item, void *opts)
{
	struct err err = {0};

	if (item->kind->validate && item->kind->validate(opts, r->context.arena, &err) < 0) {
		conf_fault(r, item->node->place, "%s: %s", item->owner.buf, err.msg);
	}
}

static void read_object(struct conf_reader *r, struct item *item, void *object)
{
	const struct option_variants *variants = item->variants;
	struct conf_table tables[3] = {{variants->common, object}};
	const size_t faults = r->faults_told;
	void *opts = NULL;

	choose_kind(r, item);
	if (item->kind) {
		opts = new_object(r, item->kind->rows, item->kind->opts_size);
		tables[1] = (struct conf_table){item->kind->rows, opts};
	}
	conf_read_map(r, tables, item->node, item_key, item);
	for (const struct conf_table *table = tables; table->rows; table++) {
		conf_check_required(r, table->rows, item->owner.buf, r->file->number, r->file->name,
			item->node->place);
	}
	if (item->kind && r->faults_told == faults) {
		validate(r, item, opts);
	}

	set_pointer(object, variants->variant_offset, item->kind);
	set_pointer(object, variants->opts_offset, r->faults_told == faults ? opts : NULL);
	set_pointer(object, variants->origin_offset, origin_of(r, item->node));
}

void *conf_read_variant(
	struct conf_reader *r, const struct option_variants *variants, const struct yaml_node *node)
{
	struct item item = {.variants = variants, .node = node, .owner = STRBUF_INIT};
	void *object = new_object(r, variants->common, variants->item_size);

	if (node->is_bad) {
		return object;
	}
	item.kinds = variants->kinds(&item.kinds_count);
	if (node->shape == YAML_MAP) {
		add_owner(r, variants->what, node, &item.owner);
		read_object(r, &item, object);
	} else {
		not_a_mapping(r, variants->what, node);
	}
	strbuf_release(&item.owner);
	return object;
}

/* Lists of sections */

struct section {
	const struct option_section_list *list;
	struct strbuf owner; /* "route 'web'", or "alerts.routes[2]" */
};

static bool section_key(void *arg, struct conf_reader *r, const struct yaml_pair *pair,
	const struct option_row *row)
{
	const struct section *section = arg;
	struct conf_names names = {0};

	if (row) {
		return false;
	}
	if (!conf_faults_are_full(r)) {
		conf_names_add(&names, r->conf->arena, section->list->rows);
	}
	conf_unknown_key(r, pair->key, section->owner.buf, &names);
	return true;
}

static void validate_section(struct conf_reader *r, const struct section *section, void *object,
	const struct yaml_node *node)
{
	const struct option_section_list *list = section->list;
	struct err err = {0};

	if (list->validate && list->validate(object, r->context.arena, &err) < 0) {
		conf_fault(r, node->place, "%s: %s", section->owner.buf, err.msg);
	}
}

static void read_section(
	struct conf_reader *r, struct section *section, void *object, const struct yaml_node *node)
{
	const struct option_row *rows = section->list->rows;
	const struct conf_table tables[] = {{rows, object}, {0}};
	const size_t faults = r->faults_told;

	conf_read_map(r, tables, node, section_key, section);
	conf_check_required(
		r, rows, section->owner.buf, r->file->number, r->file->name, node->place);
	if (r->faults_told == faults) {
		validate_section(r, section, object, node);
	}
	set_pointer(object, section->list->origin_offset,
		r->faults_told == faults ? origin_of(r, node) : NULL);
}

void *conf_read_section_item(
	struct conf_reader *r, const struct option_section_list *list, const struct yaml_node *node)
{
	struct section section = {.list = list, .owner = STRBUF_INIT};
	void *object = new_object(r, list->rows, list->item_size);

	if (node->is_bad) {
		return object;
	}
	if (node->shape == YAML_MAP) {
		add_owner(r, list->what, node, &section.owner);
		read_section(r, &section, object, node);
	} else {
		not_a_mapping(r, list->what, node);
	}
	strbuf_release(&section.owner);
	return object;
}
