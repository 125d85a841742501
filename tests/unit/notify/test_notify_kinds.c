/*
 * The table of kinds keeps what each kind promises, whatever it is given to say.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "cmocka_all.h"
#include "conf/option_values.h"
#include "notify/notify_fixture.h"
#include "notify/notify_kinds.h"
#include "notify/receiver.h"

static void is_sorted_and_complete(void **state)
{
	size_t count = 0;
	size_t variants_count = 0;
	const struct notifier_kind *const *kinds = notify_kinds(&count);
	const struct option_variant *const *variants = notify_kind_variants(&variants_count);

	(void)state;
	assert_true(count >= 1);
	assert_int_equal(variants_count, count);
	for (size_t i = 0; i < count; i++) {
		const struct notifier_kind *kind = kinds[i];
		struct err err = {0};

		assert_ptr_equal(variants[i], &kind->variant);
		assert_ptr_equal(kind->variant.object, kind);
		assert_ptr_equal(notify_kind_find(str_of(kind->variant.name)), kind);
		assert_true(kind->variant.opts_size > 0);
		if (option_rows_check(kind->variant.rows, &err) < 0) {
			fail_msg("%s: %s", kind->variant.name, err.msg);
		}
		if (i > 0) {
			assert_true(strcmp(kinds[i - 1]->variant.name, kind->variant.name) < 0);
		}
		assert_non_null(kind->variant.summary);
		assert_non_null(kind->target);
		assert_non_null(kind->compose);
		assert_non_null(kind->start);
		assert_int_equal(kind->group_max > 0, (kind->abilities & NOTIFIER_GROUPS) != 0);
	}
	assert_null(kinds[count]);
	assert_null(notify_kind_find(str_of("no such kind")));
}

/* Two readings of the same text are the same receiver, in whatever memory they are. */
static void settings_are_told_by_their_values(void **state)
{
	struct notify_fixture *f = *state;
	size_t count = 0;
	const struct notifier_kind *const *kinds = notify_kinds(&count);

	for (size_t i = 0; i < count; i++) {
		const struct receiver *a = notify_fixture_sample(f, kinds[i]);
		const struct receiver *b = notify_fixture_sample(f, kinds[i]);

		assert_int_equal(strlen(a->settings), 64);
		assert_string_equal(a->settings, b->settings);
		assert_string_equal(
			a->kind->target(a->opts, f->arena), b->kind->target(b->opts, f->arena));
	}
}

static void check_message(const struct notify_message *message, const char *kind, const char *what)
{
	if (!message->method || !message->url) {
		fail_msg("%s: %s: no method or URL", kind, what);
	}
	if (!utf8_is_valid(message->body)) {
		fail_msg("%s: %s: not UTF-8", kind, what);
	}
}

/* Whether the deliverer would give it to a receiver of that kind at all. */
static bool is_for(const struct notifier_kind *kind, const struct notification *notification)
{
	if (notification->purpose == NOTIFICATION_SUMMARY) {
		return !(kind->abilities & NOTIFIER_INCIDENTS);
	}
	if (notification->purpose == NOTIFICATION_DIGEST) {
		return (kind->abilities & NOTIFIER_DIGESTS) != 0;
	}
	return notification->alerts_count <= 1 || (kind->abilities & NOTIFIER_GROUPS);
}

static const char *folder; /* to write payloads to, for who knows their schemas; NULL: none */

/* "FOLDER/slack-7.json", and so on for further requests. */
static void write_payload(
	const char *kind, const struct notify_message *message, const char *what, size_t number)
{
	size_t part = 0;

	for (; folder && message && strcmp(message->method, "POST") == 0; message = message->next) {
		char *path = xasprintf("%s/%s-%zu-%zu.json", folder, kind, number, part++);
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		if (fwrite(message->body.ptr, 1, message->body.len, file) != message->body.len ||
			fclose(file) != 0) {
			fail_msg("%s: %s", path, what);
		}
		free(path);
	}
}

/* Whatever it is given, each kind has a message, the same one each time, that shows no secret. */
static void every_kind_composes_everything(void **state)
{
	struct notify_fixture *f = *state;
	size_t count = 0;
	size_t nasty_count = 0;
	const struct notifier_kind *const *kinds = notify_kinds(&count);
	const struct nasty_notification *nasty = notify_fixture_nasty(f, &nasty_count);

	for (size_t i = 0; i < count; i++) {
		const struct receiver *receiver = notify_fixture_sample(f, kinds[i]);

		for (size_t k = 0; k < nasty_count; k++) {
			if (!is_for(kinds[i], nasty[k].notification)) {
				continue;
			}

			struct strbuf shown = STRBUF_INIT;
			struct notify_message first =
				notify_fixture_compose(f, receiver, nasty[k].notification);
			struct notify_message again =
				notify_fixture_compose(f, receiver, nasty[k].notification);

			check_message(&first, kinds[i]->variant.name, nasty[k].what);
			assert_true(str_eq(first.body, again.body));
			write_payload(kinds[i]->variant.name, &first, nasty[k].what, k);
			notify_message_show(&first, &shown);
			for (size_t s = 0; first.secrets[s]; s++) {
				assert_null(strstr(shown.buf, first.secrets[s]));
			}
			strbuf_release(&shown);
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_sorted_and_complete),
		cmocka_unit_test_setup_teardown(settings_are_told_by_their_values,
			notify_fixture_start, notify_fixture_end),
		cmocka_unit_test_setup_teardown(
			every_kind_composes_everything, notify_fixture_start, notify_fixture_end),
	};

	folder = argc > 2 ? argv[2] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
