/*
 * Silences: which are refused, how they end, what they match.
 */
#include "alert/silence.h"
#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"
#include "support/store_fixture.h"

static const char one[] = "receivers: [{name: plain, log: auto}], routes: [{receivers: plain}]";

enum { NOW = 1000000, LATER = 2000000 };

static int refuses(struct store_tx *tx, void *arg, struct err *err)
{
	static const char *const none[] = {"x=y"};
	static const char *const wrong[] = {"a=b", "nonsense"};
	static const char *const both[] = {"a=b", "a=c"};
	static const char *const never[] = {"severity=~x"};
	static const char *const all[] = {"source=~.*", "severity=~info|warning|critical"};
	static const char *const absent[] = {"nosuchlabel="};
	static const char *const others[] = {"source!=zz", "team=~.*"};
	static const char *const many[SILENCE_MATCHERS_MAX + 1];
	static const char *const good[] = {" source=db-01 "};
	static const struct {
		const char *const *matchers;
		size_t count;
		int64_t starts_ms, ends_ms;
		const char *author, *error;
	} cases[] = {
		{none, 0, 0, LATER, "me", "a silence needs a matcher, for example source=db-01"},
		{many, SILENCE_MATCHERS_MAX + 1, 0, LATER, "me",
			"a silence can have 32 matchers at most"},
		{wrong, 2, 0, LATER, "me",
			"matcher 'nonsense': it compares nothing: write label=value, label!=value, "
			"label=~regex or label!~regex"},
		{both, 2, 0, LATER, "me", "nothing can match both 'a=b' and 'a=c'"},
		{never, 1, 0, LATER, "me", "nothing can match 'severity=~x'"},
		{all, 2, 0, LATER, "me",
			"the silence would take every alert there is; say which are meant"},
		{absent, 1, 0, LATER, "me",
			"the silence would take nearly every alert; say which are meant, for "
			"example source=db-01"},
		{others, 2, 0, LATER, "me",
			"the silence would take nearly every alert; say which are meant, for "
			"example source=db-01"},
		{good, 1, 0, NOW, "me", "the end of the silence is in the past"},
		{good, 1, LATER + 1, LATER, "me", "the silence would end before it starts"},
		{good, 1, 0, LATER, " \n", "a silence needs the name of who asks for it"},
	};
	struct arena *arena = arg;

	(void)err;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct silence_input input = {.matchers = cases[i].matchers,
			.matchers_count = cases[i].count,
			.starts_ms = cases[i].starts_ms,
			.ends_ms = cases[i].ends_ms,
			.author = str_of(cases[i].author),
			.reason = str_of("")};
		struct err why = {0};
		int64_t id = -1;

		assert_int_equal(silence_add(tx, &input, NOW, arena, &id, &why), -1);
		assert_int_equal(why.code, ERR_INPUT);
		assert_string_equal(why.msg, cases[i].error);
		assert_int_equal(id, -1);
	}
	return 0;
}

static void in_transaction(store_fn *fn)
{
	struct store *store = fixture_store(":memory:");
	struct arena *arena = arena_new();
	struct err err = {0};

	if (store_write(store, fn, arena, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	store_close(&store);
	arena_free(arena);
}

static void refused(void **state)
{
	(void)state;
	in_transaction(refuses);
}

static int ends(struct store_tx *tx, void *arg, struct err *err)
{
	static const char *const matchers[] = {" source=db-01 ", "title=\"a\\\"b\""};
	const struct silence_input input = {.matchers = matchers,
		.matchers_count = 2,
		.starts_ms = NOW + 1,
		.ends_ms = LATER,
		.author = str_of("anna\n"),
		.reason = str_of("two\nlines\x1b")};
	struct arena *arena = arg;
	struct stored_silence *silence = NULL;
	const char *const *texts = NULL;
	size_t count = 0;
	int64_t id = 0, released = -1;

	assert_int_equal(silence_add(tx, &input, NOW, arena, &id, err), 0);
	assert_int_equal(store_silence_get(tx, id, arena, &silence, err), 0);
	assert_string_equal(silence->author, "anna");
	assert_string_equal(silence->reason, "two lines");
	assert_int_equal(silence->starts_ms, NOW + 1);
	assert_int_equal(silence_matcher_texts(silence, arena, &texts, &count, err), 0);
	assert_int_equal(count, 2);
	assert_string_equal(texts[0], "source=db-01");
	assert_string_equal(texts[1], "title=\"a\\\"b\"");

	assert_int_equal(silence_expire(tx, 99, NOW, arena, &released, err), -1);
	assert_int_equal(err->code, ERR_NOT_FOUND);
	assert_string_equal(err->msg, "there is no silence 99");
	assert_int_equal(silence_expire(tx, id, NOW, arena, &released, err), 0);
	assert_int_equal(released, 0);
	assert_int_equal(silence_expire(tx, id, NOW, arena, &released, err), -1);
	assert_int_equal(err->code, ERR_INPUT);
	assert_string_equal(err->msg, "silence 1 has ended already, at 1970-01-01T00:16:40.000Z");
	return 0;
}

static void ended(void **state)
{
	(void)state;
	in_transaction(ends);
}

static void says_why(void **state)
{
	struct arena *arena = arena_new();
	const struct stored_silence silence = {
		.id = 4, .author = "anna", .reason = "", .ends_ms = LATER};

	(void)state;
	assert_string_equal(
		silence_reason(&silence, NULL, NOW, arena), "silence 4 by anna until 00:33:20");
	arena_free(arena);
}

/* Not of ours, or of a newer version: they silence nothing, and cost nothing else. */
static void silences_that_cannot_be_read(void **state)
{
	static const char *const matchers[] = {"", "{}", "[]", "[1]", "[\"nonsense\"]",
		"[\"source=db-01\", \"a<b\"]", "[\"source=db-01\"]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(matchers); i++) {
		char sql[256];
		struct engine e;

		engine_open(&e, one);
		(void)snprintf(sql, sizeof(sql),
			"INSERT INTO silence (matchers, starts_ms, ends_ms, author, reason, "
			"created_ms) VALUES ('%s', 0, %lld, '', '', 0)",
			matchers[i], (long long)e.now_ms + 1);
		fixture_exec(e.store, sql);
		engine_event(&e, "info db-01 x",
			i == ARRAY_LEN(matchers) - 1 ? "plain silenced" : "plain sent");
		engine_close(&e);
	}
}

/* More different ones than are kept parsed. */
static void many_silences(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, one);
	fixture_exec(e.store,
		"WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
		"INSERT INTO silence (matchers, starts_ms, ends_ms, author, reason, created_ms) "
		"SELECT '[\"source=db-' || i || '\"]', 0, 1e15 + i, '', '', 0 FROM n");
	engine_event(&e, "info db-7 x", "plain silenced");
	engine_event(&e, "info db-1400 x", "plain silenced");
	engine_event(&e, "info db-2000 x", "plain sent");
	e.settings.silences = NULL;
	engine_event(&e, "info db-8 x", "plain silenced");
	engine_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(ended),
		cmocka_unit_test(says_why),
		cmocka_unit_test(silences_that_cannot_be_read),
		cmocka_unit_test(many_silences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
