#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "support/conf_fixture.h"

/* A folder of files that are gone with it. */
struct fixture {
	struct conf_fixture *conf;
	struct arena *arena;
	char folder[64];
};

static const char *in_folder(const struct fixture *f, const char *name)
{
	return arena_printf(f->arena, "%s/%s", f->folder, name);
}

static void put(struct fixture *f, const char *name, const char *content)
{
	assert_int_equal(file_write(in_folder(f, name), str_of(content), 0600, NULL), 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	void *conf;

	f->arena = arena_new();
	(void)conf_fixture_setup(&conf);
	f->conf = conf;
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/test_conf_include.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(mkdir(in_folder(f, "sub"), 0700), 0);
	assert_int_equal(mkdir(in_folder(f, "odd[*]"), 0700), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *conf = f->conf;
	static const char *const files[] = {"a.yaml", "b.yaml", "c.yaml", "main.yaml", "[x].yaml",
		"sub/a.yaml", "sub/b.yaml", "sub/c.yaml", "sub/.hidden.yaml", "sub/note.txt",
		"sub/secret", "odd[*]/main.yaml", "odd[*]/a.yaml"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		(void)unlink(in_folder(f, files[i]));
	}
	for (int i = 0; i < 300; i++) {
		(void)unlink(in_folder(f, arena_printf(f->arena, "sub/%d.yaml", i)));
	}
	assert_int_equal(rmdir(in_folder(f, "sub")), 0);
	assert_int_equal(rmdir(in_folder(f, "odd[*]")), 0);
	assert_int_equal(rmdir(f->folder), 0);
	(void)conf_fixture_teardown(&conf);
	arena_free(f->arena);
	free(f);
	return 0;
}

static int read_file(struct fixture *f, const char *name)
{
	int status;

	conf_fixture_reset(f->conf);
	status = conf_read(
		&f->conf->conf, in_folder(f, name), sample_rows, &f->conf->sample, &f->conf->err);
	conf_fixture_collect(f->conf);
	return status;
}

static void must_read(struct fixture *f)
{
	if (read_file(f, "main.yaml") < 0) {
		fail_msg("%s", f->conf->errors.buf);
	}
}

/* `expected` has "@/" where the folder is. */
static void must_fail(struct fixture *f, const char *expected)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	assert_int_equal(read_file(f, "main.yaml"), -1);
	for (const char *c = expected; *c; c++) {
		if (*c == '@') {
			strbuf_adds(&sb, f->folder);
		} else {
			strbuf_addc(&sb, *c);
		}
	}
	assert_string_equal(f->conf->errors.buf, sb.buf);
}

static void test_merging(void **state)
{
	struct fixture *f = *state;
	const struct sample *s = &f->conf->sample;

	put(f, "main.yaml",
		"include: [sub/a.yaml, b.yaml]\n"
		"ssh: {username: me}\n"
		"ports: [1]\n"
		"labels: {a: '1'}\n"
		"servers: {groups: {web: w1, db: d1}}\n"
		"checks: [{name: one, http: x}]\n"
		"mail: {smtp: s, routes: {to: one}}\n");
	put(f, "sub/a.yaml",
		"include: c.yaml\n"
		"ssh: {workers: 3}\n"
		"ports: [2, 3]\n"
		"labels: {b: '2'}\n"
		"servers: {groups: {web: [w2, w3]}, files: hosts.txt}\n"
		"checks: [{name: two, http: x}]\n"
		"store: ${file:secret}\n");
	put(f, "sub/c.yaml", "checks: [{name: three, tcp: x}]\nports: 4\n");
	put(f, "b.yaml",
		"checks: [{name: four, tcp: x}]\n"
		"ports:\n"
		"mail: {routes: [{to: two}, {to: three}], receivers: [{send: a}]}\n");
	put(f, "sub/secret", "file.db\n");
	must_read(f);

	assert_string_equal(s->ssh.username, "me");
	assert_int_equal(s->ssh.workers, 3);
	assert_int_equal(s->ports.count, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(OPTION_AT(&s->ports, int64_t, i), i + 1);
	}
	assert_int_equal(s->labels.count, 2);
	assert_int_equal(s->servers.groups.count, 2);
	assert_int_equal(OPTION_AT(&s->servers.groups, struct option_list, 0).count, 3);
	assert_string_equal(
		OPTION_AT(&s->servers.files, const char *, 0), in_folder(f, "sub/hosts.txt"));
	assert_string_equal(s->store, in_folder(f, "sub/file.db"));
	assert_int_equal(s->checks.count, 4);
	assert_string_equal(((const struct sample_check *)s->checks.items[2])->name, "three");
	assert_string_equal(((const struct sample_check *)s->checks.items[3])->origin,
		in_folder(f, "b.yaml:1:10"));
	assert_int_equal(s->mail.routes.count, 3);
	assert_int_equal(s->mail.receivers.count, 1);
	assert_string_equal(((const struct sample_route *)s->mail.routes.items[2])->origin,
		in_folder(f, "b.yaml:3:28"));
	assert_string_equal(
		conf_where(&f->conf->conf, "mail.routes[2].to[0]"), in_folder(f, "b.yaml:3:33"));
	assert_string_equal(
		conf_where(&f->conf->conf, "ssh.workers"), in_folder(f, "sub/a.yaml:2:16"));
	assert_string_equal(conf_where(&f->conf->conf, "ports[3]"), in_folder(f, "sub/c.yaml:2:8"));
}

static void test_patterns(void **state)
{
	struct fixture *f = *state;

	put(f, "main.yaml", "include: 'sub/*.yaml'\n");
	put(f, "sub/b.yaml", "ports: 2\n");
	put(f, "sub/a.yaml", "ports: 1\n");
	put(f, "sub/.hidden.yaml", "ports: 3\n");
	put(f, "sub/note.txt", "not: [yaml\n");
	must_read(f);
	assert_int_equal(f->conf->sample.ports.count, 2);
	assert_int_equal(OPTION_AT(&f->conf->sample.ports, int64_t, 0), 1);

	put(f, "main.yaml", "include: [none/*.yaml, 'sub/*.none', ]\n");
	must_read(f);
	put(f, "main.yaml", "include:\n");
	must_read(f);

	put(f, "main.yaml", "include: '[x].yaml'\n");
	put(f, "[x].yaml", "ports: 7\n");
	must_read(f);
	assert_int_equal(OPTION_AT(&f->conf->sample.ports, int64_t, 0), 7);
}

static void test_folder_with_pattern_characters(void **state)
{
	struct fixture *f = *state;

	put(f, "odd[*]/main.yaml", "include: '?.yaml'\n");
	put(f, "odd[*]/a.yaml", "ports: 7\n");
	assert_int_equal(read_file(f, "odd[*]/main.yaml"), 0);
	assert_int_equal(f->conf->sample.ports.count, 1);
}

static void test_variables(void **state)
{
	struct fixture *f = *state;

	(void)setenv("T_FOLDER", in_folder(f, "sub"), 1);
	put(f, "main.yaml", "include: ${T_FOLDER}/a.yaml\n");
	put(f, "sub/a.yaml", "ports: 1\n");
	must_read(f);
	assert_int_equal(f->conf->sample.ports.count, 1);
	put(f, "main.yaml", "include: ${T_UNSET}/a.yaml\n");
	must_fail(f, "@/main.yaml:1:10: include: the environment variable T_UNSET is not set; set "
		     "it, or write ${T_UNSET:-default}\n");
}

static void test_same_value_twice(void **state)
{
	struct fixture *f = *state;

	put(f, "main.yaml",
		"include: a.yaml\n"
		"store: x\n"
		"ssh: {workers: 1}\n"
		"labels: {team: web}\n");
	put(f, "a.yaml", "labels: {team: db}\nssh:\n  workers: 2\nstore: y\n");
	must_fail(f, "@/a.yaml:1:10: labels.team: given already at @/main.yaml:4:16\n"
		     "@/a.yaml:3:3: workers: given already at @/main.yaml:3:16\n"
		     "@/a.yaml:4:1: store: given already at @/main.yaml:2:8\n");
}

static void test_errors_in_order(void **state)
{
	struct fixture *f = *state;

	put(f, "main.yaml",
		"include: [a.yaml, none.yaml, b.yaml, /, {a: b}, '']\n"
		"prots: 1\n");
	put(f, "a.yaml", "ports: x\nmail: {to: a}\n");
	put(f, "b.yaml", "ports: [\n");
	must_fail(f, "@/main.yaml:1:19: include: cannot read '@/none.yaml': No such file or "
		     "directory\n"
		     "@/main.yaml:1:38: include: cannot read '/': it is a directory\n"
		     "@/main.yaml:1:41: include: expected a file or a pattern, not a mapping\n"
		     "@/main.yaml:1:49: include: expected a file or a pattern, not nothing\n"
		     "@/main.yaml:2:1: unknown key 'prots'; did you mean 'ports'?\n"
		     "@/a.yaml:1:8: ports: number 'x': not a whole number\n"
		     "@/a.yaml:2:7: key 'smtp' is missing in 'mail'\n"
		     "@/b.yaml:2:1: a list or mapping in brackets is not closed, or has nothing "
		     "before a ','\n");
}

static void test_required_in_another_file(void **state)
{
	struct fixture *f = *state;

	put(f, "main.yaml", "include: a.yaml\nmail: {to: a}\n");
	put(f, "a.yaml", "mail: {smtp: x}\n");
	must_read(f);
}

static void test_cycles(void **state)
{
	struct fixture *f = *state;

	put(f, "main.yaml", "include: main.yaml\n");
	must_fail(f, "@/main.yaml:1:10: include: files include each other: @/main.yaml -> "
		     "@/main.yaml\n");

	put(f, "main.yaml", "include: a.yaml\n");
	put(f, "a.yaml", "include: sub/b.yaml\n");
	put(f, "sub/b.yaml", "include: ../main.yaml\n");
	must_fail(f, "@/sub/b.yaml:1:10: include: files include each other: @/main.yaml -> "
		     "@/a.yaml -> @/sub/b.yaml -> @/sub/../main.yaml\n");
}

static void test_twice(void **state)
{
	struct fixture *f = *state;

	put(f, "main.yaml", "include: [a.yaml, b.yaml]\n");
	put(f, "a.yaml", "include: c.yaml\n");
	put(f, "b.yaml", "include: ./c.yaml\n");
	put(f, "c.yaml", "ports: 1\n");
	must_fail(f, "@/b.yaml:1:10: include: '@/./c.yaml' is included already at "
		     "@/a.yaml:1:10\n");
}

static void test_depth(void **state)
{
	struct fixture *f = *state;

	put(f, "main.yaml", "include: sub/0.yaml\n");
	for (int i = 0; i < CONF_INCLUDE_DEPTH_MAX; i++) {
		put(f, arena_printf(f->arena, "sub/%d.yaml", i),
			arena_printf(f->arena, "include: %d.yaml\n", i + 1));
	}
	put(f, arena_printf(f->arena, "sub/%d.yaml", CONF_INCLUDE_DEPTH_MAX), "ports: 1\n");
	must_fail(f, "@/sub/15.yaml:1:10: include: files include files more than 16 deep\n");
	put(f, "sub/15.yaml", "ports: 1\n");
	must_read(f);
}

static void test_count(void **state)
{
	struct fixture *f = *state;

	put(f, "main.yaml", "include: sub/*.yaml\n");
	for (int i = 0; i < CONF_INCLUDES_MAX - 1; i++) {
		put(f, arena_printf(f->arena, "sub/%d.yaml", i), "ports: 1\n");
	}
	must_read(f);
	assert_int_equal(f->conf->sample.ports.count, CONF_INCLUDES_MAX - 1);
	put(f, "sub/299.yaml", "ports: 1\n");
	must_fail(f, "@/main.yaml:1:10: include: more than 256 files\n");
}

static void test_nodes_of_all_files(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "x-a: [");
	for (int i = 0; i < 600000; i++) {
		strbuf_adds(&text, "a,");
	}
	strbuf_adds(&text, "]\n");
	put(f, "a.yaml", text.buf);
	put(f, "b.yaml", text.buf);
	put(f, "main.yaml", "include: a.yaml\n");
	must_read(f);
	put(f, "main.yaml", "include: [a.yaml, b.yaml]\n");
	assert_int_equal(read_file(f, "main.yaml"), -1);
	assert_non_null(strstr(f->conf->errors.buf, "b.yaml:1:"));
	assert_non_null(strstr(
		f->conf->errors.buf, "too many values (more than 1000000, aliases expanded)"));
}

static void test_no_files(void **state)
{
	struct fixture *f = *state;

	put(f, "a.yaml", "ports: 1\n");
	conf_fixture_reset(f->conf);
	f->conf->conf.no_files = true;
	assert_int_equal(conf_read_text(&f->conf->conf, "c.yaml", f->folder,
				 str_of("include: a.yaml\nstore: ${file:a.yaml}\n"), sample_rows,
				 &f->conf->sample, &f->conf->err),
		-1);
	conf_fixture_collect(f->conf);
	assert_string_equal(f->conf->errors.buf,
		"c.yaml:1:10: include: files are not read here\n"
		"c.yaml:2:8: store: ${file:a.yaml}: files are not read here\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_merging, setup, teardown),
		cmocka_unit_test_setup_teardown(test_patterns, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_folder_with_pattern_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_variables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_value_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_required_in_another_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cycles, setup, teardown),
		cmocka_unit_test_setup_teardown(test_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_count, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nodes_of_all_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
