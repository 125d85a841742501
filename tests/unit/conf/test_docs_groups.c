/*
 * The configuration cut into groups, in their order.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static void add_group_name(void *arg, const struct docs_group *group)
{
	docs_add_group_name(group, arg);
	strbuf_addf(arg, ": %s\n", group->rows[0].name ? group->rows[0].name : "nothing");
}

static void test_groups_in_their_order(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_each_group(docs_fixture_config, add_group_name, &out);
	assert_string_equal(out.buf, "Top level: store\n"
				     "ssh: username\n"
				     "ssh.jump: host\n"
				     "checks[]: name\n"
				     "checks[] of kind exec: exec\n"
				     "checks[] of kind http: http\n"
				     "checks[].expect of kind http: status\n"
				     "checks[] of kind tcp: tcp\n"
				     "checks[].dialogue[] of kind tcp: nothing\n"
				     "checks[].dialogue[] of kinds tcp, await: await\n"
				     "checks[].dialogue[] of kinds tcp, send: send\n"
				     "alerts: receivers\n"
				     "alerts.receivers[]: nothing\n"
				     "alerts.receivers[] of kind await: await\n"
				     "alerts.receivers[] of kind send: send\n"
				     "alerts.routes[]: match\n");
}

static void add_group_intro(void *arg, const struct docs_group *group)
{
	strbuf_adds(arg, "- ");
	docs_add_group_intro(group, arg);
	strbuf_adds(arg, "\n");
}

static void test_intros(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_each_group(docs_fixture_config, add_group_intro, &out);
	assert_string_equal(out.buf,
		"- \n"
		"- How servers are reached.\n"
		"- The host that leads to all others.\n"
		"- What is checked. Each check has keys of this group, and those of one kind. The "
		"kind follows from the one of these keys that is there: exec, http, tcp.\n"
		"- Runs a plugin.\n"
		"- Asks a web server.\n"
		"- What the answer must be.\n"
		"- Talks to a port.\n"
		"- What is said after that. Each step has the keys of one kind. The kind follows "
		"from the one of these keys that is there: await, send.\n"
		"- Waits.\n"
		"- Sends.\n"
		"- How alerts arrive.\n"
		"- Who can be told. Each step has the keys of one kind. The kind follows from the "
		"one of these keys that is there: await, send.\n"
		"- Waits.\n"
		"- Sends.\n"
		"- Who is told of what. A list of mappings; a single route needs no list.\n");
}

static void test_sections_that_are_no_keys_are_left_out(void **state)
{
	static const struct option_row inner[] = {
		{.name = "a", .type = &option_bool, .help = "a"}, {0}};
	static const struct option_row rows[] = {
		{.name = "hidden",
			.shape = OPTION_SECTION,
			.rows = inner,
			.help = "h",
			.flags = OPTION_FLAG_ONLY},
		{.name = "shown", .shape = OPTION_SECTION, .rows = inner, .help = "s"},
		{0},
	};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_each_group(rows, add_group_name, &out);
	assert_string_equal(out.buf, "Top level: hidden\nshown: a\n");
}

static void test_inner_paths(void **state)
{
	const struct option_row *ssh = option_find(docs_fixture_config, str_of("ssh"));
	const struct option_row *checks = option_find(docs_fixture_config, str_of("checks"));
	const struct option_row *alerts = option_find(docs_fixture_config, str_of("alerts"));
	const struct docs_group top = {.path = ""};
	const struct docs_group group = {.path = "a.b"};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_inner_path(&top, ssh, &out);
	strbuf_addc(&out, ' ');
	docs_add_inner_path(&group, ssh, &out);
	strbuf_addc(&out, ' ');
	docs_add_inner_path(&group, checks, &out);
	strbuf_addc(&out, ' ');
	docs_add_inner_path(&group, option_find(alerts->rows, str_of("routes")), &out);
	assert_string_equal(out.buf, "ssh a.b.ssh a.b.checks[] a.b.routes[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups_in_their_order),
		cmocka_unit_test(test_intros),
		cmocka_unit_test(test_sections_that_are_no_keys_are_left_out),
		cmocka_unit_test(test_inner_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
