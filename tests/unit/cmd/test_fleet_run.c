/*
 * A run where nobody listens: every format, the report, and a store that is none.
 */
#include "cmd/fleet_steps.h"

static void each_format(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"x", "--hosts", "@web"}}, 1,
			"✗ web-01: unreachable: ", "2 servers: web-[01-02]\n"},
		{{{"x", "--hosts", "@web"}}, 1, "\n0/2 servers responded successfully (2 unreach",
			NULL},
		{{{"x", "--hosts", "@web", "--fold"}}, 1, "✗ web-[01-02]: unreachable", NULL},
		{{{"x", "--hosts", "@web", "-o", "json"}}, 1, "\"code\": \"connection_refused\"",
			NULL},
		{{{"x", "--hosts", "@web", "-o", "jsonl"}}, 1, "{\"name\": \"web-0", NULL},
		{{{"x", "--hosts", "@web", "-o", "csv"}}, 1, "\nweb-02,unreachable,false,", NULL},
		{{{"x", "--hosts", "@web", "-o", "junit"}}, 1, "errors=\"2\"", NULL},
		{{{"x", "--hosts", "@web", "-q"}}, 1, "0/2", ""},
	};
	struct cmd_fixture *f = *state;

	FLEET_STEPS(f, steps);
	assert_string_equal(f->err.buf, "");
	assert_said(&f->report, "web-02: unreachable: ");
}

static void into_a_file(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"x", "--hosts", "@web", "--output-file", "results"}}, 1, "", NULL},
	};
	struct cmd_fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf results = STRBUF_INIT;

	FLEET_STEPS(f, steps);
	assert_string_equal(f->out.buf, "");
	read_text("results", &results);
	assert_said(&results, "0/2 servers responded successfully");
}

static void a_store_that_is_none(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"x", "--hosts", "@web", "--store", "seen", "-o", "json"}}, 1, "\"run\": null",
			"the run goes on, and is not written down"},
	};

	FLEET_STEPS(*state, steps);
}

static void a_folder_that_cannot_be(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"x", "--hosts", "@web", "--output-dir", "no/such"}}, 2, "", "--output-dir: "},
	};

	FLEET_STEPS(*state, steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(each_format),
		cmd_test(into_a_file),
		cmd_test(a_store_that_is_none),
		cmd_test(a_folder_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
