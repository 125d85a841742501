#include <sys/resource.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/conf.h"
#include "conf/yaml_tree.h"

enum {
	CPU_MAX_MS = 10000, /* on a slow machine, with sanitizers */
	LARGE = 64 * 1024,  /* what is quadratic would take minutes */
};

struct fixture {
	struct strbuf faults; /* "line:column: text" and newline, each */
	struct strbuf dump;
};

static void on_fault(void *arg, struct yaml_place place, const char *text)
{
	struct fixture *f = arg;

	strbuf_addf(&f->faults, "%u:%u: %s\n", place.line, place.column, text);
}

static void dump(const struct yaml_node *node, struct strbuf *out)
{
	if (node->is_bad) {
		strbuf_addc(out, '?');
		return;
	}
	switch (node->shape) {
	case YAML_TEXT:
		if (yaml_is_null(node)) {
			strbuf_adds(out, "null");
		} else {
			strbuf_addf(out, "'%s'", node->bytes);
		}
		break;
	case YAML_LIST:
		strbuf_addc(out, '[');
		for (uint32_t i = 0; i < node->count; i++) {
			strbuf_adds(out, i ? "," : "");
			dump(node->items[i], out);
		}
		strbuf_addc(out, ']');
		break;
	case YAML_MAP:
		strbuf_addc(out, '{');
		for (uint32_t i = 0; i < node->count; i++) {
			strbuf_addf(out, "%s%s:", i ? "," : "", node->pairs[i].key->bytes);
			dump(node->pairs[i].value, out);
		}
		strbuf_addc(out, '}');
		break;
	}
}

static int64_t cpu_ms(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Reads, fills dump (if there is a tree) and faults; returns the most memory the tree took. */
static size_t read_tree(struct fixture *f, struct str text)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct yaml_tree tree = {
		.arena = arena, .nodes_left = CONF_NODES_MAX, .fault = on_fault, .fault_arg = f};
	const int64_t started_ms = cpu_ms();
	int status;

	strbuf_clear(&f->faults);
	strbuf_clear(&f->dump);
	status = yaml_tree_read(&tree, text);
	assert_in_range(cpu_ms() - started_ms, 0, CPU_MAX_MS);
	if (status == 0) {
		assert_non_null(tree.root);
		if (tree.root->weight < 1000) {
			dump(tree.root, &f->dump);
		}
	} else {
		assert_null(tree.root);
		assert_true(f->faults.len > 0);
	}
	return arena_size(arena);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strbuf_init(&f->faults, 0);
	strbuf_init(&f->dump, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	strbuf_release(&f->faults);
	strbuf_release(&f->dump);
	free(f);
	return 0;
}

static void test_trees(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *dump;
	} cases[] = {
		{"", "{}"},
		{"# only a comment\n", "{}"},
		{"---\n", "{}"},
		{"null\n", "{}"},
		{"{}", "{}"},
		{"a: 1\nb: no\nc: 1.10\n", "{a:'1',b:'no',c:'1.10'}"},
		{"\xef\xbb\xbf"
		 "a: 1\r\nb: 2\r\n",
			"{a:'1',b:'2'}"},
		{"a:\nb: ~\nc: null\nd: ''\ne: 'null'\nf: !!str\n",
			"{a:null,b:null,c:null,d:'',e:'null',f:''}"},
		{"a: [1, {b: c}]\nd:\n- e\n- - f\n", "{a:['1',{b:'c'}],d:['e',['f']]}"},
		{"a: !!int 5\nb: !!map {c: d}\n", "{a:'5',b:{c:'d'}}"},
		{"a: |\n  x\n   y\nb: >\n  x\n  y\n", "{a:'x\n y\n',b:'x y\n'}"},
		{"a: \xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb8\n",
			"{a:'\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb8'}"},
		{"a: &x 1\nb: *x\n", "{a:'1',b:'1'}"},
		{"a: &x {k: v}\nb: [*x, *x]\n", "{a:{k:'v'},b:[{k:'v'},{k:'v'}]}"},
		{"a: &x 1\nb: &x 2\nc: *x\n", "{a:'1',b:'2',c:'2'}"},
		{"&k a: 1\nb: {*k : 2}\n", "{a:'1',b:{a:'2'}}"},
		{"a: &x {k: v, l: w}\nb:\n  <<: *x\n  k: own\n",
			"{a:{k:'v',l:'w'},b:{k:'own',l:'w'}}"},
		{"a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc: {<<: [*x, *y], m: 4}\n",
			"{a:{k:'1'},b:{k:'2',l:'3'},c:{m:'4',k:'1',l:'3'}}"},
		{"a: &x {k: 1}\nb: &y {<<: *x}\nc: {<<: *y}\n", "{a:{k:'1'},b:{k:'1'},c:{k:'1'}}"},
		{"a: {<<: {k: 1}}\n", "{a:{k:'1'}}"},
		{"a: {'<<': 1}\n", "{a:{<<:'1'}}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)read_tree(f, str_of(cases[i].text));
		assert_string_equal(f->faults.buf, "");
		assert_string_equal(f->dump.buf, cases[i].dump);
	}
}

static void test_places(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct yaml_tree tree = {
		.arena = arena, .nodes_left = 100, .fault = on_fault, .fault_arg = *state};
	const struct yaml_pair *pair;

	assert_int_equal(yaml_tree_read(&tree,
				 str_of("a: 1\nb:\n  - '\xc3\xa9': &x y\n    c: *x\nd: {e: f}\n")),
		0);
	assert_int_equal(tree.root->place.line, 1);
	pair = yaml_find(tree.root, "b");
	assert_non_null(pair);
	assert_int_equal(pair->key->place.line, 2);
	assert_int_equal(pair->key->place.column, 1);
	assert_int_equal(pair->value->place.line, 3);
	assert_int_equal(pair->value->place.column, 3);
	pair = yaml_find(pair->value->items[0], "\xc3\xa9");
	assert_int_equal(pair->key->place.column, 5);
	assert_int_equal(pair->value->place.column, 10);
	pair = yaml_find(yaml_find(tree.root, "b")->value->items[0], "c");
	assert_int_equal(pair->value->place.line, 4);
	assert_int_equal(pair->value->place.column, 8);
	assert_string_equal(pair->value->bytes, "y");
	assert_null(yaml_find(tree.root, "none"));
	assert_null(yaml_find(pair->value, "none"));
	assert_int_equal(tree.root->height, 3);
	assert_int_equal(tree.root->weight + tree.nodes_left, 100);
}

/* Faults that leave a tree. */
static void test_faults(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *faults, *dump;
	} cases[] = {
		{"a: 1\nb: 2\na: 3\n", "3:1: key 'a' is given twice; the first is on line 1\n",
			"{a:'1',b:'2'}"},
		{"a: {b: 1, b: 2, b: 3}\n",
			"1:11: key 'b' is given twice; the first is on line 1\n"
			"1:17: key 'b' is given twice; the first is on line 1\n",
			"{a:{b:'1'}}"},
		{"a: *x\nb: 1\n", "1:4: alias '*x' has no anchor '&x' before it\n", "{a:?,b:'1'}"},
		{"a: &x [*x]\n", "1:8: alias '*x' stands for a value that it is part of\n",
			"{a:[?]}"},
		{"a: &x\n  <<: *x\n  b: c\n",
			"2:7: alias '*x' stands for a value that it is part of\n", "{a:{b:'c'}}"},
		{"a: !secret b\n", "1:4: tag '!secret' has no meaning here; remove it\n", "{a:?}"},
		{"a: !x [b]\n", "1:4: tag '!x' has no meaning here; remove it\n", "{a:?}"},
		{"? [a]\n: b\nc: d\n", "1:3: a key must be a text, not a list\n", "{c:'d'}"},
		{"{{a: 1}: b, c: d}\n", "1:2: a key must be a text, not a mapping\n", "{c:'d'}"},
		{"{'': a, b: c}\n", "1:2: a key must not be empty\n", "{b:'c'}"},
		{"a: {<<: 1, b: 2}\n", "1:9: '<<' merges mappings, not a text\n", "{a:{b:'2'}}"},
		{"a: {<<: [{b: 1}, 2]}\n", "1:18: '<<' merges mappings, not a text\n",
			"{a:{b:'1'}}"},
		{"a: {<<: [[{b: 1}]]}\n", "1:10: '<<' merges mappings, not a list\n", "{a:{}}"},
		{"a: {<<: , b: 1}\n", "1:9: '<<' merges mappings, not nothing\n", "{a:{b:'1'}}"},
		{"a: {<<: {b: 1}, <<: {c: 2}}\n",
			"1:17: key '<<' is given twice; the first is on line 1\n", "{a:{b:'1'}}"},
		{"a: \"x\\0y\"\n", "1:4: a NUL character cannot be part of a value\n", "{a:?}"},
		{"\"a\\0b\": 1\n", "1:1: a NUL character cannot be part of a value\n", "{}"},
		{"\"a\\n\\e[1m\": 1\n\"a\\n\\e[1m\": 2\n",
			"2:1: key 'a\\n\\x1b[1m' is given twice; the first is on line 1\n",
			"{a\n\x1b[1m:'1'}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)read_tree(f, str_of(cases[i].text));
		assert_string_equal(f->faults.buf, cases[i].faults);
		assert_string_equal(f->dump.buf, cases[i].dump);
	}
}

/* Faults that leave nothing; what is no YAML at all is test_yaml_explain's. */
static void test_no_tree(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{"a: 1\n---\nb: 2\n",
			"2:1: a second document begins here ('---'); a file holds one\n"},
		{"---\n---\n", "2:1: a second document begins here ('---'); a file holds one\n"},
		{"- a\n", "1:1: expected a mapping ('key: value') here, not a list\n"},
		{"just words\n", "1:1: expected a mapping ('key: value') here, not a text\n"},
		{"a: [\n", "2:1: a list or mapping in brackets is not closed, or has nothing "
			   "before a ','\n"},
		{"a: \xff\n", "1:4: byte 0xff is not UTF-8; save the file as UTF-8\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)read_tree(f, str_of(cases[i].text));
		assert_string_equal(f->faults.buf, cases[i].fault);
		assert_string_equal(f->dump.buf, "");
	}
}

/* `head`, then `piece` again and again, up to `count` times or the largest size there is. */
static size_t read_repeated(struct fixture *f, const char *head, const char *piece, size_t count)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(CONF_FILE_MAX);

	strbuf_adds(&text, head);
	for (size_t i = 0; i < count && text.len + strlen(piece) <= CONF_FILE_MAX; i++) {
		strbuf_adds(&text, piece);
	}
	return read_tree(f, strbuf_str(&text));
}

static void test_nesting(void **state)
{
	static const struct {
		const char *head, *piece;
		size_t count;
	} cases[] = {
		{"a: ", "[", 10000},
		{"a: ", "[", 200000},
		{"", "{a: ", 10000},
		{"", "{a: ", CONF_FILE_MAX},
		{"", "[{", 10000},
		{"", "- ", 10000},
		{"", "- ", CONF_FILE_MAX},
		{"", "? ", 10000},
		{"", "? - ", CONF_FILE_MAX},
		{"", "[a, [", 10000},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t bytes = read_repeated(f, cases[i].head, cases[i].piece, cases[i].count);

		if (!strstr(f->faults.buf, "nested more than 64 deep\n")) {
			fail_msg("%s: %s", cases[i].piece, f->faults.buf);
		}
		assert_in_range(bytes, 0, 1 << 20);
	}
}

static void test_nesting_by_indentation(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < 2000; i++) {
		strbuf_addn(&text, ' ', i);
		strbuf_adds(&text, "a:\n");
	}
	(void)read_tree(f, strbuf_str(&text));
	assert_string_equal(f->faults.buf, "65:65: nested more than 64 deep\n");
}

static void test_deepest(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "a: ");
	strbuf_addn(&text, '[', CONF_DEPTH_MAX - 1);
	strbuf_addn(&text, ']', CONF_DEPTH_MAX - 1);
	(void)read_tree(f, strbuf_str(&text));
	assert_string_equal(f->faults.buf, "");

	strbuf_clear(&text);
	strbuf_adds(&text, "a: ");
	strbuf_addn(&text, '[', CONF_DEPTH_MAX);
	strbuf_addn(&text, ']', CONF_DEPTH_MAX);
	(void)read_tree(f, strbuf_str(&text));
	assert_string_equal(f->faults.buf, "1:67: nested more than 64 deep\n");
}

static void test_nesting_by_alias(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "a0: &a0 [x]\n");
	for (int i = 1; i < 100; i++) {
		strbuf_addf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	}
	(void)read_tree(f, strbuf_str(&text));
	assert_string_equal(
		f->faults.buf, "64:12: nested more than 64 deep where alias '*a62' is expanded\n");
}

static void test_billion_laughs(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf lists = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf maps = STRBUF_INIT;

	strbuf_adds(&lists, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	strbuf_adds(&maps, "a0: &a0 {a: x, b: x, c: x}\n");
	for (int i = 1; i < 20; i++) {
		strbuf_addf(&lists, "a%d: &a%d [", i, i);
		strbuf_addf(&maps, "a%d: &a%d {", i, i);
		for (int k = 0; k < 10; k++) {
			strbuf_addf(&lists, "%s*a%d", k ? "," : "", i - 1);
			strbuf_addf(&maps, "%sk%d: *a%d", k ? ", " : "", k, i - 1);
		}
		strbuf_adds(&lists, "]\n");
		strbuf_adds(&maps, "}\n");
	}
	assert_in_range(read_tree(f, strbuf_str(&lists)), 0, 1 << 20);
	assert_non_null(
		strstr(f->faults.buf, "too many values (more than 1000000, aliases expanded)\n"));
	assert_in_range(read_tree(f, strbuf_str(&maps)), 0, 1 << 20);
	assert_non_null(strstr(f->faults.buf, "too many values"));
}

static void test_laughs_by_merging(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "a: &a\n");
	for (int i = 0; i < 10000; i++) {
		strbuf_addf(&text, "  k%d: v\n", i);
	}
	for (int i = 0; i < 10000; i++) {
		strbuf_addf(&text, "b%d: {<<: *a}\n", i);
	}
	assert_in_range(read_tree(f, strbuf_str(&text)), 0, 256 << 20);
	assert_non_null(strstr(f->faults.buf, "too many values"));
}

static void test_large(void **state)
{
	static const struct {
		const char *head, *piece;
	} cases[] = {
		{"a: &x 1\nb:\n", "- *x\n"},
		{"", "- &a b\n"},
		{"b:\n", "- &a *a\n"},
		{"a: [", "a,"},
		{"a: [", "a: b,"},
		{"a: {", "a, "},
		{"a: {", "a\n"},
		{"a: [", "a: \n"},
		{"a: [", "? a,"},
		{"", "? a\n"},
		{"", "a\n"},
		{"- ", "- \n"},
		{"", "'"},
		{"", "\""},
		{"", "{a"},
		{"", "a: &b\n"},
		{"a: '", "x\n"},
		{"a: \"", "\\n"},
		{"a: \"", "\\\n"},
		{"a: ", "x"},
		{"a: |\n", " x\n"},
		{"a: |\n", "\n"},
		{"", "#\n"},
		{"", "\n"},
		{"", " "},
		{"", "!"},
		{"", "!a "},
		{"", "&a "},
		{"", "*a "},
		{"", "%A b\n"},
		{"", "%TAG ! !\n"},
		{"", "---\n"},
		{"", ": "},
		{"", ":"},
		{"", "a: b\n"},
		{"", "a: "},
		{"", "]"},
		{"", "\xc3\xa9"},
		{"a:\n", "- a: b\n  c: d\n"},
		{"a: !<", "%41"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t bytes = read_repeated(
			f, cases[i].head, cases[i].piece, LARGE / strlen(cases[i].piece));

		assert_in_range(bytes, 0, 64 << 20);
	}
}

static void test_too_many_nodes(void **state)
{
	struct fixture *f = *state;

	assert_in_range(read_repeated(f, "a: [", "a,", CONF_FILE_MAX), 0, 256 << 20);
	assert_string_equal(f->faults.buf,
		"1:1999999: too many values (more than 1000000, aliases expanded)\n");
}

static void test_many_keys(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	for (int i = 0; i < 50000; i++) {
		strbuf_addf(&text, "k%d: v\n", i);
	}
	strbuf_adds(&text, "k7: again\n");
	(void)read_tree(f, strbuf_str(&text));
	assert_string_equal(
		f->faults.buf, "50001:1: key 'k7' is given twice; the first is on line 8\n");
}

static void test_too_large(void **state)
{
	struct fixture *f = *state;
	const size_t len = 100 << 20;
	char *text = xcalloc(len, 1); /* never touched, so it costs nothing */

	assert_in_range(read_tree(f, str_n(text, len)), 0, 1 << 20);
	assert_string_equal(f->faults.buf, "1:1: larger than 4 MB\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_no_tree),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_nesting_by_indentation),
		cmocka_unit_test(test_deepest),
		cmocka_unit_test(test_nesting_by_alias),
		cmocka_unit_test(test_billion_laughs),
		cmocka_unit_test(test_laughs_by_merging),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_too_many_nodes),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
