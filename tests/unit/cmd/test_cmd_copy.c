/*
 * What `copy` refuses before it connects to anything.
 */
#include "cmd/cmd_fixture.h"

static void wrong_usage_does_nothing(void **state)
{
	// clang-format off
	static const struct {
		struct cmd_args args;
		const char *says;
	} cases[] = {
		{{{0}}, "sre-toolkit copy: what, and where to?"},
		{{{"out"}}, "sre-toolkit copy: what, and where to?"},
		{{{"out", "web-01"}}, "sre-toolkit copy: no server: write HOST:PATH on one side"},
		{{{"web-01:a", "web-02:b"}}, "from servers to servers"},
		{{{"out", "web-01:a", "web-02:b"}}, "must be here, or all on the same servers"},
		{{{"out", ":/x"}}, "which servers?"},
		{{{"", "web-01:/x"}}, "an empty path"},
		{{{"nowhere", "web-01:/x"}}, "cannot read 'nowhere'"},
		{{{"out", "web-01:/x", "--mode", "0888"}}, "--mode '0888': must be octal"},
		{{{"out", "web-01:/x", "--mode", "77777"}}, "--mode '77777': must be octal"},
		{{{"out", "bob@@web-01:/x"}}, "a name cannot hold '@'"},
		{{{"out", "web-[01-30]:/x"}}, "30"},
		{{{"out", "web-[01-30]:/x", "--max-hosts", "3", "--yes"}}, "--max-hosts"},
		{{{"out", "web-01:/x", "--password-file", "nowhere"}}, "--password-file"},
		{{{"out", "web-01:/x", "--config", "/nowhere"}}, "/nowhere"},
	};
	// clang-format on
	struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cmd_run(f, &cmd_copy, &cases[i].args);
		assert_exit(f, 2);
		assert_string_equal(f->out.buf, "");
		assert_said(&f->err, cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(wrong_usage_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
