/*
 * The life of one attempt, with a kind that does as it is told.
 */
#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "notify/notify_fixture.h"

/* What the kind is to do, and what happened to it. */
struct obedient {
	bool refuses_to_compose;
	int64_t delay_ms; /* 0: done inside start(); -1: never */
	struct delivery_result result;
	int started, interrupted, released;
};

static const char *obedient_target(const void *opts, struct arena *arena)
{
	(void)opts;
	(void)arena;
	return "nowhere";
}

static int obedient_compose(const struct receiver *receiver,
	const struct notification *notification, struct arena *arena,
	struct notify_message *ret_message, struct err *err)
{
	const struct obedient *opts = receiver->opts;

	(void)notification;
	(void)arena;
	if (opts->refuses_to_compose) {
		return err_set(err, ERR_INPUT, "cannot say that");
	}
	*ret_message = (struct notify_message){
		.method = "POST",
		.url = "https://h/secret-of-two/x",
		.body = str_of("{\"key\": \"secret\"}"),
	};
	pairs_set(&ret_message->headers, arena, str_of("X-Key"), str_of("Bearer secret"));
	notify_message_add_secret(ret_message, "secret");
	notify_message_add_secret(ret_message, "secret-of-two");
	notify_message_add_secret(ret_message, "");
	notify_message_add_secret(ret_message, NULL);
	return 0;
}

static void obedient_end(void *arg)
{
	struct notify_run *run = arg;
	const struct obedient *opts = run->receiver->opts;

	notify_done(run, &opts->result);
}

static void obedient_start(struct notify_run *run)
{
	struct obedient *opts = run->receiver->opts;

	opts->started++;
	if (opts->delay_ms > 0) {
		run->state = timer_add(run->env->loop, opts->delay_ms, obedient_end, run);
	} else if (opts->delay_ms == 0) {
		obedient_end(run);
	}
}

static void obedient_interrupted(struct notify_run *run, struct delivery_result *result)
{
	struct obedient *opts = run->receiver->opts;

	opts->interrupted++;
	result->text = arena_printf(run->arena, "%s while dreaming of the secret", result->text);
	result->may_have_arrived = true;
}

static void obedient_release(struct notify_run *run)
{
	struct obedient *opts = run->receiver->opts;
	struct timer *timer = run->state;

	opts->released++;
	timer_free(&timer);
}

static const struct notifier_kind obedient_kind = {
	.variant = {.name = "obedient"},
	.target = obedient_target,
	.compose = obedient_compose,
	.start = obedient_start,
	.interrupted = obedient_interrupted,
	.release = obedient_release,
};

static struct receiver receiver_of(struct obedient *opts)
{
	return (struct receiver){
		.name = "test", .kind = &obedient_kind, .opts = opts, .timeout_ms = 50};
}

static void tells_its_owner_once(void **state)
{
	struct notify_fixture *f = *state;

	for (int64_t delay_ms = 0; delay_ms < 6; delay_ms += 5) {
		struct obedient opts = {
			.delay_ms = delay_ms,
			.result = {.outcome = DELIVERY_ARRIVED,
				.code = 200,
				.retry_after_ms = -1,
				.text = "fine"},
		};
		struct receiver receiver = receiver_of(&opts);

		notify_fixture_send(
			f, &receiver, notify_fixture_notification(f, NOTIFICATION_TRIGGER));
		assert_int_equal(f->sent.outcome, DELIVERY_ARRIVED);
		assert_int_equal(f->sent.code, 200);
		assert_string_equal(f->sent.text, "fine");
		assert_string_equal(f->sent.body, "");
		assert_int_equal(opts.started, 1);
		assert_int_equal(opts.interrupted, 0);
		assert_int_equal(opts.released, 0); /* the owner may still look at the run */
		notify_run_free(&f->run);
		assert_int_equal(opts.released, 1);
	}
}

static void ends_at_its_deadline(void **state)
{
	struct notify_fixture *f = *state;
	struct obedient opts = {.delay_ms = -1};
	struct receiver receiver = receiver_of(&opts);

	notify_fixture_send(f, &receiver, notify_fixture_notification(f, NOTIFICATION_TRIGGER));
	assert_int_equal(f->sent.outcome, DELIVERY_RETRY);
	assert_int_equal(f->sent.fault, CHANNEL_UNREACHABLE);
	assert_int_equal(f->sent.retry_after_ms, -1);
	assert_true(f->sent.may_have_arrived);
	assert_string_equal(f->sent.text, "timed out after 50ms while dreaming of the ***");
	assert_int_equal(opts.interrupted, 1);
	assert_int_equal(opts.released, 1);
	notify_run_free(&f->run);
}

/* The answer comes in the same turn of the loop, too late. */
static void nothing_comes_after_the_deadline(void **state)
{
	struct notify_fixture *f = *state;
	struct obedient opts = {.delay_ms = 50, .result = {.outcome = DELIVERY_ARRIVED}};
	struct receiver receiver = receiver_of(&opts);

	notify_fixture_send(f, &receiver, notify_fixture_notification(f, NOTIFICATION_TRIGGER));
	assert_int_equal(f->sent.outcome, DELIVERY_RETRY);
	assert_int_equal(opts.released, 1);
	notify_run_free(&f->run);
}

static void what_cannot_be_said_is_refused(void **state)
{
	struct notify_fixture *f = *state;
	struct obedient opts = {.refuses_to_compose = true};
	struct receiver receiver = receiver_of(&opts);

	notify_fixture_send(f, &receiver, notify_fixture_notification(f, NOTIFICATION_TRIGGER));
	assert_int_equal(f->sent.outcome, DELIVERY_REFUSED);
	assert_int_equal(f->sent.fault, CHANNEL_MISCONFIGURED);
	assert_string_equal(f->sent.text, "cannot say that");
	notify_run_free(&f->run);
	assert_int_equal(opts.started, 0);
	assert_int_equal(opts.released, 0);
}

static void can_be_dropped_at_any_time(void **state)
{
	struct notify_fixture *f = *state;
	struct obedient opts = {.delay_ms = -1};
	struct receiver receiver = receiver_of(&opts);
	const struct notification *notification =
		notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	struct notify_run *run = notify_start(&f->env, &receiver, notification, NULL, NULL);

	notify_run_free(&run);
	assert_null(run);
	notify_run_free(&run);
	opts.delay_ms = 0;
	run = notify_start(&f->env, &receiver, notification, NULL, NULL);
	notify_run_free(&run); /* done, and nobody told yet */
	assert_int_equal(loop_run(f->loop, NULL), 0);
	assert_int_equal(opts.released, 2);
}

static void texts_are_safe_to_keep(void **state)
{
	struct notify_fixture *f = *state;
	struct strbuf body = STRBUF_INIT;
	struct obedient opts = {.result = {.outcome = DELIVERY_REFUSED,
					.text = "  no\n\x1b[1m"
						"secret-of-twosecret\xff "}};
	struct receiver receiver = receiver_of(&opts);

	strbuf_addn(&body, 'x', NOTIFY_BODY_MAX - 10);
	strbuf_adds(&body, "secret and more of it");
	opts.result.body = body.buf;
	notify_fixture_send(f, &receiver, notify_fixture_notification(f, NOTIFICATION_TRIGGER));
	assert_string_equal(f->sent.text, "no\\n\\x1b[1m******\\xff");
	assert_true(strlen(f->sent.body) <= NOTIFY_BODY_MAX);
	assert_non_null(strstr(f->sent.body, "xxx***"));
	assert_null(strstr(f->sent.body, "sec"));
	notify_run_free(&f->run);
	strbuf_release(&body);
}

static void shows_a_message_without_its_secrets(void **state)
{
	struct notify_fixture *f = *state;
	struct obedient opts = {0};
	struct receiver receiver = receiver_of(&opts);
	struct notify_message message = notify_fixture_compose(
		f, &receiver, notify_fixture_notification(f, NOTIFICATION_TRIGGER));
	struct strbuf shown = STRBUF_INIT;

	notify_message_show(&message, &shown);
	assert_string_equal(shown.buf, "POST https://h/***/x\n"
				       "X-Key: Bearer ***\n"
				       "\n"
				       "{\"key\": \"***\"}\n");
	strbuf_clear(&shown);
	message = (struct notify_message){.method = "LOG", .url = "", .body = str_of("")};
	notify_message_show(&message, &shown);
	assert_string_equal(shown.buf, "LOG\n");
	strbuf_release(&shown);
}

/* A value that is secret where it stands, and yet may stand elsewhere; a URL that nobody sees. */
static void shows_no_secret_header_or_url(void **state)
{
	static const char *const secret_headers[] = {"X-Key", NULL};
	struct notify_fixture *f = *state;
	struct notify_message message = {
		.method = "PUT",
		.url = "https://h/s3cret",
		.shown_url = "https://h/…",
		.secret_headers = secret_headers,
		.body = str_of("a b"),
	};
	struct strbuf shown = STRBUF_INIT;

	pairs_set(&message.headers, f->arena, str_of("X-Key"), str_of("a"));
	pairs_set(&message.headers, f->arena, str_of("X-Other"), str_of("a"));
	notify_message_show(&message, &shown);
	assert_string_equal(shown.buf, "PUT https://h/…\nX-Key: ***\nX-Other: a\n\na b\n");
	strbuf_release(&shown);
}

/* They are stored and shown: they stay. */
static void names_are_as_they_were(void **state)
{
	(void)state;
	assert_string_equal(delivery_outcome_name(DELIVERY_THROTTLED), "throttled");
	assert_string_equal(channel_fault_name(CHANNEL_RATE_LIMITED), "rate_limited");
	assert_string_equal(notification_purpose_name(NOTIFICATION_ACKNOWLEDGE), "acknowledge");
	for (int i = 0; i < DELIVERY_OUTCOMES; i++) {
		assert_non_null(delivery_outcome_name((enum delivery_outcome)i));
	}
	for (int i = 0; i < CHANNEL_FAULTS; i++) {
		assert_non_null(channel_fault_name((enum channel_fault)i));
	}
	for (int i = 0; i < NOTIFICATION_PURPOSES; i++) {
		assert_non_null(notification_purpose_name((enum notification_purpose)i));
	}
}

static void those_left_out_count(void **state)
{
	static const struct {
		size_t count;
		int64_t total, expected;
	} table[] = {{0, 0, 0}, {1, 0, 1}, {1, 1, 1}, {3, 2, 3}, {3, 12, 12}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct notification notification = {
			.alerts_count = table[i].count, .alerts_total = table[i].total};

		assert_int_equal(notification_total(&notification), table[i].expected);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, notify_fixture_start, notify_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_its_owner_once),
		TEST(ends_at_its_deadline),
		TEST(nothing_comes_after_the_deadline),
		TEST(what_cannot_be_said_is_refused),
		TEST(can_be_dropped_at_any_time),
		TEST(texts_are_safe_to_keep),
		TEST(shows_a_message_without_its_secrets),
		TEST(shows_no_secret_header_or_url),
		cmocka_unit_test(names_are_as_they_were),
		cmocka_unit_test(those_left_out_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
