/*
 * What is run, where, and what is refused before anything is done.
 */
#include "cmd/fleet_steps.h"

static void what_is_refused(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"x"}}, 2, "", "which servers?"},
		{{{"", "--hosts", "a"}}, 2, "", "which command?"},
		{{{"  ", "\n", "--hosts", "a"}}, 2, "", "which command?"},
		{{{"x", "--hosts", "@wbe"}}, 2, "", "did you mean 'web'?"},
		{{{"x", "--hosts", "@web", "--hosts", "!web-99"}}, 2, "",
			"'!web-99' leaves out nothing"},
		{{{"x", "--hosts", "a-[1-11]"}}, 2, "",
			"11 servers are more than --confirm-over 10"},
		{{{"x", "--hosts", "a", "--nice", "5", "--sudo-user", "a b"}}, 2, "", "the user"},
		{{{"--script", "nothing", "--hosts", "a"}}, 2, "",
			"--script: cannot read 'nothing'"},
		{{{"--script", "seen", "--tty", "--hosts", "a"}}, 2, "", "does not go with --tty"},
		{{{"x", "--hosts", "a", "--password-file", "nothing"}}, 2, "", "--password-file"},
		{{{"last"}}, 0, "no run was written down yet", NULL},
		{{{"x", "--hosts", "n[1-11]"}}, 2, "", "say --yes if it is meant"},
		{{{"x", "--hosts", "n[1-11]", "--dry-run"}}, 2, "", "say --yes if it is meant"},
	};

	FLEET_STEPS(*state, steps);
}

static void the_selection(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"--list", "--hosts", "@web,db,db"}}, 0, "web-01\nweb-02\ndb\n", NULL},
		{{{"ls", "-l", "--hosts", "@web"}}, 0, "web-01\nweb-02\n",
			"--list (-l) prints the servers, and 'ls' is not run"},
		{{{"--list", "--script", "x.sh", "--hosts", "a", "--", "b"}}, 0, "a\n",
			"and '--script x.sh b' is not run"},
		{{{"x", "--hosts", "@web,web-01"}}, 1, NULL,
			"2 servers: web-[01-02]\nweb-01 is named twice, and counts once\n"},
		{{{"x", "--hosts", "a", "--output-file", "results"}}, 1, "", NULL},
	};

	FLEET_STEPS(*state, steps);
}

static void what_is_written_down(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"echo", "a b", "--hosts", "@web", "--env", "TOKEN=hunter2"}}, 1, NULL, NULL},
		{{{"show"}}, 0, "command    echo a b\nselection  --hosts @web\n", NULL},
		{{{"x", "--hosts", "@web", "--dry-run"}}, 1, NULL, NULL},
		{{{"last", "-o", "csv"}}, 0, "\n1,", NULL},
	};
	struct cmd_fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf store = STRBUF_INIT;

	FLEET_STEPS(f, steps);
	assert_null(strstr(f->out.buf, "\n2,"));
	read_text("state.db", &store);
	assert_null(memmem(store.buf, store.len, "hunter2", strlen("hunter2")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(what_is_refused),
		cmd_test(the_selection),
		cmd_test(what_is_written_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
