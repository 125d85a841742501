/*
 * When a digest is queued, and what it tells.
 */
#include <string.h>

#include "alert/digest.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

static const char yaml[] = "receivers: [{name: mail, log: auto}], routes: [{receivers: mail}], "
			   "digest: '0 8 * * *', digest_to: mail";

struct asked {
	struct engine *engine;
	bool is_queued;
	const struct notify_digest *digest;
	const char *content;
};

static int ask_due(struct store_tx *tx, void *arg, struct err *err)
{
	struct asked *asked = arg;
	struct engine *engine = asked->engine;

	return digest_queue_due(
		tx, &engine->settings, engine->now_ms, engine->arena, &asked->is_queued, err);
}

static int ask_now(struct store_tx *tx, void *arg, struct err *err)
{
	struct asked *asked = arg;
	struct engine *engine = asked->engine;

	return digest_queue_now(tx, &engine->settings, engine->now_ms, engine->arena, err);
}

static int ask_preview(struct store_tx *tx, void *arg, struct err *err)
{
	struct asked *asked = arg;
	struct engine *engine = asked->engine;

	return digest_preview(
		tx, &engine->settings, engine->now_ms, engine->arena, &asked->digest, err);
}

static int ask_load(struct store_tx *tx, void *arg, struct err *err)
{
	struct asked *asked = arg;
	struct engine *engine = asked->engine;

	return digest_load(
		tx, &engine->settings, asked->content, engine->arena, &asked->digest, err);
}

static void ask(struct asked *asked, store_fn *fn)
{
	struct err err = {0};

	if (store_write(asked->engine->store, fn, asked, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static void is_due_once(void **state)
{
	static const struct {
		const char *clock;
		bool is_queued;
	} cases[] = {
		{"07:59:00", false}, /* the first look only remembers */
		{"07:59:59", false},
		{"08:00:00", true},
		{"08:00:00", false},
		{"08:00:01", false},
		{"+1d 07:59:59", false},
		{"+1d 09:30:00", true}, /* late is better than never */
		{"+1d 09:30:01", false},
		{"+5d 10:00:00", true}, /* one for all that were missed */
		{"+5d 10:00:01", false},
	};
	struct engine engine;
	struct asked asked = {.engine = &engine};

	(void)state;
	engine_open(&engine, yaml);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		engine_at(&engine, cases[i].clock);
		ask(&asked, ask_due);
		assert_int_equal(asked.is_queued, cases[i].is_queued);
	}
	assert_int_equal(engine_int(&engine, "SELECT count(*) FROM delivery"), 3);
	engine_close(&engine);
}

static void tells_what_happened(void **state)
{
	struct engine engine;
	struct asked asked = {.engine = &engine};

	(void)state;
	engine_open(&engine, yaml);
	engine_at(&engine, "03:00:00");
	engine_silence(&engine, "source=db-03", "06:00:00");
	engine_event(&engine, "critical db-01 disk-full", "mail sent");
	engine_event(&engine, "warning db-02 slow", "mail sent");
	engine_event(&engine, "warning db-02 slow", "mail suppressed");
	engine_event(&engine, "warning db-03 slow", "mail silenced");
	engine_at(&engine, "04:00:00");
	engine_event(&engine, "resolve db-02 slow", "mail sent");
	engine_at(&engine, "04:00:01");
	ask(&asked, ask_preview);
	assert_int_equal(asked.digest->open.total, 2);
	assert_string_equal(asked.digest->open.alerts[0].source, "db-01");
	assert_int_equal(asked.digest->fired.total, 3);
	assert_int_equal(asked.digest->resolved.total, 1);
	assert_int_equal(asked.digest->suppressed, 1);
	assert_int_equal(asked.digest->silenced, 1);
	assert_int_equal(asked.digest->silences_count, 1);
	assert_non_null(strstr(asked.digest->silences[0], "06:00"));
	engine_close(&engine);
}

static void by_hand(void **state)
{
	struct engine engine;
	struct asked asked = {.engine = &engine};
	struct err err;

	(void)state;
	engine_open(&engine, yaml);
	engine_at(&engine, "03:00:00");
	ask(&asked, ask_now);
	assert_int_equal(engine_int(&engine, "SELECT count(*) FROM delivery WHERE purpose = 6"), 1);
	engine_close(&engine);
	engine_open(&engine, "receivers: [{name: chat, log: auto}]");
	assert_int_equal(store_write(engine.store, ask_now, &asked, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	engine_close(&engine);
}

static void content_of_others(void **state)
{
	static const char *const wrong[] = {NULL, "", "x", "1", "1 x", "{}"};
	struct engine engine;
	struct asked asked = {.engine = &engine};

	(void)state;
	engine_open(&engine, yaml);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct err err;

		asked.content = wrong[i];
		assert_int_equal(store_write(engine.store, ask_load, &asked, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
	engine_close(&engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_due_once),
		cmocka_unit_test(tells_what_happened),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(content_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
