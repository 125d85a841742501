/*
 * libyaml's events, one by one, into a tree under limits.  See yaml_tree.h.
 *
 * The lists and mappings that are open stand on a stack of fixed depth; what ends is attached to
 * the one that is open around it.
 */
#include "conf/yaml_tree.h"

#include <assert.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "conf/conf.h"
#include "conf/shown.h"
#include "conf/yaml_explain.h"

enum { INDEX_FROM = 16 }; /* mappings with fewer keys are searched one by one */

/* A list or mapping whose end has not come yet. */
struct frame {
	struct yaml_node *node;
	const struct yaml_node *key;       /* mapping: the key whose value comes next */
	bool is_key_dropped;               /* ... which has a fault and goes, value and all */
	const struct yaml_node *merge_key; /* the "<<" that was there */
	const struct yaml_node *merge;     /* and its value */
	struct map *index;                 /* keys to their nodes, once there are many */
};

struct builder {
	yaml_parser_t parser;
	struct yaml_tree *tree;
	struct map *anchors; /* to struct yaml_node */
	struct frame frames[CONF_DEPTH_MAX];
	int depth;
	bool has_document;
};

struct str yaml_text(const struct yaml_node *node)
{
	assert(node->shape == YAML_TEXT);
	return str_n(node->bytes, node->count);
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node->shape == YAML_TEXT && node->is_plain &&
	       (node->count == 0 || str_is(yaml_text(node), "~") ||
		       str_is(yaml_text(node), "null") || str_is(yaml_text(node), "Null") ||
		       str_is(yaml_text(node), "NULL"));
}

const struct yaml_pair *yaml_find(const struct yaml_node *map, const char *key)
{
	for (uint32_t i = 0; map->shape == YAML_MAP && i < map->count; i++) {
		if (str_is(yaml_text(map->pairs[i].key), key)) {
			return &map->pairs[i];
		}
	}
	return NULL;
}

const char *yaml_shape_name(const struct yaml_node *node)
{
	switch (node->shape) {
	case YAML_TEXT:
		return yaml_is_null(node) ? "nothing" : "a text";
	case YAML_LIST:
		return "a list";
	case YAML_MAP:
		return "a mapping";
	}
	return "nothing";
}

static void fault(struct builder *b, struct yaml_place place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void fault(struct builder *b, struct yaml_place place, const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	b->tree->fault(b->tree->fault_arg, place, text.buf);
}

static struct yaml_place place_of(yaml_mark_t mark)
{
	return (struct yaml_place){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static int take_nodes(struct builder *b, uint32_t count, struct yaml_place place)
{
	if (count > b->tree->nodes_left) {
		fault(b, place, "too many values (more than %d, aliases expanded)", CONF_NODES_MAX);
		return -1;
	}
	b->tree->nodes_left -= count;
	return 0;
}

/* Makes room for one more by doubling at the powers of two. */
static void *grow(struct arena *arena, void *array, uint32_t count, size_t size)
{
	if ((count & (count - 1)) != 0) {
		return array;
	}
	return arena_grow(arena, array, count, count ? 2 * (size_t)count : 1, size);
}

static void weigh(struct yaml_node *node, const struct yaml_node *child)
{
	node->weight += child->weight;
	if (node->height < child->height + 1) {
		node->height = child->height + 1;
	}
}

static void add_item(struct builder *b, struct yaml_node *list, const struct yaml_node *item)
{
	list->items = grow(b->tree->arena, list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = item;
	weigh(list, item);
}

static const struct yaml_node *find_key(const struct frame *frame, struct str key)
{
	if (frame->index) {
		return map_get(frame->index, key);
	}
	for (uint32_t i = 0; i < frame->node->count; i++) {
		if (str_eq(yaml_text(frame->node->pairs[i].key), key)) {
			return frame->node->pairs[i].key;
		}
	}
	return NULL;
}

static void index_key(struct frame *frame, const struct yaml_node *key)
{
	(void)map_set(frame->index, yaml_text(key), (void *)(uintptr_t)key);
}

static void add_pair(struct builder *b, struct frame *frame, const struct yaml_node *key,
	const struct yaml_node *value)
{
	struct yaml_node *map = frame->node;

	map->pairs = grow(b->tree->arena, map->pairs, map->count, sizeof(*map->pairs));
	map->pairs[map->count++] = (struct yaml_pair){key, value};
	weigh(map, key);
	weigh(map, value);

	if (frame->index) {
		index_key(frame, key);
	} else if (map->count == INDEX_FROM) {
		frame->index = map_new(MAP_KEYS_BORROWED);
		for (uint32_t i = 0; i < map->count; i++) {
			index_key(frame, map->pairs[i].key);
		}
	}
}

static bool is_merge_key(const struct yaml_node *key)
{
	return key->is_plain && str_is(yaml_text(key), "<<");
}

/* False, after telling why, if a key cannot be one. */
static bool check_key(struct builder *b, const struct frame *frame, const struct yaml_node *key)
{
	const struct yaml_node *first;

	if (key->is_bad) {
		return false;
	}
	if (key->shape != YAML_TEXT) {
		fault(b, key->place, "a key must be a text, not %s", yaml_shape_name(key));
		return false;
	}
	if (key->count == 0) {
		fault(b, key->place, "a key must not be empty");
		return false;
	}
	first = is_merge_key(key) ? frame->merge_key : find_key(frame, yaml_text(key));
	if (first) {
		fault(b, key->place, "key '%s' is given twice; the first is on line %u",
			shown(yaml_text(key)).text, first->place.line);
		return false;
	}
	return true;
}

static void end_key(struct builder *b, struct frame *frame, const struct yaml_node *key)
{
	frame->key = key;
	frame->is_key_dropped = !check_key(b, frame, key);
	if (!frame->is_key_dropped && is_merge_key(key)) {
		frame->merge_key = key;
	}
}

static void end_value(struct builder *b, struct frame *frame, const struct yaml_node *value)
{
	if (!frame->is_key_dropped && frame->key == frame->merge_key) {
		frame->merge = value;
		weigh(frame->node, value);
	} else if (!frame->is_key_dropped) {
		add_pair(b, frame, frame->key, value);
	}
	frame->key = NULL;
}

/* A node is complete: give it to the list or mapping around it. */
static void attach(struct builder *b, const struct yaml_node *node)
{
	struct frame *frame = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;

	if (!frame) {
		b->tree->root = node;
	} else if (frame->node->shape == YAML_LIST) {
		add_item(b, frame->node, node);
	} else if (!frame->key) {
		end_key(b, frame, node);
	} else {
		end_value(b, frame, node);
	}
}

/* What the mapping says itself goes before what it merges. */
static int merge_map(struct builder *b, struct frame *frame, const struct yaml_node *source)
{
	if (source->is_bad) {
		return 0;
	}
	if (source->shape != YAML_MAP) {
		fault(b, source->place, "'<<' merges mappings, not %s", yaml_shape_name(source));
		return 0;
	}
	for (uint32_t i = 0; i < source->count; i++) {
		const struct yaml_pair *pair = &source->pairs[i];

		if (find_key(frame, yaml_text(pair->key))) {
			continue;
		}
		if (take_nodes(b, pair->key->weight + pair->value->weight, source->place) < 0) {
			return -1;
		}
		add_pair(b, frame, pair->key, pair->value);
	}
	return 0;
}

static int merge_all(struct builder *b, struct frame *frame)
{
	const struct yaml_node *merge = frame->merge;

	if (!merge || merge->shape != YAML_LIST || merge->is_bad) {
		return merge ? merge_map(b, frame, merge) : 0;
	}
	for (uint32_t i = 0; i < merge->count; i++) {
		if (merge_map(b, frame, merge->items[i]) < 0) {
			return -1;
		}
	}
	return 0;
}

static struct yaml_node *new_node(struct builder *b, enum yaml_shape shape, struct yaml_place place)
{
	struct yaml_node *node;

	if (take_nodes(b, 1, place) < 0) {
		return NULL;
	}
	node = arena_alloc(b->tree->arena, sizeof(*node));
	node->shape = shape;
	node->place = place;
	node->weight = 1;
	return node;
}

static void set_anchor(struct builder *b, const yaml_char_t *anchor, struct yaml_node *node)
{
	if (anchor) {
		(void)map_set(b->anchors, str_of((const char *)anchor), node);
	}
}

/* The tags of YAML's own types change nothing here, as the reader of the tree knows the types. */
static void check_tag(struct builder *b, const yaml_char_t *tag, struct yaml_node *node)
{
	static const char *const known[] = {"!", YAML_STR_TAG, YAML_INT_TAG, YAML_FLOAT_TAG,
		YAML_BOOL_TAG, YAML_NULL_TAG, YAML_MAP_TAG, YAML_SEQ_TAG};

	for (size_t i = 0; tag && i < ARRAY_LEN(known); i++) {
		if (str_is(str_of((const char *)tag), known[i])) {
			tag = NULL;
		}
	}
	if (tag) {
		fault(b, node->place, "tag '%s' has no meaning here; remove it",
			shown(str_of((const char *)tag)).text);
		node->is_bad = true;
	}
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
	const struct yaml_place place = place_of(event->start_mark);
	const char *bytes = (const char *)event->data.scalar.value;
	const size_t len = event->data.scalar.length;
	struct yaml_node *node = new_node(b, YAML_TEXT, place);

	if (!node) {
		return -1;
	}

	node->bytes = arena_strndup(b->tree->arena, bytes, len);
	node->count = (uint32_t)len;
	/* With a tag "!!str" an empty text is an empty text. */
	node->is_plain = event->data.scalar.plain_implicit;
	set_anchor(b, event->data.scalar.anchor, node);
	check_tag(b, event->data.scalar.tag, node);
	if (memchr(bytes, '\0', len)) {
		fault(b, place, "a NUL character cannot be part of a value");
		node->is_bad = true;
	}
	attach(b, node);
	return 0;
}

static int on_start(struct builder *b, enum yaml_shape shape, yaml_mark_t mark,
	const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct yaml_node *node = new_node(b, shape, place_of(mark));

	if (!node) {
		return -1;
	}
	if (b->depth == CONF_DEPTH_MAX) {
		fault(b, node->place, "nested more than %d deep", CONF_DEPTH_MAX);
		return -1;
	}

	node->is_open = true;
	node->height = 1;
	set_anchor(b, anchor, node);
	check_tag(b, tag, node);
	b->frames[b->depth++] = (struct frame){.node = node};
	return 0;
}

static int on_end(struct builder *b)
{
	struct frame *frame = &b->frames[b->depth - 1];
	int status = merge_all(b, frame);

	map_free(frame->index);
	frame->index = NULL;
	frame->node->is_open = false;
	b->depth--;
	attach(b, frame->node);
	return status;
}

static int on_alias(struct builder *b, const yaml_event_t *event)
{
	const struct yaml_place place = place_of(event->start_mark);
	const struct str name = str_of((const char *)event->data.alias.anchor);
	const struct yaml_node *target = map_get(b->anchors, name);
	struct yaml_node *node = new_node(b, YAML_TEXT, place);

	if (!node) {
		return -1;
	}
	if (!target || target->is_open) {
		fault(b, place,
			target ? "alias '*%s' stands for a value that it is part of"
			       : "alias '*%s' has no anchor '&%s' before it",
			shown(name).text, shown(name).text);
		node->bytes = "";
		node->is_bad = true;
		attach(b, node);
		return 0;
	}
	if (b->depth + target->height > CONF_DEPTH_MAX) {
		fault(b, place, "nested more than %d deep where alias '*%s' is expanded",
			CONF_DEPTH_MAX, shown(name).text);
		return -1;
	}
	if (take_nodes(b, target->weight - 1, place) < 0) {
		return -1;
	}

	/* Shares what is below; has its own place, so that errors point to where it is used. */
	*node = *target;
	node->place = place;
	attach(b, node);
	return 0;
}

static int on_document(struct builder *b, const yaml_event_t *event)
{
	if (b->has_document) {
		fault(b, place_of(event->start_mark),
			"a second document begins here ('---'); a file holds one");
		return -1;
	}
	b->has_document = true;
	return 0;
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, event);
	case YAML_ALIAS_EVENT:
		return on_alias(b, event);
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(b, YAML_LIST, event->start_mark, event->data.sequence_start.anchor,
			event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_start(b, YAML_MAP, event->start_mark, event->data.mapping_start.anchor,
			event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(b);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

static int read_events(struct builder *b, struct str text)
{
	bool is_end = false;

	while (!is_end) {
		yaml_event_t event;
		int status;

		if (!yaml_parser_parse(&b->parser, &event)) {
			_cleanup_(strbuf_release) struct strbuf why = STRBUF_INIT;
			struct yaml_place place = {1, 1};

			yaml_explain(&b->parser, text, &place, &why);
			fault(b, place, "%s", why.buf);
			return -1;
		}
		is_end = event.type == YAML_STREAM_END_EVENT;
		status = on_event(b, &event);
		yaml_event_delete(&event);
		if (status < 0) {
			return -1;
		}
	}
	return 0;
}

/* The root must be a mapping; nothing at all is an empty one. */
static int finish_root(struct builder *b)
{
	static const struct yaml_node empty = {
		.shape = YAML_MAP, .place = {1, 1}, .weight = 1, .height = 1};
	const struct yaml_node *root = b->tree->root;

	if (!root || yaml_is_null(root)) {
		b->tree->root = &empty;
		return 0;
	}
	if (root->shape != YAML_MAP) {
		fault(b, root->place, "expected a mapping ('key: value') here, not %s",
			yaml_shape_name(root));
		return -1;
	}
	return 0;
}

static int build(struct builder *b, struct str text)
{
	int status = -1;

	if (!yaml_parser_initialize(&b->parser)) {
		abort(); /* no memory, as xmalloc() would */
	}
	yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b->parser, (const unsigned char *)text.ptr, text.len);
	b->anchors = map_new(MAP_KEYS_COPIED);

	if (read_events(b, text) == 0) {
		status = finish_root(b);
	}

	for (int i = 0; i < b->depth; i++) {
		map_free(b->frames[i].index);
	}
	map_free(b->anchors);
	yaml_parser_delete(&b->parser);
	return status;
}

static bool is_readable(struct builder *b, struct str text)
{
	_cleanup_(strbuf_release) struct strbuf why = STRBUF_INIT;
	struct yaml_place place = {1, 1};

	if (text.len > CONF_FILE_MAX) {
		fault(b, place, "larger than %d MB", CONF_FILE_MAX >> 20);
		return false;
	}
	if (!yaml_text_is_readable(text, &place, &why)) {
		fault(b, place, "%s", why.buf);
		return false;
	}
	return true;
}

int yaml_tree_read(struct yaml_tree *tree, struct str text)
{
	struct builder b = {.tree = tree};

	tree->root = NULL;
	if (str_starts(text, UTF8_BYTE_ORDER_MARK)) {
		text = str_sub(text, strlen(UTF8_BYTE_ORDER_MARK), text.len);
	}
	if (is_readable(&b, text) && build(&b, text) == 0) {
		return 0;
	}
	tree->root = NULL;
	return -1;
}
