/*
 * What the verbs of `alert` share: the store's place, names.
 */
#include "cmd/alert_cmd.h"
#include "cmd/alert_session.h"
#include "cmd/alert_steps.h"

static void who_acts(void **state)
{
	struct arena *arena = arena_new();
	struct cmd_run run = {.arena = arena};
	struct alert_opts opts = {0};
	const struct alert_cmd alert = {.run = &run, .opts = &opts};

	(void)state;
	assert_int_equal(setenv("SUDO_USER", "anna", 1), 0);
	assert_string_equal(alert_author(&alert), "anna");
	opts.author = "ben";
	assert_string_equal(alert_author(&alert), "ben");
	opts.author = NULL;
	assert_int_equal(unsetenv("SUDO_USER"), 0);
	assert_true(*alert_author(&alert) != '\0');
	arena_free(arena);
}

static void ids(void **state)
{
	static const char *const wrong[] = {"", "0", "-1", "x", "1x", "99999999999999999999"};
	const char *arg = "12";
	struct alert_cmd alert = {.args = &arg, .args_count = 1};
	struct err err;
	int64_t id = 0;

	(void)state;
	assert_int_equal(alert_id_argument(&alert, &id, &err), 0);
	assert_int_equal(id, 12);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		alert.args = &wrong[i];
		assert_int_equal(alert_id_argument(&alert, &id, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

static void a_store_that_cannot_be_used(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x"}}, 1, "✓ log", "nothing remembers this alert"},
		{{{"-m", "x", "--queue"}}, 1, "", "state.db"},
		{{{"list"}}, 1, "", NULL},
		{{{"-m", "x", "-n"}}, 0, "log by routes[1]: sent",
			"shown as if nothing had been told"},
	};

	write_text(
		"state.db", "this is not a database, but it is long enough to be taken for one\n");
	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_acts),
		cmocka_unit_test(ids),
		cmd_test(a_store_that_cannot_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
