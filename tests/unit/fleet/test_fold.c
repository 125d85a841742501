/*
 * Folding: who is with whom, in which order, and what people see of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "fleet/fold.h"

struct host {
	const char *name, *text, *label;
	bool is_cut;
	const char *rest; /* what was not kept */
};

static struct fold_item item_of(const struct host *host, bool is_smart)
{
	struct fold_mask mask = fold_mask_of(str_of(host->name));
	struct fold_digest *digest = fold_digest_new(is_smart ? &mask : NULL);
	struct fold_item item = {.name = str_of(host->name),
		.label = host->label,
		.text = str_of(host->text),
		.is_cut = host->is_cut};

	fold_digest_add(digest, FOLD_STDOUT, str_of(host->text));
	fold_digest_add(digest, FOLD_STDOUT, str_of(host->rest ? host->rest : ""));
	item.key = fold_digest_end(digest);
	fold_digest_free(&digest);
	return item;
}

static void assert_folds(const struct host *hosts, size_t count, const struct fold_style *style,
	const char *expected)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct fold_item *items = arena_calloc(arena, count + 1, sizeof(*items));
	struct fold_groups groups;
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < count; i++) {
		items[i] = item_of(&hosts[i], style->is_smart);
	}
	fold_items(items, count, arena, &groups);
	assert_int_equal(groups.total, count);
	fold_add_text(&out, &groups, style);
	if (strcmp(out.buf, expected) != 0) {
		print_message("%s", out.buf);
	}
	assert_string_equal(out.buf, expected);
	strbuf_release(&out);
}

static void groups(void **state)
{
	static const struct host hosts[] = {
		{.name = "db-01", .text = "a\n"},
		{.name = "web-03", .text = "b\n"},
		{.name = "web-01", .text = "b\n"},
		{.name = "web-02", .text = "b\n"},
		{.name = "web-04", .text = "b\n", .label = "exit 3"},
		{.name = "db-02", .text = ""},
		{.name = "root@web-05:22", .text = "b\n"},
		{.name = "web-06", .text = "x\x1b[1m\r\n\nlast"},
	};

	(void)state;
	assert_folds(NULL, 0, &(struct fold_style){0}, "");
	assert_folds(hosts, ARRAY_LEN(hosts), &(struct fold_style){0},
		"web-[01-03],root@web-05:22 (4 servers):\n  b\n"
		"db-01 (1 server):\n  a\n"
		"web-04 (1 server), exit 3:\n  b\n"
		"db-02 (1 server):\n  (no output)\n"
		"web-06 (1 server):\n  x\\x1b[1m\n\n  last\n");
}

static void colours(void **state)
{
	static const struct host host = {.name = "a1", .text = "x\n", .label = "exit 3"};

	(void)state;
	assert_folds(&host, 1, &(struct fold_style){.has_color = true},
		"\x1b[1ma1\x1b[0m (1 server), \x1b[31mexit 3\x1b[0m:\n  x\n");
}

static void smart(void **state)
{
	static const struct host hosts[] = {
		{.name = "web-01", .text = "web-01\nversion 5\nup 3 days\nok\nfine\ngood\n"},
		{.name = "web-02", .text = "web-02\nversion 5\nup 9 days\nok\nfine\ngood\n"},
		{.name = "web-03", .text = "web-03\nversion 4\nup 1 day\nok\nfine\ngood\n"},
		{.name = "web-04", .text = "web-04\nversion 5\nup 2 days\nok\nfine\ngood\n"},
		{.name = "web-05", .text = "command not found\n", .label = "exit 127"},
		{.name = "web-06", .text = "web-06\nversion 5\nup 3 days\nok\nfine\ngood\n"},
		{.name = "web-07", .text = "web-07\nversion 5\nup 3 days\nok\nfine\ngood\n"},
	};

	(void)state;
	assert_folds(hosts, ARRAY_LEN(hosts), &(struct fold_style){.is_smart = true, .context = 1},
		"web-[01-02,04,06-07] (5 servers), as on web-01 "
		"(own names, addresses, pids, times may differ):\n"
		"  web-01\n  version 5\n  up 3 days\n  ok\n  fine\n  good\n"
		"web-03 (1 server), differs from web-[01-02,04,06-07]:\n"
		"  @@ -1,3 +1,3 @@\n   web-03\n  -version 5\n  +version 4\n   up 1 day\n"
		"web-05 (1 server), exit 127:\n  command not found\n");
	/* Without masks they are all different. */
	assert_folds(hosts, 2, &(struct fold_style){0},
		"web-01 (1 server):\n"
		"  web-01\n  version 5\n  up 3 days\n  ok\n  fine\n  good\n"
		"web-02 (1 server):\n"
		"  web-02\n  version 5\n  up 9 days\n  ok\n  fine\n  good\n");
}

/* Where no group is the majority, there is nothing to differ from. */
static void no_majority(void **state)
{
	static const struct host hosts[] = {
		{.name = "a1", .text = "1\n2\n3\n4\n5\n6\n"},
		{.name = "a2", .text = "1\n2\n3\n4\n5\nx\n"},
	};

	(void)state;
	assert_folds(hosts, 2, &(struct fold_style){.is_smart = true},
		"a1 (1 server):\n  1\n  2\n  3\n  4\n  5\n  6\n"
		"a2 (1 server):\n  1\n  2\n  3\n  4\n  5\n  x\n");
}

/* Nothing is said of masks where there is nothing to mask; and no lines are no difference. */
static void alike(void **state)
{
	static const struct host hosts[] = {
		{.name = "a1", .text = "same\n"},
		{.name = "a2", .text = "same\n"},
		{.name = "a3", .text = "same\n"},
		{.name = "a4", .text = "same\n", .label = "exit 3"},
		{.name = "a5", .text = "same"},
	};

	(void)state;
	assert_folds(hosts, 5, &(struct fold_style){.is_smart = true},
		"a[1-3] (3 servers):\n  same\n"
		"a4 (1 server), exit 3, differs from a[1-3]:\n"
		"  (the same output, but it ended otherwise)\n"
		"a5 (1 server), differs from a[1-3]:\n"
		"  (the same lines, but for the end of the last one)\n");
}

/* Whose lines are shown is said wherever they stand for those of others. */
static void samples(void **state)
{
	static const struct host hosts[] = {
		{.name = "a1", .text = "pid 1\n"},
		{.name = "a2", .text = "pid 2\n"},
		{.name = "a3", .text = "pid 3\n"},
		{.name = "b1", .text = "pid 4\nodd\n1\n2\n3\n4\n"},
		{.name = "b2", .text = "pid 5\nodd\n1\n2\n3\n4\n"},
		{.name = "c", .text = "pid 6\nlone\n"},
	};

	(void)state;
	assert_folds(hosts, ARRAY_LEN(hosts), &(struct fold_style){.is_smart = true},
		"a[1-3] (3 servers), as on a1 (own names, addresses, pids, times may differ):\n"
		"  pid 1\n"
		"b[1-2] (2 servers), as on b1 (own names, addresses, pids, times may differ):\n"
		"  pid 4\n  odd\n  1\n  2\n  3\n  4\n"
		"c (1 server):\n  pid 6\n  lone\n");
}

/* Equal only if all of it is. */
static void cut(void **state)
{
	static const struct host hosts[] = {
		{.name = "a1", .text = "same\n", .is_cut = true, .rest = "x"},
		{.name = "a2", .text = "same\n", .is_cut = true, .rest = "x"},
		{.name = "a3", .text = "same\n", .is_cut = true, .rest = "y"},
		{.name = "a4", .text = "other\n", .label = "exit 1"},
		{.name = "a5", .text = "same\n", .is_cut = true, .rest = "x"},
	};

	(void)state;
	assert_folds(hosts, 5, &(struct fold_style){.is_smart = true},
		"a[1-2,5] (3 servers):\n  same\n"
		"a3 (1 server), differs from a[1-2,5]:\n  (only in what was left out)\n"
		"a4 (1 server), exit 1:\n  other\n");
}

/* Far below a second without sanitizers; a generous limit with them. */
static void ten_thousand(void **state)
{
	enum { HOSTS = 10000 };
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct fold_item *items = arena_calloc(arena, HOSTS, sizeof(*items));
	struct fold_groups groups;
	int64_t began_ms;

	(void)state;
	for (int i = 0; i < HOSTS; i++) {
		const struct host host = {.name = arena_printf(arena, "web-%05d", i),
			.text = i % 100 == 7 ? arena_printf(arena, "odd %d\n", i % 1000)
					     : "usual\n"};

		items[i] = item_of(&host, true);
	}
	began_ms = time_mono_ms();
	fold_items(items, HOSTS, arena, &groups);
	assert_true(time_mono_ms() - began_ms < 5000);
	assert_int_equal(groups.items_count, 11);
	assert_int_equal(groups.items[0].count, HOSTS / 100 * 99);
	assert_int_equal(groups.items[1].count, 10);
	assert_string_equal(groups.items[1].names,
		"web-[00007,01007,02007,03007,04007,05007,06007,07007,08007,09007]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups),
		cmocka_unit_test(colours),
		cmocka_unit_test(smart),
		cmocka_unit_test(alike),
		cmocka_unit_test(samples),
		cmocka_unit_test(no_majority),
		cmocka_unit_test(cut),
		cmocka_unit_test(ten_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
