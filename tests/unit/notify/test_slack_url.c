#include "base/alloc.h"
#include "cmocka_all.h"
#include "notify/slack_url.h"

#define KEY "s3cr3tK3y"

static void takes_webhooks_and_other_hosts(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"https://hooks.slack.com/services/T0AB/B1CD/" KEY,
			"https://hooks.slack.com/services/T0AB/B1CD/***"},
		{"https://hooks.slack-gov.com/services/T0AB/B1CD/" KEY,
			"https://hooks.slack-gov.com/services/T0AB/B1CD/***"},
		{"https://HOOKS.slack.com/services/T0AB/B1CD/" KEY,
			"https://hooks.slack.com/services/T0AB/B1CD/***"},
		{"http://127.0.0.1:8080/services/T0AB/B1CD/" KEY,
			"http://127.0.0.1:8080/services/T0AB/B1CD/***"},
		{"http://127.0.0.1:8080/" KEY, "http://127.0.0.1:8080/***"},
		{"https://relay.example.com/slack?key=" KEY, "https://relay.example.com/***"},
		{"https://notslack.com/" KEY, "https://notslack.com/***"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secret_url url;
		struct err err = {0};

		if (slack_url_read(cases[i].text, arena, &url, &err) < 0) {
			fail_msg("%s: %s", cases[i].text, err.msg);
		}
		assert_string_equal(url.shown, cases[i].shown);
		assert_non_null(strstr(url.secret, KEY));
	}
	arena_free(arena);
}

static void says_what_is_wrong(void **state)
{
	// clang-format off
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"xoxb-" KEY, "no scheme"},
		{"http://hooks.slack.com/services/T0AB/B1CD/" KEY, "must begin with https://"},
		{"https://acme.slack.com/services/T0AB/B1CD/" KEY, "webhooks are not at 'acme.slack.com'"},
		{"https://slack.com/api/chat.postMessage", "webhooks are not at 'slack.com'"},
		{"https://hooks.slack.com/workflows/T0AB/A1CD/1/" KEY, "is that of a workflow"},
		{"https://hooks.slack.com/triggers/T0AB/1/" KEY, "is that of a workflow"},
		{"https://hooks.slack.com/", "does not go on with /services/"},
		{"https://hooks.slack.com/service/T0AB/B1CD/" KEY, "does not go on with /services/"},
		{"https://hooks.slack.com/services", "is not complete"},
		{"https://hooks.slack.com/services/T0AB", "is not complete"},
		{"https://hooks.slack.com/services/T0AB/B1CD", "is not complete"},
		{"https://hooks.slack.com/services/T0AB/B1CD/", "is not complete"},
		{"https://hooks.slack.com/services/T0AB/B1CD/" KEY "/", "is not complete"},
		{"https://hooks.slack.com/services/T0AB/B1CD/" KEY "/x", "has too much at its end"},
		{"https://hooks.slack.com/services/T0AB/B1CD/" KEY "?a=b", "has too much at its end"},
		{"https://hooks.slack.com/services/X0AB/B1CD/" KEY, "has no team"},
		{"https://hooks.slack.com/services//B1CD/" KEY, "has no team"},
		{"https://hooks.slack.com/services/T/B1CD/" KEY, "has no team"},
		{"https://hooks.slack.com/services/T0ab/B1CD/" KEY, "has no team"},
		{"https://hooks.slack.com/services/T0AB/T1CD/" KEY, "has no webhook"},
		{"https://hooks.slack.com/services/T0AB/B1CD/" KEY "%20", "something else than letters and digits"},
		{"https://hooks.slack.com/services/T0AB/B1CD/..." , "something else than letters and digits"},
	};
	// clang-format on
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secret_url url;
		struct err err = {0};

		assert_int_equal(slack_url_read(cases[i].text, arena, &url, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		if (!strstr(err.msg, cases[i].error) || strstr(err.msg, KEY)) {
			fail_msg("%s: %s", cases[i].text, err.msg);
		}
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_webhooks_and_other_hosts),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
