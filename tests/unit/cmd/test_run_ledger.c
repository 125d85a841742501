/*
 * A run is written down as it begins; a store that cannot be used stops nothing.
 */
#include "cmd/cmd_fixture.h"
#include "cmd/run_ledger.h"
#include "store/store.h"

static const char *names[] = {"web-01", "web-02"};
static const char *const argv[] = {"copy", "a", "web-[01-02]:/b"};
static const struct log_context context = {.component = "copy"};

static struct ledger *open_ledger(struct arena *arena, const char *store, const char *config)
{
	const struct cmd_run run = {.cmd = &cmd_copy, .arena = arena, .argv = argv, .argc = 3};
	const struct server_selection servers = {
		.set = {.names = names, .names_count = 2}, .hosts_count = 2};
	const struct run_ledger_spec spec = {.run = &run,
		.log = &context,
		.store = store,
		.shown = "copy a web-[01-02]:/b",
		.selection = "web-[01-02]",
		.servers = &servers,
		.config = config,
		.first_count = 2,
		.naming = RUN_NAMING_TAKEN,
		.lost = "it was begun, and not heard to end"};

	return run_ledger_open(&spec);
}

struct reading {
	struct arena *arena;
	struct stored_run run;
};

static int read_run(struct store_tx *tx, void *arg, struct err *err)
{
	struct reading *reading = arg;

	return store_run_get(tx, 0, reading->arena, &reading->run, err);
}

static void read_back(struct reading *reading)
{
	const struct store_options options = {.path = "state.db", .is_read_only = true};
	struct store *store = NULL;
	struct err err = {0};

	assert_int_equal(store_open(&options, &store, &err), 0);
	assert_int_equal(store_read(store, read_run, reading, &err), 0);
	store_close(&store);
}

static void it_is_there(void **state)
{
	const struct cmd_fixture *f = *state;
	struct arena *arena = arena_new();
	struct ledger *ledger = open_ledger(arena, "state.db", NULL);
	struct reading reading = {.arena = arena};
	const struct stored_run *run = &reading.run;

	assert_non_null(ledger);
	ledger_close(&ledger, 0);
	read_back(&reading);
	assert_string_equal(run->command, "copy a web-[01-02]:/b");
	assert_string_equal(run->selection, "web-[01-02]");
	assert_int_equal(run->hosts, 2);
	assert_int_equal(run->pid, getpid());
	assert_non_null(strstr(run->options, "\"arguments\": [\"copy\", \"a\", "));
	assert_non_null(strstr(run->options, f->folder)); /* where it was typed */
	assert_non_null(strstr(run->options, "\"first_count\": 2"));
	assert_non_null(strstr(run->options, "\"takes_name\": true"));
	assert_non_null(strstr(run->options, "\"config\": null"));
	arena_free(arena);
}

static void with_which_configuration(void **state)
{
	static const char *const configs[] = {"./c.yaml", "c.yaml", "/there/c.yaml"};
	const struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(configs); i++) {
		struct arena *arena = arena_new();
		struct reading reading = {.arena = arena};
		struct ledger *ledger = open_ledger(arena, "state.db", configs[i]);
		const char *path = arena_printf(arena, "\"config\": \"%s/c.yaml\"",
			configs[i][0] == '/' ? "/there" : f->folder);

		assert_non_null(ledger);
		ledger_close(&ledger, 0);
		read_back(&reading);
		assert_non_null(strstr(reading.run.options, path));
		arena_free(arena);
	}
}

static void it_cannot_be_written(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_null(open_ledger(arena, ".", NULL));
	arena_free(arena);
}

static void where(void **state)
{
	struct arena *arena = arena_new();
	const char *path = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(run_ledger_path("here.db", arena, &path, &err), 0);
	assert_string_equal(path, "here.db");
	assert_int_equal(run_ledger_path(NULL, arena, &path, &err), 0);
	assert_non_null(strstr(path, "sre-toolkit/state.db"));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(it_is_there),
		cmd_test(with_which_configuration),
		cmd_test(it_cannot_be_written),
		cmd_test(where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
