/*
 * The samples are what their header promises.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "cmocka_all.h"
#include "notify/notification_sample.h"

static void differ(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	unsigned purposes = 0;
	size_t alone = 0, groups = 0, about_none = 0, i = 0;
	const char *what = NULL;

	(void)state;
	for (;; i++) {
		const struct notification *sample = notification_sample(i, arena, &what);

		if (!sample) {
			break;
		}
		assert_non_null(what);
		purposes |= 1U << sample->purpose;
		alone += sample->alerts_count == 1;
		groups += sample->alerts_count > 1;
		about_none += sample->alerts_count == 0;
	}
	assert_int_equal(i, 5);
	assert_true(purposes & 1U << NOTIFICATION_TRIGGER);
	assert_true(purposes & 1U << NOTIFICATION_RESOLVE);
	assert_true(purposes & 1U << NOTIFICATION_NOTICE);
	assert_int_equal(alone, 3);
	assert_int_equal(groups, 1);
	assert_int_equal(about_none, 1);
	assert_null(notification_sample(1000, arena, &what));
}

/* Kinds rely on what alert.h and notification.h promise. */
static void keep_promises(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct notification *sample;
	const char *what = NULL;

	(void)state;
	for (size_t i = 0; (sample = notification_sample(i, arena, &what)) != NULL; i++) {
		assert_non_null(sample->key);
		assert_true(sample->alerts_count > 0 || (sample->title && sample->text));
		for (size_t j = 0; j < sample->alerts_count; j++) {
			const struct alert *alert = sample->alerts[j];

			assert_true(*alert->source);
			assert_true(strpbrk(alert->title, "\"\\<&") != NULL);
			assert_null(strchr(alert->title, '\n'));
			assert_true(utf8_is_valid(str_of(alert->title)));
			assert_int_equal(
				alert->is_resolved, sample->purpose == NOTIFICATION_RESOLVE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differ),
		cmocka_unit_test(keep_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
