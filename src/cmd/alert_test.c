/*
 * `alert test`: a harmless message to each receiver, straight to it, past routes and outbox; what
 * it answered, in one word and in full.  Who answers is alive: what waited for it to live is due.
 */
#include <string.h>

#include "alert/lane.h"
#include "base/host_name.h"
#include "base/json_writer.h"
#include "base/suggest.h"
#include "base/table.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_session.h"
#include "store/store_outbox.h"

struct probe {
	struct test *test;
	const struct receiver *receiver;
	struct notification notification;
	struct notify_run *run;
	struct delivery_result result;
	int64_t started_ms, duration_ms;
	bool is_done;
};

struct test {
	struct alert_cmd *alert;
	struct alert_session session;
	struct alert sample;
	const struct alert *samples[1];
	struct probe *probes;
	size_t probes_count, probes_alloc;
	size_t open_count;
	int64_t started_wall_ms;
};

static void make_sample(struct test *test)
{
	const struct host_name host = host_name_get();

	test->sample = (struct alert){
		.fingerprint = "0000000000000000000000000000000000000000",
		.episode_ms = test->started_wall_ms,
		.title = "Test of this receiver",
		.source = *host.text ? arena_strdup(test->alert->run->arena, host.text)
				     : "sre-toolkit",
		.message =
			"This is a test by `sre-toolkit alert test`. Nothing is wrong, and nobody "
			"needs to do anything.",
		.severity = SEVERITY_INFO,
		.time_ms = test->started_wall_ms,
		.started_ms = test->started_wall_ms,
		.events = 1,
	};
	test->samples[0] = &test->sample;
}

static void add_probe(struct test *test, const struct receiver *receiver)
{
	struct probe *probe = VEC_PUSH_IN(test->alert->run->arena, test, probes);
	struct strbuf key = STRBUF_INIT;

	strbuf_addf(&key, "test-%s-%lld", receiver->name, (long long)test->started_wall_ms);
	*probe = (struct probe){
		.test = test,
		.receiver = receiver,
		.notification =
			{
				.key = arena_strdup(test->alert->run->arena, key.buf),
				.purpose = NOTIFICATION_TEST,
				.severity = SEVERITY_INFO,
				.alerts = test->samples,
				.alerts_count = 1,
				.alerts_total = 1,
				.time_ms = test->started_wall_ms,
				.attempt = 1,
			},
	};
	strbuf_release(&key);
}

static const struct receiver *receiver_at(const struct alert_settings *settings, size_t i)
{
	return settings->receivers.items[i];
}

static int no_receiver(const struct test *test, const char *name, struct err *err)
{
	const struct alert_settings *settings = &test->alert->config.alerts;
	const char **names = arena_alloc(
		test->alert->run->arena, (settings->receivers.count + 1) * sizeof(const char *));
	const char *near;

	for (size_t i = 0; i < settings->receivers.count; i++) {
		names[i] = receiver_at(settings, i)->name;
	}
	near = suggest(str_of(name), names, settings->receivers.count);
	return err_set(err, ERR_INPUT, "there is no receiver '%s'%s%s%s",
		utf8_quote(str_of(name)).text, near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

static int select_receivers(struct test *test, struct err *err)
{
	const struct alert_settings *settings = &test->alert->config.alerts;

	for (size_t i = 0; i < test->alert->args_count; i++) {
		const char *name = test->alert->args[i];
		const struct receiver *receiver = alert_receiver(settings, name);

		if (!receiver) {
			return no_receiver(test, name, err);
		}
		add_probe(test, receiver);
	}
	for (size_t i = 0; test->alert->args_count == 0 && i < settings->receivers.count; i++) {
		if (strcmp(receiver_at(settings, i)->name, "log") != 0) {
			add_probe(test, receiver_at(settings, i));
		}
	}
	if (test->probes_count == 0) {
		return err_set(err, ERR_INPUT,
			"no receiver is configured; write `alerts: {slack_webhook: ...}` into the "
			"configuration (see docs/alerts.md)");
	}
	return 0;
}

static void probe_done(void *arg, struct notify_run *run)
{
	struct probe *probe = arg;
	struct arena *arena = probe->test->alert->run->arena;

	probe->result = run->result;
	probe->result.text = arena_strdup(arena, run->result.text);
	probe->result.body = arena_strdup(arena, run->result.body);
	probe->duration_ms = time_mono_ms() - probe->started_ms;
	probe->is_done = true;
	if (--probe->test->open_count == 0) {
		loop_stop(probe->test->session.loop);
	}
}

static const char *word_of(const struct probe *probe)
{
	return probe->result.outcome == DELIVERY_ARRIVED ? "reached"
							 : channel_fault_name(probe->result.fault);
}

static bool is_reached(const struct probe *probe)
{
	return probe->is_done && probe->result.outcome == DELIVERY_ARRIVED;
}

static void add_text(const struct test *test, struct strbuf *out)
{
	static const struct table_column columns[] = {
		{NULL, TABLE_LEFT, 0},
		{"RECEIVER", TABLE_LEFT, 0},
		{"STATE", TABLE_LEFT, 0},
		{"TIME", TABLE_RIGHT, 0},
		{"ANSWER", TABLE_WRAP, 20},
	};
	const struct common_opts *common = test->alert->run->common;
	struct table *table = table_new(columns, ARRAY_LEN(columns));

	for (size_t i = 0; i < test->probes_count; i++) {
		const struct probe *probe = &test->probes[i];
		bool is_good = is_reached(probe);
		struct strbuf time = STRBUF_INIT;

		table_row(table);
		table_cell(table, is_good ? COLOR_GREEN : COLOR_RED, str_of(is_good ? "✓" : "✗"));
		table_cell(table, COLOR_NONE, str_of(probe->receiver->name));
		table_cell(table, COLOR_NONE, str_of(word_of(probe)));
		time_add_duration(&time, probe->duration_ms);
		table_cell(table, COLOR_NONE, strbuf_str(&time));
		table_cell(table, COLOR_NONE, str_of(probe->result.text));
		strbuf_release(&time);
	}
	table_write(table, common_width(common), common_has_color(common), out);
	table_free(table);
}

static void add_json(const struct test *test, struct strbuf *out)
{
	struct json_writer json;
	int64_t reached = 0;

	for (size_t i = 0; i < test->probes_count; i++) {
		reached += is_reached(&test->probes[i]);
	}
	json_document_begin(&json, out, "alert test");
	json_field_time(&json, "started", test->started_wall_ms);
	json_write_key(&json, "summary");
	json_write_object_begin(&json);
	json_field_int(&json, "total", (int64_t)test->probes_count);
	json_field_int(&json, "reached", reached);
	json_write_object_end(&json);
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < test->probes_count; i++) {
		const struct probe *probe = &test->probes[i];

		json_write_object_begin(&json);
		json_field_string(&json, "receiver", probe->receiver->name);
		json_field_string(&json, "kind", probe->receiver->variant->name);
		json_field_string(&json, "state", word_of(probe));
		json_field_int(&json, "code", probe->result.code);
		json_field_string(&json, "text", probe->result.text);
		json_field_string(&json, "body", probe->result.body);
		json_field_double(&json, "duration_seconds", (double)probe->duration_ms / 1000);
		json_write_object_end(&json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static enum exit_code tell(const struct test *test)
{
	struct strbuf text = STRBUF_INIT;
	enum exit_code exit_code = EXIT_CODE_OK;

	for (size_t i = 0; i < test->probes_count; i++) {
		if (!is_reached(&test->probes[i])) {
			exit_code = EXIT_CODE_FAILED;
		}
	}
	if (test->alert->opts->output == ALERT_JSON) {
		add_json(test, &text);
	} else {
		add_text(test, &text);
	}
	return cmd_run_write(
		test->alert->run, &text, alert_session_exit_code(&test->session, exit_code));
}

static void never_ended(struct probe *probe)
{
	probe->result = (struct delivery_result){
		.outcome = DELIVERY_RETRY,
		.fault = CHANNEL_UNREACHABLE,
		.text = "no answer by the time the test ended",
		.body = "",
	};
	probe->duration_ms = time_mono_ms() - probe->started_ms;
}

static int revive_reached(struct store_tx *tx, void *arg, struct err *err)
{
	const struct test *test = arg;
	int64_t now_ms = time_wall_ms();

	for (size_t i = 0; i < test->probes_count; i++) {
		if (is_reached(&test->probes[i]) &&
			lane_revive(tx, test->probes[i].receiver, now_ms, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Who was taken for dead and has answered is told again from now on.  Without a store nobody is
 * taken for dead. */
static void remember(struct test *test)
{
	struct store *store = NULL;
	struct err err = {0};
	int status = alert_open_store(test->alert, true, &store, &err);

	if (status == 0 && store) {
		store_close(&store);
		status = alert_open_store(test->alert, false, &store, &err);
		if (status == 0) {
			status = store_write(store, revive_reached, test, &err);
		}
	}
	store_close(&store);
	if (status < 0) {
		log_warn(&alert_log,
			"%s; who was taken for dead and has been reached stays dead for now",
			err.msg);
	}
}

static enum exit_code run_probes(struct test *test)
{
	struct alert_session_spec spec;
	struct err err = {0};

	alert_session_spec_of(test->alert, &spec);
	if (alert_session_open(&spec, &test->session, &err) < 0) {
		return cmd_run_fail(test->alert->run, &err);
	}
	test->open_count = test->probes_count;
	for (size_t i = 0; i < test->probes_count; i++) {
		struct probe *probe = &test->probes[i];

		probe->started_ms = time_mono_ms();
		probe->run = notify_start(&test->session.env, probe->receiver, &probe->notification,
			probe_done, probe);
	}
	if (alert_session_run(&test->session, &err) < 0) {
		return cmd_run_fail(test->alert->run, &err);
	}
	for (size_t i = 0; i < test->probes_count; i++) {
		if (!test->probes[i].is_done) {
			never_ended(&test->probes[i]);
		}
	}
	remember(test);
	return tell(test);
}

/* The exact messages, and nothing sent. */
static enum exit_code dry_run(const struct test *test)
{
	struct strbuf out = STRBUF_INIT;
	struct err err = {0};

	for (size_t i = 0; i < test->probes_count; i++) {
		const struct probe *probe = &test->probes[i];
		struct notify_message message = {0};

		strbuf_addf(&out, "%s%s:\n", i > 0 ? "\n" : "", probe->receiver->name);
		if (probe->receiver->kind->compose(probe->receiver, &probe->notification,
			    test->alert->run->arena, &message, &err) < 0) {
			strbuf_release(&out);
			return cmd_run_fail(test->alert->run, &err);
		}
		notify_message_show(&message, &out);
	}
	return cmd_run_write(test->alert->run, &out, EXIT_CODE_OK);
}

static enum exit_code alert_test(void *cmd)
{
	struct alert_cmd *alert = cmd;
	struct test test = {.alert = alert, .started_wall_ms = time_wall_ms()};
	struct err err = {0};
	enum exit_code exit_code;

	make_sample(&test);
	if (select_receivers(&test, &err) < 0) {
		return cmd_run_usage(alert->run, "%s", err.msg);
	}
	exit_code = alert->opts->is_dry_run ? dry_run(&test) : run_probes(&test);
	for (size_t i = 0; i < test.probes_count; i++) {
		notify_run_free(&test.probes[i].run);
	}
	alert_session_close(&test.session);
	return exit_code;
}

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = alert_formats},
	{.name = "dry_run", .help = "show the exact messages, and send nothing"},
	{.name = "timeout", .help = "how long to wait for answers"},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit alert test", "does every receiver work?"},
	{"sre-toolkit alert test slack --dry-run", "the exact message"},
	{0},
};

const struct verb alert_verb_test = {
	.doc =
		{
			.name = "test",
			.arguments = "[RECEIVER...]",
			.summary = "a harmless test to each receiver, and what it answered",
			.description = "Straight to the receivers that are named, or to all but "
				       "the log, past routes and silences. One that was taken for "
				       "dead and answers is told again what waits for it.\n\n"
				       "Exit codes: 0 all were reached; 1 not all.",
			.flags = "timeout dry_run store output",
			.own = own_rows,
			.examples = examples,
		},
	.args_max = VERB_ARGS_ANY,
	.run = alert_test,
};
