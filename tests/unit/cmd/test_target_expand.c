#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/target_expand.h"
#include "cmocka_all.h"

struct fixture {
	struct arena *arena;
	struct inventory *inventory;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	struct err err = {0};

	fixture.arena = arena_new();
	fixture.inventory = inventory_new(fixture.arena);
	assert_int_equal(inventory_add_group(fixture.inventory, "web", "web-[1-2]", NULL, &err), 0);
	assert_int_equal(inventory_check(fixture.inventory, &err), 0);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	return 0;
}

static void expands_the_host(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{"tcp://web-[01-03]:22", "tcp://web-01:22 tcp://web-02:22 tcp://web-03:22"},
		{"https://@web/health?x=[1-2]",
			"https://web-1/health?x=[1-2] https://web-2/health?x=[1-2]"},
		{"tcp://@web!web-1:80", "tcp://web-2:80"},
		{"http://web-[1-2]/", "http://web-1/ http://web-2/"},
		{"tcp://[::1]:22", "tcp://[::1]:22"},
		{"http://user@host/", "http://user@host/"},
		{"http://host/[1-2]", "http://host/[1-2]"},
		{"http://host/@web", "http://host/@web"},
		{"local:", "local:"},
		{"exec:/bin/test [ a ]", "exec:/bin/test [ a ]"},
		{"ssh://sre@web-[1-2]:22", "ssh://sre@web-1:22 ssh://sre@web-2:22"},
		{"ssh://sre@@web", "ssh://sre@web-1 ssh://sre@web-2"},
		{"ssh://@web!@web,x", "ssh://x"},
		{"ssh://sre@a,@web", "ssh://sre@a ssh://sre@web-1 ssh://sre@web-2"},
		{"http://me:p@s,s!w[1]@host/", "http://me:p@s,s!w[1]@host/"},
		{"ssh://a,b", "ssh://a ssh://b"},
		{"web-01", "web-01"},
		{"web-[1-2] b", "web-1 web-2 b"},
		{"web[1:2]", "web1 web2"},
		{"@web!web-1", "web-2"},
		{"http://", "http://"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct targets targets = {0};
		struct strbuf joined = STRBUF_INIT;
		struct err err = {0};

		assert_int_equal(
			target_expand(cases[i].text, f->inventory, f->arena, &targets, &err), 0);
		for (size_t t = 0; t < targets.texts_count; t++) {
			strbuf_addf(&joined, "%s%s", t > 0 ? " " : "", targets.texts[t]);
		}
		assert_string_equal(joined.buf, cases[i].expected);
		strbuf_release(&joined);
	}
}

static void refuses_broken_sets(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{"tcp://web-[9-1]:22", "web-[9-1]"},
		{"tcp://@wep:22", "did you mean"},
		{"tcp://@web!@web:22", "matches no server"},
		{"@web!web-9",
			"'!web-9' leaves out nothing: no server of the selection is that; these "
			"are in it: web-[1-2]"},
		{"web-[1-2] !web-[8-9]", "'!web-[8-9]' leaves out nothing"},
		{"web-[1-2],!web-1!web-9", "'!web-9' leaves out nothing"},
		{"ssh://sre@@web!web-9:22", "'ssh://sre@@web!web-9:22': '!web-9' leaves out"},
		{"root@web-1!sre@web-1", "the selection has 'root@web-1'; write '!root@web-1'"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct targets targets = {0};
		struct err err = {0};

		assert_int_equal(
			target_expand(cases[i].text, f->inventory, f->arena, &targets, &err), -1);
		assert_int_not_equal(err.code, ERR_NONE);
		if (!strstr(err.msg, cases[i].error)) {
			fail_msg("%s", err.msg);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(expands_the_host, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_broken_sets, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
