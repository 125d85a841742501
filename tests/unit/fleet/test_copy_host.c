/*
 * Copies onto a real server: how each of them ends.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "fleet/copy_host.h"
#include "support/login_fixture.h"

static const struct fleet_host web_01 = {.name = "web-01"};

/* A copy and what it told. */
struct told {
	struct ssh_fixture *fixture;
	struct copy_host *host;
	bool has_ended;
	struct strbuf text;  /* of the outcome */
	struct strbuf files; /* "created a, " */
	uint64_t moved;
	struct copy_host_end end;
	bool stops; /* at the first bytes */
};

static void on_moved(void *arg, uint64_t bytes)
{
	struct told *told = arg;

	told->moved += bytes;
	if (told->stops) {
		told->stops = false;
		copy_host_stop(told->host, CAUSE_INTERRUPTED);
	}
}

static void on_result(void *arg, size_t item, const struct copy_result *result)
{
	struct told *told = arg;

	(void)item;
	strbuf_addf(&told->files, "%s, ", copy_verdict_name(result->verdict));
}

static void on_ended(void *arg, const struct copy_host_end *end)
{
	struct told *told = arg;

	assert_false(told->has_ended);
	told->has_ended = true;
	told->host = NULL;
	told->end = *end;
	outcome_add_text(&told->text, &end->outcome);
	loop_stop(told->fixture->loop);
}

static const struct copy_host_events events = {on_moved, on_result, on_ended};

static struct ssh_connector *serve(struct ssh_fixture *fixture, const char *lines)
{
	uint16_t port = ssh_fixture_sshd(fixture, lines);

	return login_fixture_connector(
		fixture, login_fixture_host(fixture, "web-01", port, ""), NULL);
}

static void start(struct ssh_fixture *fixture, struct ssh_connector *connector,
	const struct copy_job *job, struct told *told)
{
	*told = (struct told){.fixture = fixture,
		.text = STRBUF_INIT,
		.files = STRBUF_INIT,
		.stops = told->stops};
	told->host = copy_host_start(fixture->loop, connector, job, &web_01, &events, told);
	assert_false(told->has_ended);
}

static void until_ended(struct told *told)
{
	while (!told->has_ended) {
		assert_int_equal(loop_run(told->fixture->loop, NULL), 0);
	}
}

static void release(struct told *told)
{
	strbuf_release(&told->text);
	strbuf_release(&told->files);
}

/* A file that is here, for a name there. */
struct source {
	struct copy_tree tree;
	struct copy_push_spec push;
	struct copy_job job;
	const char *there;
};

static void make(struct ssh_fixture *fixture, size_t size, struct source *source)
{
	struct strbuf content = STRBUF_INIT;

	strbuf_addn(&content, 'x', size);
	copy_tree_init(&source->tree, fixture->arena);
	assert_int_equal(copy_tree_add(&source->tree,
				 ssh_fixture_write(fixture, "here", content.buf), "", NULL),
		0);
	source->there = arena_printf(fixture->arena, "%s/there", fixture->folder);
	source->push = (struct copy_push_spec){.tree = &source->tree, .destination = source->there};
	source->job = (struct copy_job){.push = &source->push};
	strbuf_release(&content);
}

static void copies(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = serve(fixture, "");
	struct strbuf content = STRBUF_INIT;
	struct source source;
	struct told told = {0};

	make(fixture, 100000, &source);
	for (int again = 0; again < 2; again++) {
		start(fixture, connector, &source.job, &told);
		until_ended(&told);
		assert_string_equal(told.text.buf, "ok");
		assert_string_equal(told.files.buf, again ? "unchanged, " : "created, ");
		assert_int_equal(told.moved, again ? 0 : 100000);
		assert_true(told.end.connect_ms >= 0);
		assert_int_equal(told.end.transport, SSH_TRANSPORT_NATIVE);
		release(&told);
	}
	assert_int_equal(file_read(source.there, FILE_REGULAR, 1 << 20, &content, NULL), 0);
	assert_int_equal(content.len, 100000);
	assert_int_equal(unlink(source.there), 0);
	strbuf_release(&content);
	ssh_connector_free(&connector);
}

static void tells_how_it_ended(void **state)
{
	static const struct {
		const char *name;
		const char *lines; /* of sshd_config */
		int64_t silence_ms, total_ms;
		enum outcome_kind kind;
		enum outcome_cause cause;
		const char *text; /* part of it */
	} cases[] = {
		{"no sftp", "ForceCommand exit 3", 0, 0, OUTCOME_UNREACHABLE, CAUSE_CONNECTION_LOST,
			"SFTP ended with exit code 3"},
		{"talk", "ForceCommand echo Welcome here; sleep 20", 0, 0, OUTCOME_UNREACHABLE,
			CAUSE_PROTOCOL_ERROR, "the login prints something"},
		{"silence", "ForceCommand sleep 20", 300, 0, OUTCOME_TIMEOUT, CAUSE_NONE,
			"timeout (silence)"},
		{"total", "ForceCommand sleep 20", 0, 300, OUTCOME_TIMEOUT, CAUSE_NONE,
			"timeout ("},
	};
	struct ssh_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_connector *connector = serve(fixture, cases[i].lines);
		struct source source;
		struct told told = {0};

		make(fixture, 10, &source);
		source.job.silence_ms = cases[i].silence_ms;
		source.job.total_ms = cases[i].total_ms;
		start(fixture, connector, &source.job, &told);
		until_ended(&told);
		if (told.end.outcome.kind != cases[i].kind ||
			told.end.outcome.cause != cases[i].cause ||
			!strstr(told.text.buf, cases[i].text)) {
			fail_msg("%s: %s", cases[i].name, told.text.buf);
		}
		assert_int_equal(access(source.there, F_OK), -1);
		release(&told);
		ssh_connector_free(&connector);
		ssh_fixture_stop_servers(fixture);
	}
}

static void stops(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = serve(fixture, "");
	struct source source;
	struct told told = {.stops = true};

	make(fixture, 30000000, &source);
	start(fixture, connector, &source.job, &told);
	until_ended(&told);
	assert_int_equal(told.end.outcome.kind, OUTCOME_EXIT);
	assert_string_equal(told.files.buf, "failed, ");
	assert_int_equal(access(source.there, F_OK), -1);
	release(&told);
	/* Before it is logged in. */
	start(fixture, connector, &source.job, &told);
	copy_host_stop(told.host, CAUSE_DEADLINE);
	until_ended(&told);
	assert_int_equal(told.end.outcome.kind, OUTCOME_TIMEOUT);
	release(&told);
	start(fixture, connector, &source.job, &told);
	copy_host_stop(told.host, CAUSE_INTERRUPTED);
	until_ended(&told);
	assert_int_equal(told.end.outcome.kind, OUTCOME_NOT_STARTED);
	assert_int_equal(told.end.outcome.cause, CAUSE_INTERRUPTED);
	release(&told);
	/* Nothing is told of what is freed. */
	start(fixture, connector, &source.job, &told);
	copy_host_free(&told.host);
	assert_false(told.has_ended);
	release(&told);
	ssh_connector_free(&connector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copies, ssh_fixture_start, ssh_fixture_end),
		cmocka_unit_test_setup_teardown(
			tells_how_it_ended, ssh_fixture_start, ssh_fixture_end),
		cmocka_unit_test_setup_teardown(stops, ssh_fixture_start, ssh_fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
