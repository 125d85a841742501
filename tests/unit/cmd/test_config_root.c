/*
 * The sections put together: groups of servers, and errors that name their place once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/config_root.h"
#include "cmocka_all.h"
#include "conf/nodeset.h"

struct file {
	char path[32];
};

static void file_write_text(struct file *file, const char *text)
{
	_cleanup_(fclosep) FILE *out = NULL;
	int fd;

	(void)snprintf(file->path, sizeof(file->path), "/tmp/config-XXXXXX");
	fd = mkstemp(file->path);
	assert_true(fd >= 0);
	out = fdopen(fd, "w");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
}

static void test_selections_of_groups(void **state)
{
	static const struct {
		const char *groups, *selection, *hosts;
	} cases[] = {
		{"{web: \"web-[1-3]\"}", "@web", "web-[1-3]"},
		{"{web: [web-1, \"web-[3-4]\"]}", "@web", "web-[1,3-4]"},
		{"{web: web-1, db: [db-1, \"@web\"]}", "@db", "db-1,web-1"},
		{"{web: [a, b], db: c}", "@all", "a,b,c"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *text = xasprintf("servers: {groups: %s}\n", cases[i].groups);
		struct config config;
		struct nodeset set = {0};
		struct err err = {0};
		struct file file;

		file_write_text(&file, text);
		assert_int_equal(config_load(&config, file.path, &err), 0);
		assert_int_equal(inventory_select(config.inventory, str_of(cases[i].selection),
					 config.conf.arena, &set, &err),
			0);
		assert_string_equal(nodeset_fold(&set, config.conf.arena), cases[i].hosts);
		config_release(&config);
		(void)unlink(file.path);
	}
}

static void test_no_file(void **state)
{
	struct config config;
	struct nodeset set = {0};
	struct err err = {0};

	(void)state;
	config_load_nothing(&config);
	assert_null(config.conf.file);
	assert_int_equal(config.conf.errors_count, 0);
	assert_int_equal(inventory_select(config.inventory, str_of("web-[1-2]"), config.conf.arena,
				 &set, &err),
		0);
	assert_int_equal(set.names_count, 2);
	config_release(&config);
}

/* Where it stands, once, then what is wrong. */
static void test_errors_of_groups(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"servers:\n  groups: {web: \"web-[1-\"}\n",
			":2:17: group 'web': column 5: '[' is never closed: expected ']'"},
		{"servers:\n  groups:\n    db: [a, \"b-[\"]\n",
			":3:13: group 'db': column 3: '[' is never closed: expected ']'"},
		{"servers:\n  groups: {web: \"@none\"}\n",
			":2:17: group 'web': column 1: unknown group 'none'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config config;
		struct err err = {0};
		struct file file;
		_cleanup_(freep) char *expected = NULL;

		file_write_text(&file, cases[i].text);
		expected = xasprintf("%s%s", file.path, cases[i].error);
		assert_int_equal(config_load(&config, file.path, &err), -1);
		assert_string_equal(err.msg, expected);
		config_release(&config);
		(void)unlink(file.path);
	}
}

static void test_rows_keep_their_promises(void **state)
{
	struct err err = {0};

	(void)state;
	if (option_rows_check(config_rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selections_of_groups),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_errors_of_groups),
		cmocka_unit_test(test_rows_keep_their_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
