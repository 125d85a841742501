#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/check_select.h"
#include "cmocka_all.h"

static const char config_text[] =
	"checks:\n"
	"  - {name: web, tcp: \"127.0.0.1:80\", tags: [web, public], timeout: 3s}\n"
	"  - {name: api, tcp: \"127.0.0.1:81\", tags: [web], warning: {total_seconds: 1}}\n"
	"  - {name: mail, tcp: \"127.0.0.1:25\"}\n";

static const char servers_text[] = "servers:\n"
				   "  groups: {db: \"db-[1-2]\"}\n"
				   "checks:\n"
				   "  - {name: databases, host: \"@db\", tags: [db]}\n"
				   "  - {name: spare, host: db-2, warning: {load1: 5}}\n"
				   "  - {host: \"ssh://sre@cache-[1-2]:2222\"}\n"
				   "  - {host: \"n[8-9]\"}\n"
				   "  - {name: web, tcp: \"127.0.0.1:80\"}\n";

enum { WORDS_MAX = 4 };

struct fixture {
	struct config config;
	struct arena *arena;
};

static int set_up_with(const char *text, void **state)
{
	static struct fixture f;
	struct config *config = &f.config;
	struct err err = {0};

	*config = (struct config){0};
	conf_init(&config->conf);
	assert_int_equal(conf_read_text(&config->conf, "test.yaml", NULL, str_of(text), config_rows,
				 config, &err),
		0);
	config->inventory = inventory_new(config->conf.arena);
	assert_int_equal(inventory_add_group(config->inventory, "db", "db-[1-2]", NULL, &err), 0);
	assert_int_equal(inventory_check(config->inventory, &err), 0);
	check_config_finish(&config->conf, &config->defaults, &config->checks);
	check_config_expand(&config->conf, &config->checks, config->inventory, &config->all_checks);
	assert_int_equal(config->conf.errors_count, 0);
	f.arena = arena_new();
	*state = &f;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(config_text, state);
}

static int set_up_servers(void **state)
{
	return set_up_with(servers_text, state);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	config_release(&f->config);
	return 0;
}

/* Strings up to the first NULL, as an option list. */
static struct option_list list_of(const char *const *words)
{
	struct option_list list = {.items = (void *)(uintptr_t)words};

	while (list.count < WORDS_MAX && words[list.count]) {
		list.count++;
	}
	return list;
}

static int select_these(struct fixture *f, const char *const *targets, const char *const *names,
	const char *const *tags, const char *const *settings, struct check_selection *ret_selection,
	struct err *err)
{
	const struct option_map none = {0};
	struct option_list names_list = list_of(names);
	struct option_list tags_list = list_of(tags);
	struct option_list settings_list = list_of(settings);
	const struct check_select_spec spec = {
		.config = &f->config,
		.targets = targets,
		.targets_count = list_of(targets).count,
		.names = &names_list,
		.tags = &tags_list,
		.settings = &settings_list,
		.warning = &none,
		.critical = &none,
		.arena = f->arena,
	};

	return check_select(&spec, ret_selection, err);
}

struct choice {
	const char *targets[WORDS_MAX], *names[WORDS_MAX], *tags[WORDS_MAX];
	const char *expected;
};

static void check_choices(struct fixture *f, const struct choice *cases, size_t count)
{
	static const char *const none[WORDS_MAX] = {0};

	for (size_t i = 0; i < count; i++) {
		struct check_selection selection = {0};
		struct strbuf names = STRBUF_INIT;
		struct err err = {0};

		if (select_these(f, cases[i].targets, cases[i].names, cases[i].tags, none,
			    &selection, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		for (size_t c = 0; c < selection.checks_count; c++) {
			strbuf_addf(&names, "%s%s", c > 0 ? " " : "", selection.checks[c]->name);
		}
		assert_string_equal(names.buf, cases[i].expected);
		strbuf_release(&names);
	}
}

static void chooses(void **state)
{
	static const struct choice cases[] = {
		{{0}, {0}, {0}, "web api mail"},
		{{"mail", "web"}, {0}, {0}, "mail web"},
		{{"web", "web"}, {0}, {0}, "web"},
		{{0}, {"*a*"}, {0}, "api mail"},
		{{0}, {"web", "mail"}, {0}, "web mail"},
		{{0}, {0}, {"public"}, "web"},
		{{0}, {"a*"}, {"web"}, "api"},
		{{"tcp://localhost:1", "api"}, {0}, {0}, "tcp://localhost:1 api"},
		{{"tcp://localhost:1", "tcp://localhost:1"}, {0}, {0}, "tcp://localhost:1"},
		{{"tcp://n[1-3]:1"}, {0}, {0}, "tcp://n1:1 tcp://n2:1 tcp://n3:1"},
	};
	check_choices(*state, cases, ARRAY_LEN(cases));
}

/* A name is a check's, or a server's, whose checks these are; or else a server to be measured. */
static void chooses_servers(void **state)
{
	static const struct choice cases[] = {
		{{0}, {0}, {0},
			"databases/db-1 databases/db-2 spare ssh://sre@cache-1:2222 "
			"ssh://sre@cache-2:2222 n8 n9 web"},
		{{"databases"}, {0}, {0}, "databases/db-1 databases/db-2"},
		{{"db-2"}, {0}, {0}, "databases/db-2 spare"},
		{{"databases/db-1"}, {0}, {0}, "databases/db-1"},
		{{"db-[1-3]"}, {0}, {0}, "databases/db-1 databases/db-2 spare db-3"},
		{{"@db!db-2"}, {0}, {0}, "databases/db-1"},
		{{"cache-1"}, {0}, {0}, "ssh://sre@cache-1:2222"},
		{{"n8", "n9 n8"}, {0}, {0}, "n8 n9"},
		{{"other", "other"}, {0}, {0}, "other"},
		{{"web[01:02]"}, {0}, {0}, "web01 web02"},
		{{"localhost"}, {0}, {0}, "localhost"},
		{{"ssh://x@@db:5/"}, {0}, {0}, "ssh://x@db-1:5/ ssh://x@db-2:5/"},
		{{"ssh://[::1]:22"}, {0}, {0}, "ssh://[::1]:22"},
		{{0}, {"databases"}, {0}, "databases/db-1 databases/db-2"},
		{{0}, {"*db-1"}, {0}, "databases/db-1"},
		{{"db-2"}, {0}, {"db"}, "databases/db-2"},
		{{"web"}, {0}, {0}, "web"},
	};

	check_choices(*state, cases, ARRAY_LEN(cases));
}

/* --servers and --hosts have names, and nothing else: a colon is part of an address. */
static void takes_names_of_servers(void **state)
{
	static const char *const servers[] = {"db-2", "db-2", "2001:db8::1", "web"};
	static const char expected[] = "databases/db-2 spare ssh://[2001:db8::1] web ";
	struct fixture *f = *state;
	const struct option_map none = {0};
	const struct option_list nothing = {0};
	const struct check_select_spec spec = {
		.config = &f->config,
		.servers = servers,
		.servers_count = ARRAY_LEN(servers),
		.names = &nothing,
		.tags = &nothing,
		.settings = &nothing,
		.warning = &none,
		.critical = &none,
		.arena = f->arena,
	};
	struct check_selection selection = {0};
	struct strbuf names = STRBUF_INIT;

	assert_int_equal(check_select(&spec, &selection, NULL), 0);
	for (size_t i = 0; i < selection.checks_count; i++) {
		strbuf_addf(&names, "%s ", selection.checks[i]->name);
	}
	assert_string_equal(names.buf, expected);
	strbuf_release(&names);
}

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *targets[WORDS_MAX], *names[WORDS_MAX], *settings[WORDS_MAX];
		const char *error;
	} cases[] = {
		{{"@nobody"}, {0}, {0}, "nobody"},
		{{"local"}, {0}, {0}, "this machine's health is 'local:'"},
		{{"a b;c"}, {0}, {0}, "';'"},
		{{"web-01!web-01"}, {0}, {0}, "matches no server"},
		{{"zzz"}, {"web"}, {0}, "'zzz' is none"},
		{{"localhost:8080"}, {0}, {0}, "has no scheme; write ssh://localhost:8080, tcp://"},
		{{"htps://x"}, {0}, {0}, "did you mean 'https:'?"},
		{{0}, {"nothing*"}, {0}, "matches none of the 3 configured checks"},
		{{"tcp://x:1"}, {0}, {"expectt=a"}, "did you mean 'expect'?"},
		{{"tcp://x:1"}, {0}, {"expect=("}, "column 2"},
		{{"web"}, {0}, {"expect=a"}, "--set is for targets given here"},
		{{"tcp://x:99999"}, {0}, {0}, "port must be"},
	};
	static const char *const none[WORDS_MAX] = {0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct check_selection selection = {0};
		struct err err = {0};

		assert_int_equal(select_these(*state, cases[i].targets, cases[i].names, none,
					 cases[i].settings, &selection, &err),
			-1);
		if (!strstr(err.msg, cases[i].error)) {
			fail_msg("%s", err.msg);
		}
	}
}

/* Flags change a copy: the configured check stays as it is. */
static void flags_go_before_the_configuration(void **state)
{
	struct fixture *f = *state;
	const char *const targets[] = {"api"};
	struct threshold limit = {0};
	const char *key = "total_seconds";
	const struct option_map warning = {.keys = &key, .items = &limit, .count = 1};
	const struct option_map none = {0};
	const struct option_list empty = {0};
	struct check_select_spec spec = {
		.config = &f->config,
		.targets = targets,
		.targets_count = 1,
		.names = &empty,
		.tags = &empty,
		.settings = &empty,
		.timeout_ms = 77,
		.attempts = 5,
		.warning = &warning,
		.critical = &none,
		.arena = f->arena,
	};
	struct check_selection selection = {0};
	const struct check *configured = f->config.checks.items[1];
	struct err err = {0};

	assert_int_equal(threshold_parse(str_of("2"), &limit, &err), 0);
	assert_int_equal(check_select(&spec, &selection, &err), 0);
	assert_int_equal(selection.checks[0]->timeout_ms, 77);
	assert_int_equal(selection.checks[0]->attempts, 5);
	assert_int_equal(selection.checks[0]->warning.count, 2);
	assert_true(OPTION_AT(&selection.checks[0]->warning, struct threshold, 0).high == 2);
	assert_int_equal(configured->timeout_ms, 10000);
	assert_int_equal(configured->warning.count, 1);

	key = "totl_seconds";
	assert_int_equal(check_select(&spec, &selection, &err), -1);
	assert_non_null(strstr(err.msg, "--warning"));
	assert_non_null(strstr(err.msg, "did you mean 'total_seconds'?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(chooses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(chooses_servers, set_up_servers, tear_down),
		cmocka_unit_test_setup_teardown(takes_names_of_servers, set_up_servers, tear_down),
		cmocka_unit_test_setup_teardown(says_what_is_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			flags_go_before_the_configuration, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
