/*
 * How servers are logged in to: flags count more than inventories, these more than the
 * configuration.
 */
#include "base/alloc.h"
#include "cmd/ssh_options.h"
#include "cmocka_all.h"

enum { ARGS_MAX = 12 };

static void join(struct arena *arena, const struct ssh_config_opts *config, const char *const *args,
	struct ssh_opts *opts, struct ssh_options *options)
{
	struct option_set sets[] = {{"SSH", ssh_option_rows, opts}, {0}};
	struct command_line line = {0};
	struct err err = {0};
	int argc = 0;

	while (args[argc]) {
		argc++;
	}
	assert_int_equal(command_line_parse(argc, args, sets, false, arena, &line, &err), 0);
	ssh_options_join(config, opts, &line, options);
}

static void test_flags_go_before_the_configuration(void **state)
{
	static const struct ssh_config_opts config = {
		.username = "sre",
		.workers = 7,
		.connect_timeout_ms = 3000,
		.transport = SSH_TRANSPORT_OPENSSH,
		.config_file = "/config",
		.accepts_new_host_keys = true,
	};
	static const struct {
		const char *args[ARGS_MAX];
		struct ssh_options expected;
	} cases[] = {
		{{"fleet"}, {"sre", false, 7, 3000,
				    {.transport = SSH_TRANSPORT_OPENSSH,
					    .config_file = "/config",
					    .accepts_new_host_keys = true}}},
		{{"fleet", "-u", "root", "--connect-timeout", "2", "--transport", "auto",
			 "--ssh-config", "/flag", "--no-accept-new-host-keys"},
			{"root", true, 7, 2000,
				{.transport = SSH_TRANSPORT_AUTO, .config_file = "/flag"}}},
		{{"fleet", "--transport", "native"},
			{"sre", false, 7, 3000,
				{.transport = SSH_TRANSPORT_NATIVE,
					.config_file = "/config",
					.accepts_new_host_keys = true}}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct ssh_options *expected = &cases[i].expected;
		struct arena *arena = arena_new();
		struct ssh_opts opts = {0};
		struct ssh_options options = {0};

		join(arena, &config, cases[i].args, &opts, &options);
		assert_string_equal(options.username, expected->username);
		assert_int_equal(options.is_username_given, expected->is_username_given);
		assert_int_equal(options.workers, expected->workers);
		assert_int_equal(options.connect_timeout_ms, expected->connect_timeout_ms);
		assert_int_equal(options.connector.transport, expected->connector.transport);
		assert_string_equal(options.connector.config_file, expected->connector.config_file);
		assert_int_equal(options.connector.accepts_new_host_keys,
			expected->connector.accepts_new_host_keys);
		arena_free(arena);
	}
}

static void test_nothing_is_said(void **state)
{
	static const char *const args[] = {"fleet", NULL};
	const struct ssh_config_opts config = {0};
	struct arena *arena = arena_new();
	struct ssh_opts opts = {0};
	struct ssh_options options = {0};

	(void)state;
	join(arena, &config, args, &opts, &options);
	assert_null(options.username);
	assert_null(options.connector.config_file);
	assert_int_equal(options.workers, 0);
	assert_int_equal(options.connect_timeout_ms, 0);
	assert_int_equal(options.connector.transport, SSH_TRANSPORT_AUTO);
	assert_false(options.connector.accepts_new_host_keys);
	assert_null(ssh_options_username(&options, NULL));
	arena_free(arena);
}

static void test_who_logs_in(void **state)
{
	static const struct inventory_host with = {.name = "web-01", .username = "inventory"};
	static const struct inventory_host without = {.name = "web-01"};
	static const struct {
		struct ssh_options options;
		const struct inventory_host *host;
		const char *expected;
	} cases[] = {
		{{.username = "flag", .is_username_given = true}, &with, "flag"},
		{{.username = "config"}, &with, "inventory"},
		{{.username = "config"}, &without, "config"},
		{{.username = "config"}, NULL, "config"},
		{{0}, &with, "inventory"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(
			ssh_options_username(&cases[i].options, cases[i].host), cases[i].expected);
	}
}

static void test_rows_keep_their_promises(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(option_rows_check(ssh_config_rows, &err), 0);
	assert_int_equal(option_rows_check(ssh_option_rows, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags_go_before_the_configuration),
		cmocka_unit_test(test_nothing_is_said),
		cmocka_unit_test(test_who_logs_in),
		cmocka_unit_test(test_rows_keep_their_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
