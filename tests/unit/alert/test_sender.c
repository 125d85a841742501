/*
 * Sending: so many at a time, and everything that was handed over ends once.
 */
#include <stdlib.h>
#include <string.h>

#include "alert/fake_notifier.h"
#include "alert/sender.h"
#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"

struct fixture {
	struct notify_env env;
	struct alert_settings settings;
	struct receiver chat, hook;
	struct fake_opts chat_opts, hook_opts;
	void *items[2];
	struct sender *sender;
	struct sent_list sent;
	int ended, attempted;
};

enum { CHAT, HOOK };

static void something_ended(void *arg)
{
	((struct fixture *)arg)->ended++;
}

static void attempted(void *arg, const struct receiver *receiver,
	const struct notification *notification, const struct delivery_result *result,
	int64_t next_ms)
{
	(void)receiver;
	(void)notification;
	(void)result;
	(void)next_ms;
	((struct fixture *)arg)->attempted++;
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct sender_options options = {.env = &f->env,
		.settings = &f->settings,
		.attempted = attempted,
		.attempted_arg = f,
		.ended = something_ended,
		.ended_arg = f};
	struct err err = {0};

	assert_int_equal(loop_new(&f->env.loop, &err), 0);
	f->chat = (struct receiver){
		.name = "chat", .kind = &fake_chat, .opts = &f->chat_opts, .timeout_ms = 5000};
	f->hook = (struct receiver){
		.name = "hook", .kind = &fake_hook, .opts = &f->hook_opts, .timeout_ms = 5000};
	f->items[CHAT] = &f->chat;
	f->items[HOOK] = &f->hook;
	f->settings.receivers = (struct option_items){.items = f->items, .count = 2};
	f->sender = sender_new(&options);
	sent_list_init(&f->sent);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sender_free(&f->sender);
	sent_list_clear(&f->sent);
	fake_opts_release(&f->chat_opts);
	fake_opts_release(&f->hook_opts);
	loop_free(&f->env.loop);
	free(f);
	return 0;
}

static void send(struct fixture *f, const struct receiver *receiver, int64_t id)
{
	struct arena *arena = arena_new();
	struct message *message = arena_alloc(arena, sizeof(*message));

	*message = (struct message){.arena = arena,
		.delivery = {.id = id, .key = "key", .receiver = receiver->name, .stands_for = 1},
		.receiver = receiver,
		.notification = {.key = "key",
			.purpose = NOTIFICATION_NOTICE,
			.title = "a",
			.text = "b"},
		.attempt_id = 100 + id,
		.owner_id = 7,
		.lease_ms = INT64_MAX};
	sender_send(f->sender, message);
}

static void run(struct fixture *f)
{
	struct err err = {0};

	assert_int_equal(loop_run(f->env.loop, &err), 0);
	sender_take_ended(f->sender, &f->sent);
}

static void each_ends_once(void **state)
{
	struct fixture *f = *state;
	int64_t sum = 0;

	f->hook_opts.delay_ms = 1;
	for (int64_t id = 1; id <= 20; id++) {
		send(f, &f->hook, id);
	}
	assert_int_equal(sender_in_hand(f->sender, HOOK), 20);
	assert_int_equal(sender_under_way(f->sender), 8);
	assert_int_equal(sender_room(f->sender, HOOK), 12);
	run(f);
	assert_int_equal(f->hook_opts.under_way_max, 8);
	assert_int_equal(f->ended, 20);
	assert_int_equal(f->attempted, 20);
	assert_int_equal(f->sent.count, 20);
	for (const struct sent *sent = f->sent.first; sent; sent = sent->next) {
		assert_true(sent->outcome.is_tried);
		assert_int_equal(sent->outcome.attempt_id, 100 + sent->outcome.delivery.id);
		assert_int_equal(sent->outcome.owner_id, 7);
		assert_string_equal(sent->outcome.delivery.receiver, "hook");
		assert_string_equal(sent->outcome.result.text, "fake");
		sum += sent->outcome.delivery.id;
	}
	assert_int_equal(sum, 210);
	assert_int_equal(sender_in_hand_of_all(f->sender), 0);
}

static void where_order_matters_one_at_a_time(void **state)
{
	struct fixture *f = *state;
	int64_t id = 0;

	f->chat_opts.delay_ms = 1;
	for (int64_t i = 1; i <= 5; i++) {
		send(f, &f->chat, i);
	}
	assert_int_equal(sender_room(f->sender, CHAT), 0);
	run(f);
	assert_int_equal(f->chat_opts.under_way_max, 1);
	for (const struct sent *sent = f->sent.first; sent; sent = sent->next) {
		assert_int_equal(sent->outcome.delivery.id, ++id);
	}
}

static void what_was_not_begun_is_handed_back(void **state)
{
	struct fixture *f = *state;
	int tried = 0;
	int64_t *ids;

	f->chat_opts.delay_ms = 1;
	for (int64_t i = 1; i <= 5; i++) {
		send(f, &f->chat, i);
	}
	assert_int_equal(sender_list_ids(f->sender, &ids), 5);
	free(ids);
	sender_hand_back(f->sender);
	assert_int_equal(sender_list_ids(f->sender, &ids), 1);
	assert_int_equal(ids[0], 1);
	free(ids);
	run(f);
	assert_int_equal(f->sent.count, 5);
	for (const struct sent *sent = f->sent.first; sent; sent = sent->next) {
		tried += sent->outcome.is_tried;
	}
	assert_int_equal(tried, 1);
	assert_int_equal(f->attempted, 1);
}

/* Who wants no more gets no more of what was claimed for him. */
static void a_refusal_hands_back_the_rest(void **state)
{
	static const enum delivery_outcome outcomes[] = {DELIVERY_THROTTLED, DELIVERY_REFUSED};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		f->chat_opts.then.outcome = outcomes[i];
		for (int64_t id = 1; id <= 4; id++) {
			send(f, &f->chat, id);
		}
		run(f);
		assert_int_equal(f->chat_opts.sent, i + 1);
		assert_int_equal(f->sent.count, 4 * (i + 1));
	}
}

static void a_lease_that_is_over_is_not_used(void **state)
{
	struct fixture *f = *state;
	struct arena *arena = arena_new();
	struct message *message = arena_alloc(arena, sizeof(*message));

	*message = (struct message){.arena = arena,
		.delivery = {.id = 1, .key = "key", .receiver = "hook"},
		.receiver = &f->hook,
		.lease_ms = time_wall_ms()};
	sender_send(f->sender, message);
	run(f);
	assert_int_equal(f->hook_opts.sent, 0);
	assert_false(f->sent.first->outcome.is_tried);
}

static void knows_how_often_it_was_throttled(void **state)
{
	struct fixture *f = *state;
	const struct outcome *outcome;

	f->chat_opts.then.outcome = DELIVERY_THROTTLED;
	sender_set_throttled(f->sender, CHAT, 3);
	send(f, &f->chat, 1);
	run(f);
	outcome = &f->sent.first->outcome;
	assert_in_range(outcome->next_ms - outcome->ended_ms, 300 * 1000, 330 * 1000);
}

static void can_be_freed_at_any_time(void **state)
{
	struct fixture *f = *state;

	f->hook_opts.delay_ms = 1000;
	for (int64_t id = 1; id <= 20; id++) {
		send(f, &f->hook, id);
	}
	sender_free(&f->sender);
	assert_null(f->sender);
	assert_int_equal(f->hook_opts.under_way, 0);
}

static void lists_grow_together(void **state)
{
	struct fixture *f = *state;
	struct sent_list other;

	sent_list_init(&other);
	sent_list_append(&f->sent, &other);
	assert_int_equal(f->sent.count, 0);
	send(f, &f->hook, 1);
	run(f);
	sent_list_append(&other, &f->sent);
	assert_int_equal(other.count, 1);
	assert_null(f->sent.first);
	send(f, &f->hook, 2);
	run(f);
	sent_list_append(&other, &f->sent);
	assert_int_equal(other.count, 2);
	assert_int_equal(other.first->next->outcome.delivery.id, 2);
	sent_list_clear(&other);
	assert_int_equal(other.count, 0);
}

#define sender_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sender_test(each_ends_once),
		sender_test(where_order_matters_one_at_a_time),
		sender_test(what_was_not_begun_is_handed_back),
		sender_test(a_refusal_hands_back_the_rest),
		sender_test(a_lease_that_is_over_is_not_used),
		sender_test(knows_how_often_it_was_throttled),
		sender_test(can_be_freed_at_any_time),
		sender_test(lists_grow_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
